/* How the watch itself fares, for the recorder; and the small numbers it keeps. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

int ledger_watch_state(struct ledger *l, int64_t since_minute, struct watch_state *out, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_WATCH_STATE,
		"SELECT (SELECT coalesce(max(last_event), 0) FROM input),"
		" (SELECT coalesce(min(last_heartbeat), 0) FROM input WHERE configured),"
		" (SELECT coalesce(sum(n), 0) FROM loss WHERE minute >= ? AND reason NOT LIKE 'duplicate%')",
		e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, since_minute);
	if ((rc = statement_row(s, e)) == TK_OK)
		*out = (struct watch_state){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
					     sqlite3_column_int64(s, 2) };
	sqlite3_reset(s);
	return rc;
}

int ledger_records_after(struct ledger *l, const char *type, int64_t after, record_fn row, void *ctx,
			 struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_RECORDS_AFTER,
		"SELECT seq, ts, body FROM record WHERE seq > ? AND type = ? ORDER BY seq", e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK) {
		bind_i64(s, 1, after);
		bind_text(s, 2, slice_str(type));
	}
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), column_text(s, 2));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_ends_as_written(struct ledger *l, bool *yes, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_CHAIN_END, "SELECT n, hash FROM txn ORDER BY n DESC LIMIT 1", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	if ((rc = statement_row(s, e)) == TK_OK)
		*yes = chain_ends_with(l->chain, sqlite3_column_int64(s, 0), column_blob(s, 1));
	else if (rc == TK_EEND)
		*yes = chain_ends_with(l->chain, 0, slice_of(NULL, 0));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_number(struct ledger *l, const char *name, int64_t otherwise, int64_t *out, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_NUMBER, "SELECT value FROM meta WHERE name = ?", e);
	int rc;

	*out = otherwise;
	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, slice_str(name));
	if ((rc = statement_row(s, e)) == TK_OK)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_set_number(struct ledger *l, const char *name, int64_t value, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_SET_NUMBER, "INSERT OR REPLACE INTO meta VALUES (?, ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, slice_str(name));
	bind_i64(s, 2, value);
	return statement_run(s, e);
}
