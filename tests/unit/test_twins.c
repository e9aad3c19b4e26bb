/* Counting once: what of two views is kept, ids that are not unique, twins that come late, answers that are
 * fetched again, and a ledger from before all that. */
#include <sqlite3.h>

#include "sensor/recorder/join.h"
#include "tests/lib/recorder_rig.h"
#include "tests/lib/schema_back.h"

/* ---- joining: a pure function ---- */

static void test_who(void)
{
	struct flat_event c, l;

	rig_event(&c, 1, TAP, T0);
	rig_event(&l, 1, LOG, T0 + 5);
	ev_set_str(&c.ev, F_USER, SLICE("from the key"));
	ev_set_str(&c.ev, F_DEPARTMENT, SLICE("of that one"));
	ev_set_absent(&c.ev, F_KEY_ID);
	ev_set_str(&l.ev, F_USER, SLICE("tanaka"));
	ev_set_str(&l.ev, F_KEY_ID, SLICE("0011223344556677"));
	ev_set_int(&l.ev, F_STATUS, 499);
	ev_set_int(&l.ev, F_DURATION, 7);
	event_join(&c.ev, &l.ev);
	ok_slice(ev_str(&c.ev, F_USER), SLICE("tanaka"), "the log says who");
	ok(!ev_known(&c.ev, F_DEPARTMENT), "another's department does not stay");
	ok_slice(ev_str(&c.ev, F_KEY_ID), SLICE("0011223344556677"), "and with which key");
	ok(!ev_absent(&c.ev, F_KEY_ID), "which is then not absent");
	ok_int(ev_int(&c.ev, F_TIMESTAMP, 0), T0, "the capture says when");
	ok_int(ev_int(&c.ev, F_STATUS, 0), 499, "what it does not know the log tells");

	rig_event(&c, 1, TAP, T0);
	rig_event(&l, 1, LOG, T0 + 5);
	ev_set_str(&c.ev, F_USER, SLICE("sato"));
	ev_set_str(&c.ev, F_DEPARTMENT, SLICE("ward"));
	ev_set_int(&c.ev, F_STATUS, 200);
	ev_set_int(&l.ev, F_STATUS, 499);
	event_join(&c.ev, &l.ev);
	ok_slice(ev_str(&c.ev, F_USER), SLICE("sato"), "a log without a user takes none away");
	ok_slice(ev_str(&c.ev, F_DEPARTMENT), SLICE("ward"), "nor a department");
	ok_int(ev_int(&c.ev, F_STATUS, 0), 200, "the capture's status stays");
}

static void usage(struct flat_event *fe, int64_t in, int64_t cached, const char *quality)
{
	if (in >= 0)
		ev_set_int(&fe->ev, F_INPUT_TOKENS, in);
	if (cached >= 0)
		ev_set_int(&fe->ev, F_CACHE_READ_TOKENS, cached);
	if (quality != NULL)
		ev_set_str(&fe->ev, F_QUALITY, slice_str(quality));
}

static void test_usage(void)
{
	static const struct {
		const char *name;
		int64_t in, cached;
		const char *quality;
		int64_t log_in, log_cached;
		int64_t want_in, want_cached;
	} rows[] = {
		{ "an exact usage stays", 10, -1, "exact", 20, 5, 10, -1 },
		{ "a cut one gives way", 10, 3, "partial", 20, -1, 20, -1 },
		{ "or stays where the log has none", 10, 3, "partial", -1, -1, 10, 3 },
		{ "none takes the log's", -1, -1, "none", 20, 5, 20, 5 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct flat_event c, l;

		rig_event(&c, 1, TAP, T0);
		rig_event(&l, 1, LOG, T0);
		usage(&c, rows[i].in, rows[i].cached, rows[i].quality);
		usage(&l, rows[i].log_in, rows[i].log_cached, NULL);
		event_join(&c.ev, &l.ev);
		ok_int(ev_int(&c.ev, F_INPUT_TOKENS, -1), rows[i].want_in, rows[i].name);
		ok_int(ev_int(&c.ev, F_CACHE_READ_TOKENS, -1), rows[i].want_cached, "and its parts with it");
	}
}

/* ---- through the intake ---- */

struct summary {
	int events, twins, users, repeated;
	int64_t tokens;
	int64_t first_seq;
};

static int sum_up(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct summary *s = ctx;

	s->first_seq = s->events == 0 ? seq : s->first_seq;
	s->events++;
	s->twins += ev_known(ev, F_TWIN);
	s->users += ev_known(ev, F_USER);
	s->repeated += slice_is(ev_str(ev, F_USAGE_DETAILS), "repeated=1");
	s->tokens += ev_int(ev, F_INPUT_TOKENS, 0);
	return 0;
}

static struct summary summary_of(struct rig *w)
{
	struct ledger_reader *r = NULL;
	struct summary s = { 0 };

	rig_commit(w);
	if (ledger_reader_open(&r, w->path, &e) != TK_OK ||
	    ledger_events(r, INT64_MIN / 2, INT64_MAX / 2, false, sum_up, &s, &e) != TK_OK)
		rig_die("reading");
	ledger_reader_close(r);
	return s;
}

/* As an insider does it. */
static void tamper(const struct rig *w, const char *sql)
{
	sqlite3 *db = NULL;

	ok(sqlite3_open(w->path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
	   sql);
	sqlite3_close(db);
}

static int64_t number(struct rig *w, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	rig_commit(w);
	if (sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* One view with a request id, and a user if it is the log's. */
static void tell(struct rig *w, int side, int n, int64_t start, const char *request, enum batch_mode mode)
{
	struct flat_event fe;

	rig_begin(w, side);
	rig_event(&fe, n, side, start);
	ev_set_int(&fe.ev, F_DURATION, NS_PER_SEC);
	ev_set_str(&fe.ev, F_REQUEST_ID, slice_str(request));
	if (side == LOG)
		ev_set_str(&fe.ev, F_USER, SLICE("tanaka"));
	else
		usage(&fe, 100, -1, "exact");
	batch_add(w->writer[side], &fe.ev);
	rig_send(w, side, mode, 1);
}

/* Both sides are known from here on: what comes waits. */
static void meet(struct rig *w)
{
	tell(w, TAP, 1000, T0 - 900 * NS_PER_SEC, "met-1", BATCH_TAIL);
	tell(w, LOG, 1001, T0 - 800 * NS_PER_SEC, "met-2", BATCH_TAIL);
	rig_release(w, T0 - 700 * NS_PER_SEC);
	ok_int(summary_of(w).events, 2, "two calls, far apart");
}

static void test_wait(struct rig *w)
{
	struct summary s;

	rig_new(w);
	meet(w);
	tell(w, TAP, 1, T0, "a", BATCH_TAIL);
	ok_int(summary_of(w).events, 2, "a view waits");
	rig_kill(w);
	rig_start(w);
	tell(w, LOG, 2, T0 + 5 * NS_PER_SEC, "a", BATCH_TAIL);
	s = summary_of(w);
	ok(s.events == 3 && s.twins == 1 && s.users == 2, "over a kill, and is joined 4 s behind its end");
	ok_int(number(w, "SELECT count(*) FROM superseded"), 0, "without a supplement");
	tell(w, TAP, 3, T0 + 60 * NS_PER_SEC, "b", BATCH_TAIL);
	rig_release(w, T0 + 65 * NS_PER_SEC);
	ok_int(summary_of(w).events, 3, "not yet");
	rig_release(w, T0 + 66 * NS_PER_SEC);
	ok_int(summary_of(w).events, 4, "5 s behind its end it is recorded alone");
	tell(w, LOG, 4, T0 + 67 * NS_PER_SEC, "b", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 5, "a view 6 s apart is another call");
	tell(w, TAP, 3, T0 + 60 * NS_PER_SEC, "b", BATCH_IMPORT);
	tell(w, LOG, 2, T0 + 5 * NS_PER_SEC, "a", BATCH_IMPORT);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 5, "seen again they add nothing");
	rig_end(w);
}

static void test_late(struct rig *w)
{
	struct summary s;
	struct ledger_reader *r = NULL;
	int64_t n;

	rig_new(w);
	meet(w);
	tell(w, LOG, 1, T0, "late", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	for (bool closed = true; closed;)
		if (evaluate_close_day(w->evaluate, T0 + 72 * 3600 * NS_PER_SEC, &closed, &e) != TK_OK)
			rig_die("closing");
	ok_int(number(w, "SELECT sum(dirty) FROM days"), 0, "a day that is closed");
	tell(w, TAP, 2, T0 + NS_PER_SEC, "late", BATCH_TAIL);
	s = summary_of(w);
	ok(s.events == 3 && s.twins == 1 && s.tokens == 200, "a late twin takes the place of its half");
	ok_int(number(w, "SELECT count(*) FROM event"), 4, "which stays");
	ok_int(number(w, "SELECT count(*) FROM records WHERE type = 'supplement' AND body LIKE"
			 " '%\"supplements\":3,\"event\":4%'"),
	       1, "a record says so");
	ok_int(number(w, "SELECT sum(dirty) FROM days"), 1, "and its day is to be closed anew");
	ok_int(number(w, "SELECT value FROM meta WHERE name = 'joined'"), 1, "one was joined");
	tell(w, LOG, 1, T0, "late", BATCH_IMPORT);
	tell(w, TAP, 2, T0 + NS_PER_SEC, "late", BATCH_IMPORT);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 3, "neither half is new");
	rig_kill(w);
	rig_start(w);
	tell(w, LOG, 1, T0, "late", BATCH_IMPORT);
	tell(w, TAP, 2, T0 + NS_PER_SEC, "late", BATCH_IMPORT);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 3, "nor after a restart");
	ledger_reader_open(&r, w->path, &e);
	ok_int(ledger_verify(r, &n, &e), TK_OK, "the chain holds");
	tamper(w, "INSERT INTO superseded VALUES (4, 3)");
	ok_int(ledger_verify(r, &n, &e), TK_EMALFORMED, "a call that is hidden without a record is found");
	ok(strstr(e.text, "event 4 ") != NULL, "by its number");
	tamper(w, "DELETE FROM superseded WHERE seq = 4");
	tamper(w, "DELETE FROM superseded WHERE seq = 3");
	ok_int(ledger_verify(r, &n, &e), TK_EMALFORMED, "and one that counts twice");
	ok(strstr(e.text, "event 3 ") != NULL, "by its number");
	ledger_reader_close(r);
	rig_end(w);
}

static void test_same_id(struct rig *w)
{
	struct summary s;

	rig_new(w);
	meet(w);
	for (int i = 0; i < 200; i++)
		tell(w, TAP, i, T0 + i * NS_PER_SEC / 100, "again and again", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 202, "calls of one input are never merged, whatever their id");
	tell(w, LOG, 1, T0 + NS_PER_SEC / 2, "again and again", BATCH_TAIL);
	tell(w, LOG, 1, T0 + NS_PER_SEC / 2, "again and again", BATCH_TAIL); /* the same line twice */
	rig_release(w, INT64_MAX);
	s = summary_of(w);
	ok(s.events == 202 && s.twins == 2, "each joins one of the other's");
	rig_kill(w);
	rig_start(w);
	tell(w, LOG, 1, T0 + NS_PER_SEC / 2, "again and again", BATCH_IMPORT);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 202, "and is known");
	rig_begin(w, LOG);
	for (int i = 0; i < 3; i++) {
		struct flat_event fe;

		rig_event(&fe, 1, LOG, T0 + NS_PER_SEC / 2);
		ev_set_int(&fe.ev, F_DURATION, NS_PER_SEC);
		ev_set_str(&fe.ev, F_REQUEST_ID, SLICE("again and again"));
		batch_add(w->writer[LOG], &fe.ev);
	}
	rig_send(w, LOG, BATCH_IMPORT, 3);
	rig_release(w, INT64_MAX);
	s = summary_of(w);
	ok(s.events == 202 && s.twins == 3, "of three identical lines one is new, and joins");
	rig_end(w);
}

/* Of a view that was recorded in whatever way one line is known, not two. */
static void test_lines(struct rig *w)
{
	rig_new(w);
	meet(w);
	tell(w, TAP, 1, T0, "alone", BATCH_TAIL);
	tell(w, TAP, 2, T0, "late", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	tell(w, LOG, 3, T0, "late", BATCH_TAIL);
	ok_int(summary_of(w).events, 4, "one was recorded alone, one in another's place");
	rig_kill(w);
	rig_start(w);
	tell(w, TAP, 1, T0, "alone", BATCH_TAIL);
	tell(w, TAP, 2, T0, "late", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	ok_int(summary_of(w).events, 6, "each of them once more is a call");
	rig_kill(w);
	rig_start(w);
	for (int n = 1; n <= 2; n++) {
		rig_begin(w, TAP);
		for (int i = 0; i < 3; i++) {
			struct flat_event fe;

			rig_event(&fe, n, TAP, T0);
			batch_add(w->writer[TAP], &fe.ev);
		}
		rig_send(w, TAP, BATCH_IMPORT, 3);
	}
	ok_int(summary_of(w).events, 8, "of three, the third is new");
	rig_end(w);
}

static void test_nearest(struct rig *w)
{
	rig_new(w);
	meet(w);
	tell(w, TAP, 1, T0, "x", BATCH_TAIL);
	tell(w, TAP, 2, T0 + 3 * NS_PER_SEC, "x", BATCH_TAIL);
	tell(w, LOG, 3, T0 + 3 * NS_PER_SEC + 1000, "x", BATCH_TAIL);
	rig_release(w, INT64_MAX);
	ok_int(number(w, "SELECT (\"@timestamp\" - 1795400670000000000) / 1000000000 FROM events"
			 " WHERE \"tochoku.twin\" IS NOT NULL"),
	       3, "of two that fit, the nearer one");
	rig_end(w);
}

static void test_off(struct rig *w)
{
	w->cfg->join_seconds = 0;
	rig_new(w);
	tell(w, TAP, 1, T0, "a", BATCH_TAIL);
	tell(w, LOG, 2, T0, "a", BATCH_TAIL);
	ok_int(summary_of(w).events, 2, "join_seconds: 0 joins nothing, and nothing waits");
	rig_end(w);
	w->cfg->join_seconds = 5;
}

static void one_side(struct rig *w)
{
	rig_new(w);
	for (int i = 0; i < 3; i++)
		tell(w, LOG, i, T0 + i, "a", BATCH_TAIL);
	ok_int(number(w, "SELECT count(*) FROM events"), 3, "with one kind of input nothing waits");
	ok_int(number(w, "SELECT count(*) FROM call"), 0, "nor is anything kept for it");
	tell(w, TAP, 9, T0, "a", BATCH_TAIL);
	ok_int(summary_of(w).twins, 1, "and is found when the other kind comes");
	rig_end(w);
}

static void answer(struct rig *w, int n, const char *method, const char *path, const char *id)
{
	struct flat_event fe;

	rig_begin(w, TAP);
	rig_event(&fe, n, TAP, T0 + n * NS_PER_SEC);
	ev_set_str(&fe.ev, F_METHOD, slice_str(method));
	ev_set_str(&fe.ev, F_PATH, slice_str(path));
	ev_set_str(&fe.ev, F_PROVIDER, SLICE("openai"));
	ev_set_str(&fe.ev, F_RESPONSE_ID, slice_str(id));
	usage(&fe, 100, 10, "exact");
	batch_add(w->writer[TAP], &fe.ev);
	rig_send(w, TAP, BATCH_TAIL, 1);
}

static void test_answers(struct rig *w)
{
	static const struct {
		const char *method, *path, *id;
		int repeated;
	} rows[] = {
		{ "POST", "/v1/responses", "resp_1", 0 },
		{ "GET", "/v1/responses/resp_1", "resp_1", 1 },
		{ "GET", "/v1/responses/resp_2", "resp_2", 1 },
		{ "GET", "/v1/threads/t/runs/run_1", "run_1", 1 },
		{ "GET", "/v1/threads/t/runs/run_1", "run_1", 2 },
		{ "GET", "/v1/batches/batch_1", "batch_1", 2 },
		{ "GET", "/v1/batches/batch_1", "batch_1", 3 },
		{ "GET", "/v1/chat/completions/c_1", "c_1", 4 },
		{ "POST", "/v1/chat/completions", "c_2", 4 },
		{ "POST", "/v1/chat/completions", "c_2", 4 },
	};

	rig_new(w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct summary s;

		answer(w, (int)i, rows[i].method, rows[i].path, rows[i].id);
		if (i == 3) { /* what was counted is kept */
			rig_commit(w);
			rig_kill(w);
			rig_start(w);
		}
		s = summary_of(w);
		ok_int(s.repeated, rows[i].repeated, rows[i].path);
		ok_int(s.tokens, 100 * (int64_t)(i + 1 - (size_t)rows[i].repeated), "its tokens");
	}
	ok_int(number(w,
		      "SELECT count(*) FROM events WHERE \"gen_ai.usage.cache_read.input_tokens\" IS NULL"),
	       4, "without their parts");
	rig_end(w);
}

static void test_upgrade(struct rig *w)
{
	sqlite3 *db = NULL;

	rig_new(w);
	tell(w, LOG, 1, T0, "old", BATCH_TAIL);
	rig_commit(w);
	rig_kill(w);
	ok(sqlite3_open(w->path, &db) == SQLITE_OK &&
		   sqlite3_exec(db,
				SMALL_BEFORE_7
				"DROP VIEW events; DROP VIEW event_now; DROP TABLE half; DROP TABLE call;"
				"DROP TABLE superseded; DROP TABLE answer;"
				"CREATE VIEW events AS SELECT * FROM event; PRAGMA user_version = 5",
				NULL, NULL, NULL) == SQLITE_OK,
	   "a ledger of the schema before");
	sqlite3_close(db);
	rig_start(w);
	ok_int(summary_of(w).events, 1, "opens, with what it held");
	tell(w, TAP, 2, T0, "old", BATCH_TAIL);
	ok_int(summary_of(w).twins, 1, "which finds its twin");
	rig_end(w);
}

int main(void)
{
	static struct rig w;

	zone_use("Asia/Tokyo", &e);
	w.cfg = config_defaults();
	ok_int(w.cfg->join_seconds, 5, "5 s by default");
	test_who();
	test_usage();
	test_wait(&w);
	test_late(&w);
	test_same_id(&w);
	test_lines(&w);
	test_nearest(&w);
	test_off(&w);
	one_side(&w);
	test_answers(&w);
	test_upgrade(&w);
	config_free(w.cfg);
	return tap_done();
}
