/* Tables that contradict each other, page by page sound: some are of another time, as a disk leaves them that
 * loses writes. Each question is one look into an index. */
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

#define LAST_OF(column) "coalesce((SELECT " column " FROM txn ORDER BY n DESC LIMIT 1), 0)"

static const struct {
	const char *what, *sql; /* a row: it is so */
} contradictions[] = {
	{ "events behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(seq) FROM event_row) > " LAST_OF("seq_to") },
	{ "records behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(seq) FROM record) > " LAST_OF("seq_to") },
	{ "places behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_where) > " LAST_OF("where_to") },
	{ "people behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_who) > " LAST_OF("who_to") },
	{ "requests behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_what) > " LAST_OF("what_to") },
	{ "ways behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_how) > " LAST_OF("how_to") },
	{ "shapes behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_shape) > " LAST_OF("shape_to") },
	{ "times behind the last transaction",
	  "SELECT 1 WHERE (SELECT max(id) FROM dim_when) > " LAST_OF("when_to") },
	{ "no minute holds the last event", /* it would be recorded again */
	  "SELECT 1 FROM (SELECT seq, timestamp FROM event_row ORDER BY seq DESC LIMIT 1) AS last"
	  " WHERE timestamp >= 0 AND NOT EXISTS (SELECT 1 FROM slice WHERE minute = last.timestamp / "
	  "60000000000"
	  " AND last.seq BETWEEN seq_from AND seq_to)" },
};

static int ask(sqlite3 *db, const char *what, const char *sql, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s, sql, e);

	if (rc == TK_OK)
		rc = statement_row(s, e);
	sqlite3_finalize(s);
	return rc == TK_OK ? err_set(e, TK_EDAMAGED, "ledger: %s", what) : rc == TK_EEND ? TK_OK : rc;
}

int ledger_agrees(sqlite3 *db, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; i < COUNT(contradictions) && rc == TK_OK; i++)
		rc = ask(db, contradictions[i].what, contradictions[i].sql, e);
	return rc;
}
