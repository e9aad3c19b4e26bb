/* Costs that are changed after their calls were recorded. The event's row and the chain over it stay; the new
 * figure stands beside it, and what is counted moves by the difference. */
#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

struct run {
	struct ledger *l;
	int64_t number;
	struct row_reader *reader;
	struct sha256 *digest;
	int32_t day; /* the last one that was marked */
	struct repriced *out;
	struct err *e;
};

/* The names that the event is counted under, as at its recording. */
static int key_of(struct run *r, const struct access_event *ev, struct counter_key *key)
{
	const struct slice name[NAME_COUNT] = {
		[NAME_INPUT] = ev_str(ev, F_INPUT),
		[NAME_USER] = ev_str(ev, F_USER),
		[NAME_DEPARTMENT] = ev_str(ev, F_DEPARTMENT),
		[NAME_FUNCTION] = ev_str(ev, F_FUNCTION),
		[NAME_MODEL] = ev_known(ev, F_RESPONSE_MODEL) ? ev_str(ev, F_RESPONSE_MODEL)
							      : ev_str(ev, F_REQUEST_MODEL),
	};

	key->bucket = counter_bucket(ev_int(ev, F_TIMESTAMP, 0));
	for (int i = 0; i < NAME_COUNT; i++) {
		int64_t label;
		int rc = ledger_label(r->l, name[i], &label, r->e);

		if (rc != TK_OK)
			return rc;
		key->name[i] = (uint32_t)label;
	}
	return TK_OK;
}

static bool repriced_before(struct run *r, int64_t seq, int *rc)
{
	sqlite3_stmt *s =
		ledger_statement(r->l, LS_REPRICED_BEFORE, "SELECT 1 FROM repriced WHERE seq = ?1", r->e);
	bool found;

	*rc = s == NULL ? TK_EIO : TK_OK;
	if (s == NULL)
		return false;
	bind_i64(s, 1, seq);
	*rc = statement_row(s, r->e);
	found = *rc == TK_OK;
	*rc = *rc == TK_EEND ? TK_OK : *rc;
	sqlite3_reset(s);
	return found;
}

static int put_cost(struct run *r, int64_t seq, int64_t pico)
{
	sqlite3_stmt *s = ledger_statement(r->l, LS_REPRICE, "INSERT INTO repriced VALUES (?, ?, ?)", r->e);
	char line[64];

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, seq);
	bind_i64(s, 2, r->number);
	bind_i64(s, 3, pico);
	sha256_add(r->digest, slice_of(line, (size_t)snprintf(line, sizeof line, "%lld %lld\n",
							      (long long)seq, (long long)pico)));
	return statement_run(s, r->e);
}

static int mark_day(struct run *r, const struct access_event *ev)
{
	int64_t ns = ev_int(ev, F_TIMESTAMP, 0);
	int32_t day = zone_day_of(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0));

	if (day == r->day)
		return TK_OK;
	r->day = day;
	return ledger_day_repriced(r->l, day, r->e);
}

static int change(struct run *r, int64_t seq, const struct access_event *ev, int64_t pico)
{
	int64_t more = pico - ev_int(ev, F_COST, 0);
	struct counter_key key;
	struct sums by;
	int rc = key_of(r, ev, &key);
	bool again = rc == TK_OK && repriced_before(r, seq, &rc);

	by = (struct sums){ .cost_pico = more,
			    .repriced_pico = more,
			    .repriced = !again,
			    .unpriced = ev_known(ev, F_COST) ? 0 : -1 };
	r->out->changed++;
	if (rc == TK_OK)
		rc = put_cost(r, seq, pico);
	if (rc == TK_OK)
		rc = counters_move(r->l->counters, &key, &by, r->e);
	return rc == TK_OK ? mark_day(r, ev) : rc;
}

static bool uses_tokens(const struct access_event *ev)
{
	return ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS);
}

static int look_at(struct run *r, int64_t seq, reprice_fn price, void *ctx)
{
	struct access_event *ev;
	int64_t pico, before;
	bool told;
	int rc = row_read(r->reader, seq, &ev, r->e);

	if (rc != TK_OK)
		return rc;
	before = ev_int(ev, F_COST, 0);
	told = price(ctx, ev, &pico);
	r->out->calls++;
	r->out->before += before;
	r->out->after += told ? pico : before;
	r->out->untold += !told && uses_tokens(ev);
	return told && (!ev_known(ev, F_COST) || pico != before) ? change(r, seq, ev, pico) : TK_OK;
}

static int look_at_all(struct run *r, int64_t from_ns, int64_t to_ns, reprice_fn price, void *ctx)
{
	sqlite3_stmt *s = ledger_statement(
		r->l, LS_REPRICE_EVENTS,
		"SELECT DISTINCT e.seq FROM slice s JOIN event_row e ON e.seq BETWEEN s.seq_from AND s.seq_to"
		" WHERE s.minute BETWEEN ?1 / 60000000000 - 1 AND ?2 / 60000000000"
		" AND e.timestamp >= ?1 AND e.timestamp < ?2 AND e.seq NOT IN (SELECT seq FROM superseded)"
		" ORDER BY e.seq", r->e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK) {
		bind_i64(s, 1, from_ns);
		bind_i64(s, 2, to_ns);
	}
	while (rc == TK_OK && (rc = statement_row(s, r->e)) == TK_OK)
		rc = look_at(r, sqlite3_column_int64(s, 0), price, ctx);
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_reprice_ends(struct ledger *l, int64_t seq, const struct event_names *names,
			const struct access_event *ev, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_REPRICED_FROM,
					   "SELECT coalesce(cost, 0) FROM event WHERE seq = ?1"
					   " AND EXISTS (SELECT 1 FROM repriced WHERE repriced.seq = ?1)", e);
	const struct counter_key key = { counter_bucket(ev_int(ev, F_TIMESTAMP, 0)),
					 { (uint32_t)names->input, (uint32_t)names->user,
					   (uint32_t)names->department, (uint32_t)names->function,
					   (uint32_t)names->model } };
	struct sums by = { .repriced = -1 };
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, seq);
	rc = statement_row(s, e);
	if (rc == TK_OK)
		by.repriced_pico = sqlite3_column_int64(s, 0) - ev_int(ev, F_COST, 0);
	sqlite3_reset(s);
	if (rc == TK_EEND)
		return TK_OK;
	return rc == TK_OK ? counters_move(l->counters, &key, &by, e) : rc;
}

int ledger_reprice(struct ledger *l, int64_t from_ns, int64_t to_ns, reprice_fn price, void *ctx,
		   struct repriced *out, struct err *e)
{
	struct run r = { .l = l,
			 .number = chain_last_seq(l->chain) + 1,
			 .digest = sha256_new(),
			 .day = INT32_MIN,
			 .out = out,
			 .e = e };
	int rc = r.digest == NULL ? err_set(e, TK_ENOMEM, "ledger: no memory") : TK_OK;

	*out = (struct repriced){ 0 };
	if (rc == TK_OK)
		rc = seen_flush(l->seen, e);
	if (rc == TK_OK)
		rc = row_reader_open(&r.reader, l->db, e);
	if (rc == TK_OK) {
		sha256_begin(r.digest);
		rc = look_at_all(&r, from_ns, to_ns, price, ctx);
		sha256_end(r.digest, out->digest);
	}
	row_reader_free(r.reader);
	sha256_free(r.digest);
	return rc;
}
