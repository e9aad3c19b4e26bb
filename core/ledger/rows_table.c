#include "core/ledger/rows_table.h"

#include "core/ledger/schema.h"

struct table {
	sqlite3_vtab base;
	const struct rows_source *source;
};

struct cursor {
	sqlite3_vtab_cursor base;
	size_t row, n;
};

static int vt_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
		      char **text)
{
	struct table *t = sqlite3_malloc(sizeof *t);
	struct buf sql;
	int rc;

	(void)argc;
	(void)argv;
	(void)text;
	if (t == NULL)
		return SQLITE_NOMEM;
	*t = (struct table){ .source = aux };
	buf_init(&sql, 65536);
	buf_str(&sql, "CREATE TABLE x (");
	t->source->columns(&sql);
	buf_str(&sql, ")");
	rc = sqlite3_declare_vtab(db, buf_cstr(&sql));
	buf_free(&sql);
	*out = &t->base;
	return rc;
}

static int vt_disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

static int vt_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = 1000; /* there is one way to read it: from first to last */
	return SQLITE_OK;
}

static int vt_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof *c);

	(void)t;
	if (c == NULL)
		return SQLITE_NOMEM;
	*c = (struct cursor){ .row = 0 };
	*out = &c->base;
	return SQLITE_OK;
}

static int vt_close(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int vt_filter(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc,
		     sqlite3_value **argv)
{
	const struct rows_source *source = ((struct table *)cursor->pVtab)->source;
	struct cursor *c = (struct cursor *)cursor;

	(void)number;
	(void)name;
	(void)argc;
	(void)argv;
	c->row = 0;
	c->n = source->count(source->ctx);
	return SQLITE_OK;
}

static int vt_next(sqlite3_vtab_cursor *c)
{
	((struct cursor *)c)->row++;
	return SQLITE_OK;
}

static int vt_eof(sqlite3_vtab_cursor *cursor)
{
	const struct cursor *c = (struct cursor *)cursor;

	return c->row >= c->n;
}

static int vt_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int i)
{
	const struct rows_source *source = ((struct table *)cursor->pVtab)->source;

	source->column(source->ctx, ((struct cursor *)cursor)->row, i, out);
	return SQLITE_OK;
}

static int vt_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct cursor *)cursor)->row;
	return SQLITE_OK;
}

/* No xCreate: the table exists by its module's name alone. */
static const sqlite3_module module = {
	.iVersion = 0,
	.xConnect = vt_connect,
	.xDisconnect = vt_disconnect,
	.xBestIndex = vt_best_index,
	.xOpen = vt_open,
	.xClose = vt_close,
	.xFilter = vt_filter,
	.xNext = vt_next,
	.xEof = vt_eof,
	.xColumn = vt_column,
	.xRowid = vt_rowid,
};

int rows_table_register(sqlite3 *db, const char *name, struct rows_source *source, struct err *e)
{
	if (sqlite3_create_module(db, name, &module, source) != SQLITE_OK)
		return schema_error(db, "ledger", e);
	return TK_OK;
}
