/* Sums and response times from the 15-minute counters. */
#include <stdlib.h>

#include "core/base/map.h"
#include "core/ledger/packed.h"
#include "core/ledger/reader_db.h"

#define GROUPS_MAX (1u << 20)

/* The sums of each label met; for BY_NOTHING and BY_BUCKET the only label is 0. */
struct groups {
	struct map *labels; /* label -> place in sums[] */
	struct sums *sums;
	struct slice *names;
	size_t cap;
};

static struct sums *group_of(struct groups *g, int64_t label)
{
	int64_t *at = map_put(g->labels, slice_of(&label, sizeof label), -1);

	if (at == NULL)
		return NULL;
	if (*at >= 0)
		return g->sums == NULL ? NULL : &g->sums[*at];
	if (g->sums == NULL || map_count(g->labels) > g->cap) {
		size_t cap = g->cap == 0 ? 64 : 2 * g->cap;
		struct sums *more = realloc(g->sums, cap * sizeof *more);

		if (more == NULL)
			return NULL;
		g->sums = more;
		g->cap = cap;
	}
	*at = (int64_t)map_count(g->labels) - 1;
	g->sums[*at] = (struct sums){ 0 };
	return &g->sums[*at];
}

static int64_t label_of(const struct counter_entry *c, enum sum_by by)
{
	switch (by) {
	case BY_USER:
		return c->name[NAME_USER];
	case BY_DEPARTMENT:
		return c->name[NAME_DEPARTMENT];
	case BY_FUNCTION:
		return c->name[NAME_FUNCTION];
	case BY_MODEL:
		return c->name[NAME_MODEL];
	case BY_INPUT:
		return c->name[NAME_INPUT];
	case BY_NOTHING:
	case BY_BUCKET:
		break;
	}
	return 0;
}

static int add_bucket(struct groups *g, enum sum_by by, struct slice packed, struct err *e)
{
	struct counter_entry c;

	while (entry_read(&packed, &c)) {
		struct sums *s = group_of(g, label_of(&c, by));

		if (s == NULL)
			return err_set(e, TK_ENOMEM, "out of memory");
		sums_add(s, &c.sums);
	}
	return packed.n == 0 ? TK_OK
			     : err_set(e, TK_EDAMAGED, "ledger: the counters of a bucket are damaged");
}

static int compare_names(const void *a, const void *b, void *ctx)
{
	const struct groups *g = ctx;

	return slice_cmp(g->names[*(const size_t *)a], g->names[*(const size_t *)b]);
}

static int read_label(struct ledger_reader *r, int64_t label, struct buf *text, struct slice *at,
		      struct err *e)
{
	sqlite3_stmt *s = NULL;
	size_t from = text->n;
	int rc = reader_prepare(r, &s, "SELECT value FROM labels WHERE id = ?1", &label, 1, e);

	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		buf_add(text, reader_text(s, 0));
	*at = slice_of(NULL, text->n - from); /* the place is known when the text stands still */
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int read_labels(struct ledger_reader *r, struct groups *g, struct buf *text, struct err *e)
{
	size_t at = 0;
	int rc = TK_OK;

	for (size_t i = 0; i < map_count(g->labels) && rc == TK_OK; i++) {
		int64_t label;

		memcpy(&label, map_key(g->labels, i).p, sizeof label);
		rc = read_label(r, label, text, &g->names[i], e);
	}
	if (rc == TK_OK && text->failed)
		rc = err_set(e, TK_ENOMEM, "out of memory");
	for (size_t i = 0; i < map_count(g->labels) && rc == TK_OK; i++) {
		g->names[i].p = text->p + at;
		at += g->names[i].n;
	}
	return rc;
}

/* Each group under its label's text, in byte order. */
static int tell_groups(struct ledger_reader *r, struct groups *g, sum_row_fn row, void *ctx, struct err *e)
{
	size_t n = map_count(g->labels), *order = calloc(n + 1, sizeof *order);
	struct buf text;
	int rc = TK_ENOMEM;

	buf_init(&text, 64u << 20);
	g->names = calloc(n + 1, sizeof *g->names);
	if (order != NULL && g->names != NULL)
		rc = read_labels(r, g, &text, e);
	for (size_t i = 0; i < n && rc == TK_OK; i++)
		order[i] = i;
	if (rc == TK_OK && n > 1)
		qsort_r(order, n, sizeof *order, compare_names, g);
	for (size_t i = 0; g->sums != NULL && i < n && rc == TK_OK; i++)
		row(ctx, g->names[order[i]], 0, &g->sums[order[i]]);
	buf_free(&text);
	free(order);
	return rc == TK_ENOMEM ? err_set(e, rc, "out of memory") : rc;
}

static int read_buckets(struct ledger_reader *r, struct groups *g, int64_t from, int64_t to, enum sum_by by,
			sum_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(
		r, &s,
		"SELECT bucket, counters FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY bucket",
		(int64_t[]){ from, to }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct sums *all = NULL;

		rc = add_bucket(g, by, reader_text(s, 1), e);
		if (rc != TK_OK || by != BY_BUCKET)
			continue;
		if ((all = group_of(g, 0)) == NULL)
			rc = err_set(e, TK_ENOMEM, "out of memory");
		else
			row(ctx, slice_of(NULL, 0), sqlite3_column_int64(s, 0), all);
		map_clear(g->labels);
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_sums(struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by, sum_row_fn row, void *ctx,
		struct err *e)
{
	struct groups g = { .labels = map_new(GROUPS_MAX, GROUPS_MAX * sizeof(int64_t)) };
	int rc = g.labels == NULL ? err_set(e, TK_ENOMEM, "out of memory")
				  : read_buckets(r, &g, from, to, by, row, ctx, e);

	if (rc == TK_OK && by != BY_BUCKET)
		rc = tell_groups(r, &g, row, ctx, e);
	map_free(g.labels);
	free(g.sums);
	free(g.names);
	return rc;
}

static void take_duration(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct latency *l = ctx;

	(void)name;
	(void)bucket;
	l->n = s->duration_n;
	l->sum_ns = s->duration_ns;
}

static int read_bins(struct ledger_reader *r, int64_t from, int64_t to, struct latency *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s,
				"SELECT bins, max_ns FROM latencies WHERE bucket >= ?1 AND bucket < ?2",
				(int64_t[]){ from, to }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		int64_t max = sqlite3_column_int64(s, 1);

		if (!latency_add_encoded(out, reader_text(s, 0)))
			rc = err_set(e, TK_EDAMAGED, "ledger: a histogram of response times is damaged");
		out->max_ns = max > out->max_ns ? max : out->max_ns;
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_latency(struct ledger_reader *r, int64_t from, int64_t to, struct latency *out, struct err *e)
{
	int rc = reader_begin(r, e);

	memset(out, 0, sizeof *out);
	if (rc != TK_OK)
		return rc;
	rc = ledger_sums(r, from, to, BY_NOTHING, take_duration, out, e);
	if (rc == TK_OK)
		rc = read_bins(r, from, to, out, e);
	reader_end(r);
	return rc;
}
