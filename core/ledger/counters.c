#include "core/ledger/counters.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/statement.h"

#define KEYS_MAX 16384
#define BINS_MAX 65536
#define BUCKET 900

struct bin_key {
	int64_t bucket, model, bin;
};

struct counters {
	sqlite3 *db;
	sqlite3_stmt *add, *add_bin, *add_max, *users;
	struct map *keys, *bins, *maxima; /* key -> place in sums; key -> count; key -> ns */
	struct sums sums[KEYS_MAX];
};

int64_t counter_bucket(int64_t ns)
{
	int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0), rest = sec % BUCKET;

	return sec - (rest < 0 ? rest + BUCKET : rest);
}

static const char add_sql[] =
	"INSERT INTO counter_15m VALUES (?1, ?2, ?3, ?4, ?5, ?6"
#define SUM(name, doc) ", ?"
#include "core/ledger/sums.def"
#undef SUM
	") ON CONFLICT DO UPDATE SET bucket = bucket"
#define SUM(name, doc) ", " #name " = " #name " + excluded." #name
#include "core/ledger/sums.def"
#undef SUM
	;

int counters_open(struct counters **out, sqlite3 *db, struct err *e)
{
	struct counters *c = calloc(1, sizeof *c);
	int rc = TK_ENOMEM;

	if (c == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	c->db = db;
	c->keys = map_new(KEYS_MAX, KEYS_MAX * sizeof(struct counter_key));
	c->bins = map_new(BINS_MAX, BINS_MAX * sizeof(struct bin_key));
	c->maxima = map_new(BINS_MAX, BINS_MAX * 2 * sizeof(int64_t));
	if (c->keys != NULL && c->bins != NULL && c->maxima != NULL)
		rc = statement_prepare(db, &c->add, add_sql, e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->add_bin, "INSERT INTO latency_15m VALUES (?, ?, ?, ?)"
				       " ON CONFLICT DO UPDATE SET n = n + excluded.n", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->add_max, "INSERT INTO latency_max_15m VALUES (?, ?, ?)"
				       " ON CONFLICT DO UPDATE SET max_ns = max(max_ns, excluded.max_ns)", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &c->users, "SELECT user, sum(calls) FROM counter_15m"
				       " WHERE bucket >= ? AND bucket < ? GROUP BY user", e);
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
	sqlite3_finalize(c->add);
	sqlite3_finalize(c->add_bin);
	sqlite3_finalize(c->add_max);
	sqlite3_finalize(c->users);
	map_free(c->keys);
	map_free(c->bins);
	map_free(c->maxima);
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

static int add_latency(struct counters *c, const struct counter_key *k, int64_t ns)
{
	struct bin_key key = { k->bucket, k->model, latency_bin(ns) };
	int64_t *n = map_put(c->bins, slice_of(&key, sizeof key), 0);
	int64_t *max = map_put(c->maxima, slice_of(&key, 2 * sizeof(int64_t)), 0);

	if (n == NULL || max == NULL)
		return TK_ELIMIT;
	++*n;
	if (ns > *max)
		*max = ns;
	return TK_OK;
}

/* Room for one more event whatever its names are. */
static bool full(const struct counters *c)
{
	return map_count(c->keys) == KEYS_MAX || map_count(c->bins) == BINS_MAX || map_count(c->maxima) == BINS_MAX;
}

int counters_add(struct counters *c, const struct counter_key *k, const struct access_event *ev, struct err *e)
{
	int64_t *at;
	int rc;

	if (full(c) && (rc = counters_flush(c, e)) != TK_OK)
		return rc;
	at = map_put(c->keys, slice_of(k, sizeof *k), -1);
	if (at == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	if (*at < 0) {
		*at = (int64_t)map_count(c->keys) - 1;
		memset(&c->sums[*at], 0, sizeof *c->sums);
	}
	add_event(&c->sums[*at], ev);
	if (ev_known(ev, F_DURATION) && add_latency(c, k, ev_value(ev, F_DURATION)->i) != TK_OK)
		return err_set(e, TK_ENOMEM, "ledger: no memory for counters");
	return TK_OK;
}

static int flush_sums(struct counters *c, size_t i, struct err *e)
{
	struct counter_key k;
	const struct sums *s = &c->sums[i];
	int at = 7;

	memcpy(&k, map_key(c->keys, i).p, sizeof k);
	bind_i64(c->add, 1, k.bucket);
	bind_i64(c->add, 2, k.input);
	bind_i64(c->add, 3, k.user);
	bind_i64(c->add, 4, k.department);
	bind_i64(c->add, 5, k.function);
	bind_i64(c->add, 6, k.model);
#define SUM(name, doc) bind_i64(c->add, at++, s->name);
#include "core/ledger/sums.def"
#undef SUM
	return statement_run(c->add, e);
}

static int flush_bin(sqlite3_stmt *s, const struct map *m, size_t i, struct err *e)
{
	struct slice key = map_key(m, i);
	int64_t v[3];
	int n = (int)(key.n / sizeof *v);

	memcpy(v, key.p, key.n);
	for (int k = 0; k < n; k++)
		bind_i64(s, k + 1, v[k]);
	bind_i64(s, n + 1, *map_value(m, i));
	return statement_run(s, e);
}

int counters_flush(struct counters *c, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; i < map_count(c->keys) && rc == TK_OK; i++)
		rc = flush_sums(c, i, e);
	for (size_t i = 0; i < map_count(c->bins) && rc == TK_OK; i++)
		rc = flush_bin(c->add_bin, c->bins, i, e);
	for (size_t i = 0; i < map_count(c->maxima) && rc == TK_OK; i++)
		rc = flush_bin(c->add_max, c->maxima, i, e);
	map_clear(c->keys);
	map_clear(c->bins);
	map_clear(c->maxima);
	return rc;
}

int counters_users(struct counters *c, int64_t from, int64_t to, user_calls_fn row, void *ctx, struct err *e)
{
	int rc = counters_flush(c, e);

	bind_i64(c->users, 1, from);
	bind_i64(c->users, 2, to);
	while (rc == TK_OK && (rc = statement_row(c->users, e)) == TK_OK)
		row(ctx, sqlite3_column_int64(c->users, 0), sqlite3_column_int64(c->users, 1));
	return rc == TK_EEND ? TK_OK : rc;
}
