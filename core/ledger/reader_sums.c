/* Sums and response times from the 15-minute counters. Rows are added up here and not by SQLite's
 * sum(), which fails on overflow: money of a hostile log must not take the report away. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>


/* The text of a statement per grouping, built by the preprocessor from constants. */
#define SUM(name, doc) ", " #name
static const char *const sum_sql[] = {
	[BY_NOTHING] = "SELECT '', 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2",
	[BY_BUCKET] = "SELECT '', bucket"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY bucket",
	[BY_USER] = "SELECT user, 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY user",
	[BY_DEPARTMENT] = "SELECT department, 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY department",
	[BY_FUNCTION] = "SELECT function, 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY function",
	[BY_MODEL] = "SELECT model, 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY model",
	[BY_INPUT] = "SELECT input, 0"
#include "core/ledger/sums.def"
	" FROM counters WHERE bucket >= ?1 AND bucket < ?2 ORDER BY input",
};
#undef SUM

/* The group being added up. */
struct group {
	struct sums sums;
	int64_t bucket;
	uint8_t *name;
	size_t n, cap;
	bool open;
};

static void add_row(struct sums *s, sqlite3_stmt *row)
{
	int column = 2;

#define SUM(name, doc) s->name = add_saturating(s->name, sqlite3_column_int64(row, column++));
#include "core/ledger/sums.def"
#undef SUM
}

static bool same_group(const struct group *g, sqlite3_stmt *row)
{
	return g->open && g->bucket == sqlite3_column_int64(row, 1) &&
	       slice_eq(slice_of(g->name, g->n), reader_text(row, 0));
}

static bool open_group(struct group *g, sqlite3_stmt *row)
{
	struct slice name = reader_text(row, 0);

	if (name.n > g->cap) {
		uint8_t *p = realloc(g->name, name.n * 2);

		if (p == NULL)
			return false;
		g->name = p;
		g->cap = name.n * 2;
	}
	if (name.n > 0)
		memcpy(g->name, name.p, name.n);
	g->n = name.n;
	g->bucket = sqlite3_column_int64(row, 1);
	g->sums = (struct sums){ 0 };
	g->open = true;
	return true;
}

static void close_group(struct group *g, sum_row_fn row, void *ctx)
{
	if (g->open)
		row(ctx, slice_of(g->name, g->n), g->bucket, &g->sums);
	g->open = false;
}

int ledger_sums(struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by, sum_row_fn row, void *ctx,
		struct err *e)
{
	struct group g = { .open = false };
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, sum_sql[by], (int64_t[]){ from, to }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		if (!same_group(&g, s)) {
			close_group(&g, row, ctx);
			if (!open_group(&g, s))
				rc = err_set(e, TK_ENOMEM, "out of memory");
		}
		if (rc == TK_OK)
			add_row(&g.sums, s);
	}
	if (rc == TK_EEND)
		close_group(&g, row, ctx);
	sqlite3_finalize(s);
	free(g.name);
	return rc == TK_EEND ? TK_OK : rc;
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
				"SELECT bin, n, max_ns FROM latencies WHERE bucket >= ?1 AND bucket < ?2",
				(int64_t[]){ from, to }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		int64_t bin = sqlite3_column_int64(s, 0), max = sqlite3_column_int64(s, 2);

		if (bin < 0 || bin >= LATENCY_BINS)
			continue;
		out->bin[bin] = add_saturating(out->bin[bin], sqlite3_column_int64(s, 1));
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
