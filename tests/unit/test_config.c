/* The configuration: every refusal with its place, defaults, the printed form. */
#include "core/config/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/config/option.h"
#include "tests/lib/tap.h"

static const struct {
	const char *name, *text, *problems; /* warnings are marked with "w " */
} rows[] = {
	{ "nothing", "", "" },
	{ "empty sections", "site:\ninputs:\nidentities: {users: , keys: }\n", "" },
	{ "unknown key", "sites: {}\n",
	  "1:1: unknown key 'sites' in the configuration (did you mean 'site'?)" },
	{ "unknown key below", "site:\n  timezone: UTC\n",
	  "2:3: unknown key 'timezone' in site (did you mean 'time_zone'?)" },
	{ "unknown key, nothing near", "site: {xyzzyx: 1}\n",
	  "1:8: unknown key 'xyzzyx' in site; the keys here are name, time_zone, language, sensor" },
	{ "unknown key of a record", "inputs:\n  tails:\n  - {name: a, paht: /x, path: /y}\n",
	  "3:15: unknown key 'paht' in tails (did you mean 'path'?)" },
	{ "section is a list", "site: [1]\n", "1:7: site: expected a map (KEY: VALUE), got a list" },
	{ "section is a word", "site: x\n", "1:7: site: expected a map (KEY: VALUE), got a single value" },
	{ "the whole is a list", "- 1\n", "1:1: the configuration: expected a map (KEY: VALUE), got a list" },
	{ "records are a map", "inputs: {tails: {name: a, path: b}}\n",
	  "1:17: 'tails': expected a list of maps (lines that begin with '-'), got a map" },
	{ "record is a word", "inputs: {tails: [x]}\n",
	  "1:18: tails: expected a map (KEY: VALUE), got a single value" },
	{ "missing keys of a record", "inputs: {tails: [{}]}\n",
	  "1:18: 'name' is missing: name of the input; it is part of every event's identity | "
	  "1:18: 'path' is missing: log file, or a glob" },
	{ "text is a number",
	  "site: {name: 12}\n", "1:14: 'name': expected text, got '12'; in quotes it would be text" },
	{ "text is a list", "site: {name: [a]}\n", "1:14: 'name': expected text, got a list" },
	{ "text is empty", "site: {name: ''}\n", "1:14: 'name' must not be empty" },
	{ "text is nothing", "site: {name: }\n", "1:14: 'name': expected text, got nothing" },
	{ "text with a line break",
	  "site: {name: \"a\\nb\"}\n", "1:14: 'name' holds a control character or a line break" },
	{ "text with NUL",
	  "site: {name: \"a\\0b\"}\n", "1:14: 'name' holds a control character or a line break" },
	{ "ids may be numbers", "identities: {users: [{id: 1234, department: 3}]}\n", "" },
	{ "word",
	  "site: {language: jp}\n", "1:18: 'language': expected ja or en, got 'jp' (did you mean 'ja'?)" },
	{ "word of three", "calendar: {saturday: halv}\n",
	  "1:22: 'saturday': expected half, full or closed, got 'halv' (did you mean 'half'?)" },
	{ "time zone, small letters", "site: {time_zone: asia/tokyo}\n",
	  "1:19: 'time_zone': unknown time zone 'asia/tokyo' (did you mean 'Asia/Tokyo'?)" },
	{ "time zone, mistyped", "site: {time_zone: Asia/Toyko}\n",
	  "1:19: 'time_zone': unknown time zone 'Asia/Toyko' (did you mean 'Asia/Tokyo'?)" },
	{ "time zone JST", "site: {time_zone: JST}\n",
	  "1:19: 'time_zone': unknown time zone 'JST' (did you mean 'Asia/Tokyo'?)" },
	{ "time zone leads out of the folder", "site: {time_zone: ../../../etc/passwd}\n",
	  "1:19: 'time_zone': unknown time zone '../../../etc/passwd'; expected an IANA name such as "
	  "Asia/Tokyo" },
	{ "CIDR", "networks: {trusted_proxies: [10.0.0/8]}\n",
	  "1:30: 'trusted_proxies': expected a network such as 10.10.0.0/16 or \"fd00:10::/32\", got "
	  "'10.0.0/8'" },
	{ "CIDR too long", "networks: {trusted_proxies: 10.0.0.0/33}\n",
	  "1:29: 'trusted_proxies': expected a network such as 10.10.0.0/16 or \"fd00:10::/32\", got "
	  "'10.0.0.0/33'" },
	{ "host bits", "networks: {trusted_proxies: [10.1.2.3/8]}\n",
	  "1:30: 'trusted_proxies': '10.1.2.3/8' has host bits set (did you mean '10.0.0.0/8'?)" },
	{ "host bits of IPv6", "networks: {trusted_proxies: ['fd00:10::1/32']}\n",
	  "1:30: 'trusted_proxies': 'fd00:10::1/32' has host bits set (did you mean 'fd00:10::/32'?)" },
	{ "one address without brackets", "networks: {trusted_proxies: 10.1.2.3}\n", "" },
	{ "one network in two zones",
	  "networks:\n  zones:\n  - {name: a, cidr: [10.0.0.0/8]}\n  - {name: b, cidr: 10.0.0.0/8}\n",
	  "4:21: the network '10.0.0.0/8' is taken: line 3 has it in another zone" },
	{ "one network written in two ways",
	  "networks:\n  zones:\n  - {name: a, cidr: 'fd00::/16'}\n  - {name: b, cidr: 'fd00:0::/16'}\n",
	  "4:21: the network 'fd00:0::/16' is taken: line 3 has it in another zone" },
	{ "one network twice in a zone", "networks: {zones: [{name: a, cidr: [10.0.0.0/8, 10.0.0.0/8]}]}\n",
	  "w 1:49: the network '10.0.0.0/8' is here twice" },
	{ "nested networks are right",
	  "networks: {zones: [{name: a, cidr: 10.0.0.0/8}, {name: b, cidr: 10.1.0.0/16}]}\n", "" },
	{ "zone called external", "networks: {zones: [{name: external, cidr: 10.0.0.0/8}]}\n",
	  "1:20: a zone cannot be called external: that is what no zone holds" },
	{ "no zones", "networks: {zones: []}\n",
	  "1:19: 'zones' must not be empty; without it the private ranges are one zone" },
	{ "zone without network",
	  "networks: {zones: [{name: a, cidr: []}]}\n", "1:36: 'cidr' must not be empty: its networks" },
	{ "hours", "calendar: {hours: 8:30-17:15}\n",
	  "1:19: 'hours': expected hours such as \"08:30-17:15\", or closed, got '8:30-17:15'" },
	{ "hours beyond the day", "calendar: {hours: '08:30-24:01'}\n",
	  "1:19: 'hours': expected hours such as \"08:30-17:15\", or closed, got '08:30-24:01'" },
	{ "hours over midnight", "calendar: {hours: '22:00-06:00'}\n",
	  "1:19: 'hours': 22:00-06:00 ends before it begins; open over midnight is 00:00-24:00" },
	{ "minutes", "calendar: {before_minutes: -1, after_minutes: 1441}\n",
	  "1:28: 'before_minutes': expected minutes from 0 to 1440, got '-1' | "
	  "1:47: 'after_minutes': expected minutes from 0 to 1440, got '1441'" },
	{ "founding day", "calendar: {founding_day: '02-30'}\n",
	  "1:26: 'founding_day': expected a month and day such as \"06-01\", got '02-30'" },
	{ "closure", "calendar: {closures: ['12-29..1-3', '08-15', 5]}\n",
	  "1:23: 'closures': expected a month and day or a range of them such as \"12-29..01-03\", got "
	  "'12-29..1-3' | "
	  "1:46: 'closures': expected a month and day or a range of them such as \"12-29..01-03\", got '5'" },
	{ "date", "calendar: {extra_open: [2026-02-28, 2026-02-29]}\n",
	  "1:37: 'extra_open': expected an existing date such as 2026-11-23, got '2026-02-29'" },
	{ "duplicate input name", "inputs:\n  tails:\n  - {name: a, path: /x}\n  - {name: a, path: /y}\n",
	  "4:12: the input name 'a' is taken: line 3 has it" },
	{ "duplicate path", "inputs:\n  tails:\n  - {name: a, path: /x}\n  - {name: b, path: /x}\n",
	  "4:21: the input path '/x' is taken: line 3 has it" },
	{ "duplicate user", "identities: {users: [{id: a}, {id: b}, {id: a}]}\n",
	  "1:45: the user id 'a' is taken: line 1 has it" },
	{ "duplicate key id and key",
	  "identities:\n  keys:\n  - {id: a, key: sk-canary}\n  - {id: a, key: sk-canary}\n",
	  "4:10: the key id 'a' is taken: line 3 has it | 4:18: this key is here twice; first at line 3" },
	{ "a wrong key is not shown", "identities: {keys: [{id: a, key: true}, {id: b, key: [sk-canary]}]}\n",
	  "1:34: 'key': expected a name | 1:54: 'key': expected a name, got a list" },
	{ "key of nobody", "identities: {users: [{id: a}], keys: [{id: k, key: x, user: b}]}\n",
	  "w 1:61: no entry of identities.users has the id 'b'" },
	{ "key of somebody", "identities: {users: [{id: a}], keys: [{id: k, key: x, user: a}]}\n", "" },
	{ "states", "identities: {users: [{id: a, status: gone}], keys: [{id: k, key: x, state: revokd}]}\n",
	  "1:38: 'status': expected active, suspended or left, got 'gone' | "
	  "1:76: 'state': expected active, revoked or expired, got 'revokd' (did you mean 'revoked'?)" },
	{ "role with a comma", "identities: {users: [{id: a, roles: 'x,y'}]}\n",
	  "1:37: 'roles': no comma inside of an entry; write a list: [one, two]" },
	{ "function without match",
	  "functions: [{name: a}]\n", "1:13: 'match' is missing: every condition must hold" },
	{ "function that matches all", "functions: [{name: a, match: {}}]\n",
	  "1:30: 'match' needs a condition: method, path, host, model, key or header.NAME" },
	{ "function by header", "functions: [{name: a, match: {header.x-a: b, header.x-c: d}}]\n",
	  "" },
	{ "header without value", "functions: [{name: a, match: {header.x-a: [b]}}]\n",
	  "1:43: 'header.': expected text, got a list" },
	{ "function by key",
	  "functions: [{name: a, match: {path: /x, key: k}}, {name: b, match: {path: /y}}]\n",
	  "" },
	{ "money", "budget: {month_usd: -1, day_usd: '5'}\n",
	  "1:21: 'month_usd': expected an amount in USD above 0 and up to 9223372 such as 3000 or 49.50, got "
	  "'-1' | "
	  "1:34: 'day_usd': expected an amount in USD above 0 and up to 9223372 such as 3000 or 49.50, got "
	  "'5'" },
	{ "too much money", "budget: {month_usd: 9223373}\n",
	  "1:21: 'month_usd': expected an amount in USD above 0 and up to 9223372 such as 3000 or 49.50, got "
	  "'9223373'" },
	{ "currency without rate",
	  "budget: {currency: {code: JPY}}\n", "1:20: 'currency' needs both code and rate" },
	{ "capture",
	  "inputs: {captures: [{name: a, interface: eth1, filter: '', ring: 1M, snaplen: 12X, promiscuous: "
	  "1}]}\n",
	  "1:56: 'filter' must not be empty | "
	  "1:66: 'ring': expected 2M to 2G, got '1M' | "
	  "1:79: 'snaplen': expected a number of bytes such as 65535, 256K or 64M, got '12X' | "
	  "1:97: 'promiscuous': expected true or false, got '1'" },
	{ "capture of nothing", "inputs: {captures: [{name: a}, {name: a, interface: eth/1}]}\n",
	  "1:21: 'interface' is missing: network interface, or any | "
	  "1:39: the input name 'a' is taken: line 1 has it | "
	  "1:53: 'interface': no interface can be called 'eth/1'" },
	{ "key log", "inputs: {captures: [{name: a, interface: lo, keylog: [/k]}]}\n",
	  "1:54: 'keylog': expected text, got a list" },
	{ "a size beyond all numbers",
	  "inputs: {captures: [{name: a, interface: lo, ring: 9223372036854775807G}]}\n",
	  "1:52: 'ring': expected a number of bytes such as 65535, 256K or 64M, got "
	  "'9223372036854775807G'" },
	{ "currency code", "budget: {currency: {code: yen, rate: 150.00, date: 2026-11-20}}\n",
	  "1:20: 'currency' needs both code and rate | "
	  "1:27: 'code': expected three capital letters (ISO 4217) such as JPY, got 'yen'" },
	{ "country", "geoip: {expected_countries: [JP, jp, Japan, NO]}\n",
	  "1:34: 'expected_countries': expected two capital letters (ISO 3166-1) such as JP, got 'jp' | "
	  "1:38: 'expected_countries': expected two capital letters (ISO 3166-1) such as JP, got 'Japan'" },
	{ "range", "ranges: {business: {calls: [500], cost_usd: [5, x], users: [50, 20]}}\n",
	  "1:28: 'calls': expected two whole numbers such as [500, 2000], got a list | "
	  "1:49: 'cost_usd': expected two amounts in USD such as [50, 200], got 'x' | "
	  "1:60: 'users': the lower bound comes first: [20, 50]" },
	{ "alert below notice", "ranges: {half: {user_calls: 300}}\n",
	  "w 1:16: user_calls_alert (200) is not above user_calls (300)" },
	{ "not acted on",
	  "notify: [x]\nconsole: {listen: x}\n",
	  "w 1:1: 'notify' is not acted on in this version | "
	  "w 2:1: 'console' is not acted on in this version" },
	{ "retention", "retention: {profile: jp-hospitl, access: 5w, findings: 0y, max_size: 20X}\n",
	  "1:22: 'profile': expected jp-hospital, minimal, pci or hipaa, got 'jp-hospitl' (did you mean 'jp-hospital'?) | "
	  "1:42: 'access': expected a period such as 5y, 18m or 400d, got '5w' | "
	  "1:56: 'findings': expected a period such as 5y, 18m or 400d, got '0y' | "
	  "1:70: 'max_size': expected a number of bytes such as 65535, 256K or 64M, got '20X'" },
	{ "not acted on and wrong", "functions: [{name: x, match: {key: [1]}}]\n",
	  "1:36: 'key': expected a name, got a list" },
	{ "duplicate key and other errors at once", "site: {name: a, name: b, lang: ja}\n",
	  "1:17: the key 'name' is here twice; it was set at line 1 | "
	  "1:26: unknown key 'lang' in site (did you mean 'language'?)" },
	{ "second document", "site: {name: a}\n---\nsite: {name: b}\n",
	  "3:1: a configuration is one document; this is a second one" },
	{ "all at once",
	  "site: {time_zon: UTC}\ncalendar: {hours: x}\nnetworks: {trusted_proxies: [300.0.0.0/8]}\n",
	  "1:8: unknown key 'time_zon' in site (did you mean 'time_zone'?) | "
	  "2:19: 'hours': expected hours such as \"08:30-17:15\", or closed, got 'x' | "
	  "3:30: 'trusted_proxies': expected a network such as 10.10.0.0/16 or \"fd00:10::/32\", got "
	  "'300.0.0.0/8'" },
};

static int by_place(const void *va, const void *vb)
{
	const struct problem *a = va, *b = vb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

static void show_problems(struct problems *p, struct buf *out)
{
	size_t i;

	if (p->n != 0)
		qsort(p->list, p->n, sizeof *p->list, by_place);
	for (i = 0; i < p->n; i++)
		buf_fmt(out, "%s%s%u:%u: %s", i == 0 ? "" : " | ", p->list[i].warning ? "w " : "",
			p->list[i].line,
			p->list[i].column, p->list[i].text);
}

static void test_rows(void)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct problems p;
		struct buf out;
		struct config *c;

		problems_init(&p, "t.yml");
		buf_init(&out, 1 << 16);
		c = config_parse(slice_str(rows[i].text), "t.yml", &p);
		show_problems(&p, &out);
		ok_slice(buf_slice(&out), slice_str(rows[i].problems), rows[i].name);
		if ((c == NULL) != (p.errors > 0))
			ok(false, "NULL just after an error");
		config_free(c);
		buf_free(&out);
		problems_free(&p);
	}
}

static void test_defaults(void)
{
	struct config *c = config_defaults();
	struct addr a;

	ok_str(c->site.time_zone, "Asia/Tokyo", "default zone");
	ok_str(c->site.language, "ja", "default language");
	ok_int((int64_t)c->n_zones, 1, "one zone");
	ok_str(c->zones[0].name, "internal", "called internal");
	ok_int((int64_t)c->zones[0].n_cidr, 8, "of the private ranges");
	ok(addr_parse(SLICE("fd12::1"), &a) && cidr_holds(&c->zones[0].cidr[5], &a),
	  "unique local among them");
	ok_int((int64_t)c->n_trusted_proxies, 2, "trusted proxies");
	ok_int(c->calendar.hours.from, 8 * 3600 + 1800, "opens");
	ok_int(c->calendar.half_day.to, 12 * 3600 + 1800, "half day ends");
	ok_int(c->calendar.before, 3600, "allowance before, seconds");
	ok_int(c->calendar.after, 7200, "allowance after");
	ok_int(c->calendar.closures[0].to_month, 1, "year end closure");
	ok_int(c->calendar.founding_month, 0, "no founding day");
	ok_int(c->ranges[CLASS_BUSINESS].cost_pico.low, INT64_C(50000000000000), "50 USD in pico");
	ok_int(c->ranges[CLASS_HALF].calls.low, 0, "no lower bound on a half day");
	ok_int(c->ranges[CLASS_CLOSED].user_calls_alert, 200, "alert at 200");
	ok_str(c->ledger.trail, "/var/lib/tochoku/trail", "the trail, beside the ledger");
	ok_str(c->expected_countries[0], "JP", "expected country");
	ok(c->file == NULL, "no file");
	config_free(c);
}

static const char full[] =
	"site: {name: 中央病院, time_zone: Europe/Berlin, language: en}\n"
	"inputs: {tails: [{name: gateway, path: /var/log/a.log}, {name: b, path: '/x/*', format: "
	"nginx-json}],\n"
	"  captures: [{name: tap, interface: eth1, filter: tcp port 80, snaplen: 65535, ring: 1G, "
	"promiscuous: False},\n"
	"    {name: t2, interface: any, keylog: /run/keys.log}]}\n"
	"networks:\n  zones: [{name: ward, cidr: [10.10.0.0/16, 'fd00:10::/32']}, {name: vpn, cidr: "
	"10.99.0.0/24}]\n"
	"  trusted_proxies: []\n  lists: [{name: l, path: /l}]\n"
	"geoip: {databases: [/a.mmdb], expected_countries: [JP, US]}\n"
	"calendar:\n  country: none\n  saturday: closed\n  hours: '09:00-24:00'\n  half_day: closed\n"
	"  before_minutes: 0\n  closures: [08-15, 12-30..01-02]\n  founding_day: 06-01\n  extra_open: "
	"2026-01-04\n"
	"  departments:\n    救急部: {hours: '00:00-24:00'}\n    '12': {saturday: full}\n    x:\n"
	"identities:\n  users: [{id: tanaka, name: 田中 一郎, roles: [nurse, ward], department: 内科}]\n"
	"  keys: [{id: k, key: sk-canary, user: tanaka, state: revoked, expires: 2026-12-31}]\n"
	"functions: [{name: '\"a\\b\"', match: {path: /v1/*, method: POST}}]\n"
	"budget: {month_usd: 3000.000000000001, currency: {code: JPY, rate: 150.25, date: 2026-11-20, "
	"source: TTM}}\n"
	"ranges: {business: {cost_usd: [0.5, 9]}}\nrules: {paths: /r}\nledger: {path: /l, keys: /k}\n";

static void test_values(void)
{
	struct problems p;
	struct config *c;

	problems_init(&p, NULL);
	c = config_parse(slice_str(full), "f.yml", &p);
	ok_int((int64_t)p.n, 0, "a full configuration has no problem");
	ok_str(c->site.name, "中央病院", "site");
	ok_str(c->tails[0].format, "auto", "format by default");
	ok_str(c->tails[1].format, "nginx-json", "format");
	ok(c->captures[0].snaplen == 65535 && c->captures[0].ring == INT64_C(1) << 30 &&
		   !c->captures[0].promiscuous,
	   "a capture as it was set");
	ok(c->captures[1].snaplen == 256 << 10 && c->captures[1].ring == 64 << 20 &&
		   c->captures[1].promiscuous,
	   "a capture by default");
	ok_str(c->captures[1].filter, "tcp", "its filter");
	ok(c->captures[0].keylog == NULL, "no key log by default");
	ok_str(c->captures[1].keylog, "/run/keys.log", "one that was named");
	ok_int((int64_t)c->n_trusted_proxies, 0, "an empty list is empty, not the default");
	ok_int((int64_t)c->n_expected_countries, 2, "countries");
	ok_int(c->calendar.hours.to, 86400, "24:00");
	ok_int(c->calendar.half_day.from - c->calendar.half_day.to, 0, "closed");
	ok_int((int64_t)c->calendar.n_closures, 2, "closures");
	ok_int(c->calendar.founding_month * 100 + c->calendar.founding_day, 601, "founding day");
	ok_str(c->calendar.departments[0].name, "救急部", "department");
	ok_int(c->calendar.departments[0].hours.to, 86400, "its own hours");
	ok_int(c->calendar.departments[0].saturday, SATURDAY_CLOSED, "the site's saturday");
	ok_int(c->calendar.departments[1].hours.from, 9 * 3600, "the site's hours");
	ok_int(c->calendar.departments[1].saturday, SATURDAY_FULL, "its own saturday");
	ok_int(c->calendar.departments[2].hours.to, 86400,
	  "a department that says nothing has the site's hours");
	ok_str(c->users[0].roles, "nurse,ward", "roles are joined");
	ok_str(c->users[0].status, "active", "status by default");
	ok_str(c->keys[0].key, "sk-canary", "the key");
	ok_int(c->keys[0].expires.year, 2026, "expires");
	ok_str(c->functions[0].path, "/v1/*", "function");
	ok_int(c->budget.month_pico, INT64_C(3000000000000001), "pico-USD are exact");
	ok_int(c->budget.rate_micro, 150250000, "rate");
	ok_str(c->budget.rate_date, "2026-11-20", "date of the rate");
	ok_int(c->ranges[CLASS_BUSINESS].cost_pico.low, INT64_C(500000000000), "range");
	ok_int(c->ranges[CLASS_BUSINESS].calls.high, 2000, "the rest of a class keeps its defaults");
	config_free(c);
	problems_free(&p);
}

static bool holds(const struct buf *b, const char *text)
{
	return b->n != 0 && memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static void print_and_load(struct config *c, struct buf *text, struct config **again, struct problems *p)
{
	config_print(c, text);
	*again = config_parse(buf_slice(text), NULL, p);
}

/* Printed, loaded and printed again: the same bytes, but for keys, whose masks match nothing. */
static void test_round_trip(const char *text, const char *name)
{
	struct problems p;
	struct buf one, two;
	struct config *c, *again;
	char label[100];

	problems_init(&p, NULL);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	c = config_parse(slice_str(text), NULL, &p);
	if (c->n_keys > 0) {
		config_print(c, &one);
		ok(!holds(&one, "sk-canary") && holds(&one, "\"***\""),
		   "the key is masked");
		buf_clear(&one);
		c->n_keys = 0;
	}
	print_and_load(c, &one, &again, &p);
	ok_int((int64_t)p.n, 0, "what is printed loads without a problem");
	if (again != NULL)
		config_print(again, &two);
	snprintf(label, sizeof label, "%s: the same again", name);
	ok_slice(buf_slice(&two), buf_slice(&one), label);
	config_free(c);
	config_free(again);
	buf_free(&one);
	buf_free(&two);
	problems_free(&p);
}

/* A line with "# default" for each option of the built-in ones, and none where a value was set. */
static void test_default_marks(void)
{
	struct config *c = config_defaults();
	struct problems p;
	struct buf out;

	problems_init(&p, NULL);
	buf_init(&out, 1 << 20);
	config_print(c, &out);
	ok(holds(&out, "  time_zone: \"Asia/Tokyo\"  # default\n"), "a default is marked");
	ok(holds(&out, "  closures: [\"12-29..01-03\"]  # default\n"), "a list too");
	ok(holds(&out, "  zones:  # default\n"), "records too");
	ok(holds(&out, "  founding_day: null  # default\n"), "what is not set too");
	config_free(c);
	buf_clear(&out);
	c = config_parse(SLICE("site: {time_zone: UTC}\ncalendar: {hours: '08:30-17:15'}\n"), NULL, &p);
	config_print(c, &out);
	ok(holds(&out, "  time_zone: \"UTC\"\n"), "a set value is not marked");
	config_free(c);
	problems_free(&p);
	buf_free(&out);
}

static int odd_filter(const char *filter, struct err *e)
{
	return strcmp(filter, "tcp prot 80") == 0 ? err_set(e, TK_ECONFIG, "syntax error") : TK_OK;
}

static int odd_fields(struct slice fields, struct err *e)
{
	return slice_is(fields, "json:time=a.b,client=c,client=d") ? TK_OK
								     : err_set(e, TK_ECONFIG, "no time");
}

/* Problems of a tail with these keys, or "" and what it was told of the format. */
static void one_tail(const char *keys, const char *want)
{
	static const char *const formats[] = { "nginx-json", "json" }, *const fields[] = { "time", "client" };
	const struct config_known known = { .formats = formats, .n_formats = 2, .fields = fields,
					    .n_fields = 2, .fields_check = odd_fields };
	char name[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(name);
	struct problems p;
	struct config *c;
	struct buf out;

	problems_init(&p, NULL);
	buf_init(&out, 1 << 12);
	dprintf(fd, "inputs: {tails: [{name: a, path: /x, %s}]}\n", keys);
	c = config_load_known(name, &known, &p);
	show_problems(&p, &out);
	ok_str(c != NULL ? cfg_tail_format(&c->tails[0]) : buf_cstr(&out), want, keys);
	config_free(c);
	buf_free(&out);
	problems_free(&p);
	sys_close(fd);
	unlink(name);
}

static void test_fields(void)
{
	one_tail("format: json, fields: {time: a.b, client: [c, d]}", "json:time=a.b,client=c,client=d");
	one_tail("format: json", "1:46: 'format: json' needs 'fields', such as {time: ts, client: "
	  "request.ip}");
	one_tail("format: nginx-json, fields: {time: a}", "1:66: 'fields': no time | "
		 "1:66: 'fields' is for 'format: json' alone");
	one_tail("format: json, fields: {tiem: a}", "1:61: 'fields': no field is named 'tiem' (did you "
	  "mean 'time'?)");
	one_tail("format: json, fields: {time: 'a,b'}", "1:67: 'fields': the path of a member has no "
	  "comma; write a "
		 "list: [a, b.c]");
	one_tail("format: json, fields: {time: {a: b}}", "1:67: 'fields': expected a map such as {time: "
	  "ts, client: "
		 "request.ip}, got a map");
	one_tail("format: json, fields: x", "1:60: 'fields': expected a map such as {time: ts, client: "
	  "request.ip}, "
		 "got 'x'");
	one_tail("format: auto", "auto");
}

static void test_filter(void)
{
	const struct config_known known = { .filter = odd_filter };
	char name[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(name);
	struct problems p;
	struct config *c;
	struct buf out;

	problems_init(&p, NULL);
	buf_init(&out, 1 << 12);
	dprintf(fd, "inputs: {captures: [{name: a, interface: lo, filter: tcp prot 80}]}\n");
	c = config_load_known(name, &known, &p);
	show_problems(&p, &out);
	ok_slice(buf_slice(&out), SLICE("1:54: 'filter': syntax error"), "a wrong filter has its place");
	ok(c == NULL, "and is refused");
	config_free(c);
	buf_free(&out);
	problems_free(&p);
	sys_close(fd);
	unlink(name);
}

#define MASKED ": the key is masked, so this entry is left out"
static void test_masked_key(void)
{
	static const char text[] =
		"identities: {keys: [{id: a, key: '***'}, {id: b, key: '***'}, {id: c, key: x}]}";
	struct problems p;
	struct buf out;
	struct config *c;

	problems_init(&p, NULL);
	buf_init(&out, 1 << 12);
	c = config_parse(SLICE(text), NULL, &p);
	show_problems(&p, &out);
	ok_slice(buf_slice(&out), SLICE("w 1:34" MASKED " | w 1:55" MASKED), "masked keys");
	ok_int((int64_t)c->n_keys, 1, "only the other is left");
	ok_str(c->keys[0].id, "c", "it is c");
	config_free(c);
	buf_free(&out);
	problems_free(&p);
}

/* Every prefix of a full configuration is good or has an error with a place. */
static void test_prefixes(void)
{
	size_t n, good = 0;

	for (n = 0; n < sizeof full - 1; n++) {
		struct problems p;
		struct config *c;

		problems_init(&p, NULL);
		c = config_parse(slice_of(full, n), NULL, &p);
		good += c != NULL || (p.errors > 0 && p.list[0].line > 0);
		config_free(c);
		problems_free(&p);
	}
	ok_int((int64_t)good, sizeof full - 1, "every prefix is taken or refused with a place");
}

/* Ten thousand users and keys: no square of their number. */
static void test_many(void)
{
	struct problems p;
	struct config *c;
	struct buf b;
	int i;

	problems_init(&p, NULL);
	buf_init(&b, 4 << 20);
	buf_str(&b, "identities:\n  users:\n");
	for (i = 0; i < 10000; i++)
		buf_fmt(&b, "  - {id: u%d}\n", i);
	buf_str(&b, "  keys:\n");
	for (i = 0; i < 10000; i++)
		buf_fmt(&b, "  - {id: k%d, key: s%d, user: u%d}\n", i, i, i);
	c = config_parse(buf_slice(&b), NULL, &p);
	ok_int((int64_t)(c == NULL ? 0 : c->n_users + c->n_keys), 20000, "20,000 identities");
	config_free(c);
	buf_free(&b);
	problems_free(&p);
}

int main(void)
{
	test_rows();
	test_defaults();
	test_values();
	test_round_trip("", "defaults");
	test_round_trip(full, "everything");
	test_default_marks();
	test_filter();
	test_fields();
	test_masked_key();
	test_prefixes();
	test_many();
	return tap_done();
}
