/* Rules on access events, what loading tells, and the shipped catalogue's own tests. */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/zone.h"
#include "rules/eval.h"
#include "tests/lib/tap.h"

/* ---- access events ---- */

static const struct row {
	const char *name, *detection;
	const char *event; /* "field=value;field=value": '=' alone makes it absent */
	bool want;
} rows[] = {
	{ "status by slot", "{s: {sc-status: 200}, condition: s}", "http.response.status_code=200", true },
	{ "status range", "{s: {sc-status|gte: 400, sc-status|lt: 500}, condition: s}",
	  "http.response.status_code=403", true },
	{ "at least that", "{s: {sc-status|gte: 404}, condition: s}", "http.response.status_code=404", true },
	{ "one less", "{s: {sc-status|gte: 404}, condition: s}", "http.response.status_code=403", false },
	{ "above that", "{s: {sc-status|gt: 404}, condition: s}", "http.response.status_code=404",
	  false },
	{ "one more", "{s: {sc-status|gt: 404}, condition: s}", "http.response.status_code=405", true },
	{ "at most that", "{s: {sc-status|lte: 404}, condition: s}", "http.response.status_code=404", true },
	{ "at most, one more", "{s: {sc-status|lte: 404}, condition: s}", "http.response.status_code=405",
	  false },
	{ "below that", "{s: {sc-status|lt: 404}, condition: s}", "http.response.status_code=404", false },
	{ "below, one less", "{s: {sc-status|lt: 404}, condition: s}", "http.response.status_code=403",
	  true },
	{ "nothing is above the largest", "{s: {sc-status|gt: 9223372036854775807}, condition: s}",
	  "http.response.status_code=9223372036854775807", false },
	{ "nothing is below the smallest", "{s: {sc-status|lt: -9223372036854775808}, condition: s}",
	  "http.response.status_code=-9223372036854775808", false },
	{ "status as text", "{s: {sc-status: '4*'}, condition: s}", "http.response.status_code=404", true },
	{ "status unknown", "{s: {sc-status|lt: 400}, condition: s}", "url.path=/x", false },
	{ "method, other case", "{s: {cs-method: post}, condition: s}", "http.request.method=POST", true },
	{ "method, prefix only", "{s: {cs-method: post}, condition: s}", "http.request.method=POSTX", false },
	{ "path begins", "{s: {cs-uri-stem|startswith: /V1/}, condition: s}", "url.path=/v1/models", true },
	{ "path contains", "{s: {cs-uri-stem|contains: chat}, condition: s}", "url.path=/v1/Chat/x", true },
	{ "kelvin sign by slot", "{s: {cs-username: kaga}, condition: s}",
	  "user.name=\xE2\x84\xAA"
	  "aga",
	  true },
	{ "address in a network", "{s: {c-ip|cidr: 10.0.0.0/8}, condition: s}", "source.ip=10.9.8.7", true },
	{ "address as text", "{s: {c-ip: '10.9.*'}, condition: s}", "source.ip=10.9.8.7", true },
	{ "address outside", "{s: {c-ip|cidr: 'fd00::/8'}, condition: s}", "source.ip=10.9.8.7", false },
	{ "role, any of the list", "{s: {user.role: nurse}, condition: s}", "user.roles=clerk,nurse,chief",
	  true },
	{ "role, none of the list", "{s: {user.role: nurs}, condition: s}", "user.roles=clerk,nurse", false },
	{ "key state says absent", "{s: {key.status: absent}, condition: s}", "tochoku.key.state=absent",
	  true },
	{ "key state not looked at", "{s: {key.status: absent}, condition: s}", "tochoku.key.id=", false },
	{ "absent is null", "{s: {cs-referer: null}, condition: s}", "http.request.referrer=", true },
	{ "absent does not exist", "{s: {cs-referer|exists: true}, condition: s}",
	  "http.request.referrer=", false },
	{ "query: the part behind ?", "{s: {cs-uri-query: 'a=b'}, condition: s}", "url.path=/x;url.query=a=b",
	  true },
	{ "query: the whole target", "{s: {cs-uri-query|startswith: '/x?a'}, condition: s}",
	  "url.path=/x;url.query=a=b", true },
	{ "query: null looks at the part only", "{s: {cs-uri-query: null}, condition: s}",
	  "url.path=/x;url.query=", true },
	{ "query: not null", "{s: {cs-uri-query: null}, condition: s}", "url.path=/x;url.query=a=b", false },
	{ "target", "{s: {cs-uri: '/x?a=b'}, condition: s}", "url.path=/x;url.query=a=b", true },
	{ "extension", "{s: {c-uri-extension: php}, condition: s}", "url.path=/a.b/c.PHP", true },
	{ "extension of a folder", "{s: {c-uri-extension: b/c}, condition: s}", "url.path=/a.b/c", false },
	{ "time taken in ms", "{s: {time-taken|gte: 1500}, condition: s}", "event.duration=1500000000",
	  true },
	{ "in hours is not off hours", "{s: {cal.in_hours: false}, condition: s}",
	  "tochoku.calendar.off_hours=1", true },
	{ "in hours unknown", "{s: {cal.in_hours: false}, condition: s}", "url.path=/x", false },
	{ "hour is local", "{s: {'@timestamp|hour': 9}, condition: s}", "@timestamp=1764028800000000000",
	  true },
	{ "time as local text", "{s: {'@timestamp|startswith': '2025-11-25T09:00:00'}, condition: s}",
	  "@timestamp=1764028800000000000", true },
	{ "keyword anywhere", "{s: [sqlmap], condition: s}", "url.path=/x;user_agent.original=SQLmap/1.2",
	  true },
	{ "keyword in a number", "{s: ['503'], condition: s}", "http.response.status_code=503", true },
	{ "fieldref with a derived field", "{s: {cs-username|fieldref: key.owner}, condition: s}",
	  "user.name=Tanaka", true },
	{ "fieldref differs", "{s: {cs-username|fieldref|neq: key.owner}, condition: s}", "user.name=sato",
	  true },
	{ "derived number", "{s: {usage.user_day.calls|gte: 200}, condition: s}", "user.name=sato", true },
	{ "derived decimal", "{s: {tochoku.cost.usd|gt: 1.25}, condition: s}", "user.name=sato", true },
	{ "derived decimal as text", "{s: {tochoku.cost.usd: '1.5*'}, condition: s}", "user.name=sato",
	  true },
	{ "derived unknown", "{s: {user.status: active}, condition: s}", "user.name=sato", false },
	{ "set of texts", "{s: {cs-method: [a, b, c, d, e, Get]}, condition: s}", "http.request.method=GET",
	  true },
};

static void derive(void *ctx, const struct access_event *ev, enum derived_id id, struct derived *out)
{
	(void)ctx;
	(void)ev;
	if (id == D_KEY_OWNER)
		*out = (struct derived){ .kind = DV_STR, .s = SLICE("tanaka") };
	else if (id == D_USER_DAY_CALLS)
		*out = (struct derived){ .kind = DV_INT, .i = 200 };
	else if (id == D_COST_USD)
		*out = (struct derived){ .kind = DV_MICRO, .i = 1500000 };
}

static void set_field(struct access_event *ev, struct slice name, struct slice value)
{
	enum field_id f = field_by_name(name);
	char number[32] = "";
	struct addr ip;

	if (f == F_COUNT || value.n == 0) {
		if (f != F_COUNT)
			ev_set_absent(ev, f);
		return;
	}
	if (value.n < sizeof number)
		memcpy(number, value.p, value.n);
	if (event_fields[f].type == FT_IP && addr_parse(value, &ip))
		ev_set_ip(ev, f, ip);
	else if (event_fields[f].type == FT_STR || event_fields[f].type == FT_LIST)
		ev_set_str(ev, f, value);
	else
		ev_set_int(ev, f, strtoll(number, NULL, 10));
}

static void read_event(struct flat_event *fe, const char *text)
{
	struct slice rest = slice_str(text);

	flat_event_reset(fe);
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.p, ';', rest.n), *eq = memchr(rest.p, '=', rest.n);
		size_t n = end == NULL ? rest.n : (size_t)(end - rest.p), k = (size_t)(eq - rest.p);

		set_field(&fe->ev, slice_head(rest, k), slice_from(slice_head(rest, n), k + 1));
		rest = slice_from(rest, n + 1);
	}
}

/* Each part asked alone, beside others of which nothing is known; what all of them leave must say the
 * same. */
static void check_parts(const struct row *row, struct rule_run *run, struct flat_event *fe)
{
	struct prospects may, one;
	struct flat_event alone;
	const uint16_t *hits;

	memset(&may, 0xff, sizeof may);
	for (int p = 0; p < P_COUNT; p++) {
		flat_event_reset(&alone);
		alone.parts[p] = fe->parts[p];
		rule_run_prospects(run, &alone.ev, p, &one);
		prospects_and(&may, &one);
	}
	ok_int((int64_t)rule_run_some(run, &fe->ev, &may, &hits), row->want, "  and by its parts");
}

static void check_row(const struct row *row)
{
	char text[1024];
	struct problems p;
	struct flat_event fe;
	const uint16_t *hits;

	snprintf(text, sizeof text, "title: t\nlogsource: {category: llm_api}\ndetection: %s\n",
		 row->detection);
	problems_init(&p, "row");
	struct rule_set *set = rule_set_parse(slice_str(text), "row", NULL, &p);
	struct rule_run *run = set == NULL ? NULL : rule_run_new(set, derive, NULL);

	if (run == NULL || rule_set_count(set) != 1) {
		ok(false, row->name);
		problems_print(&p);
	} else {
		read_event(&fe, row->event);
		ok_int((int64_t)rule_run_event(run, &fe.ev, &hits), row->want, row->name);
		ok_int((int64_t)rule_run_event(run, &fe.ev, &hits), row->want, row->name);
		check_parts(row, run, &fe);
	}
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
}

/* ---- loading ---- */

static const char three[] =
	"title: one\nid: c0de0009-0001-4000-8000-000000000001\nname: first\nlevel: high\n"
	"logsource: {category: llm_api}\n"
	"detection: {s: {net.zone: external, usage.user_day.calls|gt: 5}, condition: s}\n"
	"tochoku: {title_ja: 一, entity: [cs-username, net.prefix, c-ip], once-per: day,\n"
	" action: {ja: 見る, en: look}}\n"
	"---\ntitle: two\nlogsource: {category: llm_api}\ndetection: {s: {sc-status|gtt: 5}, condition: s}\n"
	"---\ntitle: corr\ncorrelation: {type: event_cuont, rules: [first], timespan: 5m}\n"
	"---\ntitle: three\nlogsource: {category: webserver, product: nginx}\n"
	"detection: {s: {cs-uri: /x}, condition: s}\ntochoku: {enabled: false}\n";

static bool told(const struct problems *p, const char *text)
{
	for (size_t i = 0; i < p->n; i++)
		if (strstr(p->list[i].text, text) != NULL)
			return true;
	return false;
}

static void check_loading(void)
{
	struct problems p;
	const struct rule_info *info;

	problems_init(&p, "three");
	struct rule_set *set = rule_set_parse(slice_str(three), "three", NULL, &p);

	ok_int((int64_t)rule_set_count(set), 2, "bad documents do not stop the others");
	ok_int((int64_t)p.errors, 2, "each bad document is told");
	ok(told(&p, "unknown modifier 'gtt', did you mean 'gt'"), "unknown modifier with the nearest name");
	ok(told(&p, "did you mean 'event_count'"), "so is a correlation");
	ok(told(&p, "no event of this program has this log source"), "a foreign log source is told");
	info = rule_set_info(set, 0);
	ok_str(info->title_ja, "一", "title_ja");
	ok_str(info->action_en, "look", "action.en");
	ok_int(info->level, LEVEL_HIGH, "level");
	ok_int(info->once, ONCE_DAY, "once-per");
	ok_int((int64_t)info->n_entity, 3, "entity");
	ok(info->stateful && info->enabled, "usage.* is stateful");
	ok(!rule_set_info(set, 1)->enabled && !rule_set_info(set, 1)->stateful, "disabled");
	ok(rule_set_needs(set, D_USER_DAY_CALLS) && rule_set_needs(set, D_NET_PREFIX) &&
		   !rule_set_needs(set, D_SHIFT),
	   "derived fields that are needed, entities too");
	ok(rule_set_info(set, 2) == NULL, "no third rule");
	rule_set_free(set);
	problems_free(&p);
}

static const struct bad {
	const char *rule, *told;
} bads[] = {
	{ "title: t\ndetection: {s: {a: 1}, condition: s}\n", "'logsource'" },
	{ "title: t\nlogsource: {definition: x}\ndetection: {s: {a: 1}, condition: s}\n",
	  "category, a product" },
	{ "logsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n", "'title'" },
	{ "title: t\nlevel: hihg\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n",
	  "did you mean 'high'" },
	{ "title: t\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {once-per: week}\n",
	  "must be day or shift" },
	{ "title: t\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {suppress: 2d}\n",
	  "at most 1d" },
	{ "title: t\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {enabeld: false}\n",
	  "did you mean 'enabled'" },
	{ "title: t\nlogsource: {category: llm_api}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {reason: {ja: a, en: 'x %cs-usernam%'}}\n",
	  "%cs-usernam%, which no event has, did you mean" },
	{ "title: t\nlogsource: {category: llm_api}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {reason: {ja: a}}\n",
	  "with ja and en" },
	{ "title: t\nlogsource: {category: llm_api}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {reason: {ja: a, en: b, fr: c}}\n",
	  "ja and en only" },
	{ "title: t\nlogsource: {category: llm_api}\ndetection: {s: {a: 1}, condition: s}\n"
	  "tochoku: {reason: {ja: a, en: \"b\\nc\"}}\n",
	  "one line" },
	{ "title: t\ntags: x\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n", "'tags'" },
	{ "title: t\nname: t\nlogsource: {category: llm_api}\ndetection: {s: {c-ip: 1}, condition: s}\n---\n"
	  "title: c\ncorrelation: {type: event_count, rules: t, group-by: [c-ip], timespan: 1m, condition: "
	  "{gte: 2}}\n"
	  "tochoku: {reason: {ja: '%c-ip%', en: '%nobody.knows%'}}\n",
	  "%nobody.knows%" },
	{ "title: t\nlogsource: {category: llm_api}\ndetection: {s: {cs-methode: a}, condition: s}\n",
	  "did you mean 'cs-method'" },
	{ "title: t\nlogsource: {category: x}\ndetection: {s: {a: 1}, u: {b: 1}, condition: s}\n",
	  "does not use 'u'" },
	{ "title: f\nfilter: {rules: [x], s: {a: 1}, condition: not s}\n", "'logsource'" },
	{ "- 1\n", "must be a map" },
	{ "title: a\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n---\n"
	  "title: a\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n",
	  "same id or name" },
};

static void check_bad(const struct bad *b)
{
	struct problems p;

	problems_init(&p, "bad");
	rule_set_free(rule_set_parse(slice_str(b->rule), "bad", NULL, &p));
	if (!ok(told(&p, b->told), b->told))
		problems_print(&p);
	problems_free(&p);
}

/* Sentences: every kind of placeholder, what is not known, hostile and long values. */
static void check_reason(void)
{
	static const char rule[] =
		"title: t\nlogsource: {category: llm_api}\ndetection: {s: {sc-status: 200}, condition: s}\n"
		"tochoku:\n  reason:\n    ja: '%c-ip% %key.status% %tochoku.key.state% %tochoku.department% "
		"%user.name%'\n    en: '%cs-username% %c-ip% %sc-status% 200 % of "
		"%url.path%%, %count%x %time% %baseline.day% %baseline.calls% %tochoku.cost.usd% "
		"%geo.speed_kmh%'\n";
	struct reason_facts facts = { .count = 7, .start_ns = INT64_C(1795359660000000000) };
	struct problems p;
	struct flat_event fe;
	struct buf out;
	char user[200];

	problems_init(&p, "reason");
	struct rule_set *set = rule_set_parse(slice_str(rule), "reason", NULL, &p);
	struct rule_run *run = rule_run_new(set, derive, NULL);
	const struct rule_info *info = rule_set_info(set, 0);

	buf_init(&out, 4096);
	flat_event_reset(&fe);
	ev_set_str(&fe.ev, F_USER, SLICE("a\x1b[31m\nb%count%"));
	ev_set_int(&fe.ev, F_STATUS, 200);
	rule_run_reason(run, &fe.ev, info, info->reason_en, &facts, &out);
	ok_slice(buf_slice(&out), SLICE("a?[31m?b%count% ? 200 200 % of ?%, 7x 00:01 ? ? 1.5 ?"),
		 "a sentence with what is known");
	ok(info->reason_grows, "that grows with the count");
	buf_clear(&out);
	ev_set_str(&fe.ev, F_KEY_STATE, SLICE("revoked"));
	ev_set_str(&fe.ev, F_USER, SLICE("revoked"));
	rule_run_reason(run, &fe.ev, info, "%key.status% %tochoku.key.state% %cs-username%", &facts, &out);
	ok_slice(buf_slice(&out), SLICE("revoked revoked revoked"), "in English a value is itself");
	facts.japanese = true;
	buf_clear(&out);
	rule_run_reason(run, &fe.ev, info, "%key.status%キー %tochoku.key.state% %cs-username%", &facts,
			&out);
	ok_slice(buf_slice(&out), SLICE("失効したキー 失効した revoked"),
		 "in Japanese words of ours are Japanese");
	flat_event_reset(&fe);
	ev_set_str(&fe.ev, F_KEY_STATE, SLICE("odd"));
	buf_clear(&out);
	rule_run_reason(run, &fe.ev, info,
			"%user.name%(%tochoku.department%)、利用者 %cs-username%、%key.status% %c-ip%",
			&facts, &out);
	ok_slice(buf_slice(&out), SLICE("利用者不明(部門不明)、利用者 不明、odd ?"),
		 "who is not known is said so, once");
	facts.japanese = false;
	buf_clear(&out);
	rule_run_reason(run, &fe.ev, info, "user %cs-username%, %cs-username% (%tochoku.department%)", &facts,
			&out);
	ok_slice(buf_slice(&out), SLICE("user unknown, unknown user (unknown department)"), "in English too");
	memset(user, 'x', sizeof user);
	memcpy(user + REASON_VALUE_MAX - 1, "\xe3\x81\x82", 3);
	ev_set_str(&fe.ev, F_USER, slice_of(user, sizeof user));
	facts = (struct reason_facts){ .count = 1, .baseline_day = 20000, .baseline_calls = 12 };
	buf_clear(&out);
	rule_run_reason(run, &fe.ev, info, "%cs-username%|%baseline.day% %baseline.calls%", &facts, &out);
	ok(out.n == REASON_VALUE_MAX - 1 + 3 + strlen("|2024-10-04 12") &&
		   memcmp(out.p + REASON_VALUE_MAX - 1, "\u2026|2024-10-04 12", 17) == 0,
	   "a long value is cut between characters");
	buf_free(&out);
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
}

static void check_entity(void)
{
	struct problems p;
	struct flat_event fe;
	struct buf out;

	problems_init(&p, "three");
	struct rule_set *set = rule_set_parse(slice_str(three), "three", NULL, &p);
	struct rule_run *run = rule_run_new(set, derive, NULL);

	buf_init(&out, 1000);
	read_event(&fe, "user.name=sato;source.ip=10.0.0.9");
	ok(rule_run_entity(run, &fe.ev, rule_set_info(set, 0), 0, &out), "entity of a field");
	ok_slice(buf_slice(&out), SLICE("sato"), "its text");
	ok(!rule_run_entity(run, &fe.ev, rule_set_info(set, 0), 1, &out), "entity that is unknown");
	ok(rule_run_entity(run, &fe.ev, rule_set_info(set, 0), 2, &out), "entity of an address");
	ok_slice(buf_slice(&out), SLICE("sato10.0.0.9"), "is appended");
	ok(!rule_run_entity(run, &fe.ev, rule_set_info(set, 0), 3, &out), "no such entity");
	buf_free(&out);
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
}

static void check_digest(void)
{
	struct problems p;

	problems_init(&p, "x");
	struct rule_set *a = rule_set_parse(slice_str(three), "x", NULL, &p);
	struct rule_set *b = rule_set_parse(slice_str(three), "y", NULL, &p);
	struct rule_set *c = rule_set_parse(slice_head(slice_str(three), sizeof three - 2), "x", NULL, &p);

	ok(memcmp(rule_set_digest(a), rule_set_digest(b), 32) == 0, "same text, same digest");
	ok(memcmp(rule_set_digest(a), rule_set_digest(c), 32) != 0, "one byte less, another digest");
	rule_set_free(a);
	rule_set_free(b);
	rule_set_free(c);
	problems_free(&p);
}

/* ---- the catalogue ---- */

struct tally {
	size_t match, none, failed;
};

static void one_result(void *ctx, const char *name, uint32_t line, bool expected, bool passed)
{
	struct tally *t = ctx;

	if (expected)
		t->match++;
	else
		t->none++;
	if (!passed) {
		t->failed++;
		printf("#   line %u, test %s\n", line, name == NULL ? "" : name);
	}
}

static void check_catalogue(void)
{
	static const char *const path[] = { "rules/catalogue" };
	size_t errors = 0;
	int64_t alerts = 0;

	if (access(path[0], R_OK) != 0) {
		tap_skip("not run from the root of the tree: no rules/catalogue");
		return;
	}
	struct rule_set *set = rule_set_load(path, 1, NULL, NULL, NULL, &errors);
	struct rule_run *run = rule_run_new(set, NULL, NULL);

	ok_int((int64_t)errors, 0, "the catalogue loads without errors");
	ok(rule_set_count(set) >= 61, "and has its rules");
	for (size_t i = 0; i < rule_set_count(set); i++) {
		const struct rule_info *r = rule_set_info(set, i);
		struct tally t = { 0 };

		if (strncmp(r->id, "tk_", 3) == 0) { /* a part of correlations */
			ok(!r->alerts, "a part is silent");
			continue;
		}
		alerts += r->enabled;
		rule_set_test(run, i, one_result, &t);
		ok(t.failed == 0 && t.match >= 2 && t.none >= 3, r->title);
		ok(r->title_ja != NULL && r->action_ja != NULL && r->action_en != NULL && r->n_entity > 0 &&
			   r->reason_ja != NULL && r->reason_en != NULL && r->once != ONCE_NEVER,
		   "it says what to do, in both languages, and about whom");
	}
	rule_run_free(run);
	rule_set_free(set);
}

/* Rules for calls do not take an encrypted connection for one, nor the other way round. */
static void check_sources(void)
{
	static const char text[] =
		"title: call\nlogsource: {category: llm_api}\n"
		"detection: {s: {c-ip: 10.0.0.1}, condition: s}\n"
		"---\ntitle: connection\nlogsource: {product: tochoku, service: connection}\n"
		"detection: {s: {c-ip: 10.0.0.1}, condition: s}\n"
		"---\ntitle: both\nlogsource: {product: tochoku}\n"
		"detection: {s: {c-ip: 10.0.0.1}, condition: s}\n";
	static const struct {
		const char *event, *name;
		int first, n;
	} cases[] = {
		{ "source.ip=10.0.0.1", "a log line is a call", 0, 2 },
		{ "source.ip=10.0.0.1;network.protocol=http", "so is HTTP", 0, 2 },
		{ "source.ip=10.0.0.1;network.protocol=tls", "TLS is a connection", 1, 2 },
		{ "source.ip=10.0.0.1;network.protocol=quic", "so is QUIC", 1, 2 },
	};
	struct problems p;
	struct flat_event fe;
	const uint16_t *hits;

	problems_init(&p, "sources");
	struct rule_set *set = rule_set_parse(slice_str(text), "sources", NULL, &p);
	struct rule_run *run = set == NULL ? NULL : rule_run_new(set, derive, NULL);

	for (size_t i = 0; ok(run != NULL, "rules by source") && i < COUNT(cases); i++) {
		read_event(&fe, cases[i].event);
		ok_int((int64_t)rule_run_event(run, &fe.ev, &hits), cases[i].n, cases[i].name);
		ok_int(hits[0], cases[i].first, "  the first");
		ok_int(hits[1], 2, "  and the one of both");
	}
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
}

int main(void)
{
	struct err e;

	if (zone_use("Asia/Tokyo", &e) != TK_OK)
		printf("# %s\n", e.text);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
	check_loading();
	for (size_t i = 0; i < COUNT(bads); i++)
		check_bad(&bads[i]);
	check_reason();
	check_entity();
	check_sources();
	check_digest();
	check_catalogue();
	return tap_done();
}
