#include "core/ledger/counters.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/histograms.h"
#include "core/ledger/packed.h"
#include "core/ledger/statement.h"

#define KEYS_MAX 32768
#define BUCKET 900
#define BUCKET_BYTES_MAX (16u << 20)

struct counters {
	sqlite3 *db;
	sqlite3_stmt *get, *put, *range;
	struct histograms *histograms;
	struct map *keys;            /* counter_key -> place in sums[] */
	uint32_t order[KEYS_MAX];    /* places in order of the key */
	int64_t newest;              /* no row has a later bucket */
	struct buf packed;
	struct sums sums[KEYS_MAX];
};

int64_t counter_bucket(int64_t ns)
{
	int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0), rest = sec % BUCKET;

	return sec - (rest < 0 ? rest + BUCKET : rest);
}

static int load_newest(struct counters *c, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(c->db, &s, "SELECT coalesce(max(bucket), -9223372036854775807) FROM counter_15m", e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		c->newest = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

int counters_open(struct counters **out, sqlite3 *db, struct err *e)
{
	struct counters *c = calloc(1, sizeof *c);
	int rc;

	if (c == NULL || (c->keys = map_new(KEYS_MAX, KEYS_MAX * sizeof(struct counter_key))) == NULL) {
		counters_free(c);
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	}
	c->db = db;
	buf_init(&c->packed, BUCKET_BYTES_MAX);
	rc = statement_prepare(db, &c->get, "SELECT counters FROM counter_15m WHERE bucket = ?", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->put, "INSERT OR REPLACE INTO counter_15m VALUES (?, ?, ?)", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->range, "SELECT counters FROM counter_15m WHERE bucket >= ? AND bucket < ?", e);
	if (rc == TK_OK)
		rc = histograms_open(&c->histograms, db, e);
	if (rc == TK_OK)
		rc = load_newest(c, e);
	if (rc != TK_OK) {
		counters_free(c);
		return rc;
	}
	*out = c;
	return TK_OK;
}

void counters_free(struct counters *c)
{
	if (c == NULL)
		return;
	sqlite3_finalize(c->get);
	sqlite3_finalize(c->put);
	sqlite3_finalize(c->range);
	histograms_free(c->histograms);
	map_free(c->keys);
	buf_free(&c->packed);
	free(c);
}

static void add_outcome(struct sums *s, int64_t status)
{
	switch (outcome_of(status)) {
	case OUT_SUCCESSFUL: s->successful++; break;
	case OUT_DENIED: s->denied++; break;
	case OUT_LIMITED: s->limited++; break;
	case OUT_FAILURE: s->failure++; break;
	case OUT_ERROR: s->error++; break;
	case OUT_TIMEOUT: s->timeout++; break;
	case OUT_RESET: s->reset++; break;
	case OUT_OTHER: break;
	}
}

static bool is_true(const struct access_event *ev, enum field_id f)
{
	return ev_int(ev, f, 0) != 0;
}

static void add_event(struct sums *s, const struct access_event *ev)
{
	bool used = ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS);

	s->calls++;
	if (ev_known(ev, F_STATUS))
		add_outcome(s, ev_value(ev, F_STATUS)->i);
	s->unpriced += used && !ev_known(ev, F_COST);
	s->input_tokens += ev_int(ev, F_INPUT_TOKENS, 0);
	s->output_tokens += ev_int(ev, F_OUTPUT_TOKENS, 0);
	s->cached_tokens += ev_int(ev, F_CACHE_READ_TOKENS, 0);
	s->cost_pico += ev_int(ev, F_COST, 0);
	s->duration_ns += ev_int(ev, F_DURATION, 0);
	s->duration_n += ev_known(ev, F_DURATION);
	s->userless += ev_known(ev, F_KEY_ID) && !ev_known(ev, F_USER);
	s->outside += slice_is(ev_str(ev, F_ZONE), "external");
	s->off_hours += is_true(ev, F_OFF_HOURS);
	s->after_holiday += is_true(ev, F_AFTER_HOLIDAY);
}

int counters_add(struct counters *c, const struct counter_key *k, const struct access_event *ev, struct err *e)
{
	int64_t *at;
	int rc;

	if (map_count(c->keys) == KEYS_MAX && (rc = counters_flush(c, e)) != TK_OK)
		return rc;
	at = map_put(c->keys, slice_of(k, sizeof *k), -1);
	if (at == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	if (*at < 0) {
		*at = (int64_t)map_count(c->keys) - 1;
		memset(&c->sums[*at], 0, sizeof *c->sums);
	}
	add_event(&c->sums[*at], ev);
	if (!ev_known(ev, F_DURATION))
		return TK_OK;
	return histograms_add(c->histograms, k->bucket, k->model, ev_value(ev, F_DURATION)->i, e);
}

/* ---- writing: a bucket at a time, its new entries merged with those of its row ---- */

static struct counter_key key_at(const struct counters *c, uint32_t place)
{
	struct counter_key k;

	memcpy(&k, map_key(c->keys, place).p, sizeof k);
	return k;
}

static void entry_at(const struct counters *c, uint32_t place, struct counter_entry *out)
{
	struct counter_key k = key_at(c, place);

	*out = (struct counter_entry){ { k.input, k.user, k.department, k.function, k.model }, c->sums[place] };
}

static int by_key(const void *a, const void *b, void *ctx)
{
	struct counter_key x = key_at(ctx, *(const uint32_t *)a), y = key_at(ctx, *(const uint32_t *)b);
	int64_t p[6] = { x.bucket, x.input, x.user, x.department, x.function, x.model };
	int64_t q[6] = { y.bucket, y.input, y.user, y.department, y.function, y.model };

	for (int i = 0; i < 6; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return 0;
}

/* Entries of `old` and of order[i..end) into c->packed, both in order of their names; equal names add up. */
static int merge(struct counters *c, struct slice old, size_t i, size_t end, int64_t *calls, struct err *e)
{
	struct counter_entry a, b;
	bool have_a = entry_read(&old, &a), have_b = i < end;

	if (have_b)
		entry_at(c, c->order[i], &b);
	while (have_a || have_b) {
		int order = !have_b ? -1 : !have_a ? 1 : entry_order(&a, &b);

		if (order == 0)
			sums_add(&b.sums, &a.sums);
		entry_write(order < 0 ? &a : &b, &c->packed);
		*calls += order < 0 ? a.sums.calls : b.sums.calls;
		if (order <= 0)
			have_a = entry_read(&old, &a);
		if (order >= 0 && (have_b = ++i < end))
			entry_at(c, c->order[i], &b);
	}
	if (old.n > 0)
		return err_set(e, TK_EMALFORMED, "ledger: the counters of a bucket are damaged");
	return c->packed.failed ? err_set(e, TK_ELIMIT, "ledger: a bucket has too many counters") : TK_OK;
}

static int write_bucket(struct counters *c, int64_t bucket, size_t from, size_t end, struct err *e)
{
	struct slice old = { NULL, 0 };
	int64_t calls = 0;
	int rc = TK_OK;

	if (bucket <= c->newest) {
		bind_i64(c->get, 1, bucket);
		if ((rc = statement_row(c->get, e)) == TK_OK)
			old = column_blob(c->get, 0);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	buf_clear(&c->packed);
	if (rc == TK_OK)
		rc = merge(c, old, from, end, &calls, e);
	sqlite3_reset(c->get);
	if (rc != TK_OK)
		return rc;
	bind_i64(c->put, 1, bucket);
	bind_i64(c->put, 2, calls);
	bind_blob(c->put, 3, c->packed.p, c->packed.n);
	return statement_run(c->put, e);
}

int counters_flush(struct counters *c, struct err *e)
{
	size_t n = map_count(c->keys), from = 0, end;
	int64_t newest = c->newest;
	int rc = TK_OK;

	for (size_t i = 0; i < n; i++)
		c->order[i] = (uint32_t)i;
	qsort_r(c->order, n, sizeof *c->order, by_key, c);
	for (; from < n && rc == TK_OK; from = end) {
		int64_t bucket = key_at(c, c->order[from]).bucket;

		for (end = from + 1; end < n && key_at(c, c->order[end]).bucket == bucket; end++)
			;
		rc = write_bucket(c, bucket, from, end, e);
		newest = bucket > newest ? bucket : newest;
	}
	if (rc == TK_OK)
		rc = histograms_flush(c->histograms, e);
	c->newest = newest;
	map_clear(c->keys);
	return rc;
}

int counters_users(struct counters *c, int64_t from, int64_t to, user_calls_fn row, void *ctx, struct err *e)
{
	int rc = counters_flush(c, e);

	bind_i64(c->range, 1, from);
	bind_i64(c->range, 2, to);
	while (rc == TK_OK && (rc = statement_row(c->range, e)) == TK_OK) {
		struct slice packed = column_blob(c->range, 0);
		struct counter_entry entry;

		while (entry_read(&packed, &entry))
			row(ctx, entry.name[NAME_USER], entry.sums.calls);
	}
	sqlite3_reset(c->range);
	return rc == TK_EEND ? TK_OK : rc;
}
