/* Rows in memory as a table that SQL can read: INSERT ... SELECT from one costs half of a prepared INSERT a
 * row. Exists in this connection alone. Private to core/ledger. */
#ifndef TK_LEDGER_ROWS_TABLE_H
#define TK_LEDGER_ROWS_TABLE_H

#include <sqlite3.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct rows_source {
	void *ctx;
	size_t (*count)(void *ctx);
	/* Sets the value of column i of a row, as sqlite3_result_*; nothing set is NULL. */
	void (*column)(void *ctx, size_t row, int i, sqlite3_context *out);
	void (*columns)(struct buf *out); /* "seq, ordinal, ..." */
};

/* `source` must outlive the connection's use of the table. */
int rows_table_register(sqlite3 *db, const char *name, struct rows_source *source, struct err *e);

#endif
