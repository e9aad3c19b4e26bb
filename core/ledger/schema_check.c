/* Does a ledger hold what is asked of it? SQLite looks at no view, and at no name, before it is read. */
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

/* Of each table and view a SELECT of its columns. */
static const char selects[] =
	"SELECT 'SELECT ' || group_concat('[' || c.name || ']') || ' FROM [' || m.name || ']'"
	" FROM sqlite_master m, pragma_table_info(m.name) c"
	" WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' GROUP BY m.name";

static int check_one(sqlite3 *db, const char *select, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s, select, e);

	sqlite3_finalize(s);
	return rc;
}

int schema_check(sqlite3 *db, struct err *e)
{
	sqlite3 *fresh = NULL;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_open(":memory:", &fresh) == SQLITE_OK ? schema_upgrade(fresh, e)
							       : err_set(e, TK_ENOMEM, "no memory");

	if (rc == TK_OK)
		rc = statement_prepare(fresh, &s, selects, e);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = check_one(db, (const char *)column_text(s, 0).p, e);
	sqlite3_finalize(s);
	sqlite3_close(fresh);
	return rc == TK_EEND ? TK_OK : rc;
}
