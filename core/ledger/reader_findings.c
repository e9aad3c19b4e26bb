/* Findings, and calls from outside addresses. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/ledger/finding_json.h"

#define OUTSIDE_USERS 3

static int take_event_ids(struct ledger_reader *r, sqlite3_stmt *ids, struct finding *f, struct err *e)
{
	int rc;

	sqlite3_reset(ids);
	sqlite3_bind_int64(ids, 1, f->id);
	sqlite3_bind_int64(ids, 2, FINDING_EVENTS_MAX);
	f->n_events = 0;
	while ((rc = reader_step(r, ids, e)) == TK_OK) {
		struct slice id = reader_text(ids, 0);

		if (id.n == 16 && f->n_events < FINDING_EVENTS_MAX)
			memcpy(f->events[f->n_events++], id.p, 16);
	}
	return rc == TK_EEND ? TK_OK : rc;
}

static void take_finding(sqlite3_stmt *s, struct finding *f, char day[11])
{
	*f = (struct finding){ .id = sqlite3_column_int64(s, 0), .rule_id = reader_text(s, 1),
			       .rule_name = reader_text(s, 2), .author = reader_text(s, 3),
			       .level = reader_text(s, 4), .status = reader_text(s, 5),
			       .first_ns = sqlite3_column_int64(s, 7), .last_ns = sqlite3_column_int64(s, 8),
			       .count = sqlite3_column_int64(s, 9), .reason = reader_text(s, 10),
			       .entity_json = reader_text(s, 11), .withdrawn = sqlite3_column_int(s, 12) != 0,
			       .provisional = sqlite3_column_int(s, 13) != 0 };
	date_format(date_from_days((int32_t)sqlite3_column_int64(s, 6)), day);
	f->day = slice_str(day);
	finding_split_reason(f);
}

int ledger_findings(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, bool withdrawn,
		    finding_row_fn row, void *ctx, struct err *e)
{
	static const char sql[] =
		"SELECT id, \"rule.id\", \"rule.name\", \"rule.author\", level, status, day, first, last,"
		" count, reason, entity, withdrawn, provisional FROM findings"
		/* ?2 of INT64_MAX: no end */
		" WHERE first >= ?1 AND (first < ?2 OR ?2 = 9223372036854775807) "
		" AND (withdrawn = 0 OR ?3 = 1)"
		" ORDER BY CASE level WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2"
		/* the lists show minutes: those of one in order of their numbers */
		" WHEN 'low' THEN 3 ELSE 4 END, first / 60000000000, id";
	static const char ids_sql[] = "SELECT event_id FROM finding_events WHERE finding = ?1"
				      " ORDER BY completion, event_id LIMIT ?2";
	sqlite3_stmt *s, *ids = NULL;
	struct finding f;
	char day[11];
	int rc = reader_prepare(r, &s, sql, (int64_t[]){ from_ns, to_ns, withdrawn }, 3, e);

	if (rc == TK_OK)
		rc = reader_prepare(r, &ids, ids_sql, NULL, 0, e);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		take_finding(s, &f, day);
		if ((rc = take_event_ids(r, ids, &f, e)) == TK_OK)
			row(ctx, &f);
	}
	sqlite3_finalize(ids);
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

/* ---- outside addresses ---- */

static int outside_range(struct ledger_reader *r, const int64_t bind[4], struct pairs *t, struct err *e)
{
	static const char sql[] =
		"SELECT e.dim_where, e.dim_who, count(*), sum(coalesce(e.status BETWEEN 200 AND 399, 0)),"
		" max(e.timestamp) FROM event_now e CROSS JOIN dim_where w ON w.id = e.dim_where"
		" WHERE e.seq BETWEEN ?1 AND ?2 AND e.timestamp >= ?3 AND e.timestamp < ?4 "
		" AND w.zone = 'external'"
		" GROUP BY e.dim_where, e.dim_who";
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, sql, bind, 4, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct pair p = { sqlite3_column_int64(s, 0),
				  sqlite3_column_int64(s, 1),
				  sqlite3_column_int64(s, 2),
				  sqlite3_column_int64(s, 3),
				  0,
				  sqlite3_column_int64(s, 4) };

		if (!pairs_add(t, &p))
			rc = err_set(e, TK_ENOMEM, "out of memory");
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

/* One address: what its dictionary rows say, added up. */
struct outside {
	struct buf ip, country, as_org, users, user[OUTSIDE_USERS];
	int64_t calls, successful, last_ns;
	int n_users;
	bool more_users;
};
struct outsides {
	struct outside *p;
	size_t n;
	struct map *places; /* address -> index */
};

/* The first few of its names in byte order, whatever the order in which they come. */
static void add_user(struct outside *o, struct slice user)
{
	struct buf spare;
	int at = 0;

	if (user.n == 0)
		return;
	while (at < o->n_users && slice_cmp(buf_slice(&o->user[at]), user) < 0)
		at++;
	if (at < o->n_users && slice_eq(buf_slice(&o->user[at]), user))
		return;
	o->more_users |= o->n_users == OUTSIDE_USERS;
	if (at == OUTSIDE_USERS)
		return;
	if (o->n_users < OUTSIDE_USERS)
		o->n_users++;
	spare = o->user[o->n_users - 1]; /* a free one, or the last, which is pushed out */
	memmove(&o->user[at + 1], &o->user[at], (size_t)(o->n_users - 1 - at) * sizeof spare);
	buf_clear(&spare);
	buf_add(&spare, user);
	o->user[at] = spare;
}

static void join_users(struct outside *o)
{
	for (int i = 0; i < o->n_users; i++) {
		buf_str(&o->users, i == 0 ? "" : ",");
		buf_add(&o->users, buf_slice(&o->user[i]));
		buf_free(&o->user[i]);
	}
	if (o->more_users)
		buf_str(&o->users, ",…");
}

static struct outside *outside_at(struct outsides *all, sqlite3_stmt *s)
{
	int64_t *place = map_put(all->places, reader_text(s, 0), (int64_t)all->n);
	struct outside *o;

	if (place == NULL)
		return NULL;
	if ((size_t)*place < all->n)
		return &all->p[*place];
	o = &all->p[all->n++];
	buf_init(&o->ip, 64);
	buf_init(&o->country, 64);
	buf_init(&o->as_org, 4096);
	buf_init(&o->users, 65536);
	for (int i = 0; i < OUTSIDE_USERS; i++)
		buf_init(&o->user[i], 16384);
	buf_add(&o->ip, reader_text(s, 0));
	buf_add(&o->country, reader_text(s, 1));
	buf_add(&o->as_org, reader_text(s, 2));
	return o;
}

/* One address may have several dictionary rows (another proxy, another database): joined by text. */
static int name_outsides(struct ledger_reader *r, const struct pairs *t, struct outsides *all, struct err *e)
{
	sqlite3_stmt *s;
	struct outside *o;
	int rc = reader_prepare(r, &s,
				"SELECT w.source_ip, w.country, w.as_org, h.user FROM dim_where w LEFT JOIN"
				" dim_who h ON h.id = ?2 WHERE w.id = ?1",
				NULL, 0, e);

	for (size_t i = 0; i < t->n && rc == TK_OK; i++) {
		const struct pair *p = &t->p[i];

		sqlite3_reset(s);
		sqlite3_bind_int64(s, 1, p->a);
		sqlite3_bind_int64(s, 2, p->b);
		if ((rc = reader_step(r, s, e)) != TK_OK)
			break;
		if ((o = outside_at(all, s)) == NULL) {
			rc = err_set(e, TK_ENOMEM, "out of memory");
			break;
		}
		add_user(o, reader_text(s, 3));
		o->calls += p->calls;
		o->successful += p->successful;
		o->last_ns = p->last_ns > o->last_ns ? p->last_ns : o->last_ns;
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int most_calls(const void *a, const void *b)
{
	const struct outside *x = a, *y = b;

	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return slice_cmp(buf_slice(&x->ip), buf_slice(&y->ip));
}

static void tell_outsides(struct outsides *all, outside_row_fn row, void *ctx)
{
	if (all->n > 1)
		qsort(all->p, all->n, sizeof all->p[0], most_calls);
	for (size_t i = 0; i < all->n; i++) {
		struct outside *o = &all->p[i];
		struct outside_row out;

		join_users(o);
		out = (struct outside_row){ buf_slice(&o->ip), buf_slice(&o->country), buf_slice(&o->as_org),
					    buf_slice(&o->users), o->calls, o->successful, o->last_ns };
		if (row != NULL)
			row(ctx, &out);
		buf_free(&o->ip);
		buf_free(&o->country);
		buf_free(&o->as_org);
		buf_free(&o->users);
	}
	free(all->p);
	map_free(all->places);
}

int ledger_outside(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, outside_row_fn row, void *ctx,
		   struct err *e)
{
	struct seq_ranges ranges = { 0 };
	struct outsides all = { 0 };
	struct pairs t = { 0 };
	int rc = reader_ranges(r, from_ns, to_ns, &ranges, e);

	for (size_t i = 0; i < ranges.n && rc == TK_OK; i++)
		rc = outside_range(r, (int64_t[]){ ranges.p[i].from, ranges.p[i].to, from_ns, to_ns }, &t, e);
	pairs_join(&t);
	if (rc == TK_OK && t.n > 0) {
		all.p = calloc(t.n, sizeof *all.p);
		all.places = map_new(t.n, t.n * ADDR_TEXT_MAX);
		rc = all.p == NULL || all.places == NULL ? err_set(e, TK_ENOMEM, "out of memory")
							 : name_outsides(r, &t, &all, e);
	}
	tell_outsides(&all, rc == TK_OK ? row : NULL, ctx);
	free(t.p);
	free(ranges.p);
	return rc;
}
