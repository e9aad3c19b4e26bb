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
/* Every record of care before `to_ns`, by seq: erasures, changes of the clock, and of control records backup,
 * restore-test and optimise. Slices live for the call. */
typedef void (*care_row_fn)(void *ctx, int64_t ts_ns, struct slice type, struct slice body);
int ledger_care(struct ledger_reader *r, int64_t to_ns, care_row_fn row, void *ctx, struct err *e);
/* How many records of each type, access events apart, were made in [from, to) ns; without those of printing a
 * report, which would change what the next print says. */
typedef void (*record_count_fn)(void *ctx, struct slice type, int64_t n);
int ledger_record_counts(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, record_count_fn row,
			 void *ctx, struct err *e);
/* Gives free pages back to the file system; inside a transaction. *n: how many bytes. */
int ledger_optimise(struct ledger *l, int64_t *n, struct err *e);

#endif
