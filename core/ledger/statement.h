/* Prepared statements in one line each. Private to core/ledger. */
#ifndef TK_LEDGER_STATEMENT_H
#define TK_LEDGER_STATEMENT_H

#include <sqlite3.h>

#include "core/base/err.h"
#include "core/base/slice.h"

/* Kept for the connection's life. As schema_lacks. */
int statement_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql, struct err *e);
/* One step that gives no row; resets. */
int statement_run(sqlite3_stmt *s, struct err *e);
/* TK_OK with a row, TK_EEND behind the last (then reset). */
int statement_row(sqlite3_stmt *s, struct err *e);
static inline void bind_i64(sqlite3_stmt *s, int i, int64_t v) { sqlite3_bind_int64(s, i, v); }
/* Text and blobs are borrowed until the next step and reset. */
void bind_text(sqlite3_stmt *s, int i, struct slice v);
void bind_blob(sqlite3_stmt *s, int i, const void *p, size_t n);
struct slice column_text(sqlite3_stmt *s, int i); /* empty when NULL */
struct slice column_blob(sqlite3_stmt *s, int i);
/* Copies a blob of exactly n bytes; zeros otherwise. */
void column_bytes(sqlite3_stmt *s, int i, uint8_t *out, size_t n);

#endif
