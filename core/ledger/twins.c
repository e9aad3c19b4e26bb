#include "core/ledger/twins.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define NEAR_MAX 64 /* views of one id that are looked through: a client may send one id for ever */

static int64_t minute_of(int64_t ns)
{
	return ns / (60 * NS_PER_SEC) - (ns % (60 * NS_PER_SEC) < 0);
}

static int one_number(struct ledger *l, enum ledger_statement which, const char *sql, int64_t *out,
		      struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, which, sql, e);
	int rc = s == NULL ? TK_EIO : statement_row(s, e);

	if (rc == TK_OK)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

/* Only a capture knows whether it saw all of a call. A side whose views all wait has no event yet. */
int ledger_sides(struct ledger *l, unsigned *sides, struct err *e)
{
	int64_t n = 0;
	int rc = one_number(l, LS_SIDES,
			    "SELECT CASE WHEN EXISTS (SELECT 1 FROM meta WHERE name = 'views') THEN 3"
			    " ELSE EXISTS (SELECT 1 FROM dim_shape WHERE complete IS NULL)"
			    " + 2 * EXISTS (SELECT 1 FROM dim_shape WHERE complete IS NOT NULL) END",
			    &n, e);

	*sides = (unsigned)n;
	return rc;
}

int ledger_views_begin(struct ledger *l, struct err *e)
{
	int64_t begun = 0;
	int rc = one_number(l, LS_VIEWS_BEGUN, "SELECT 1 FROM meta WHERE name = 'views'", &begun, e);
	sqlite3_stmt *s;

	if (rc != TK_OK || begun != 0)
		return rc;
	if ((rc = ledger_flush_events(l, e)) != TK_OK)
		return rc;
	s = ledger_statement(
		l, LS_VIEWS_BEGIN,
		"INSERT INTO call SELECT NULL, CASE WHEN d.complete IS NULL THEN 1 ELSE 2 END,"
		" CASE WHEN length(e.request_id) <= ?1 THEN e.request_id END,"
		" CASE WHEN length(e.response_id) <= ?1 THEN e.response_id END, e.timestamp,"
		" e.timestamp + coalesce(e.duration, 0), 0, e.event_id, coalesce(b.id, 0), e.seq, NULL"
		" FROM event_now e JOIN dim_shape d ON d.id = e.dim_shape"
		" LEFT JOIN (SELECT value, min(id) AS id FROM label GROUP BY value) b ON b.value = d.input"
		" WHERE e.seq > (SELECT coalesce(max(seq), 0) FROM event_row) - ?2"
		" AND coalesce(e.request_id, e.response_id) IS NOT NULL",
		e);
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, CALL_ID_MAX);
	bind_i64(s, 2, CALLS_KEPT);
	if ((rc = statement_run(s, e)) != TK_OK)
		return rc;
	s = ledger_statement(l, LS_VIEWS_DONE, "INSERT INTO meta VALUES ('views', 1)", e);
	return s == NULL ? TK_EIO : statement_run(s, e);
}

/* ---- finding ---- */

#define VIEW_COLUMNS                                                                                         \
	"c.n, c.side, c.start, c.completion, c.due, c.id, c.input, c.seq, c.event,"                          \
	" coalesce((SELECT h.ordinal FROM half h WHERE h.minute = c.start / 60000000000 -"                   \
	" (c.start % 60000000000 < 0) AND h.id = c.id), 1),"                                                 \
	" (SELECT value FROM label WHERE id = c.input)"

static const char by_request[] =
	"SELECT " VIEW_COLUMNS
	" FROM (SELECT * FROM call WHERE request = ?1 AND side = ?2 AND completion >= ?3"
	" AND start <= ?4 ORDER BY completion LIMIT ?6) c"
	" ORDER BY abs(c.completion - ?5), c.id LIMIT 1";
static const char by_response[] =
	"SELECT " VIEW_COLUMNS
	" FROM (SELECT * FROM call WHERE response = ?1 AND side = ?2 AND completion >= ?3"
	" AND start <= ?4 ORDER BY completion LIMIT ?6) c"
	" ORDER BY abs(c.completion - ?5), c.id LIMIT 1";

static int take_view(struct ledger *l, sqlite3_stmt *s, struct view *out, struct err *e)
{
	int rc = statement_row(s, e);
	struct slice event, name;

	if (rc != TK_OK)
		return rc == TK_EEND ? TK_ENOTFOUND : rc;
	*out = (struct view){
		.row = sqlite3_column_int64(s, 0),
		.side = sqlite3_column_int64(s, 1) == SIDE_LOG ? SIDE_LOG : SIDE_CAPTURE,
		.start_ns = sqlite3_column_int64(s, 2),
		.completion_ns = sqlite3_column_int64(s, 3),
		.due_ns = sqlite3_column_int64(s, 4),
		.input = sqlite3_column_int64(s, 6),
		.seq = sqlite3_column_int64(s, 7),
		.ordinal = sqlite3_column_int64(s, 9),
	};
	column_bytes(s, 5, out->id, sizeof out->id);
	event = column_blob(s, 8);
	name = column_text(s, 10);
	buf_clear(&l->view);
	buf_add(&l->view, event);
	buf_add(&l->view, name);
	out->event = slice_head(buf_slice(&l->view), event.n);
	out->input_name = slice_from(buf_slice(&l->view), event.n);
	sqlite3_reset(s);
	return l->view.failed ? err_set(e, TK_ENOMEM, "ledger: no memory for a call that waits") : TK_OK;
}

static int find(struct ledger *l, enum ledger_statement which, const char *sql, struct slice id,
		const struct view *v, int64_t within_ns, struct view *out, struct err *e)
{
	sqlite3_stmt *s;

	if (id.n == 0 || id.n > CALL_ID_MAX)
		return TK_ENOTFOUND;
	if ((s = ledger_statement(l, which, sql, e)) == NULL)
		return TK_EIO;
	bind_text(s, 1, id);
	bind_i64(s, 2, SIDE_BOTH - v->side);
	bind_i64(s, 3, add_saturating(v->start_ns, -within_ns));
	bind_i64(s, 4, add_saturating(v->completion_ns, within_ns));
	bind_i64(s, 5, v->completion_ns);
	bind_i64(s, 6, NEAR_MAX);
	return take_view(l, s, out, e);
}

int ledger_view_find(struct ledger *l, const struct view *v, int64_t within_ns, struct view *out,
		     struct err *e)
{
	int rc = find(l, LS_VIEW_REQUEST, by_request, v->request, v, within_ns, out, e);

	return rc == TK_ENOTFOUND ? find(l, LS_VIEW_RESPONSE, by_response, v->response, v, within_ns, out, e)
				  : rc;
}

int ledger_view_due(struct ledger *l, int64_t horizon_ns, struct view *out, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_VIEW_DUE,
					   "SELECT " VIEW_COLUMNS
					   " FROM call c WHERE c.event IS NOT NULL AND c.due <= ?"
					   " ORDER BY c.due, c.n LIMIT 1",
					   e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, horizon_ns);
	return take_view(l, s, out, e);
}

/* ---- lines without an event of their own ---- */

static int put_half(struct ledger *l, const struct view *v, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_HALF_PUT, "INSERT OR REPLACE INTO half VALUES (?, ?, ?, ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, minute_of(v->start_ns));
	bind_blob(s, 2, v->id, sizeof v->id);
	bind_i64(s, 3, v->ordinal);
	bind_i64(s, 4, v->input);
	return statement_run(s, e);
}

static int drop_half(struct ledger *l, const struct view *v, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_HALF_DROP, "DELETE FROM half WHERE minute = ? AND id = ?", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, minute_of(v->start_ns));
	bind_blob(s, 2, v->id, sizeof v->id);
	return statement_run(s, e);
}

static void bind_id(sqlite3_stmt *s, int i, struct slice id)
{
	if (id.n > 0 && id.n <= CALL_ID_MAX)
		bind_text(s, i, id);
	else
		sqlite3_bind_null(s, i);
}

static int forget_old_calls(struct ledger *l, int64_t newest, struct err *e)
{
	sqlite3_stmt *s;

	if (newest <= CALLS_KEPT || newest % 64 != 0)
		return TK_OK;
	s = ledger_statement(l, LS_CALL_PRUNE, "DELETE FROM call WHERE n <= ? AND event IS NULL", e);
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, newest - CALLS_KEPT);
	return statement_run(s, e);
}

int ledger_view_wait(struct ledger *l, const struct view *v, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_CALL_PUT,
					   "INSERT INTO call VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	seen_waits(l->seen);
	bind_i64(s, 1, v->side);
	bind_id(s, 2, v->request);
	bind_id(s, 3, v->response);
	bind_i64(s, 4, v->start_ns);
	bind_i64(s, 5, v->completion_ns);
	bind_i64(s, 6, v->due_ns);
	bind_blob(s, 7, v->id, sizeof v->id);
	bind_i64(s, 8, v->input);
	bind_blob(s, 9, v->event.p, v->event.n);
	rc = statement_run(s, e);
	if (rc == TK_OK)
		rc = forget_old_calls(l, sqlite3_last_insert_rowid(l->db), e);
	return rc == TK_OK ? put_half(l, v, e) : rc;
}

/* ---- recording ---- */

/* Its minute is looked up first, while the line still has its place in `half`: what is recorded now would not
 * be found there yet. */
static int add(struct ledger *l, const struct view *v, int64_t ordinal, const struct access_event *ev,
	       const int64_t rows[P_COUNT], int64_t *seq, struct err *e)
{
	int rc = seen_revisit(l->seen, v->start_ns, e);

	if (rc == TK_OK)
		rc = stage_add(l->stage, ev->part[P_EV], v->id, ordinal, rows, seq, e);
	if (rc == TK_OK)
		rc = seen_recorded(l->seen, *seq, e);
	return rc == TK_OK ? stage_flush(l->stage, e) : rc;
}

int ledger_view_alone(struct ledger *l, const struct view *v, const struct access_event *ev,
		      const int64_t rows[P_COUNT], const struct event_names *names, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_CALL_ALONE, "UPDATE call SET event = NULL, seq = ? WHERE n = ?", e);
	int64_t seq;
	int rc = s == NULL ? TK_EIO : add(l, v, v->ordinal, ev, rows, &seq, e);

	if (rc == TK_OK)
		rc = ledger_count(l, names, ev, NULL, NULL, e);
	if (rc != TK_OK)
		return rc;
	bind_i64(s, 1, seq);
	bind_i64(s, 2, v->row);
	rc = statement_run(s, e);
	return rc == TK_OK ? drop_half(l, v, e) : rc;
}

static int supersede(struct ledger *l, const struct view *old, const uint8_t id[16], int64_t by,
		     int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_SUPERSEDE, "INSERT INTO superseded VALUES (?, ?)", e);
	char hex[33], body[160];
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, old->seq);
	bind_i64(s, 2, by);
	if ((rc = statement_run(s, e)) != TK_OK)
		return rc;
	hex_encode(slice_of(id, 16), hex);
	snprintf(body, sizeof body, "{\"supplements\":%lld,\"event\":%lld,\"event.id\":\"%s\"}",
		 (long long)old->seq, (long long)by, hex);
	return ledger_record(l, "supplement", now_ns, slice_str(body), e);
}

/* What is known of the joined views' lines: the capture's is that of the event; a log's that has no event has
 * its place in `half`. */
static int settle_lines(struct ledger *l, const struct joined *j, struct err *e)
{
	int rc = drop_half(l, j->capture, e);

	return rc == TK_OK && j->log->seq == 0 ? put_half(l, j->log, e) : rc;
}

static int forget_call(struct ledger *l, int64_t row, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_CALL_DROP, "DELETE FROM call WHERE n = ?", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, row);
	return statement_run(s, e);
}

int ledger_view_join(struct ledger *l, const struct joined *j, int64_t now_ns, struct err *e)
{
	const struct view *known = j->capture->row != 0 ? j->capture : j->log;
	int64_t seq, told = 0;
	int rc = add(l, j->capture, j->capture->seq != 0 ? 0 : j->capture->ordinal, j->ev, j->rows, &seq, e);

	if (rc == TK_OK)
		rc = ledger_count(l, j->names, j->ev, j->old_names, j->old, e);
	if (rc == TK_OK && known->seq != 0 && ev_is_call(j->old))
		rc = ledger_reprice_ends(l, known->seq, j->old_names, j->old, e);
	if (rc == TK_OK && known->seq != 0)
		rc = supersede(l, known, j->capture->id, seq, now_ns, e);
	if (rc == TK_OK)
		rc = settle_lines(l, j, e);
	if (rc == TK_OK)
		rc = forget_call(l, known->row, e);
	row_rest(l->rows);
	if (rc != TK_OK)
		return rc;
	return one_number(l, LS_JOINED,
			  "INSERT INTO meta VALUES ('joined', 1)"
			  " ON CONFLICT DO UPDATE SET value = value + 1 RETURNING 1",
			  &told, e);
}

int ledger_view_event(struct ledger *l, int64_t seq, struct access_event **ev, struct err *e)
{
	int rc = l->rows == NULL ? row_reader_open(&l->rows, l->db, e) : TK_OK;

	if (rc == TK_OK)
		rc = stage_flush(l->stage, e);
	return rc == TK_OK ? row_read(l->rows, seq, ev, e) : rc;
}

/* ---- answers ---- */

int ledger_answer_first(struct ledger *l, struct slice provider, struct slice id, bool *first, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_ANSWER, "INSERT OR IGNORE INTO answer VALUES (NULL, ?, ?)", e);
	int64_t newest;
	int rc;

	*first = true;
	if (id.n > CALL_ID_MAX)
		return TK_OK;
	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, provider);
	bind_text(s, 2, id);
	rc = statement_run(s, e);
	*first = rc != TK_OK || sqlite3_changes(l->db) == 1;
	newest = sqlite3_last_insert_rowid(l->db);
	if (rc != TK_OK || !*first || newest <= ANSWERS_KEPT)
		return rc;
	s = ledger_statement(l, LS_ANSWER_PRUNE, "DELETE FROM answer WHERE n <= ?", e);
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, newest - ANSWERS_KEPT);
	return statement_run(s, e);
}
