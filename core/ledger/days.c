/* Local days: met, dirty, closed. A day is closed when it is over and its findings are those of its events
 * in order; one that a late event touched is evaluated again. */
#include "core/base/zone.h"
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

int ledger_day_known(struct ledger *l, int32_t day, bool *known, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_DAY_KNOWN, "SELECT 1 FROM day WHERE day = ?", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, day);
	rc = statement_row(s, e);
	*known = rc == TK_OK;
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_day_begin(struct ledger *l, int32_t day, bool *known, struct err *e)
{
	int rc = ledger_day_known(l, day, known, e);

	if (rc != TK_OK)
		return rc;
	return set(l, LS_DAY_BEGIN, "INSERT INTO day VALUES (?1, 1, 0) ON CONFLICT DO UPDATE SET dirty = 1",
		   day, 0, e);
}

int ledger_days_between(struct ledger *l, int32_t day, int32_t most, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_DAYS_AROUND,
		"SELECT coalesce((SELECT max(day) FROM day WHERE day < ?1 AND day >= ?1 - ?2), ?1),"
		" coalesce((SELECT min(day) FROM day WHERE day > ?1 AND day <= ?1 + ?2), ?1)", e);
	int32_t from = day, to = day;
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, day);
	bind_i64(s, 2, most);
	if ((rc = statement_row(s, e)) == TK_OK) {
		from = (int32_t)sqlite3_column_int64(s, 0);
		to = (int32_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	for (int32_t d = from + 1; d < to && rc == TK_OK; d++)
		rc = d == day ? TK_OK : ledger_day_met(l, d, e);
	return rc;
}

int ledger_day_fine(struct ledger *l, int32_t day, struct err *e)
{
	return set(l, LS_DAY_FINE, "UPDATE day SET dirty = 0 WHERE day = ?1 AND ?2 = 0", day, 0, e);
}

int ledger_days_dirty(struct ledger *l, int32_t from, int32_t to, struct err *e)
{
	return set(l, LS_DAYS_DIRTY, "UPDATE day SET dirty = 1 WHERE day BETWEEN ?1 AND ?2", from, to, e);
}

int ledger_day_range(struct ledger *l, int32_t *first, int32_t *last, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_DAY_RANGE,
		"SELECT (SELECT min(bucket) FROM counter_15m), (SELECT max(day) FROM day)", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	if ((rc = statement_row(s, e)) != TK_OK)
		return rc;
	if (sqlite3_column_type(s, 1) == SQLITE_NULL) {
		rc = TK_ENOTFOUND;
	} else {
		*last = (int32_t)sqlite3_column_int64(s, 1);
		*first = sqlite3_column_type(s, 0) == SQLITE_NULL ? INT32_MAX
								 : zone_day_of(sqlite3_column_int64(s, 0));
	}
	sqlite3_reset(s);
	return rc;
}

int ledger_day_repriced(struct ledger *l, int32_t day, struct err *e)
{
	return set(l, LS_DAY_REPRICED, "INSERT INTO day VALUES (?1, 2, 0)"
		   " ON CONFLICT DO UPDATE SET dirty = iif(dirty IN (0, 3), 2, dirty)", day, 0, e);
}

int ledger_day_closed(struct ledger *l, int32_t day, int64_t now_ns, bool told, struct err *e)
{
	return told ? set(l, LS_DAY_CLOSED, "INSERT INTO day VALUES (?1, 0, ?2)"
			  " ON CONFLICT DO UPDATE SET dirty = 0, closed_at = excluded.closed_at", day, now_ns, e)
		    : set(l, LS_DAY_UNTOLD, "INSERT INTO day VALUES (?1, 3, ?2)"
			  " ON CONFLICT DO UPDATE SET dirty = 3, closed_at = excluded.closed_at", day, now_ns, e);
}

int ledger_day_next(struct ledger *l, int32_t before, int32_t *day, enum day_state *state, bool *closed,
		    struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_DAY_NEXT,
					   "SELECT day, dirty, closed_at <> 0 FROM day WHERE day < ? AND (dirty <> 0 OR "
					   "closed_at = 0) AND NOT (closed_at <> 0 AND dirty IN (1, 2) AND day IN "
					   "(SELECT day FROM erased_day)) ORDER BY day LIMIT 1",
					   e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, before);
	if ((rc = statement_row(s, e)) == TK_OK) {
		*day = (int32_t)sqlite3_column_int64(s, 0);
		*state = (enum day_state)sqlite3_column_int(s, 1);
		*closed = sqlite3_column_int(s, 2) != 0;
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_ENOTFOUND : rc;
}
