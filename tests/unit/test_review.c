/* Records of people, folded: states of findings, who may sign, incidents and their clocks. */
#include "core/review/decision.h"
#include "core/review/duty.h"
#include "core/review/incident.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/zone.h"
#include "tests/lib/tap.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define MIN (60 * NS_PER_SEC)

static int64_t at(const char *text)
{
	int64_t ns = 0;

	if (!time_parse_rfc3339(slice_str(text), false, &ns))
		printf("# no time: %s\n", text);
	return ns;
}

static void say(struct journal *j, const char *when, const char *body)
{
	struct err e;

	if (journal_add(j, (int64_t)j->n, at(when), slice_str(body), &e) != TK_OK)
		printf("# %s\n", e.text);
}

static struct decision state_of(const struct journal *j, int64_t id, const char *first, int64_t count,
				const char *now)
{
	struct finding_facts f = { id, at(first), count, SLICE("r"), SLICE("{\"a\":\"b\"}"), true };
	struct decisions *d = decisions_new(j);
	struct decision out;

	decisions_of(d, &f, at(now), &out);
	decisions_free(d);
	return out;
}

static void is_state(struct decision d, enum finding_status want, const char *name);

/* Work that was announced: its accounts' findings of hours are expected, within it and of them alone. */
static void announced_work(void)
{
	static const struct {
		const char *name, *entity, *first;
		bool asks_duty;
		enum finding_status want;
	} rows[] = {
		{ "of an account, within it", "{\"user.name\":\"db\"}", "2026-11-10T10:00:00Z", true,
		  FINDING_SUPPRESSED },
		{ "at its end", "{\"user.name\":\"db\"}", "2026-11-10T12:00:00Z", true, FINDING_NEW },
		{ "before it", "{\"user.name\":\"db\"}", "2026-11-10T08:59:59Z", true, FINDING_NEW },
		{ "of somebody else", "{\"user.name\":\"d\"}", "2026-11-10T10:00:00Z", true, FINDING_NEW },
		{ "of nobody", "{\"source.ip\":\"db\"}", "2026-11-10T10:00:00Z", true, FINDING_NEW },
		{ "of another rule", "{\"user.name\":\"db\"}", "2026-11-10T10:00:00Z", false, FINDING_NEW },
		{ "in a window that was announced late", "{\"user.name\":\"db\"}", "2026-11-20T10:00:00Z",
		  true, FINDING_NEW },
		{ "in a cancelled one", "{\"user.name\":\"db\"}", "2026-11-15T10:00:00Z", true, FINDING_NEW },
		{ "no object", "[", "2026-11-10T10:00:00Z", true, FINDING_NEW },
	};
	struct journal j = { 0 };
	struct decisions *d;
	struct decision out;

	say(&j, "2026-11-01T00:00:00Z",
	    "{\"action\":\"incident.window\",\"window\":1,\"from\":\"2026-11-10T09:00:00Z\",\"to\":"
	    "\"2026-11-10T12:00:00Z\",\"title\":\"x\",\"accounts\":\"maint,db\"}");
	say(&j, "2026-11-19T00:00:00Z",
	    "{\"action\":\"incident.window\",\"window\":2,\"from\":\"2026-11-20T09:00:00Z\",\"to\":"
	    "\"2026-11-20T12:00:00Z\",\"title\":\"x\",\"accounts\":\"db\"}");
	say(&j, "2026-11-01T00:00:00Z",
	    "{\"action\":\"incident.window\",\"window\":3,\"from\":\"2026-11-15T09:00:00Z\",\"to\":"
	    "\"2026-11-15T12:00:00Z\",\"title\":\"x\",\"accounts\":\"db\"}");
	say(&j, "2026-11-02T00:00:00Z", "{\"action\":\"incident.cancel\",\"window\":3}");
	d = decisions_new(&j);
	ok(decisions_have_windows(d), "there is a window with accounts");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding_facts f = { 1,	       at(rows[i].first),	  1,
					   SLICE("r"), slice_str(rows[i].entity), rows[i].asks_duty };

		decisions_of(d, &f, at("2026-11-30T00:00:00Z"), &out);
		is_state(out, rows[i].want, rows[i].name);
		ok_int(out.window, rows[i].want == FINDING_SUPPRESSED, "and which window");
	}
	decisions_free(d);
	say(&j, "2026-11-11T00:00:00Z", "{\"action\":\"findings.acknowledge\",\"finding\":1}");
	d = decisions_new(&j);
	decisions_of(d,
		     &(struct finding_facts){ 1, at("2026-11-10T10:00:00Z"), 1, SLICE("r"),
					      SLICE("{\"user.name\":\"db\"}"), true },
		     at("2026-11-30T00:00:00Z"), &out);
	is_state(out, FINDING_ACKNOWLEDGED, "what a person decides stands");
	decisions_free(d);
	journal_free(&j);
}

static void is_state(struct decision d, enum finding_status want, const char *name)
{
	ok(d.status == want, name);
	if (d.status != want)
		printf("# got %s want %s\n", finding_status_name(d.status), finding_status_name(want));
}

static void hostile(void)
{
	static const char *const bad[] = {
		"", "[]", "{\"a\":", "{\"a\":{}}", "{\"a\":true}", "{\"a\":\"b\"}x", "null"
	};
	struct journal j = { 0 };
	struct err e;
	struct buf many;

	for (size_t i = 0; i < COUNT(bad); i++)
		ok_int(journal_add(&j, 0, 0, slice_str(bad[i]), &e), TK_EMALFORMED, bad[i]);
	buf_init(&many, 65536);
	buf_str(&many, "{\"k\":1");
	for (int i = 0; i < 60; i++)
		buf_str(&many, ",\"k\":1");
	buf_str(&many, "}");
	ok_int(journal_add(&j, 0, 0, buf_slice(&many), &e), TK_EMALFORMED, "more members than people write");
	say(&j, "2026-11-01T00:00:00Z", "{\"action\":\"x\\u0041\",\"n\":5,\"e\":\"\"}");
	ok(slice_is(j.p[0]->action, "xA") && journal_i64(j.p[0], "n", 0) == 5 &&
		   journal_i64(j.p[0], "e", 7) == 7 && journal_time(j.p[0], "n", 9) == 9,
	   "escapes are undone, and what is none has the other value");
	journal_free(&j);
	buf_free(&many);
}

#define PATTERN "\"rule.id\":\"r\",\"subject\":\"{\\\"a\\\":\\\"b\\\"}\""

static void findings(void)
{
	struct journal j = { 0 };

	is_state(state_of(&j, 1, "2026-11-01T00:00:00Z", 1, "2026-11-02T00:00:00Z"), FINDING_NEW,
		 "nobody has decided");
	say(&j, "2026-11-01T10:00:00Z",
	    "{\"action\":\"findings.accept\",\"actor\":\"t\",\"finding\":1," PATTERN
	    ",\"since\":\"2026-11-01T00:00:00Z\",\"until\":\"2026-12-01T00:00:00Z\",\"count\":5}");
	is_state(state_of(&j, 1, "2026-11-01T00:00:00Z", 5, "2026-11-30T23:59:59Z"), FINDING_ACCEPTED,
		 "accepted");
	is_state(state_of(&j, 1, "2026-11-01T00:00:00Z", 5, "2026-12-01T00:00:00Z"), FINDING_REOPENED,
		 "until it expires");
	is_state(state_of(&j, 1, "2026-11-01T00:00:00Z", 6, "2026-11-02T00:00:00Z"), FINDING_REOPENED,
		 "within its envelope");
	is_state(state_of(&j, 2, "2026-11-20T00:00:00Z", 5, "2026-11-21T00:00:00Z"), FINDING_ACCEPTED,
		 "a later one of the pattern");
	is_state(state_of(&j, 2, "2026-10-20T00:00:00Z", 5, "2026-11-21T00:00:00Z"), FINDING_NEW,
		 "not one before it");
	is_state(state_of(&j, 2, "2026-12-01T00:00:00Z", 5, "2026-12-02T00:00:00Z"), FINDING_NEW,
		 "nor behind its end");
	say(&j, "2026-11-21T10:00:00Z",
	    "{\"action\":\"findings.close\",\"actor\":\"t\",\"finding\":2," PATTERN
	    ",\"reason\":\"expected\"}");
	is_state(state_of(&j, 2, "2026-11-20T00:00:00Z", 9, "2026-11-21T00:00:00Z"), FINDING_CLOSED,
		 "its own decision counts more");
	say(&j, "2026-11-22T10:00:00Z",
	    "{\"action\":\"findings.reopen\",\"actor\":\"t\",\"finding\":1," PATTERN "}");
	is_state(state_of(&j, 3, "2026-11-20T00:00:00Z", 1, "2026-11-23T00:00:00Z"), FINDING_NEW,
		 "a lifted acceptance covers nothing");
	journal_free(&j);
}

static const char *refused(struct journal *j, const char *body,
			   const char *(*refusal)(const struct journal *, const struct journal_entry *))
{
	struct journal next = { 0 };
	const char *why;

	say(&next, "2026-11-24T00:00:00Z", body);
	why = refusal(j, next.p[0]);
	journal_free(&next);
	return why;
}

#define SHEET "\"sheet\":\"daily\",\"date\":\"2026-11-24\""

#define DAY_24 "\"sheet\":\"daily\",\"date\":\"2026-11-24\""
static const char *refused_of(const struct journal *j, const char *body)
{
	struct journal next = { 0 };
	const char *why;

	say(&next, "2026-11-24T12:00:00Z", body);
	why = duty_refusal(j, next.p[0]);
	journal_free(&next);
	return why;
}

static void sign(struct journal *j, const char *when, const char *actor, const char *block)
{
	char body[256];

	snprintf(body, sizeof body,
		 "{\"action\":\"duty.sign\",\"actor\":\"%s\"," DAY_24 ",\"as\":\"checker\",\"block\":\"%s\"}",
		 actor, block);
	say(j, when, body);
}

/* A sheet is signed when its last block is; who did a block approves none of it. */
static void blocks(void)
{
	struct journal j = { 0 };
	struct duty_said s;

	sign(&j, "2026-11-24T00:10:00Z", "a", "D1");
	sign(&j, "2026-11-24T01:10:00Z", "c", "D3");
	duty_read(&j, SLICE("daily"), SLICE("2026-11-24"), &s);
	ok(s.checker == NULL && s.block[0] == j.p[0] && s.block[1] == NULL && s.block[2] == j.p[1],
	   "two of three blocks are no sheet");
	free(s.p);
	ok(duty_last_sign(&j, SLICE("daily"), INT64_MAX) == j.p[1], "the findings were looked at");
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"b\"," DAY_24
			  ",\"as\":\"checker\",\"block\":\"D1\"}") != NULL,
	   "a block is signed once");
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"b\"," DAY_24
			  ",\"as\":\"checker\",\"block\":\"W1\"}") != NULL,
	   "of its own blocks");
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"b\"," DAY_24
			  ",\"as\":\"approver\",\"block\":\"D2\"}") != NULL,
	   "an approver signs all of it");
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"b\"," DAY_24 ",\"as\":\"approver\"}") !=
		   NULL,
	   "and when all of it is checked");
	sign(&j, "2026-11-24T02:00:00Z", "b", "D2");
	duty_read(&j, SLICE("daily"), SLICE("2026-11-24"), &s);
	ok(s.checker == j.p[2] && s.block[1] == j.p[2], "the last block signs the sheet");
	free(s.p);
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"a\"," DAY_24 ",\"as\":\"approver\"}") !=
		   NULL,
	   "who did any block is no approver");
	ok(refused_of(&j, "{\"action\":\"duty.sign\",\"actor\":\"d\"," DAY_24 ",\"as\":\"approver\"}") ==
		   NULL,
	   "another one is");
	ok(duty_last_sign(&j, SLICE("daily"), INT64_MAX) == j.p[1],
	   "the second block is not that of the findings");
	journal_free(&j);
}

static void signatures(void)
{
	static const char checker[] =
		"{\"action\":\"duty.sign\",\"actor\":\"a\"," SHEET ",\"as\":\"checker\",\"for\":\"c\"}";
	static const struct {
		const char *name, *body;
		bool refused;
	} rows[] = {
		{ "another person",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\"," SHEET ",\"as\":\"approver\"}", false },
		{ "the same", "{\"action\":\"duty.sign\",\"actor\":\"a\"," SHEET ",\"as\":\"approver\"}",
		  true },
		{ "the same with a reason",
		  "{\"action\":\"duty.sign\",\"actor\":\"a\"," SHEET
		  ",\"as\":\"approver\",\"same_person\":\"alone\"}",
		  false },
		{ "who was stood in for",
		  "{\"action\":\"duty.sign\",\"actor\":\"c\"," SHEET ",\"as\":\"approver\"}", true },
		{ "in the checker's stead",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\"," SHEET ",\"as\":\"approver\",\"for\":\"a\"}",
		  true },
		{ "for the same as the checker",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\"," SHEET ",\"as\":\"approver\",\"for\":\"c\"}",
		  true },
		{ "twice as checker",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\"," SHEET ",\"as\":\"checker\"}", true },
		{ "twice with a correction",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\"," SHEET
		  ",\"as\":\"checker\",\"correction\":\"x\"}",
		  false },
		{ "a day that is none",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\",\"sheet\":\"daily\",\"date\":\"2026-02-29\","
		  "\"as\":\"checker\"}",
		  true },
		{ "an approver first",
		  "{\"action\":\"duty.sign\",\"actor\":\"b\",\"sheet\":\"weekly\",\"date\":\"2026-11-24\","
		  "\"as\":\"approver\"}",
		  true },
	};
	struct journal j = { 0 };

	say(&j, "2026-11-24T00:00:00Z", checker);
	for (size_t i = 0; i < COUNT(rows); i++)
		ok((refused(&j, rows[i].body, duty_refusal) != NULL) == rows[i].refused, rows[i].name);
	blocks();
	ok(duty_last_sign(&j, SLICE("daily"), INT64_MAX) == j.p[0] &&
		   duty_last_sign(&j, SLICE("weekly"), INT64_MAX) == NULL &&
		   duty_last_sign(&j, SLICE("daily"), j.p[0]->ts_ns) == NULL,
	   "the last signature of a kind before a time");
	journal_free(&j);
}

#define OPEN(n, title, more)                                                                                 \
	"{\"action\":\"incident.open\",\"actor\":\"a\",\"incident\":" n ",\"title\":\"" title "\"" more "}"

static void incidents(void)
{
	struct journal j = { 0 };
	struct incidents all;
	struct incident_times t;

	ok_int(incident_next(&j, "incident"), 1, "the first number");
	/* restored in November: 30 and 90 minutes, one begun in October; open: one; in December: one */
	say(&j, "2026-11-01T00:00:00Z",
	    OPEN("1", "a",
		 ",\"started\":\"2026-10-31T23:30:00Z\",\"detected\":\"2026-10-31T23:40:00Z\","
		 "\"restored\":\"2026-11-01T00:00:00Z\""));
	say(&j, "2026-11-05T00:00:00Z",
	    OPEN("2", "b",
		 ",\"started\":\"2026-11-05T00:00:00Z\",\"detected\":\"2026-11-05T00:20:00Z\","
		 "\"responded\":\"2026-11-05T00:30:00Z\""));
	say(&j, "2026-11-05T02:00:00Z",
	    "{\"action\":\"incident.close\",\"actor\":\"b\",\"incident\":2,\"restored\":\"2026-11-05T01:30:"
	    "00Z\"}");
	say(&j, "2026-11-20T00:00:00Z", OPEN("3", "c", ",\"started\":\"2026-11-20T00:00:00Z\""));
	say(&j, "2026-12-01T09:00:00Z",
	    OPEN("4", "d", ",\"started\":\"2026-11-30T23:50:00Z\",\"restored\":\"2026-12-01T00:00:00Z\""));
	ok_int(incident_next(&j, "incident"), 5, "the next one");
	ok(incidents_read(&j, &all) && all.n == 4, "four incidents");
	ok(incident_times(&all, at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"), &t),
	   "times of incidents");
	ok_int(t.n, 2, "restored in November");
	ok_int(t.open, 2, "open at its end");
	ok_int(t.mttr / MIN, 60, "MTTR: (30 + 90) / 2");
	ok_int(t.median / MIN, 60, "median");
	ok_int(t.max / MIN, 90, "longest");
	ok_int(t.mean_detect / MIN, 15, "to detect: (10 + 20) / 2");
	ok_int(t.mean_respond / MIN, 30, "to respond: of the one that tells");
	incident_times(&all, at("2026-09-01T00:00:00Z"), at("2026-10-01T00:00:00Z"), &t);
	ok(t.n == 0 && t.mttr == -1 && t.median == -1 && t.open == 0, "none is not 0 minutes");
	ok(all.p[1].closed && all.p[1].changes == 1 && !all.p[0].closed, "closed by its record");
	incidents_free(&all);
	journal_free(&j);
}

static void what_incidents_refuse(void)
{
	static const struct {
		const char *body;
		bool refused;
	} rows[] = {
		{ OPEN("1", "x", ",\"started\":\"2026-11-05T00:00:00Z\""), false },
		{ OPEN("1", "", ",\"started\":\"2026-11-05T00:00:00Z\""), true },
		{ OPEN("1", "x", ""), true },
		{ OPEN("1", "x", ",\"started\":\"yesterday\""), true },
		{ OPEN("1", "x", ",\"started\":\"2026-11-05T00:00:00Z\",\"severity\":\"huge\""), true },
		{ OPEN("1", "x", ",\"started\":\"2026-11-05T00:00:00Z\",\"safety_impact\":\"6\""), true },
		{ OPEN("1", "x", ",\"started\":\"2026-11-05T00:00:00Z\",\"users\":\"-1\""), true },
		{ OPEN("1", "x",
		       ",\"started\":\"2026-11-05T00:00:00Z\",\"restored\":\"2026-11-04T00:00:00Z\""),
		  true },
		{ "{\"action\":\"incident.update\",\"incident\":9,\"cause\":\"x\"}", true },
		{ "{\"action\":\"incident.update\",\"incident\":1,\"cause\":\"x\"}", false },
		{ "{\"action\":\"incident.update\",\"incident\":1,\"started\":\"2026-11-05T01:00:00Z\"}",
		  true },
		{ "{\"action\":\"incident.update\",\"incident\":1,\"started\":\"2026-11-05T01:00:00Z\","
		  "\"reason\":\"x\"}",
		  false },
		{ "{\"action\":\"incident.close\",\"incident\":1}", true },
		{ "{\"action\":\"incident.close\",\"incident\":1,\"restored\":\"2026-11-05T03:00:00Z\"}",
		  false },
		{ "{\"action\":\"incident.reopen\",\"incident\":1,\"reason\":\"x\"}", true },
		{ "{\"action\":\"incident.window\",\"title\":\"x\",\"from\":\"2026-11-28T09:00:00Z\",\"to\":"
		  "\"2026-11-28T09:00:00Z\"}",
		  true },
		{ "{\"action\":\"incident.cancel\",\"window\":1}", true },
	};
	struct journal j = { 0 };

	say(&j, "2026-11-05T00:00:00Z", OPEN("1", "a", ",\"started\":\"2026-11-05T00:00:00Z\""));
	for (size_t i = 0; i < COUNT(rows); i++)
		ok((refused(&j, rows[i].body, incident_refusal) != NULL) == rows[i].refused, rows[i].body);
	journal_free(&j);
}

static void windows_and_leaks(void)
{
	struct journal j = { 0 };
	struct incidents all;
	int64_t first, full;

	say(&j, "2026-11-25T09:00:00Z",
	    "{\"action\":\"incident.window\",\"window\":1,\"title\":\"a\",\"from\":\"2026-11-28T09:00:00Z\","
	    "\"to\":\"2026-11-28T10:00:00Z\"}");
	say(&j, "2026-11-25T09:00:01Z",
	    "{\"action\":\"incident.window\",\"window\":2,\"title\":\"b\",\"from\":\"2026-11-28T09:00:00Z\","
	    "\"to\":\"2026-11-28T10:00:00Z\"}");
	say(&j, "2026-11-25T09:00:00Z",
	    "{\"action\":\"incident.window\",\"window\":3,\"title\":\"c\",\"from\":\"2026-12-28T09:00:00Z\","
	    "\"to\":\"2026-12-28T10:00:00Z\"}");
	say(&j, "2026-11-26T09:00:00Z", "{\"action\":\"incident.cancel\",\"window\":3}");
	say(&j, "2026-11-01T00:00:00Z",
	    OPEN("1", "a",
		 ",\"started\":\"2026-10-30T00:00:00Z\",\"detected\":\"2026-11-01T00:00:00Z\",\"personal_"
		 "data\":\"yes\""));
	say(&j, "2026-11-02T00:00:00Z",
	    OPEN("2", "b", ",\"started\":\"2026-10-30T00:00:00Z\",\"personal_data\":\"wrongful\""));
	say(&j, "2026-11-02T00:00:00Z",
	    OPEN("3", "c", ",\"started\":\"2026-10-30T00:00:00Z\",\"personal_data\":\"no\""));
	ok(incidents_read(&j, &all) && all.n_windows == 3, "three windows");
	ok(all.window[0].planned, "72 hours before: planned");
	ok(!all.window[1].planned, "a second later: not");
	ok(!all.window[2].planned && all.window[2].cancelled, "cancelled: not");
	ok(incident_leak(&all.p[0], &first, &full) && first == at("2026-11-06T00:00:00Z") &&
		   full == at("2026-12-01T00:00:00Z"),
	   "5 and 30 days from when it was known");
	ok(incident_leak(&all.p[1], &first, &full) && first == at("2026-11-07T00:00:00Z") &&
		   full == at("2027-01-01T00:00:00Z"),
	   "60 days where a wrongful purpose is possible; known when it was entered");
	ok(!incident_leak(&all.p[2], &first, &full), "no personal data: no clock");
	incidents_free(&all);
	journal_free(&j);
}

int main(void)
{
	announced_work();
	hostile();
	findings();
	signatures();
	incidents();
	what_incidents_refuse();
	windows_and_leaks();
	return tap_done();
}
