/* The ledger's care: a copy of it while it is written, a look at all its pages, and free pages given back. */
#ifndef TK_LEDGER_BACKUP_H
#define TK_LEDGER_BACKUP_H

#include "core/ledger/ledger.h"
#include "core/ledger/reader.h"

/* One state of the ledger as one file, without a log beside it; `to` must not be there. Blocks nobody. */
int ledger_copy(struct ledger_reader *r, const char *to, struct err *e);
/* SQLite's own check of every page and index. TK_EMALFORMED with what it says first. */
int ledger_check(struct ledger_reader *r, struct err *e);
/* No trigger is there, and tables, indexes and views are the program's, views word for word (tables that an
 * upgrade changed are written otherwise). TK_EMALFORMED with the first that is not. */
int ledger_check_schema(struct ledger_reader *r, struct err *e);
/* Of transaction n the digest in the chain; TK_ENOTFOUND. */
int ledger_link(struct ledger_reader *r, int64_t n, uint8_t out[32], struct err *e);
/* When a control record of that action, and of no other result than ok, was made last; 0: never. */
int ledger_last_control(struct ledger_reader *r, const char *action, int64_t *ns, struct err *e);
/* Gives free pages back to the file system; inside a transaction. *n: how many bytes. */
int ledger_optimise(struct ledger *l, int64_t *n, struct err *e);

#endif
