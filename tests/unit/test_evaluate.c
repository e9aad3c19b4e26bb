/* Evaluation with a clock of its own: minutes and the close of a day, late calls, memory across a restart,
 * the state of the sensor, changes of keys. */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "core/base/zone.h"
#include "core/ledger/reader.h"
#include "sensor/recorder/intake.h"
#include "sensor/recorder/memory.h"
#include "tests/lib/tap.h"

#define MINUTE (60 * NS_PER_SEC)
#define DAY (24 * 3600 * NS_PER_SEC)
#define T0 INT64_C(1795359600000000000) /* 2026-11-23 00:00 in Tokyo */

static struct err e;

static const char rules[] =
	"title: errors\nname: errors\nlogsource: {product: tochoku, service: minute}\n"
	"detection: {s: {error_pct_10m|gte: 50, calls_10m|gte: 4}, condition: s}\n"
	"tochoku: {entity: [site], once-per: day}\n"
	"---\ntitle: tea\nname: tea\nlogsource: {category: llm_api}\n"
	"detection: {s: {sc-status: 418}, condition: s}\ntochoku: {entity: [cs-username], suppress: 10m}\n"
	"---\ntitle: few\nname: few\nlogsource: {product: tochoku, service: day_close}\n"
	"detection: {s: {calls|lt: 3}, condition: s}\ntochoku: {entity: [site]}\n"
	"---\ntitle: silent\nname: silent\nlogsource: {product: tochoku, service: sensor}\n"
	"detection: {s: {silence_minutes|gte: 30}, condition: s}\ntochoku: {entity: [site], once-per: day}\n"
	"---\ntitle: issued\nname: issued\nlogsource: {product: tochoku, service: keys}\n"
	"detection: {s: {action: add, cal.in_hours: false}, condition: s}\n"
	"tochoku: {entity: [key.id, actor]}\n"
	"---\ntitle: unsound\nname: unsound\nlogsource: {product: tochoku, service: sensor}\n"
	"detection: {s: {record: [chain, clock]}, condition: s}\ntochoku: {entity: [record]}\n"
	"---\ntitle: full\nname: full\nlogsource: {product: tochoku, service: sensor}\n"
	"detection: {s: {evicted|gte: 1}, condition: s}\ntochoku: {entity: [site]}\n"
	"---\ntitle: list ends\nname: list\nlogsource: {product: tochoku, service: sensor}\n"
	"detection: {s: {holidays_days_left: 30}, condition: s}\ntochoku: {entity: [site]}\n"
	"---\ntitle: asleep\nname: asleep\nlogsource: {category: llm_api}\n"
	"detection: {s: {key.idle_days|gte: 70}, condition: s}\ntochoku: {entity: [key.id], once-per: day}\n"
	"---\ntitle: refused\nname: refused\nlogsource: {category: llm_api}\n"
	"detection: {s: {sc-status: 407}, condition: s}\n"
	"---\ntitle: three\nname: three\n"
	"correlation: {type: event_count, rules: refused, group-by: [key.id], timespan: 1m, condition: {gte: "
	"3}}\n"
	"tochoku: {reason: {ja: '%key.id% が %count% 回', en: '%key.id%: %count% times until %time%'}}\n"
	"---\ntitle: minutes\nname: quiet\nlogsource: {product: tochoku, service: sensor}\n"
	"detection: {s: {silence_minutes|gte: 45}, condition: s}\n"
	"---\ntitle: twice\nname: twice\n"
	"correlation: {type: event_count, rules: quiet, timespan: 10m, condition: {gte: 2}}\n"
	"tochoku: {entity: [site], once-per: day}\n";

/* Of 2026 as far as it matters here: ten days, the first of the year among them. */
static const char holidays[] =
	"2026-01-01,a\n2026-01-12,b\n2026-02-11,c\n2026-02-23,d\n2026-03-20,e\n2026-04-29,f\n"
	"2026-05-03,g\n2026-05-04,h\n2026-05-05,i\n2026-11-03,j\n2026-11-23,k\n";

struct world {
	char folder[32], path[64], rule_file[64];
	const char *rule_paths[1];
	struct config *cfg;
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	struct intake *intake;
	struct stream stream;
	struct batch_writer *writer;
	uint64_t position;
	int n;
};

static void start(struct world *w)
{
	const uint8_t key[32] = { 1 };

	if (ledger_open(&w->ledger, w->path, &e) != TK_OK ||
	    (w->enrich = enrich_new(w->cfg, w->ledger, slice_of(key, sizeof key), &e)) == NULL ||
	    (w->evaluate = evaluate_new(w->cfg, w->ledger, w->enrich, &e)) == NULL ||
	    (w->intake = intake_new(w->ledger, &e)) == NULL || stream_init(&w->stream) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	w->writer = batch_writer_new(); /* definitions begin anew, as in a new sensor */
	intake_use(w->intake, w->enrich, w->evaluate);
}

static void stop(struct world *w)
{
	stream_free(&w->stream);
	intake_free(w->intake);
	evaluate_free(w->evaluate);
	enrich_free(w->enrich);
	ledger_close(w->ledger);
	batch_writer_free(w->writer);
}

static void commit(struct world *w, int64_t now)
{
	evaluate_flush(w->evaluate, now, &e);
	ok_int(ledger_commit(w->ledger, now, &e), TK_OK, "committed");
}

/* One call that began at `ns`. */
static void call(struct world *w, int64_t ns, int status, const char *key)
{
	struct batch_head head = { .mode = BATCH_TAIL,
				   .now = ns,
				   .input = SLICE("gateway"),
				   .path = SLICE("/log"),
				   .from = w->position,
				   .gen = { .token = 7, .position = w->position + 1 } },
			  got;
	struct batch_ack ack;
	struct flat_event fe;

	w->position++;
	batch_begin(w->writer);
	flat_event_reset(&fe);
	memset(fe.ev.digest, ++w->n, sizeof fe.ev.digest);
	ev_set_int(&fe.ev, F_TIMESTAMP, ns);
	ev_set_int(&fe.ev, F_DURATION, NS_PER_SEC);
	ev_set_int(&fe.ev, F_STATUS, status);
	ev_set_str(&fe.ev, F_USER, SLICE("tanaka"));
	if (key != NULL)
		ev_set_str(&fe.ev, F_KEY_ID, slice_str(key));
	batch_add(w->writer, &fe.ev);
	ledger_begin(w->ledger, &e);
	if (intake_batch(w->intake, &w->stream, batch_finish(w->writer, &head), ns, &got, &ack, &e) != TK_OK)
		printf("# %s\n", e.text);
	commit(w, ns);
}

static void close_days(struct world *w, int64_t now)
{
	bool closed = true;

	while (closed) {
		ledger_begin(w->ledger, &e);
		if (evaluate_close_day(w->evaluate, now, &closed, &e) != TK_OK)
			printf("# %s\n", e.text);
		commit(w, now);
	}
}

struct seen {
	const char *rule;
	int n;
	int64_t count, first;
	bool provisional;
	size_t events;
	char entity[256], reason[256], reason_ja[256];
};

static void see(void *ctx, const struct finding *f)
{
	struct seen *s = ctx;

	if (!slice_is(f->rule_id, s->rule))
		return;
	s->n++;
	s->count += f->count;
	s->first = f->first_ns;
	s->provisional = f->provisional;
	s->events = f->n_events;
	snprintf(s->entity, sizeof s->entity, "%.*s", (int)f->entity_json.n, (const char *)f->entity_json.p);
	snprintf(s->reason, sizeof s->reason, "%.*s", (int)f->reason.n, (const char *)f->reason.p);
	snprintf(s->reason_ja, sizeof s->reason_ja, "%.*s", (int)f->reason_ja.n,
		 (const char *)f->reason_ja.p);
}

static struct seen findings(struct world *w, const char *rule)
{
	struct seen s = { .rule = rule };
	struct ledger_reader *r = NULL;

	ledger_reader_open(&r, w->path, &e);
	ledger_findings(r, INT64_MIN, INT64_MAX, false, see, &s, &e);
	ledger_reader_close(r);
	return s;
}

static void tick(struct world *w, int64_t now)
{
	ledger_begin(w->ledger, &e);
	evaluate_time(w->evaluate, now, &e);
	commit(w, now);
}

static void test_minutes_live(struct world *w)
{
	int64_t at = T0 + 10 * 60 * MINUTE;
	struct seen s;

	call(w, at, 200, NULL);
	call(w, at + MINUTE, 500, NULL);
	call(w, at + 2 * MINUTE, 502, NULL);
	call(w, at + 3 * MINUTE, 503, NULL);
	ok_int(findings(w, "errors").n, 0, "a minute is not judged before it is settled");
	tick(w, at + 5 * MINUTE);
	ok_int(findings(w, "errors").n, 0, "two minutes after it neither");
	tick(w, at + 6 * MINUTE);
	s = findings(w, "errors");
	ok(s.n == 1 && s.count == 1 && s.provisional && s.events == 1 && s.first == at + 3 * MINUTE,
	   "the clock brings the quiet minute's finding, with its call, provisional");
	ok(strstr(s.entity, "\"error_pct_10m\":75") != NULL && strstr(s.entity, "\"calls_10m\":4") != NULL,
	   "and the numbers that the rule named");
	stop(w);
	start(w);
	call(w, at + 8 * MINUTE, 500, NULL);
	tick(w, at + 12 * MINUTE);
	s = findings(w, "errors");
	ok(s.n == 1 && s.count == 2, "after a restart the ten minutes before are known, and not told again");
	stop(w);
	start(w);
	call(w, at + 5 * MINUTE, 200, NULL);
	tick(w, at + 13 * MINUTE);
	ok_int(findings(w, "errors").count, 3,
	       "a late call brings its minute, and those behind it no second time");
	call(w, at + 4 * MINUTE, 200, NULL); /* late: in its order there was no more than half */
	for (int i = 0; i < 2; i++)
		call(w, at + 4 * MINUTE, 200, NULL);
	close_days(w, T0 + DAY + 20 * MINUTE);
	s = findings(w, "errors");
	ok(s.n == 1 && s.count == 1 && !s.provisional && s.first == at + 3 * MINUTE,
	   "a closed day's minutes are judged with the late calls");
	ok_int(findings(w, "few").n, 0, "a day with calls enough closes without a word");
}

static void test_close(struct world *w)
{
	int64_t at = T0 + DAY + 9 * 60 * MINUTE;
	struct seen s;

	call(w, at, 200, NULL);
	close_days(w, T0 + 2 * DAY + 14 * MINUTE);
	ok_int(findings(w, "few").n, 0, "a quarter of an hour is waited");
	close_days(w, T0 + 2 * DAY + 16 * MINUTE);
	s = findings(w, "few");
	ok(s.n == 1 && s.events == 0 && strstr(s.entity, "\"calls\":1") != NULL,
	   "then the day's close finds");
	call(w, at + MINUTE, 200, NULL);
	call(w, at + 2 * MINUTE, 200, NULL);
	close_days(w, T0 + 2 * DAY + 17 * MINUTE);
	ok_int(findings(w, "few").n, 0, "a late call takes it back");
	call(w, T0 + 5 * DAY, 200, NULL);
	close_days(w, T0 + 5 * DAY + 16 * MINUTE);
	ok_int(findings(w, "few").n, 3, "quiet days between two calls are days too");
}

/* On a day that was never restarted only the late call itself says that the day wants another look. */
static void test_late(struct world *w)
{
	int64_t at = T0 + 12 * DAY + 10 * 60 * MINUTE;

	for (int i = 0; i < 4; i++)
		call(w, at, 500, NULL);
	call(w, at + 3 * MINUTE, 200, NULL);
	ok_int(findings(w, "errors").n, 2, "errors are found when their minute is settled");
	for (int i = 0; i < 5; i++)
		call(w, at, 200, NULL);
	close_days(w, T0 + 13 * DAY + 20 * MINUTE);
	ok_int(findings(w, "errors").n, 1, "late calls of the same minute take that back");
	at += DAY;
	call(w, at + MINUTE, 418, NULL);
	call(w, at, 418, NULL); /* not late for its minute */
	call(w, at + 21 * MINUTE / 2, 418, NULL);
	ok_int(findings(w, "tea").n, 1, "ten minutes from the first that came");
	close_days(w, T0 + 14 * DAY + 20 * MINUTE);
	ok_int(findings(w, "tea").n, 2, "and, in order, from the first that was");
}

static void look(struct world *w, int64_t now)
{
	ledger_begin(w->ledger, &e);
	if (evaluate_notices(w->evaluate, now, &e) != TK_OK)
		printf("# %s\n", e.text);
	commit(w, now);
}

static void test_sensor(struct world *w)
{
	int64_t last = T0 + 5 * DAY;
	struct seen s;

	look(w, last + 29 * MINUTE);
	ok_int(findings(w, "silent").n, 0, "half an hour's silence is not yet one");
	look(w, last + 31 * MINUTE);
	look(w, last + 32 * MINUTE);
	look(w, last + 33 * MINUTE);
	s = findings(w, "silent");
	ok(s.n == 1 && s.count == 1 && s.events == 0, "silence is told when it begins");
	for (int i = 34; i < 100; i++)
		look(w, last + i * MINUTE);
	ok_int(findings(w, "silent").count, 2, "and once an hour");
	s = findings(w, "twice");
	ok(s.n == 1 && s.count > 0, "correlations take events of our own");
	ok_int(findings(w, "quiet").n, 0, "whose members are silent, too");
	call(w, last + 4 * 60 * MINUTE, 200, NULL);
	call(w, last + 60 * MINUTE, 200, NULL); /* late, so the day is evaluated again */
	close_days(w, last + DAY + 20 * MINUTE);
	s = findings(w, "silent");
	ok(s.n == 1 && s.count == 2 && !s.provisional, "no evaluation of the day takes that back");
}

static void change_key(struct world *w, int64_t now)
{
	ledger_begin(w->ledger, &e);
	ledger_record(w->ledger, "key", now,
		      SLICE("{\"action\":\"add\",\"actor\":\"root\",\"tochoku.key.id\":\"0123456789abcdef\","
			    "\"id\":\"k1\",\"user.name\":\"tanaka\"}"),
		      &e);
	commit(w, now);
}

static void test_keys(struct world *w)
{
	int64_t day = T0 + 10 * DAY;
	struct seen s;

	change_key(w, day + 10 * 60 * MINUTE);
	look(w, day + 11 * 60 * MINUTE);
	ok_int(findings(w, "issued").n, 0, "a key issued in hours");
	change_key(w, day + 23 * 60 * MINUTE);
	stop(w);
	start(w);
	look(w, day + DAY);
	s = findings(w, "issued");
	ok(s.n == 1 && s.first == day + 23 * 60 * MINUTE &&
		   strstr(s.entity, "\"tochoku.key.id\":\"0123456789abcdef\"") != NULL &&
		   strstr(s.entity, "\"actor\":\"root\"") != NULL,
	   "one issued at night is found, though nothing ran then: when, which, by whom");
	look(w, day + DAY + 2 * MINUTE);
	ok_int(findings(w, "issued").count, 1, "once");
}

static void set_clock(struct world *w, int64_t now, const char *body)
{
	ledger_begin(w->ledger, &e);
	ledger_record(w->ledger, "clock", now, slice_str(body), &e);
	commit(w, now);
}

static void test_record(struct world *w)
{
	int64_t day = T0 + 9 * DAY;
	struct sqlite3 *db;
	struct seen s;

	look(w, day);
	set_clock(w, day + MINUTE, "{\"action\":\"set\",\"step_ms\":2000}");
	look(w, day + 2 * MINUTE);
	ok_int(findings(w, "unsound").n, 0, "a clock that was set forward");
	set_clock(w, day + 3 * MINUTE, "{\"action\":\"set\",\"step_ms\":-2000}");
	look(w, day + 4 * MINUTE);
	look(w, day + 8 * MINUTE);
	s = findings(w, "unsound");
	ok(s.n == 1 && s.count == 1 && strstr(s.entity, "clock") != NULL, "one that was set back, once");
	ok_int(findings(w, "list").n, 1, "an imported list of holidays that ends in 30 days");
	if (sqlite3_open(w->path, &db) == SQLITE_OK) {
		ok(sqlite3_exec(db,
				"CREATE TABLE kept AS SELECT * FROM txn ORDER BY n DESC LIMIT 1;"
				"DELETE FROM txn WHERE n = (SELECT max(n) FROM txn)",
				NULL, NULL, NULL) == SQLITE_OK,
		   "somebody cuts the ledger short");
		look(w, day + 12 * MINUTE);
		s = findings(w, "unsound");
		ok(s.n == 2 && s.count >= 2, "which is seen within a minute");
		sqlite3_exec(db, "INSERT INTO txn SELECT * FROM kept; DROP TABLE kept", NULL, NULL, NULL);
	}
	sqlite3_close(db);
	look(w, day + 16 * MINUTE);
	look(w, day + 20 * MINUTE);
	ok_int(findings(w, "unsound").n, 2, "and not told of a ledger that is whole");
}

/* More groups than a correlation has room for. */
static void test_full(struct world *w)
{
	int64_t at = T0 + 30 * DAY;
	struct batch_head head = { .mode = BATCH_TAIL,
				   .input = SLICE("gateway"),
				   .path = SLICE("/log"),
				   .from = w->position,
				   .gen = { .token = 7, .position = w->position + 1 } },
			  got;
	struct batch_ack ack;
	struct flat_event fe;
	char key[20];

	look(w, at);
	ok_int(findings(w, "full").n, 0, "nothing was given up yet");
	w->position++;
	batch_begin(w->writer);
	for (int i = 0; i <= GROUPS_MAX; i++) {
		snprintf(key, sizeof key, "k%d", i);
		flat_event_reset(&fe);
		memcpy(fe.ev.digest, &i, sizeof i);
		ev_set_int(&fe.ev, F_TIMESTAMP, at);
		ev_set_int(&fe.ev, F_STATUS, 407);
		ev_set_str(&fe.ev, F_KEY_ID, slice_str(key));
		batch_add(w->writer, &fe.ev);
	}
	ledger_begin(w->ledger, &e);
	if (intake_batch(w->intake, &w->stream, batch_finish(w->writer, &head), at, &got, &ack, &e) != TK_OK)
		printf("# %s\n", e.text);
	commit(w, at);
	look(w, at + 2 * MINUTE);
	ok_int(findings(w, "full").n, 1, "a group that a correlation gave up is told");
}

/* A correlation's finding: one an episode, with the window's members and a sentence that grows. */
static void test_correlation(struct world *w)
{
	int64_t t = T0 + 30 * DAY + 9 * 60 * MINUTE;
	struct seen s;

	call(w, t, 407, "k\x01\n1");
	call(w, t + 10 * NS_PER_SEC, 407, "k\x01\n1");
	ok_int(findings(w, "three").n, 0, "two of three");
	call(w, t + 20 * NS_PER_SEC, 407, "k\x01\n1");
	s = findings(w, "three");
	ok(s.n == 1 && s.count == 1 && s.events == 3, "the finding has the three calls of its window");
	ok_str(s.reason, "k??1: 1 times until 09:00", "and says so, control characters gone");
	call(w, t + 45 * NS_PER_SEC, 407, "k\x01\n1");
	s = findings(w, "three");
	ok(s.n == 1 && s.count == 2 && s.events == 4, "it goes on");
	ok_str(s.reason_ja, "k??1 が 2 回", "and its sentence grows");
	stop(w);
	start(w);
	call(w, t + 50 * NS_PER_SEC, 407, "k\x01\n1");
	s = findings(w, "three");
	ok(s.n == 1 && s.count == 3, "also over a restart");
	for (int i = 0; i < 3; i++)
		call(w, t + 10 * MINUTE + i * NS_PER_SEC, 407, "k\x01\n1");
	s = findings(w, "three");
	ok(s.n == 2 && s.events == 3, "another episode is another finding");
	close_days(w, t + 2 * DAY);
	s = findings(w, "three");
	ok(s.n == 2 && s.count == 4 && s.events == 3, "and so it is in order");
	ok_int(findings(w, "refused").n, 0, "members are silent");
}

static void test_memory(struct world *w)
{
	int64_t day = T0 + 20 * DAY;

	call(w, day, 200, "aaaaaaaaaaaaaaaa");
	call(w, day + 60 * DAY, 401, "aaaaaaaaaaaaaaaa");
	call(w, day + 61 * DAY, 403, "aaaaaaaaaaaaaaaa");
	call(w, day + 70 * DAY, 200, "aaaaaaaaaaaaaaaa");
	call(w, day + 70 * DAY, 200, "bbbbbbbbbbbbbbbb");
	call(w, day + 140 * DAY, 200, "bbbbbbbbbbbbbbbb");
	ok_int(findings(w, "asleep").n, 2,
	       "a key's sleep is longer than any window, and a refused call is no use of it");
	call(w, day + 139 * DAY, 200, "bbbbbbbbbbbbbbbb");
	close_days(w, day + 142 * DAY);
	ok_int(findings(w, "asleep").n, 1, "a late call wakes it on its own day");
	stop(w);
	start(w);
	call(w, day + 210 * DAY, 200, "bbbbbbbbbbbbbbbb");
	ok_int(findings(w, "asleep").n, 2, "memory lives in the ledger");
}

int main(void)
{
	struct world w = { .folder = "/tmp/tochoku-test-XXXXXX", .cfg = config_defaults() };
	char command[64], list[64];
	FILE *f;

	if (mkdtemp(w.folder) == NULL)
		return 1;
	snprintf(w.path, sizeof w.path, "%s/ledger.db", w.folder);
	snprintf(w.rule_file, sizeof w.rule_file, "%s/rules.yml", w.folder);
	w.rule_paths[0] = w.rule_file;
	w.cfg->rule_paths = w.rule_paths;
	w.cfg->n_rule_paths = 1;
	if ((f = fopen(w.rule_file, "w")) == NULL || fputs(rules, f) < 0 || fclose(f) != 0)
		return 1;
	snprintf(list, sizeof list, "%s/holidays.csv", w.folder);
	if ((f = fopen(list, "w")) == NULL || fputs(holidays, f) < 0 || fclose(f) != 0)
		return 1;
	w.cfg->calendar.holidays = list;
	zone_use("Asia/Tokyo", &e);
	start(&w);
	test_minutes_live(&w);
	test_close(&w);
	test_sensor(&w);
	test_record(&w);
	test_keys(&w);
	test_late(&w);
	test_memory(&w);
	test_correlation(&w);
	test_full(&w);
	stop(&w);
	config_free(w.cfg);
	snprintf(command, sizeof command, "rm -rf %s", w.folder);
	return system(command) != 0 || tap_done();
}
