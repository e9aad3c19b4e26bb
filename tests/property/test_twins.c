/* The same calls seen at the tap and in the log, told in any order, in batches of any size, with kills
 * between and in the midst of transactions, and told again: each is one event, with the tap's figures and the
 * log's people, and every sum is exact. The reference is a loop over the calls. SEEDS=N (default 2). */
#include "tests/lib/recorder_rig.h"

#define CALLS 2000
#define USERS 7
#define BATCH_MOST 97

struct call { /* the truth */
	int64_t start, duration, input, output;
	int user, status;
	bool seen[2];
	bool has_id, tap_knows; /* the request id; the usage */
};

struct told { /* one line of one input */
	int call, side;
	uint64_t order;
};

struct world {
	struct rig rig;
	uint64_t rng;
	struct call calls[CALLS];
	struct told told[2 * CALLS];
	int n_told;
};

static uint32_t below(struct world *w, uint32_t n)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (uint32_t)(w->rng >> 20) % n;
}

static void make_event(const struct call *c, int number, int side, struct flat_event *fe)
{
	static char id[40], user[16], answer[32];

	/* the log's clock goes a second wrong, and tells whole milliseconds */
	rig_event(fe, number, side, side == TAP ? c->start : (c->start + NS_PER_SEC) / 1000000 * 1000000);
	ev_set_int(&fe->ev, F_DURATION, side == TAP ? c->duration : c->duration / 1000000 * 1000000);
	ev_set_int(&fe->ev, F_STATUS, c->status);
	snprintf(id, sizeof id, "request-%d", number);
	if (c->has_id)
		ev_set_str(&fe->ev, F_REQUEST_ID, slice_str(id));
	snprintf(answer, sizeof answer, "chatcmpl-%d", number);
	if (!c->has_id || number % 3 == 0)
		ev_set_str(&fe->ev, F_RESPONSE_ID, slice_str(answer));
	ev_set_str(&fe->ev, F_PATH, SLICE("/v1/chat/completions"));
	ev_set_str(&fe->ev, F_REQUEST_MODEL, side == TAP ? SLICE("gpt-4o-mini") : SLICE("alias"));
	if (side == LOG) {
		snprintf(user, sizeof user, "user%d", c->user);
		ev_set_str(&fe->ev, F_USER, slice_str(user));
		ev_set_int(&fe->ev, F_INPUT_TOKENS, c->tap_knows ? 1 : c->input);
		ev_set_int(&fe->ev, F_OUTPUT_TOKENS, c->tap_knows ? 1 : c->output);
		return;
	}
	ev_set_str(&fe->ev, F_QUALITY, c->tap_knows ? SLICE("exact") : SLICE("none"));
	if (c->tap_knows) {
		ev_set_int(&fe->ev, F_INPUT_TOKENS, c->input);
		ev_set_int(&fe->ev, F_OUTPUT_TOKENS, c->output);
	}
}

static void send(struct world *w, int side, enum batch_mode mode, const int *calls, int n)
{
	struct flat_event fe;

	rig_begin(&w->rig, side);
	for (int i = 0; i < n; i++) {
		make_event(&w->calls[calls[i]], calls[i], side, &fe);
		batch_add(w->rig.writer[side], &fe.ev);
	}
	rig_send(&w->rig, side, mode, n);
}

static int by_order(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* disorder, in calls: 0: as they happen; CALLS: any. apart: all of one side, then the other. */
static void make_calls(struct world *w, uint32_t disorder, int apart)
{
	w->n_told = 0;
	for (int i = 0; i < CALLS; i++) {
		struct call *c = &w->calls[i];

		*c = (struct call){ .start = T0 + i * NS_PER_SEC / 4 + below(w, 900000000),
				    .duration = 1000000 + (int64_t)below(w, 2000000) * 1000,
				    .input = below(w, 5000),
				    .output = below(w, 900),
				    .user = (int)below(w, USERS),
				    .status = below(w, 10) == 0 ? 429 : 200,
				    .seen = { true, true },
				    .has_id = below(w, 8) != 0,
				    .tap_knows = below(w, 5) != 0 };
		if (below(w, 10) == 0)
			c->seen[below(w, 2)] = false;
		for (int s = 0; s < 2; s++)
			if (c->seen[s])
				w->told[w->n_told++] =
					(struct told){ i, s,
						       (uint64_t)i + below(w, disorder + 1) +
							       (apart == s ? UINT64_C(1) << 32 : 0) };
	}
	qsort(w->told, (size_t)w->n_told, sizeof w->told[0], by_order);
}

static int batch_at(struct world *w, int at, int most, int *calls, int *n)
{
	*n = 0;
	for (; at < w->n_told && *n < most && w->told[at].side == w->told[at - *n].side; at++)
		calls[(*n)++] = w->told[at].call;
	return at;
}

/* Everything once, as the sensors would tell it: from the last commit on after a kill. */
static void tell(struct world *w, bool kills)
{
	int calls[BATCH_MOST], n, safe = 0, at = 0;

	while (at < w->n_told) {
		int next = batch_at(w, at, 1 + (int)below(w, BATCH_MOST - 1), calls, &n);

		send(w, w->told[at].side, BATCH_TAIL, calls, n);
		at = next;
		if (below(w, 4) == 0) {
			rig_commit(&w->rig);
			safe = at;
		}
		if (kills && below(w, 25) == 0) {
			rig_kill(&w->rig);
			rig_start(&w->rig);
			at = safe;
		}
		if (below(w, 40) == 0)
			rig_release(&w->rig, w->calls[w->told[at > 0 ? at - 1 : 0].call].start);
	}
	rig_commit(&w->rig);
}

static void tell_again(struct world *w)
{
	int calls[BATCH_MOST], n;

	for (int at = 0; at < w->n_told;) {
		int next = batch_at(w, at, BATCH_MOST, calls, &n);

		send(w, w->told[at].side, BATCH_IMPORT, calls, n);
		at = next;
	}
	rig_commit(&w->rig);
}

/* ---- what must be there ---- */

struct totals {
	int64_t calls, joined, input, output, cost_known, duration, limited;
};

struct found {
	struct world *w;
	struct totals total, user[USERS];
	int bad;
};

static int number_of(const struct access_event *ev)
{
	struct slice id = ev_known(ev, F_REQUEST_ID) ? ev_str(ev, F_REQUEST_ID) : ev_str(ev, F_RESPONSE_ID);
	char text[40];

	snprintf(text, sizeof text, "%.*s", (int)id.n, (const char *)id.p);
	return strchr(text, '-') == NULL ? -1 : atoi(strchr(text, '-') + 1);
}

static int look_at(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct found *f = ctx;
	int i = number_of(ev);
	const struct call *c = &f->w->calls[i < 0 || i >= CALLS ? 0 : i];
	bool both = c->seen[TAP] && c->seen[LOG];
	struct flat_event side[2];

	(void)seq;
	for (int s = 0; s < 2; s++) {
		make_event(c, i, s, &side[s]);
		if (s == TAP &&
		    ev_int(ev, F_TIMESTAMP, 0) != ev_int(&side[c->seen[TAP] ? TAP : s].ev, F_TIMESTAMP, 0) &&
		    c->seen[TAP])
			f->bad++;
	}
	f->total.calls++;
	f->total.joined += ev_known(ev, F_TWIN);
	f->total.input += ev_int(ev, F_INPUT_TOKENS, 0);
	f->total.output += ev_int(ev, F_OUTPUT_TOKENS, 0);
	f->bad += ev_known(ev, F_TWIN) != both;
	f->bad += ev_known(ev, F_USER) != c->seen[LOG];
	f->bad += !slice_is(ev_str(ev, F_INPUT), c->seen[TAP] ? "tap" : "gateway");
	f->bad += c->seen[TAP] && (ev_int(ev, F_DURATION, 0) != c->duration ||
				   !slice_is(ev_str(ev, F_REQUEST_MODEL), "gpt-4o-mini"));
	return 0;
}

static struct totals wanted(const struct world *w, int user)
{
	struct totals t = { 0 };

	for (int i = 0; i < CALLS; i++) {
		const struct call *c = &w->calls[i];
		bool tap_alone = c->seen[TAP] && !c->seen[LOG], log_alone = c->seen[LOG] && !c->seen[TAP];
		int64_t in = tap_alone && !c->tap_knows ? 0 : log_alone && c->tap_knows ? 1 : c->input;
		int64_t out = tap_alone && !c->tap_knows ? 0 : log_alone && c->tap_knows ? 1 : c->output;

		if (user >= 0 && (!c->seen[LOG] || c->user != user))
			continue;
		t.calls++;
		t.joined += c->seen[TAP] && c->seen[LOG];
		t.input += in;
		t.output += out;
		t.duration += c->seen[TAP] ? c->duration : c->duration / 1000000 * 1000000;
		t.limited += c->status == 429;
	}
	return t;
}

static void add_user(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct found *f = ctx;
	struct totals t = { s->calls, s->joined,      s->input_tokens, s->output_tokens,
			    0,	      s->duration_ns, s->limited };

	(void)bucket;
	if (name.n == 5)
		f->user[(name.p[4] - '0') % USERS] = t;
	else if (name.n > 0)
		f->bad++;
}

static void add_total(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	(void)name;
	(void)bucket;
	*(struct totals *)ctx = (struct totals){ s->calls, s->joined,	   s->input_tokens, s->output_tokens,
						 0,	   s->duration_ns, s->limited };
}

static void check(struct world *w, const char *what)
{
	struct found f = { .w = w };
	struct ledger_reader *r = NULL;
	struct totals all = { 0 }, want = wanted(w, -1);
	struct latency *latency = calloc(1, sizeof *latency);
	int64_t from = T0 / NS_PER_SEC / 900 * 900 - 86400, to = from + 3 * 86400, n;
	int wrong = 0;

	if (ledger_reader_open(&r, w->rig.path, &e) != TK_OK ||
	    ledger_events(r, INT64_MIN / 2, INT64_MAX / 2, true, look_at, &f, &e) != TK_OK ||
	    ledger_sums(r, from, to, BY_NOTHING, add_total, &all, &e) != TK_OK ||
	    ledger_sums(r, from, to, BY_USER, add_user, &f, &e) != TK_OK ||
	    ledger_latency(r, from, to, latency, &e) != TK_OK)
		rig_die(what);
	ok_int(f.total.calls, want.calls, what);
	ok_int(f.bad, 0, "each with the tap's figures and the log's people");
	ok_int(f.total.joined, want.joined, "joined: those that both saw");
	ok(f.total.input == want.input && f.total.output == want.output, "tokens of the events");
	ok(memcmp(&all, &want, sizeof all) == 0, "sums");
	for (int u = 0; u < USERS; u++) {
		struct totals one = wanted(w, u);

		wrong += memcmp(&one, &f.user[u], sizeof one) != 0;
	}
	ok_int(wrong, 0, "sums by user");
	ok_int(latency->n, want.calls, "response times");
	ok_int(ledger_verify(r, &n, &e), TK_OK, "the chain holds");
	ledger_reader_close(r);
	free(latency);
}

static void release_all(struct world *w)
{
	rig_release(&w->rig, INT64_MAX);
	rig_commit(&w->rig);
}

/* import: an import tells everything before the inputs themselves do. */
static void run(struct world *w, uint64_t seed, uint32_t disorder, int apart, bool import, const char *what)
{
	w->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	make_calls(w, disorder, apart);
	rig_new(&w->rig);
	if (import)
		tell_again(w);
	tell(w, true);
	release_all(w);
	check(w, what);
	rig_kill(&w->rig);
	rig_start(&w->rig);
	tell_again(w);
	release_all(w);
	check(w, "told again");
	rig_end(&w->rig);
}

int main(void)
{
	static struct world w;
	const char *text = getenv("SEEDS");
	int seeds = text == NULL ? 2 : atoi(text);

	zone_use("Asia/Tokyo", &e);
	if (freopen("/dev/null", "w", stderr) == NULL) /* no rules and no prices lie beside a test */
		return 1;
	w.rig.cfg = config_defaults();
	for (int i = 1; i <= seeds; i++) {
		run(&w, (uint64_t)i * 5, 0, -1, false, "as they happen");
		run(&w, (uint64_t)i * 5 + 1, CALLS, -1, false, "in any order");
		run(&w, (uint64_t)i * 5 + 2, 20, TAP, false, "the log first");
		run(&w, (uint64_t)i * 5 + 3, 20, LOG, false, "the tap first");
		run(&w, (uint64_t)i * 5 + 4, 200, -1, true, "imported before");
	}
	config_free(w.rig.cfg);
	return tap_done();
}
