/* Events out of the ledger, by recording order or by time. Pages are short transactions: rows never
 * change, so a reader may let go between two pages and the write-ahead log can be emptied. */
#include "core/ledger/reader_db.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/ledger/schema.h"

#define PAGE_ROWS 4096
/* Events are put in order of time in pieces of this length; memory holds one piece. */
#define PIECE_MINUTES 60
#define NS_A_MINUTE INT64_C(60000000000)

static void add_columns(struct buf *sql, int part)
{
	for (enum field_id f = event_parts[part].first; f < part_end(part); f++) {
		buf_fmt(sql, ", %s.", event_parts[part].table);
		for (const char *p = event_fields[f].id; *p != '\0'; p++)
			buf_byte(sql, (uint8_t)tolower((unsigned char)*p));
	}
}

/* Columns: seq, every field in order, then what is absent, a mask a part. The view `events` does not
 * tell absent from unknown, so this one statement reads the tables. Built from the field table alone. */
static const char *event_sql(struct buf *sql, const char *table, const char *where)
{
	buf_str(sql, "SELECT event.seq");
	for (int p = 0; p < P_COUNT; p++)
		add_columns(sql, p);
	for (int p = 0; p < P_COUNT; p++)
		buf_fmt(sql, ", %s.%s", event_parts[p == P_EV ? P_SHAPE : p].table,
			p == P_EV ? "absent_event" : "absent");
	buf_fmt(sql, " FROM %s AS event", table);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(sql, " LEFT JOIN %s ON %s.id = event.%s", event_parts[p].table, event_parts[p].table,
			event_parts[p].table);
	buf_str(sql, where);
	return buf_cstr(sql);
}

static int event_statement(struct ledger_reader *r, sqlite3_stmt **s, const char *table, const char *where,
			   struct err *e)
{
	struct buf sql;
	const char *text;
	int rc;

	if (*s != NULL)
		return TK_OK;
	buf_init(&sql, 1 << 16);
	text = event_sql(&sql, table, where);
	rc = text == NULL ? err_set(e, TK_ENOMEM, "out of memory") : reader_prepare(r, s, text, NULL, 0, e);
	buf_free(&sql);
	return rc;
}

static int statements(struct ledger_reader *r, struct err *e)
{
	static const char page[] = " WHERE event.seq BETWEEN ?1 AND ?2 AND event.timestamp >= ?3"
				   " AND event.timestamp < ?4 ORDER BY event.seq LIMIT ?5";
	int rc = event_statement(r, &r->event_page, "event_now", page, e);

	if (rc == TK_OK)
		rc = event_statement(r, &r->recorded_page, "event", page, e);
	return rc != TK_OK ? rc : event_statement(r, &r->event_one, "event_now", " WHERE event.seq = ?1", e);
}

static void take_value(struct access_event *ev, int f, sqlite3_stmt *s)
{
	int column = f + 1;
	struct addr ip;

	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return;
	switch (event_fields[f].type) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		ev_set_int(ev, f, sqlite3_column_int64(s, column));
		break;
	case FT_STR:
	case FT_LIST:
	case FT_ID:
		ev_set_str(ev, f, reader_text(s, column));
		break;
	case FT_IP:
		if (addr_parse(reader_text(s, column), &ip))
			ev_set_ip(ev, f, ip);
		break;
	}
}

static void take_event(struct flat_event *fe, sqlite3_stmt *s)
{
	flat_event_reset(fe);
	for (int f = 0; f < F_COUNT; f++)
		take_value(&fe->ev, f, s);
	for (int p = 0; p < P_COUNT; p++)
		fe->parts[p].absent =
			(uint32_t)sqlite3_column_int64(s, 1 + F_COUNT + p) & ~fe->parts[p].known;
	memset(fe->ev.digest, 0, sizeof fe->ev.digest);
}

static void bind_all(sqlite3_stmt *s, const int64_t *v, size_t n)
{
	sqlite3_reset(s);
	for (size_t i = 0; i < n; i++)
		sqlite3_bind_int64(s, (int)i + 1, v[i]);
}

/* One page from seq on; *next is where to go on, INT64_MAX at the end of the range. */
static int read_page(struct ledger_reader *r, sqlite3_stmt *s, const int64_t bind[5], int64_t *next,
		     event_row_fn row, void *ctx, struct err *e)
{
	struct flat_event fe;
	int64_t n = 0, seq = 0;
	int rc, stop = 0;

	bind_all(s, bind, 5);
	while ((rc = reader_step(r, s, e)) == TK_OK) {
		seq = sqlite3_column_int64(s, 0);
		take_event(&fe, s);
		n++;
		if ((stop = row(ctx, seq, &fe.ev)) != 0)
			break;
	}
	sqlite3_reset(s);
	*next = n < PAGE_ROWS ? INT64_MAX : seq + 1;
	return stop != 0 ? stop : rc == TK_EEND ? TK_OK : rc;
}

int reader_events_between(struct ledger_reader *r, int64_t from, int64_t to, event_row_fn row, void *ctx,
			  struct err *e)
{
	int rc = statements(r, e);

	while (rc == TK_OK && from <= to && from != INT64_MAX)
		rc = read_page(r, r->recorded_page, (int64_t[]){ from, to, INT64_MIN, INT64_MAX, PAGE_ROWS },
			       &from, row, ctx, e);
	return rc;
}

static int events_by_seq(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, event_row_fn row, void *ctx,
			 struct err *e)
{
	struct seq_ranges ranges = { 0 };
	int rc = reader_ranges(r, from_ns, to_ns, &ranges, e);

	for (size_t i = 0; i < ranges.n && rc == TK_OK; i++) {
		int64_t at = ranges.p[i].from;

		while (rc == TK_OK && at <= ranges.p[i].to)
			rc = read_page(r, r->event_page,
				       (int64_t[]){ at, ranges.p[i].to, from_ns, to_ns, PAGE_ROWS }, &at, row,
				       ctx, e);
	}
	free(ranges.p);
	return rc;
}

/* ---- by time: completion, then id ---- */

struct event_key {
	int64_t completion, seq;
	uint8_t id[16];
};
struct event_keys {
	struct event_key *p;
	size_t n, cap;
	struct seq_ranges ranges;
};

static int by_completion(const void *a, const void *b)
{
	const struct event_key *x = a, *y = b;
	int c;

	if (x->completion != y->completion)
		return x->completion < y->completion ? -1 : 1;
	c = memcmp(x->id, y->id, sizeof x->id);
	return c != 0 ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static bool key_add(struct event_keys *k, sqlite3_stmt *s)
{
	struct slice id = reader_text(s, 2);
	struct event_key *key;

	if (k->n == k->cap) {
		size_t cap = k->cap == 0 ? 1024 : k->cap * 2;
		struct event_key *p = realloc(k->p, cap * sizeof *p);

		if (p == NULL)
			return false;
		k->p = p;
		k->cap = cap;
	}
	key = &k->p[k->n++];
	*key = (struct event_key){ .seq = sqlite3_column_int64(s, 0),
				   .completion = sqlite3_column_int64(s, 1) };
	if (id.n == sizeof key->id)
		memcpy(key->id, id.p, id.n);
	return true;
}

/* Adds the keys of the events that began in [from, to). */
static int collect(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, struct event_keys *k,
		   struct err *e)
{
	int rc = reader_ranges(r, from_ns, to_ns, &k->ranges, e);

	for (size_t i = 0; i < k->ranges.n && rc == TK_OK; i++) {
		sqlite3_stmt *s;

		rc = reader_prepare(r, &s,
				    "SELECT seq, timestamp + coalesce(duration, 0), event_id FROM event_now"
				    " WHERE seq BETWEEN ?1 AND ?2 AND timestamp >= ?3 AND timestamp < ?4",
				    (int64_t[]){ k->ranges.p[i].from, k->ranges.p[i].to, from_ns, to_ns }, 4,
				    e);
		while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
			if (!key_add(k, s))
				rc = err_set(e, TK_ENOMEM, "out of memory");
		sqlite3_finalize(s);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	return rc;
}

/* Hands out what completed before `limit`: every event still to come begins, so completes, later. */
static int emit(struct ledger_reader *r, struct event_keys *k, int64_t limit, event_row_fn row, void *ctx,
		struct err *e)
{
	struct flat_event fe;
	size_t i = 0;
	int rc = TK_OK;

	if (k->n > 1)
		qsort(k->p, k->n, sizeof k->p[0], by_completion);
	for (; i < k->n && k->p[i].completion < limit && rc == TK_OK; i++) {
		bind_all(r->event_one, &k->p[i].seq, 1);
		rc = reader_step(r, r->event_one, e);
		if (rc == TK_OK) {
			take_event(&fe, r->event_one);
			rc = row(ctx, k->p[i].seq, &fe.ev);
		} else if (rc == TK_EEND) {
			rc = TK_OK; /* erased meanwhile */
		}
		sqlite3_reset(r->event_one);
	}
	if (i > 0 && i < k->n)
		memmove(k->p, k->p + i, (k->n - i) * sizeof k->p[0]);
	k->n -= i;
	return rc;
}

static int events_by_time(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, event_row_fn row,
			  void *ctx, struct err *e)
{
	struct event_keys k = { 0 };
	int64_t minute, at = from_ns, piece_end;
	int rc = TK_OK;

	while (rc == TK_OK && at < to_ns) {
		int64_t floor = at / NS_A_MINUTE - (at % NS_A_MINUTE < 0);

		rc = reader_number(r, "SELECT min(minute) FROM slices WHERE minute >= ?1", &floor, 1,
				   INT64_MAX, &minute, e);
		if (rc != TK_OK || minute >= INT64_MAX / NS_A_MINUTE - PIECE_MINUTES)
			break;
		if (minute * NS_A_MINUTE >= to_ns)
			break;
		piece_end = (minute + PIECE_MINUTES) * NS_A_MINUTE;
		if (piece_end > to_ns)
			piece_end = to_ns;
		rc = collect(r, at, piece_end, &k, e);
		if (rc == TK_OK)
			rc = emit(r, &k, piece_end, row, ctx, e);
		at = piece_end;
	}
	if (rc == TK_OK)
		rc = emit(r, &k, INT64_MAX, row, ctx, e);
	free(k.ranges.p);
	free(k.p);
	return rc;
}

int ledger_events(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, bool by_time, event_row_fn row,
		  void *ctx, struct err *e)
{
	int rc = statements(r, e);

	if (rc != TK_OK)
		return rc;
	return by_time ? events_by_time(r, from_ns, to_ns, row, ctx, e) :
			 events_by_seq(r, from_ns, to_ns, row, ctx, e);
}
