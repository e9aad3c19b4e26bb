/* Local days: met, dirty, closed. A day is closed when it is over and its findings are those of its events
 * in order; one that a late event touched is evaluated again. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

static int set(struct ledger *l, enum ledger_statement which, const char *sql, int32_t day, int64_t at,
	       struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, which, sql, e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, day);
	bind_i64(s, 2, at);
	return statement_run(s, e);
}

int ledger_day_met(struct ledger *l, int32_t day, struct err *e)
{
	return set(l, LS_DAY_MET, "INSERT INTO day VALUES (?1, 0, 0) ON CONFLICT DO NOTHING", day, 0, e);
}

int ledger_day_dirty(struct ledger *l, int32_t day, struct err *e)
{
	return set(l, LS_DAY_DIRTY, "INSERT INTO day VALUES (?1, 1, 0) ON CONFLICT DO UPDATE SET dirty = 1",
		   day, 0, e);
}

int ledger_day_closed(struct ledger *l, int32_t day, int64_t now_ns, struct err *e)
{
	return set(l, LS_DAY_CLOSED, "INSERT INTO day VALUES (?1, 0, ?2)"
		   " ON CONFLICT DO UPDATE SET dirty = 0, closed_at = excluded.closed_at", day, now_ns, e);
}

int ledger_day_next(struct ledger *l, int32_t before, int32_t *day, bool *dirty, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_DAY_NEXT,
					   "SELECT day, dirty FROM day WHERE day < ? AND (dirty <> 0 OR "
					   "closed_at = 0) ORDER BY day LIMIT 1",
					   e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, before);
	if ((rc = statement_row(s, e)) == TK_OK) {
		*day = (int32_t)sqlite3_column_int64(s, 0);
		*dirty = sqlite3_column_int(s, 1) != 0;
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_ENOTFOUND : rc;
}
