/* verify --db: the ledger against its trail (audit-trail.md 7, step 9). Private to cli. */
#ifndef TK_CLI_VERIFY_DB_H
#define TK_CLI_VERIFY_DB_H

#include "core/trail/verify.h"

/* Every sealed record: the ledger's row, rendered, is the trail's line. No row more or less, none of an
 * erased record, a schema without strange triggers or views, sound pages, the chain of transactions. Findings
 * go the way of the trail's own and into its verdict. TK_OK whatever was found. */
int verify_db(const struct verify_options *o, const char *ledger, struct verify_result *r, struct err *e);

#endif
