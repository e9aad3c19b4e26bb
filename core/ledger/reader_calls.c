/* Calls as far as time is asked for: when they began and ended, how, and whose they were. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>

static const char sql[] = "SELECT \"@timestamp\", coalesce(\"event.duration\", 0),"
			  " coalesce(\"http.response.status_code\", 0) FROM events"
			  " WHERE seq BETWEEN ?1 AND ?2 AND \"@timestamp\" >= ?3 AND \"@timestamp\" < ?4";

int ledger_call_times(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, call_time_fn row, void *ctx,
		      struct err *e)
{
	struct seq_ranges ranges = { 0 };
	int rc = reader_ranges(r, from_ns, to_ns, &ranges, e);

	for (size_t i = 0; i < ranges.n && rc == TK_OK; i++) {
		sqlite3_stmt *s = NULL;

		rc = reader_prepare(r, &s, sql,
				    (int64_t[]){ ranges.p[i].from, ranges.p[i].to, from_ns, to_ns }, 4, e);
		while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
			int64_t start = sqlite3_column_int64(s, 0);

			row(ctx, start, add_saturating(start, sqlite3_column_int64(s, 1)),
			    sqlite3_column_int64(s, 2));
		}
		sqlite3_finalize(s);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	free(ranges.p);
	return rc;
}
