#include "core/ledger/histograms.h"

#include <stdlib.h>

#include "core/ledger/statement.h"
#include "core/ledger/sums.h"

#define HELD 256 /* histograms of 8 KB in memory; written and let go beyond it */
#define SLOTS (2 * HELD)

struct key {
	int64_t bucket, model;
};

struct histograms {
	sqlite3_stmt *get, *put, *range;
	int64_t newest; /* no row has a later bucket */
	size_t n;
	struct key keys[HELD];
	uint16_t slots[SLOTS]; /* place in held[] + 1; 0: empty */
	struct buf bins;
	struct latency held[HELD]; /* those behind the n-th are empty */
	int64_t removed[HELD]; /* the longest one removed; 0: none */
	unsigned lowest[HELD], highest[HELD]; /* bins that may hold something: most of the 1024 never do */
};

static int load_newest(struct histograms *h, sqlite3 *db, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s,
				   "SELECT coalesce(max(bucket), -9223372036854775807) FROM latency_15m", e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		h->newest = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

int histograms_open(struct histograms **out, sqlite3 *db, struct err *e)
{
	struct histograms *h = calloc(1, sizeof *h);
	int rc;

	if (h == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for histograms");
	buf_init(&h->bins, LATENCY_BINS * 16);
	rc = statement_prepare(db, &h->get,
			       "SELECT n, max_ns, bins FROM latency_15m WHERE bucket = ? AND model = ?", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &h->put,
				       "INSERT OR REPLACE INTO latency_15m VALUES (?, ?, ?, ?, ?)", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &h->range,
				       "SELECT n, max_ns, bins FROM latency_15m WHERE bucket >= ?"
				       " AND bucket < ?",
				       e);
	if (rc == TK_OK)
		rc = load_newest(h, db, e);
	if (rc != TK_OK) {
		histograms_free(h);
		return rc;
	}
	*out = h;
	return TK_OK;
}

void histograms_free(struct histograms *h)
{
	if (h == NULL)
		return;
	sqlite3_finalize(h->get);
	sqlite3_finalize(h->put);
	sqlite3_finalize(h->range);
	buf_free(&h->bins);
	free(h);
}

/* Where the key's place stands, or the free slot where it would. Times and labels are numbers of ours: a
 * multiplication spreads them well enough. */
static uint16_t *slot_of(struct histograms *h, const struct key *k)
{
	uint64_t at = ((uint64_t)k->bucket * 31 + (uint64_t)k->model) * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	for (at %= SLOTS; h->slots[at] != 0; at = (at + 1) % SLOTS) {
		const struct key *there = &h->keys[h->slots[at] - 1];

		if (there->bucket == k->bucket && there->model == k->model)
			break;
	}
	return &h->slots[at];
}

/* Place of the histogram in memory that has the bin of `ns`. */
static int hold(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, size_t *place, struct err *e)
{
	const struct key key = { bucket, model };
	uint16_t *slot = slot_of(h, &key);
	unsigned bin = latency_bin(ns);
	size_t at;
	int rc;

	if (*slot == 0) {
		if (h->n == HELD && (rc = histograms_flush(h, e)) != TK_OK)
			return rc;
		h->keys[h->n] = key;
		h->lowest[h->n] = LATENCY_BINS;
		h->highest[h->n] = 0;
		slot = slot_of(h, &key);
		*slot = (uint16_t)++h->n;
	}
	*place = at = *slot - 1u;
	h->lowest[at] = bin < h->lowest[at] ? bin : h->lowest[at];
	h->highest[at] = bin > h->highest[at] ? bin : h->highest[at];
	return TK_OK;
}

int histograms_add(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, struct err *e)
{
	size_t at;
	int rc = hold(h, bucket, model, ns, &at, e);

	if (rc != TK_OK)
		return rc;
	h->held[at].n++;
	h->held[at].bin[latency_bin(ns)]++;
	if (ns > h->held[at].max_ns)
		h->held[at].max_ns = ns;
	return TK_OK;
}

int histograms_remove(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, struct err *e)
{
	size_t at;
	int rc = hold(h, bucket, model, ns, &at, e);

	if (rc != TK_OK)
		return rc;
	h->held[at].n--;
	h->held[at].bin[latency_bin(ns)]--;
	if (ns > h->removed[at])
		h->removed[at] = ns;
	return TK_OK;
}

/* The longest one may be gone. */
static void lower_max(struct latency *l, int64_t removed)
{
	unsigned last = LATENCY_BINS - 1;

	if (removed == 0 || removed < l->max_ns)
		return;
	while (last > 0 && l->bin[last] == 0)
		last--;
	if (latency_bin(l->max_ns) != last || l->n == 0)
		l->max_ns = l->n == 0 ? 0 : latency_middle(last);
}

/* Columns n, max_ns, bins. */
static int add_row(sqlite3_stmt *s, struct latency *l, struct err *e)
{
	int64_t max = sqlite3_column_int64(s, 1);

	l->n += sqlite3_column_int64(s, 0);
	l->max_ns = max > l->max_ns ? max : l->max_ns;
	return latency_add_encoded(l, column_blob(s, 2))
		       ? TK_OK
		       : err_set(e, TK_EDAMAGED, "ledger: a histogram of response times is damaged");
}

/* What is recorded already, added to what is held. */
static int merge(struct histograms *h, const struct key *k, size_t place, struct err *e)
{
	struct latency *l = &h->held[place];
	int rc;

	if (k->bucket > h->newest)
		return TK_OK;
	bind_i64(h->get, 1, k->bucket);
	bind_i64(h->get, 2, k->model);
	rc = statement_row(h->get, e);
	if (rc == TK_OK) {
		h->lowest[place] = 0;
		h->highest[place] = LATENCY_BINS - 1;
		rc = add_row(h->get, l, e);
	}
	sqlite3_reset(h->get);
	return rc == TK_EEND ? TK_OK : rc;
}

static int write(struct histograms *h, size_t place, struct err *e)
{
	const struct key *k = &h->keys[place];
	struct latency *l = &h->held[place];
	int rc = merge(h, k, place, e);

	if (rc == TK_OK) {
		lower_max(l, h->removed[place]);
		buf_clear(&h->bins);
		latency_encode(l, h->lowest[place], h->highest[place], &h->bins);
		bind_i64(h->put, 1, k->bucket);
		bind_i64(h->put, 2, k->model);
		bind_i64(h->put, 3, l->n);
		bind_i64(h->put, 4, l->max_ns);
		bind_blob(h->put, 5, h->bins.p, h->bins.n);
		rc = statement_run(h->put, e);
	}
	l->n = l->max_ns = h->removed[place] = 0;
	for (unsigned i = h->lowest[place]; i <= h->highest[place]; i++)
		l->bin[i] = 0;
	return rc;
}

int histograms_flush(struct histograms *h, struct err *e)
{
	int64_t newest = h->newest;
	int rc = TK_OK;

	for (size_t i = 0; i < h->n; i++) {
		int one = write(h, i, e);

		rc = rc == TK_OK ? one : rc;
		newest = h->keys[i].bucket > newest ? h->keys[i].bucket : newest;
	}
	h->newest = newest;
	h->n = 0;
	memset(h->slots, 0, sizeof h->slots);
	return rc;
}

int histograms_range(struct histograms *h, int64_t from, int64_t to, struct latency *out, struct err *e)
{
	int rc = TK_OK;

	bind_i64(h->range, 1, from);
	bind_i64(h->range, 2, to);
	while (rc == TK_OK && (rc = statement_row(h->range, e)) == TK_OK)
		rc = add_row(h->range, out, e);
	sqlite3_reset(h->range);
	return rc == TK_EEND ? TK_OK : rc;
}
