#include "core/ledger/counters.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/histograms.h"
#include "core/ledger/packed.h"
#include "core/ledger/statement.h"

#define KEYS_MAX 32768
#define BUCKET 900
#define BUCKET_BYTES_MAX (16u << 20)
/* With so many keys a bucket that is over is written at once: the memory in use then fits the cache. */
#define KEYS_SOON 1024

/* A key in one word, in the order of the keys. */
struct sorted {
	uint64_t word;
	uint32_t place;
};

struct counters {
	sqlite3 *db;
	sqlite3_stmt *get, *put, *range;
	struct histograms *histograms;
	int64_t newest;              /* no row has a later bucket */
	int64_t latest;              /* bucket since the last flush */
	bool in_order;               /* no event since then was older than the bucket before it */
	struct buf packed;
	uint64_t seed;
	size_t n;
	uint16_t slots[2 * KEYS_MAX]; /* place + 1; 0: empty */
	uint32_t order[KEYS_MAX];     /* places in order of the key */
	struct sorted words[2][KEYS_MAX];
	struct counter_key keys[KEYS_MAX];
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
	int rc = statement_prepare(c->db, &s,
				   "SELECT coalesce(max(bucket), -9223372036854775807) FROM counter_15m", e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		c->newest = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

int counters_open(struct counters **out, sqlite3 *db, struct err *e)
{
	struct counters *c = calloc(1, sizeof *c);
	int rc;

	if (c == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	c->db = db;
	random_bytes(&c->seed, sizeof c->seed);
	c->latest = INT64_MIN + BUCKET;
	c->in_order = true;
	buf_init(&c->packed, BUCKET_BYTES_MAX);
	rc = statement_prepare(db, &c->get, "SELECT counters FROM counter_15m WHERE bucket = ?", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->put, "INSERT OR REPLACE INTO counter_15m VALUES (?, ?, ?)", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->range,
				       "SELECT bucket, counters FROM counter_15m WHERE bucket >= ?"
				       " AND bucket < ?",
				       e);
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

/* "retry" among the names of tochoku.usage.details? */
static bool is_retry(struct slice details)
{
	const uint8_t *at = details.n == 0 ? NULL : memmem(details.p, details.n, "retry=", 6);

	return at != NULL && (at == details.p || at[-1] == ',');
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
	if (ev_known(ev, F_ESTIMATE_INPUT)) {
		s->estimated++;
		s->estimated_tokens += ev_int(ev, F_ESTIMATE_INPUT, 0) + ev_int(ev, F_ESTIMATE_OUTPUT, 0);
		s->estimated_pico += ev_int(ev, F_ESTIMATE_COST, 0);
	}
	s->duration_ns += ev_int(ev, F_DURATION, 0);
	s->duration_n += ev_known(ev, F_DURATION);
	s->userless += ev_known(ev, F_KEY_ID) && !ev_known(ev, F_USER);
	s->outside += slice_is(ev_str(ev, F_ZONE), "external");
	s->off_hours += is_true(ev, F_OFF_HOURS);
	s->after_holiday += is_true(ev, F_AFTER_HOLIDAY);
	s->covered += is_true(ev, F_COVERED);
	s->joined += ev_known(ev, F_TWIN);
	s->retries += is_retry(ev_str(ev, F_USAGE_DETAILS));
}

/* Labels and times are numbers of ours: a multiplication with a secret spreads them well enough. */
static uint64_t key_hash(const struct counters *c, const struct counter_key *k)
{
	uint64_t h = c->seed ^ (uint64_t)k->bucket;

	for (int i = 0; i < NAME_COUNT; i++)
		h = (h ^ k->name[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static bool key_equal(const struct counter_key *a, const struct counter_key *b)
{
	return a->bucket == b->bucket && memcmp(a->name, b->name, sizeof a->name) == 0;
}

static struct sums *sums_of(struct counters *c, const struct counter_key *k)
{
	uint64_t i = key_hash(c, k) % COUNT(c->slots);

	for (; c->slots[i] != 0; i = (i + 1) % COUNT(c->slots))
		if (key_equal(&c->keys[c->slots[i] - 1], k))
			return &c->sums[c->slots[i] - 1];
	c->keys[c->n] = *k;
	memset(&c->sums[c->n], 0, sizeof *c->sums);
	c->slots[i] = (uint16_t)(c->n + 1);
	return &c->sums[c->n++];
}

/* Empties the run of slots that the key's search would walk: cheaper than clearing all of them. */
static void forget_slot(struct counters *c, const struct counter_key *k)
{
	for (uint64_t i = key_hash(c, k) % COUNT(c->slots); c->slots[i] != 0; i = (i + 1) % COUNT(c->slots))
		c->slots[i] = 0;
}

static int make_room(struct counters *c, const struct counter_key *k, struct err *e)
{
	int rc;

	if ((c->n == KEYS_MAX || (c->n >= KEYS_SOON && c->in_order && k->bucket > c->latest)) &&
	    (rc = counters_flush(c, e)) != TK_OK)
		return rc;
	c->in_order &= k->bucket >= c->latest - BUCKET;
	if (k->bucket > c->latest)
		c->latest = k->bucket;
	return TK_OK;
}

int counters_move(struct counters *c, const struct counter_key *k, const struct sums *by, struct err *e)
{
	int rc = make_room(c, k, e);

	if (rc == TK_OK)
		sums_add(sums_of(c, k), by);
	return rc;
}

int counters_add(struct counters *c, const struct counter_key *k, const struct access_event *ev,
		 struct err *e)
{
	int rc = make_room(c, k, e);

	if (rc != TK_OK)
		return rc;
	add_event(sums_of(c, k), ev);
	if (!ev_known(ev, F_DURATION))
		return TK_OK;
	return histograms_add(c->histograms, k->bucket, k->name[NAME_MODEL], ev_value(ev, F_DURATION)->i, e);
}

int counters_replace(struct counters *c, const struct counter_key *old_key, const struct access_event *old,
		  const struct counter_key *key, const struct access_event *ev, struct err *e)
{
	struct sums gone = { 0 }, less = { 0 };
	int rc = make_room(c, old_key, e);

	add_event(&gone, old);
	sums_subtract(&less, &gone);
	if (rc == TK_OK)
		sums_add(sums_of(c, old_key), &less);
	if (rc == TK_OK && ev_known(old, F_DURATION))
		rc = histograms_remove(c->histograms, old_key->bucket, old_key->name[NAME_MODEL],
				       ev_value(old, F_DURATION)->i, e);
	return rc == TK_OK ? counters_add(c, key, ev, e) : rc;
}

/* ---- writing: a bucket at a time, its new entries merged with those of its row ---- */

static void entry_at(const struct counters *c, uint32_t place, struct counter_entry *out)
{
	memcpy(out->name, c->keys[place].name, sizeof out->name);
	out->sums = c->sums[place];
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct counters *c = ctx;
	const struct counter_key *x = &c->keys[*(const uint32_t *)a], *y = &c->keys[*(const uint32_t *)b];

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	for (int i = 0; i < NAME_COUNT; i++)
		if (x->name[i] != y->name[i])
			return x->name[i] < y->name[i] ? -1 : 1;
	return 0;
}

static unsigned bits_of(uint64_t v)
{
	return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

/* Puts each key into one word, with as many bits for its bucket and its names as the largest of them need.
 * Returns the bits in use; 65: there are not enough. */
static unsigned pack_keys(struct counters *c)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	uint32_t all[NAME_COUNT] = { 0 };
	unsigned bits;

	for (size_t i = 0; i < c->n; i++) {
		const struct counter_key *k = &c->keys[i];

		first = k->bucket < first ? k->bucket : first;
		last = k->bucket > last ? k->bucket : last;
		for (int j = 0; j < NAME_COUNT; j++)
			all[j] |= k->name[j];
	}
	bits = bits_of(((uint64_t)last - (uint64_t)first) / BUCKET);
	for (int j = 0; j < NAME_COUNT; j++)
		bits += bits_of(all[j]);
	if (bits > 64)
		return 65;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t word = ((uint64_t)c->keys[i].bucket - (uint64_t)first) / BUCKET;

		for (int j = 0; j < NAME_COUNT; j++)
			word = word << bits_of(all[j]) | c->keys[i].name[j];
		c->words[0][i] = (struct sorted){ word, (uint32_t)i };
	}
	return bits;
}

/* By the lowest byte first, then by the next: no comparisons, whose outcome no processor foresees. */
static void sort_words(struct counters *c, unsigned bits)
{
	struct sorted *from = c->words[0], *to = c->words[1], *free_one;

	for (unsigned shift = 0; shift < bits; shift += 8) {
		uint32_t start[257] = { 0 };

		for (size_t i = 0; i < c->n; i++)
			start[(from[i].word >> shift & 0xff) + 1]++;
		for (int i = 1; i < 256; i++)
			start[i] += start[i - 1];
		for (size_t i = 0; i < c->n; i++)
			to[start[from[i].word >> shift & 0xff]++] = from[i];
		free_one = from;
		from = to;
		to = free_one;
	}
	for (size_t i = 0; i < c->n; i++)
		c->order[i] = from[i].place;
}

static void sort_keys(struct counters *c)
{
	unsigned bits = c->n == 0 ? 0 : pack_keys(c);

	if (bits <= 64) {
		sort_words(c, bits);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		c->order[i] = (uint32_t)i;
	qsort_r(c->order, c->n, sizeof *c->order, by_key, c);
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
		if (!sums_empty(order < 0 ? &a.sums : &b.sums)) /* what moved away leaves nothing */
			entry_write(order < 0 ? &a : &b, &c->packed);
		*calls += order < 0 ? a.sums.calls : b.sums.calls;
		if (order <= 0)
			have_a = entry_read(&old, &a);
		if (order >= 0 && (have_b = ++i < end))
			entry_at(c, c->order[i], &b);
	}
	if (old.n > 0)
		return err_set(e, TK_EDAMAGED, "ledger: the counters of a bucket are damaged");
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
	size_t n = c->n, from = 0, end;
	int64_t newest = c->newest;
	int rc = TK_OK;

	sort_keys(c);
	for (; from < n && rc == TK_OK; from = end) {
		int64_t bucket = c->keys[c->order[from]].bucket;

		for (end = from + 1; end < n && c->keys[c->order[end]].bucket == bucket; end++)
			;
		rc = write_bucket(c, bucket, from, end, e);
		newest = bucket > newest ? bucket : newest;
	}
	if (rc == TK_OK)
		rc = histograms_flush(c->histograms, e);
	c->newest = newest;
	for (size_t i = 0; i < n; i++)
		forget_slot(c, &c->keys[i]);
	c->n = 0;
	c->latest = INT64_MIN + BUCKET;
	c->in_order = true;
	return rc;
}

int counters_each(struct counters *c, int64_t from, int64_t to, counted_fn row, void *ctx, struct err *e)
{
	int rc = counters_flush(c, e);

	bind_i64(c->range, 1, from);
	bind_i64(c->range, 2, to);
	while (rc == TK_OK && (rc = statement_row(c->range, e)) == TK_OK) {
		int64_t bucket = sqlite3_column_int64(c->range, 0);
		struct slice packed = column_blob(c->range, 1);
		struct counter_entry entry;

		while (entry_read(&packed, &entry)) {
			struct event_names of = { .input = entry.name[NAME_INPUT],
						  .user = entry.name[NAME_USER],
						  .department = entry.name[NAME_DEPARTMENT],
						  .function = entry.name[NAME_FUNCTION],
						  .model = entry.name[NAME_MODEL] };

			row(ctx, bucket, &of, &entry.sums);
		}
	}
	sqlite3_reset(c->range);
	return rc == TK_EEND ? TK_OK : rc;
}

int counters_latency(struct counters *c, int64_t from, int64_t to, struct latency *out, struct err *e)
{
	int rc = counters_flush(c, e);

	memset(out, 0, sizeof *out);
	return rc == TK_OK ? histograms_range(c->histograms, from, to, out, e) : rc;
}
