#include "core/ledger/histograms.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/ledger/statement.h"
#include "core/ledger/sums.h"

#define HELD 256 /* histograms of 8 KB in memory; written and let go beyond it */

struct key {
	int64_t bucket, model;
};

struct histograms {
	sqlite3_stmt *get, *put;
	struct map *keys; /* -> place in held[] */
	struct buf bins;
	struct latency held[HELD];
	unsigned lowest[HELD], highest[HELD]; /* bins that may hold something: most of the 1024 never do */
};

int histograms_open(struct histograms **out, sqlite3 *db, struct err *e)
{
	struct histograms *h = calloc(1, sizeof *h);
	int rc;

	if (h == NULL || (h->keys = map_new(HELD, HELD * sizeof(struct key))) == NULL) {
		histograms_free(h);
		return err_set(e, TK_ENOMEM, "ledger: no memory for histograms");
	}
	buf_init(&h->bins, LATENCY_BINS * 16);
	rc = statement_prepare(db, &h->get,
			       "SELECT n, max_ns, bins FROM latency_15m WHERE bucket = ? AND model = ?", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &h->put,
				       "INSERT OR REPLACE INTO latency_15m VALUES (?, ?, ?, ?, ?)", e);
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
	map_free(h->keys);
	buf_free(&h->bins);
	free(h);
}

int histograms_add(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, struct err *e)
{
	struct key key = { bucket, model };
	int64_t *at = map_get(h->keys, slice_of(&key, sizeof key));
	struct latency *l;
	unsigned bin;
	int rc;

	if (at == NULL) {
		if (map_count(h->keys) == HELD && (rc = histograms_flush(h, e)) != TK_OK)
			return rc;
		at = map_put(h->keys, slice_of(&key, sizeof key), (int64_t)map_count(h->keys));
		if (at == NULL)
			return err_set(e, TK_ENOMEM, "ledger: no memory for histograms");
		memset(&h->held[*at], 0, sizeof *h->held);
		h->lowest[*at] = LATENCY_BINS;
		h->highest[*at] = 0;
	}
	l = &h->held[*at];
	bin = latency_bin(ns);
	h->lowest[*at] = bin < h->lowest[*at] ? bin : h->lowest[*at];
	h->highest[*at] = bin > h->highest[*at] ? bin : h->highest[*at];
	l->n++;
	l->bin[bin]++;
	if (ns > l->max_ns)
		l->max_ns = ns;
	return TK_OK;
}

/* What is recorded already, added to what is held. */
static int merge(struct histograms *h, const struct key *k, size_t place, struct err *e)
{
	struct latency *l = &h->held[place];
	int rc;

	bind_i64(h->get, 1, k->bucket);
	bind_i64(h->get, 2, k->model);
	rc = statement_row(h->get, e);
	if (rc == TK_OK) {
		int64_t max = sqlite3_column_int64(h->get, 1);

		l->n += sqlite3_column_int64(h->get, 0);
		l->max_ns = max > l->max_ns ? max : l->max_ns;
		h->lowest[place] = 0;
		h->highest[place] = LATENCY_BINS - 1;
		if (!latency_add_encoded(l, column_blob(h->get, 2)))
			rc = err_set(e, TK_EMALFORMED, "ledger: a histogram of response times is damaged");
	}
	sqlite3_reset(h->get);
	return rc == TK_EEND ? TK_OK : rc;
}

int histograms_flush(struct histograms *h, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; i < map_count(h->keys) && rc == TK_OK; i++) {
		struct key k;

		memcpy(&k, map_key(h->keys, i).p, sizeof k);
		if ((rc = merge(h, &k, i, e)) != TK_OK)
			break;
		buf_clear(&h->bins);
		latency_encode(&h->held[i], h->lowest[i], h->highest[i], &h->bins);
		bind_i64(h->put, 1, k.bucket);
		bind_i64(h->put, 2, k.model);
		bind_i64(h->put, 3, h->held[i].n);
		bind_i64(h->put, 4, h->held[i].max_ns);
		bind_blob(h->put, 5, h->bins.p, h->bins.n);
		rc = statement_run(h->put, e);
	}
	map_clear(h->keys);
	return rc;
}
