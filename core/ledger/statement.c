#include "core/ledger/statement.h"

#include "core/ledger/schema.h"

int statement_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql, struct err *e)
{
	if (*out != NULL)
		return TK_OK;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return schema_lacks(db, e);
	return TK_OK;
}

int statement_row(sqlite3_stmt *s, struct err *e)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return TK_OK;
	if (rc != SQLITE_DONE)
		schema_error(sqlite3_db_handle(s), "ledger", e);
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? TK_EEND : TK_EIO;
}

int statement_run(sqlite3_stmt *s, struct err *e)
{
	int rc = statement_row(s, e);

	if (rc == TK_OK)
		sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

void bind_text(sqlite3_stmt *s, int i, struct slice v)
{
	sqlite3_bind_text(s, i, v.p == NULL ? "" : (const char *)v.p, (int)v.n, SQLITE_STATIC);
}

void bind_blob(sqlite3_stmt *s, int i, const void *p, size_t n)
{
	sqlite3_bind_blob(s, i, p == NULL ? "" : p, (int)n, SQLITE_STATIC); /* empty is not NULL */
}

struct slice column_text(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_text(s, i);

	return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, i));
}

struct slice column_blob(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);

	return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, i));
}

void column_bytes(sqlite3_stmt *s, int i, uint8_t *out, size_t n)
{
	struct slice b = column_blob(s, i);

	memset(out, 0, n);
	if (b.n == n)
		memcpy(out, b.p, n);
}
