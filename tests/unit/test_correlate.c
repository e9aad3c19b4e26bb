/* Correlations and filters on access events: who speaks, episodes, evidence, order, bounds. The meaning of
 * each type: tests/property/test_correlations.py. */
#include "core/base/hash.h"
#include "core/base/zone.h"
#include "rules/eval.h"
#include "tests/lib/tap.h"

#define BASE(name, more)                                                                                     \
	"---\ntitle: " #name "\nname: " #name "\nlogsource: {category: llm_api}\n"                           \
	"detection: {s: {" more "}, condition: s}\n"
#define REFUSED BASE(refused, "sc-status: 401")
#define ACCEPTED BASE(accepted, "sc-status: 200")
#define BRUTE                                                                                                \
	"---\ntitle: brute\nname: brute\nauthor: me\ncorrelation:\n type: event_count\n rules: [refused]\n"  \
	" group-by: [c-ip]\n timespan: 60s\n condition: {gte: 3}\n"

/* ---- the rig ---- */

struct rig {
	struct problems p;
	struct rule_set *set;
	struct rule_run *run;
	struct flat_event fe;
	const uint16_t *hits;
	size_t n;
};

static void rig_open(struct rig *g, const char *rules)
{
	*g = (struct rig){ 0 };
	problems_init(&g->p, "rules");
	g->set = rule_set_parse(slice_str(rules), "rules", NULL, &g->p);
	g->run = rule_run_new(g->set, NULL, NULL);
	if (g->p.errors > 0)
		problems_print(&g->p);
}

static void rig_close(struct rig *g)
{
	rule_run_free(g->run);
	rule_set_free(g->set);
	problems_free(&g->p);
}

static bool told(const struct rig *g, const char *text)
{
	for (size_t i = 0; i < g->p.n; i++)
		if (strstr(g->p.list[i].text, text) != NULL)
			return true;
	return false;
}

/* A call at a second, of an address 10.0.0.x, with a status; its id is `id` repeated. */
static size_t call(struct rig *g, double second, int host, int status, uint8_t id)
{
	static uint8_t ids[16];
	struct addr ip;
	char text[32];

	flat_event_reset(&g->fe);
	ev_set_int(&g->fe.ev, F_TIMESTAMP, (int64_t)(second * 1e9));
	snprintf(text, sizeof text, "10.0.%d.%d", host / 256, host % 256);
	addr_parse(slice_str(text), &ip);
	ev_set_ip(&g->fe.ev, F_SOURCE_IP, ip);
	ev_set_int(&g->fe.ev, F_STATUS, status);
	memset(ids, id, sizeof ids);
	ev_set_str(&g->fe.ev, F_EVENT_ID, slice_of(ids, sizeof ids));
	g->n = rule_run_event(g->run, &g->fe.ev, &g->hits);
	return g->n;
}

static const struct rule_info *hit(const struct rig *g, size_t i)
{
	return rule_set_info(g->set, g->hits[i]);
}

/* The first bytes of the evidence's ids, as digits. */
static const char *evidence(struct rig *g, size_t i, size_t max)
{
	static char text[64];
	struct evidence found[EVIDENCE_MAX];
	size_t n = rule_run_evidence(g->run, i, found, max);

	for (size_t k = 0; k < n; k++)
		text[k] = (char)('0' + found[k].id[0]);
	text[n] = 0;
	return text;
}

/* ---- who speaks ---- */

static void check_silence(void)
{
	struct rig g;

	rig_open(&g, REFUSED ACCEPTED BRUTE);
	ok_int((int64_t)rule_set_count(g.set), 3, "two rules and a correlation");
	ok(call(&g, 1, 1, 401, 1) == 0, "a member does not alert");
	ok(call(&g, 2, 1, 200, 2) == 1 && strcmp(hit(&g, 0)->id, "accepted") == 0, "another rule does");
	ok(rule_run_episode(g.run, 0), "its hit is always due");
	ok_str(evidence(&g, 0, 9), "2", "and its evidence is the event");
	call(&g, 3, 1, 401, 3);
	ok(call(&g, 4, 1, 401, 4) == 1 && strcmp(hit(&g, 0)->id, "brute") == 0, "the correlation does");
	ok(hit(&g, 0)->correlation && hit(&g, 0)->stateful && hit(&g, 0)->alerts, "and says what it is");
	ok(!rule_set_info(g.set, 0)->alerts && rule_set_info(g.set, 1)->alerts, "who alerts is told");
	ok_str(hit(&g, 0)->author, "me", "with its author");
	rig_close(&g);

	rig_open(&g, REFUSED BRUTE "generate: true\n");
	ok(call(&g, 1, 1, 401, 1) == 1, "generate: the member alerts as well");
	rig_close(&g);
	rig_open(&g, REFUSED "---\ntitle: b\ncorrelation: {type: event_count, rules: refused, timespan: 1m,\n"
			     " condition: {gte: 1}, generate: true}\n");
	ok(call(&g, 1, 1, 401, 1) == 2, "also where it stands inside; no group-by: one group");
	rig_close(&g);
	rig_open(&g, REFUSED BRUTE "tochoku: {enabled: false}\n");
	for (int i = 0; i < 4; i++)
		call(&g, i, 1, 401, 1);
	ok(g.n == 0, "a part is no alert of its own where the correlation is turned off");
	ok_int(rule_set_memory(g.set), 0, "and remembers nothing");
	rule_run_reset(g.run);
	rule_run_all(g.run);
	for (int i = 0; i < 3; i++)
		call(&g, i, 1, 401, 1);
	ok(g.n == 2, "everything: the disabled one holds too");
	rig_close(&g);
	rig_open(&g, BASE(refused, "sc-status: 401") "tochoku: {enabled: false}\n" BRUTE);
	for (int i = 0; i < 4; i++)
		call(&g, i, 1, 401, 1);
	ok(g.n == 0 && told(&g, "'refused' is disabled"), "a disabled member does not run, which is told");
	rig_close(&g);
}

static void check_episodes(void)
{
	static const struct {
		double t;
		int holds, begins;
		const char *ids, *name;
	} rows[] = {
		{ 0, 0, 0, "", "one" },
		{ 10, 0, 0, "", "two" },
		{ 20, 1, 1, "123", "three: an episode begins" },
		{ 25, 1, 0, "234", "four: it goes on" },
		{ 80, 1, 0, "345", "the window has both its ends" },
		{ 130, 0, 0, "", "they are over" },
		{ 131, 1, 1, "567", "again" },
		{ 185, 1, 0, "678", "it goes on" },
	};
	struct rig g;
	struct buf out;

	rig_open(&g, REFUSED BRUTE);
	buf_init(&out, 100);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ok_int((int64_t)call(&g, rows[i].t, 7, 401, (uint8_t)(i + 1)), rows[i].holds, rows[i].name);
		if (rows[i].holds && g.n == 1) {
			ok_int(rule_run_episode(g.run, 0), rows[i].begins, "  whether it begins");
			ok_str(evidence(&g, 0, 50), rows[i].ids, "  its events");
		}
		ok(!rule_run_late(g.run), "  in order");
	}
	ok(hit(&g, 0)->n_entity == 1 && strcmp(hit(&g, 0)->entity[0], "c-ip") == 0, "its subject: the group");
	ok(rule_run_entity(g.run, &g.fe.ev, hit(&g, 0), 0, &out), "which has a text");
	ok_slice(buf_slice(&out), SLICE("10.0.0.7"), "of the event at hand");
	ok_int(rule_set_memory(g.set), 120000000, "twice the span is what it remembers");
	ok_str(evidence(&g, 0, 2), "78", "fewer events: the newest");
	buf_free(&out);
	rig_close(&g);
}

static void check_chain(void)
{
	struct rig g;

	rig_open(&g,
		 "title: broken in\nname: broken\ncorrelation: {type: temporal_ordered, group-by: [c-ip],\n"
		 " rules: [brute, accepted], timespan: 10m}\n" BRUTE REFUSED ACCEPTED);
	ok_int((int64_t)rule_set_count(g.set), 4, "references in any order");
	ok_int(rule_set_memory(g.set), 1320000000, "memory along the chain");
	for (uint8_t i = 1; i <= 3; i++)
		call(&g, i, 1, 401, i);
	ok(g.n == 0, "a member that is a correlation does not alert either");
	call(&g, 5, 2, 200, 4);
	ok(g.n == 0, "another group");
	ok(call(&g, 6, 1, 200, 5) == 1 && strcmp(hit(&g, 0)->id, "broken") == 0, "failures, then success");
	ok_str(evidence(&g, 0, 50), "1235", "the evidence has the failures");
	call(&g, 500, 1, 401, 6);
	call(&g, 600, 1, 200, 7);
	ok(g.n == 1 && !rule_run_episode(g.run, 0), "the last time it held counts (D-CHAIN)");
	call(&g, 610, 1, 200, 8);
	ok(g.n == 0, "until that is over");
	rig_close(&g);
}

static void check_order(void)
{
	struct rig g;

	rig_open(&g, REFUSED BRUTE);
	call(&g, 100, 1, 401, 5);
	ok(!rule_run_late(g.run), "the first is not late");
	call(&g, 90, 2, 401, 5);
	ok(!rule_run_late(g.run), "another group's time does not matter");
	call(&g, 90, 1, 403, 5);
	ok(!rule_run_late(g.run), "nor does an event that is no member");
	call(&g, 90, 1, 401, 6);
	ok(rule_run_late(g.run), "an older one of the group is late");
	ok(call(&g, 100, 1, 401, 7) == 1 && !rule_run_late(g.run), "and counts meanwhile");
	call(&g, 100, 1, 401, 6);
	ok(rule_run_late(g.run), "at the same time the id decides");
	call(&g, 39, 1, 401, 9);
	ok(g.n == 0 && rule_run_late(g.run), "older than the window: it takes no part");
	ok_int((int64_t)rule_run_counts(g.run).late, 3, "late ones are counted");
	rule_run_reset(g.run);
	call(&g, 39, 1, 401, 9);
	ok(g.n == 0 && !rule_run_late(g.run), "all forgotten");
	rig_close(&g);
}

/* Groups whose window is over make room for new ones: nothing is lost, so nothing is late. */
static void check_room(void)
{
	struct rig g;
	bool late = false;

	rig_open(&g, REFUSED BRUTE);
	for (int i = 0; i <= GROUPS_MAX; i++) {
		call(&g, i, i, 401, 1);
		late |= rule_run_late(g.run);
	}
	ok(rule_run_counts(g.run).evicted == 0 && !late,
	   "more addresses than there is room for, a minute holds 60");
	call(&g, GROUPS_MAX - 50, GROUPS_MAX - 50, 401, 2);
	ok(!rule_run_late(g.run), "one whose window is not over is there still");
	call(&g, 10, 7, 401, 2);
	ok(rule_run_late(g.run), "one that comes late may have been there before");
	call(&g, GROUPS_MAX, 8, 401, 2);
	ok(!rule_run_late(g.run), "one that comes again does not come late");
	rig_close(&g);
}

static void check_bounds(void)
{
	struct rig g;
	struct rule_run_counts c;

	rig_open(&g, REFUSED BRUTE);
	for (int i = 0; i <= GROUPS_MAX; i++)
		call(&g, 1, i, 401, 1);
	c = rule_run_counts(g.run);
	ok(c.evicted == 1 && rule_run_late(g.run), "beyond the cap the group used longest ago goes");
	for (int i = 0; i < 2; i++)
		call(&g, 2, GROUPS_MAX, 401, 2);
	ok(g.n == 1, "the others are kept");
	for (int i = 0; i < 2; i++)
		call(&g, 2, 0, 401, 2);
	ok(g.n == 0, "the first began anew");
	rig_close(&g);

	rig_open(&g, REFUSED BRUTE);
	for (int i = 0; i < GROUPS_MAX; i++)
		call(&g, 1, i, 401, 1);
	call(&g, 1, 0, 401, 2);
	call(&g, 1, GROUPS_MAX, 401, 1);
	ok(call(&g, 1, 0, 401, 3) == 1, "one that was used since is not the one that goes");
	rig_close(&g);

	rig_open(&g, REFUSED
		 "---\ntitle: many\ncorrelation: {type: value_percentile, rules: refused, timespan: 1h,\n"
		 " condition: {field: sc-status, percentile: 50, eq: 401}}\n");
	for (int i = 0; i < 600000; i++)
		call(&g, 1 + i / 1e6, 1, 401, 1);
	ok(g.n == 1 && rule_run_counts(g.run).evicted > 0, "a window has a bound too");
	rig_close(&g);
	rig_open(&g, REFUSED "---\ntitle: s\ncorrelation: {type: value_sum, rules: refused, timespan: 1h,\n"
			     " condition: {field: event.duration, gte: 3e18}}\n");
	call(&g, 1, 1, 401, 1);
	ok(g.p.errors == 0 && g.n == 0, "a sum has no bound");
	rig_close(&g);
	rig_open(&g, REFUSED "---\ntitle: m\ncorrelation: {type: event_count, rules: refused, timespan: 1h,\n"
			     " group-by: cs-username, condition: {gte: 1}}\n");
	call(&g, 1, 1, 401, 1);
	ok(g.n == 0 && rule_run_counts(g.run).no_group == 1, "no group, no part, which is counted");
	rig_close(&g);
}

static void check_alias(void)
{
	static const char text[] = BASE(admin, "cs-uri-stem: /admin") ACCEPTED
		"---\ntitle: same\ncorrelation:\n type: temporal\n rules: [admin, accepted]\n group-by: "
		"[who]\n"
		" timespan: 15m\n aliases: {who: {admin: url.domain, accepted: cs-username}}\n";
	struct rig g;
	struct buf out;

	rig_open(&g, text);
	buf_init(&out, 100);
	flat_event_reset(&g.fe);
	ev_set_str(&g.fe.ev, F_PATH, SLICE("/admin"));
	ev_set_str(&g.fe.ev, F_DOMAIN, SLICE("sato"));
	ok(rule_run_event(g.run, &g.fe.ev, &g.hits) == 0, "one of two");
	flat_event_reset(&g.fe);
	ev_set_int(&g.fe.ev, F_STATUS, 200);
	ev_set_str(&g.fe.ev, F_USER, SLICE("sato"));
	ok(rule_run_event(g.run, &g.fe.ev, &g.hits) == 1, "the same person by another field");
	ok(rule_run_entity(g.run, &g.fe.ev, hit(&g, 0), 0, &out), "the alias has a text");
	ok_slice(buf_slice(&out), SLICE("sato"), "that of the member's field");
	buf_free(&out);
	rig_close(&g);
}

static void check_day(void)
{
	struct rig g;

	rig_open(&g,
		 REFUSED "---\ntitle: d\ncorrelation: {type: event_count, rules: refused, group-by: c-ip,\n"
			 " condition: {gte: 3}}\ntochoku: {window: day}\n");
	call(&g, 15 * 3600 - 2, 1, 401, 1); /* 23:59:58 in Tokyo */
	call(&g, 15 * 3600 - 1, 1, 401, 2);
	call(&g, 15 * 3600, 1, 401, 3);
	ok(g.n == 0, "midnight ends the window");
	call(&g, 20 * 3600, 1, 401, 4);
	call(&g, 39 * 3600 - 1, 1, 401, 5);
	ok(g.n == 1 && rule_run_episode(g.run, 0), "the whole local day counts");
	rig_close(&g);
}

/* Events of the program's own, in JSON, are members as well. */
static void check_own(void)
{
	static const char text[] =
		"title: quiet\nname: quiet\nlogsource: {product: tochoku, service: sensor}\n"
		"detection: {s: {kind: silence}, condition: s}\n"
		"---\ntitle: twice\ncorrelation: {type: event_count, rules: quiet, group-by: input, "
		"timespan: 1h,\n"
		" condition: {gte: 2}}\n";
	static const char *const lines[] = {
		"{\"ls\":{\"product\":\"tochoku\",\"service\":\"sensor\"},\"ev\":{\"@timestamp\":"
		"\"2026-01-05T08:00:00+09:00\",\"kind\":\"silence\",\"input\":\"a\"}}",
		"{\"ls\":{\"product\":\"tochoku\",\"service\":\"sensor\"},\"ev\":{\"@timestamp\":"
		"\"2026-01-05T08:30:00+09:00\",\"event.duration\":1800000000000,\"kind\":\"silence\","
		"\"input\":\"a\","
		"\"event.id\":\"01010101010101010101010101010101\"}}",
		"{\"ls\":{\"product\":\"tochoku\",\"service\":\"minute\"},\"ev\":{\"@timestamp\":"
		"\"2026-01-05T08:30:00+09:00\",\"kind\":\"silence\",\"input\":\"a\"}}",
		"{\"ls\":{\"product\":\"tochoku\",\"service\":\"sensor\"},\"ev\":{\"kind\":\"silence\","
		"\"input\":\"a\"}}",
		"{\"ls\":{\"product\":\"tochoku\",\"service\":\"sensor\"},\"ev\":{\"@timestamp\":"
		"\"2026-01-05T09:30:00+09:00\",\"event.duration\":3600000000000,\"kind\":\"silence\","
		"\"input\":\"a\"}}",
	};
	static const uint8_t id[16] = { 7 };
	struct rig g;
	struct err e;

	rig_open(&g, text);
	rule_run_id(g.run, id);
	ok(rule_run_json(g.run, slice_str(lines[0]), &g.hits, &g.n, &e) == TK_OK && g.n == 0, "once");
	ok(rule_run_json(g.run, slice_str(lines[1]), &g.hits, &g.n, &e) == TK_OK && g.n == 1,
	   "twice, to the end of the hour");
	ok_str(evidence(&g, 0, 9), "71", "ids given and written");
	ok(rule_run_json(g.run, slice_str(lines[2]), &g.hits, &g.n, &e) == TK_OK && g.n == 0,
	   "another source");
	ok(rule_run_json(g.run, slice_str(lines[3]), &g.hits, &g.n, &e) == TK_OK && g.n == 0 &&
		   rule_run_counts(g.run).untimed == 1,
	   "without a time it takes no part");
	ok(rule_run_json(g.run, slice_str(lines[4]), &g.hits, &g.n, &e) == TK_OK && g.n == 0,
	   "its end counts, not its beginning");
	rig_close(&g);
}

/* ---- filters ---- */

static void check_filters(void)
{
	struct rig g;

	rig_open(&g,
		 "title: f\nlogsource: {category: llm_api}\n"
		 "filter: {rules: [refused], selection: {c-ip|cidr: 10.0.0.8/29}, condition: not selection}\n"
		 "---\ntitle: f\nlogsource: {category: llm_api}\n"
		 "filter: {rules: [refused, accepted], s: {c-ip: 10.0.0.3}, condition: not 1 of s*}\n" BASE(
			 refused, "sc-status: 401, cs-method: null") BASE(accepted, "sc-status: 200"));
	ok(g.p.errors == 0 && rule_set_count(g.set) == 2, "filters of rules that come later");
	ok(call(&g, 1, 1, 401, 1) == 1, "what no filter names stays");
	ok(call(&g, 1, 9, 401, 1) == 0, "what the first one leaves out");
	ok(call(&g, 1, 3, 401, 1) == 0, "what the second one leaves out");
	ok(call(&g, 1, 1, 403, 1) == 0, "the rule itself still counts");
	ok(call(&g, 1, 9, 200, 1) == 1 && call(&g, 1, 3, 200, 1) == 0, "each rule has its own filters");
	rig_close(&g);

	rig_open(&g, BASE(refused, "sc-status: 401") "---\ntitle: f\nlogsource: {category: proxy}\n"
						     "filter: {rules: refused, s: {c-ip: 10.0.0.1},\n"
						     " condition: not s}\n");
	ok(call(&g, 1, 1, 401, 1) == 1 && told(&g, "does not cover"), "another log source: told, no change");
	rig_close(&g);
	rig_open(&g,
		 BASE(refused, "sc-status: 401") BASE(
			 accepted,
			 "sc-status: 200") "---\ntitle: f\nlogsource: {category: llm_api}\n"
					   "filter: {rules: any, s: {c-ip: 10.0.0.1}, condition: not s}\n");
	ok(call(&g, 1, 1, 401, 1) == 0 && call(&g, 1, 1, 200, 1) == 0 && call(&g, 1, 2, 200, 1) == 1,
	   "any: every rule of the log source");
	rig_close(&g);
}

/* Every group counts the one value that it is called by. */
static void check_own_value(void)
{
	struct rig g;
	size_t n = 0;

	rig_open(&g, REFUSED "---\ntitle: v\nname: v\nauthor: me\ncorrelation:\n type: value_count\n"
			     " rules: [refused]\n group-by: [c-ip]\n timespan: 60s\n"
			     " condition: {field: c-ip, gte: 1}\n");
	for (int i = 0; i < 4; i++)
		n += call(&g, i, i % 2, 401, (uint8_t)i);
	ok_int((int64_t)n, 4, "groups with the same value of their own name each have one");
	rig_close(&g);
}

int main(void)
{
	struct err e;

	if (zone_use("Asia/Tokyo", &e) != TK_OK)
		printf("# %s\n", e.text);
	check_silence();
	check_episodes();
	check_chain();
	check_order();
	check_room();
	check_bounds();
	check_alias();
	check_day();
	check_own();
	check_filters();
	check_own_value();
	return tap_done();
}
