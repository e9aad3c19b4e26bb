#include "core/ledger/trail_rows.h"

#include <stdio.h>

#include "core/ledger/reader_db.h"
#include "core/ledger/recorded.h"

struct walk {
	struct ledger_reader *reader;
	struct ledger_recorded *recorded;
	trail_row_fn row;
	void *ctx;
	struct err *e;
};

static int give(struct walk *w, struct trail_row *row)
{
	int rc = ledger_recorded_at(w->recorded, row->seq, &row->ts_ns, w->e);

	return rc == TK_OK ? w->row(w->ctx, row, w->e) : rc;
}

static int take_event(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct trail_row row = { .seq = seq, .ev = ev, .type = "access" };

	return give(ctx, &row);
}

/* The events before each record, the record, and in the end the events behind the last one. */
static int walk(struct walk *w, sqlite3_stmt *records, int64_t after)
{
	int rc;

	while ((rc = reader_step(w->reader, records, w->e)) == TK_OK) {
		char type[32];
		struct slice name = reader_text(records, 1);
		struct trail_row row = { .seq = sqlite3_column_int64(records, 0), .type = type };

		if ((rc = reader_events_between(w->reader, after + 1, row.seq - 1, take_event, w, w->e)) !=
		    TK_OK)
			return rc;
		snprintf(type, sizeof type, "%.*s", (int)name.n, (const char *)name.p);
		row.body = reader_text(records, 2);
		if ((rc = give(w, &row)) != TK_OK)
			return rc;
		after = row.seq;
	}
	return rc == TK_EEND ? reader_events_between(w->reader, after + 1, INT64_MAX, take_event, w, w->e)
			     : rc;
}

int ledger_trail_rows(struct ledger_reader *r, int64_t after, trail_row_fn row, void *ctx, struct err *e)
{
	struct walk w = { .reader = r, .row = row, .ctx = ctx, .e = e };
	sqlite3_stmt *records = NULL;
	int rc = ledger_recorded_open(&w.recorded, r, e);

	if (rc == TK_OK)
		rc = reader_prepare(r, &records,
				    "SELECT seq, type, body FROM records WHERE seq > ?1 ORDER BY seq", &after,
				    1, e);
	if (rc == TK_OK && (rc = reader_begin(r, e)) == TK_OK) {
		rc = walk(&w, records, after);
		sqlite3_reset(records);
		reader_end(r);
	}
	sqlite3_finalize(records);
	ledger_recorded_close(w.recorded);
	return rc;
}
