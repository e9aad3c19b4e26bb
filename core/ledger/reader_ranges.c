/* The way from a time to rows: slices name, by minute and transaction, the events of that minute. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>

#define NS_A_MINUTE INT64_C(60000000000)
/* Nearer ranges are read as one: passing over a few rows costs less than another search. */
#define RANGE_SLACK 64
#define PAIRS_LONG 65536

static int64_t floor_minute(int64_t ns)
{
	return ns / NS_A_MINUTE - (ns % NS_A_MINUTE < 0);
}

static bool range_add(struct seq_ranges *out, int64_t from, int64_t to)
{
	struct seq_range *last = out->n == 0 ? NULL : &out->p[out->n - 1];

	if (last != NULL && from <= add_saturating(last->to, RANGE_SLACK)) {
		last->to = to > last->to ? to : last->to;
		return true;
	}
	if (out->n == out->cap) {
		size_t cap = out->cap == 0 ? 64 : out->cap * 2;
		struct seq_range *p = realloc(out->p, cap * sizeof *p);

		if (p == NULL)
			return false;
		out->p = p;
		out->cap = cap;
	}
	out->p[out->n++] = (struct seq_range){ from, to };
	return true;
}

int reader_ranges(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, struct seq_ranges *out,
		  struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	out->n = 0;
	if (from_ns >= to_ns)
		return TK_OK;
	rc = reader_prepare(r, &s, "SELECT seq_from, seq_to FROM slices WHERE minute BETWEEN ?1 AND ?2"
			    " ORDER BY seq_from",
			    (int64_t[]){ floor_minute(from_ns), floor_minute(to_ns - 1) }, 2, e);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		if (!range_add(out, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)))
			rc = err_set(e, TK_ENOMEM, "out of memory");
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_first_seq(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, int64_t *seq, struct err *e)
{
	*seq = INT64_MAX;
	if (from_ns >= to_ns)
		return TK_OK;
	return reader_number(r, "SELECT min(seq_from) FROM slices WHERE minute BETWEEN ?1 AND ?2",
			     (int64_t[]){ floor_minute(from_ns), floor_minute(to_ns - 1) }, 2, INT64_MAX, seq,
			     e);
}

static int by_pair(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;

	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	return (p->b > q->b) - (p->b < q->b);
}

void pairs_join(struct pairs *t)
{
	size_t kept = 0;

	if (t->n == 0)
		return;
	qsort(t->p, t->n, sizeof t->p[0], by_pair);
	for (size_t i = 1; i < t->n; i++) {
		struct pair *k = &t->p[kept], *p = &t->p[i];

		if (by_pair(k, p) != 0) {
			t->p[++kept] = *p;
			continue;
		}
		k->calls += p->calls;
		k->successful += p->successful;
		k->first_ns = p->first_ns < k->first_ns ? p->first_ns : k->first_ns;
		k->last_ns = p->last_ns > k->last_ns ? p->last_ns : k->last_ns;
	}
	t->n = kept + 1;
}

static bool pairs_make_room(struct pairs *t)
{
	size_t cap = t->cap == 0 ? 256 : t->cap * 2;
	struct pair *p;

	if (t->n >= PAIRS_LONG) {
		pairs_join(t);
		if (t->n <= t->cap / 2)
			return true;
	}
	if ((p = realloc(t->p, cap * sizeof *p)) == NULL)
		return false;
	t->p = p;
	t->cap = cap;
	return true;
}

bool pairs_add(struct pairs *t, const struct pair *row)
{
	if (t->n == t->cap && !pairs_make_room(t))
		return false;
	t->p[t->n++] = *row;
	return true;
}
