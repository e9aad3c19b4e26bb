/* Rows of `slice` on their way to the ledger: which numbers the events of a minute have. Many are written
 * at a time, which costs half of a statement each. Private to core/ledger. */
#ifndef TK_LEDGER_SPANS_H
#define TK_LEDGER_SPANS_H

#include <stdint.h>

#include <sqlite3.h>

#include "core/base/err.h"

struct spans;
int spans_open(struct spans **out, sqlite3 *db, struct err *e);
void spans_free(struct spans *s);
/* A span that begins where one of that minute began takes its place. */
int spans_put(struct spans *s, int64_t minute, int64_t from, int64_t to, struct err *e);
/* Before anything reads the table, and before each commit. */
int spans_flush(struct spans *s, struct err *e);

#endif
