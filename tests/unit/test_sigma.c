/* Sigma on one generic event: shapes, strings, modifiers, conditions.
 * A row: detection, event, expectation. */
#include "rules/eval.h"
#include "rules/pattern.h"
#include "tests/lib/tap.h"

enum want { NO, YES, REJECT };

static const struct row {
	const char *name, *detection, *event;
	enum want want;
} rows[] = {
	/* shapes */
	{ "map is and", "{s: {a: 1, b: 2}, condition: s}", "{\"a\":1,\"b\":2}", YES },
	{ "map is and, one fails", "{s: {a: 1, b: 2}, condition: s}", "{\"a\":1,\"b\":3}", NO },
	{ "list of maps is or", "{s: [{a: 1}, {b: 2}], condition: s}", "{\"b\":2}", YES },
	{ "keyword in a nested value", "{s: [needle], condition: s}", "{\"a\":{\"b\":[\"the Needle!\"]}}",
	  YES },
	{ "keyword is no field name", "{s: [needle], condition: s}", "{\"needle\":1}", NO },
	{ "keyword as a single scalar", "{s: needle, condition: s}", "{\"a\":\"needle\"}", YES },
	{ "all keywords, two fields", "{s: {'|all': [one, two]}, condition: s}",
	  "{\"a\":\"one\",\"b\":\"two\"}", YES },
	{ "all keywords, one missing", "{s: {'|all': [one, two]}, condition: s}", "{\"a\":\"one\"}", NO },
	{ "empty map", "{s: {}, condition: s}", "{}", REJECT },
	{ "empty list", "{s: {a: []}, condition: s}", "{}", REJECT },
	{ "map as a value", "{s: {a: {b: 1}}, condition: s}", "{}", REJECT },
	/* strings */
	{ "caseless", "{s: {a: ABC}, condition: s}", "{\"a\":\"abc\"}", YES },
	{ "whole field", "{s: {a: abc}, condition: s}", "{\"a\":\"abcd\"}", NO },
	{ "greek and cyrillic fold", "{s: {a: 'ΣИ'}, condition: s}", "{\"a\":\"σи\"}", YES },
	{ "full width folds", "{s: {a: 'Ａ'}, condition: s}", "{\"a\":\"ａ\"}", YES },
	{ "full and half width differ", "{s: {a: 'Ａ'}, condition: s}", "{\"a\":\"a\"}", NO },
	{ "kelvin sign is k", "{s: {a: k}, condition: s}", "{\"a\":\"\\u212a\"}", YES },
	{ "star takes newlines", "{s: {a: 'x*y'}, condition: s}", "{\"a\":\"x\\n\\ny\"}", YES },
	{ "question mark is one character", "{s: {a: '看?部'}, condition: s}", "{\"a\":\"看護部\"}", YES },
	{ "question mark is not two", "{s: {a: 'a?b'}, condition: s}", "{\"a\":\"axxb\"}", NO },
	{ "question mark is not none", "{s: {a: 'a?'}, condition: s}", "{\"a\":\"a\"}", NO },
	{ "pieces in order", "{s: {a: '*b*d*'}, condition: s}", "{\"a\":\"abcde\"}", YES },
	{ "pieces out of order", "{s: {a: '*d*b*'}, condition: s}", "{\"a\":\"abcde\"}", NO },
	{ "pieces do not overlap", "{s: {a: 'aba*aba'}, condition: s}", "{\"a\":\"ababa\"}", NO },
	{ "last piece with ?", "{s: {a: '*x?z'}, condition: s}", "{\"a\":\"xyz xあz\"}", YES },
	{ "escaped star", "{s: {a: 'a\\*'}, condition: s}", "{\"a\":\"a*\"}", YES },
	{ "escaped star is no wildcard", "{s: {a: 'a\\*'}, condition: s}", "{\"a\":\"ab\"}", NO },
	{ "backslash then wildcard", "{s: {a: 'd\\\\*'}, condition: s}", "{\"a\":\"d\\\\x\"}", YES },
	{ "contains ends in a backslash", "{s: {a|contains: 'Temp\\'}, condition: s}",
	  "{\"a\":\"c:\\\\temp\\\\x\"}", YES },
	{ "glob signs are plain", "{s: {a: '[ab]{1}'}, condition: s}", "{\"a\":\"[ab]{1}\"}", YES },
	{ "empty string is not missing", "{s: {a: ''}, condition: s}", "{}", NO },
	{ "empty string", "{s: {a: ''}, condition: s}", "{\"a\":\"\"}", YES },
	{ "star needs a value", "{s: {a: '*'}, condition: s}", "{\"a\":null}", NO },
	/* values */
	{ "number and number", "{s: {a: 200}, condition: s}", "{\"a\":200.0}", YES },
	{ "number and its text", "{s: {a: 200}, condition: s}", "{\"a\":\"200\"}", YES },
	{ "number and other text", "{s: {a: 200}, condition: s}", "{\"a\":\"200.0\"}", NO },
	{ "text and number", "{s: {a: '4*'}, condition: s}", "{\"a\":404}", YES },
	{ "bool", "{s: {a: true}, condition: s}", "{\"a\":\"TRUE\"}", YES },
	{ "bool is not 1", "{s: {a: true}, condition: s}", "{\"a\":1}", NO },
	{ "null: missing", "{s: {a: null}, condition: s}", "{}", YES },
	{ "null: list of nulls", "{s: {a: null}, condition: s}", "{\"a\":[null]}", YES },
	{ "null: one value is there", "{s: {a: null}, condition: s}", "{\"a\":[null,1]}", NO },
	{ "any element", "{s: {a: x}, condition: s}", "{\"a\":[\"y\",\"x\"]}", YES },
	{ "a list in a list is no value", "{s: {a: x}, condition: s}", "{\"a\":[[\"x\"]]}", NO },
	{ "dotted path", "{s: {a.b.c: x}, condition: s}", "{\"a\":{\"b\":[{\"c\":\"x\"}]}}", YES },
	{ "flat name first", "{s: {a.b: x}, condition: s}", "{\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}", YES },
	{ "names have case", "{s: {A: x}, condition: s}", "{\"a\":\"x\"}", NO },
	{ "many texts make a set", "{s: {a: [u, v, w, X, y, z]}, condition: s}", "{\"a\":\"x\"}", YES },
	{ "not in the set", "{s: {a: [u, v, w, x, y, z]}, condition: s}", "{\"a\":\"xx\"}", NO },
	/* modifiers */
	{ "unknown modifier", "{s: {a|contain: x}, condition: s}", "{}", REJECT },
	{ "contains all", "{s: {a|contains|all: [x, y]}, condition: s}", "{\"a\":\"y-x\"}", YES },
	{ "contains all, one", "{s: {a|contains|all: [x, y]}, condition: s}", "{\"a\":\"xx\"}", NO },
	{ "contains a number", "{s: {a|contains: 42}, condition: s}", "{\"a\":142}", YES },
	{ "contains null", "{s: {a|contains: null}, condition: s}", "{}", REJECT },
	{ "cased", "{s: {a|cased: Ab}, condition: s}", "{\"a\":\"ab\"}", NO },
	{ "exists, null is there", "{s: {a|exists: true}, condition: s}", "{\"a\":null}", YES },
	{ "exists takes a boolean", "{s: {a|exists: 'maybe'}, condition: s}", "{}", REJECT },
	{ "neq: missing is different", "{s: {a|neq: x}, condition: s}", "{}", YES },
	{ "neq: none of the list", "{s: {a|neq: [x, y]}, condition: s}", "{\"a\":\"y\"}", NO },
	{ "cidr", "{s: {a|cidr: 10.0.0.0/8}, condition: s}", "{\"a\":\"10.1.2.3\"}", YES },
	{ "cidr, mapped", "{s: {a|cidr: 10.0.0.0/8}, condition: s}", "{\"a\":\"::ffff:10.1.2.3\"}", YES },
	{ "cidr, port", "{s: {a|cidr: 10.0.0.0/8}, condition: s}", "{\"a\":\"10.1.2.3:80\"}", NO },
	{ "cidr, host bits", "{s: {a|cidr: 10.0.0.1/8}, condition: s}", "{}", REJECT },
	{ "gte text", "{s: {a|gte: 10}, condition: s}", "{\"a\":\"10.5\"}", YES },
	{ "gte of no number", "{s: {a|gte: 10}, condition: s}", "{\"a\":\"x\"}", NO },
	{ "gte takes a number", "{s: {a|gte: x}, condition: s}", "{}", REJECT },
	{ "large whole numbers are exact", "{s: {a|gt: 9007199254740992}, condition: s}",
	  "{\"a\":9007199254740993}", YES },
	{ "hour as written", "{s: {a|hour: 23}, condition: s}", "{\"a\":\"2026-01-05T23:30:00+09:00\"}",
	  YES },
	{ "hour of a date", "{s: {a|hour: 0}, condition: s}", "{\"a\":\"2026-01-05\"}", NO },
	{ "hour at least", "{s: {a|hour|gte: 22}, condition: s}", "{\"a\":\"2026-01-05 22:00:00\"}", YES },
	{ "week 53", "{s: {a|week: 53}, condition: s}", "{\"a\":\"2027-01-03\"}", YES },
	{ "fieldref", "{s: {a|fieldref: b}, condition: s}", "{\"a\":\"X\",\"b\":\"x\"}", YES },
	{ "fieldref missing", "{s: {a|fieldref: b}, condition: s}", "{\"a\":\"X\"}", NO },
	{ "fieldref startswith", "{s: {a|fieldref|startswith: b}, condition: s}",
	  "{\"a\":\"abc\",\"b\":\"ab\"}", YES },
	{ "re searches", "{s: {a|re: 'b[0-9]+'}, condition: s}", "{\"a\":\"ab12c\"}", YES },
	{ "re has case", "{s: {a|re: 'B'}, condition: s}", "{\"a\":\"b\"}", NO },
	{ "re broken", "{s: {a|re: '(b'}, condition: s}", "{}", REJECT },
	{ "i without re", "{s: {a|i: b}, condition: s}", "{}", REJECT },
	{ "base64", "{s: {a|base64|contains: 'admin:admin'}, condition: s}",
	  "{\"a\":\"Basic YWRtaW46YWRtaW4=\"}", YES },
	{ "base64 wildcard", "{s: {a|base64: 'a*'}, condition: s}", "{}", REJECT },
	{ "base64offset all", "{s: {a|base64offset|contains|all: ['user=', 'pass=']}, condition: s}",
	  "{\"a\":\"eHVzZXI9MSZwYXNzPTI=\"}", YES }, /* xuser=1&pass=2 */
	{ "base64offset all, one", "{s: {a|base64offset|contains|all: ['user=', 'nope=']}, condition: s}",
	  "{\"a\":\"eHVzZXI9MSZwYXNzPTI=\"}", NO },
	{ "wide", "{s: {a|wide|base64: 'ab'}, condition: s}", "{\"a\":\"YQBiAA==\"}", YES },
	{ "windash", "{s: {a|contains|windash: ' -enc'}, condition: s}", "{\"a\":\"x /enc y\"}", YES },
	{ "windash, long dash", "{s: {a|contains|windash: ' -enc'}, condition: s}",
	  "{\"a\":\"x \xE2\x80\x93" "enc\"}", YES },
	{ "windash inside a word", "{s: {a|windash: 'x-y'}, condition: s}", "{\"a\":\"x/y\"}", NO },
	{ "expand", "{s: {a|expand: '%expected_countries%'}, condition: s}", "{\"a\":\"jp\"}", YES },
	{ "expand inside text", "{s: {a|expand: 'x-%expected_countries%-y'}, condition: s}",
	  "{\"a\":\"x-JP-y\"}", YES },
	{ "expand unknown", "{s: {a|expand: '%nobody%'}, condition: s}", "{}", REJECT },
	{ "percent without expand", "{s: {a: '%nobody%'}, condition: s}", "{\"a\":\"%nobody%\"}", YES },
	/* conditions */
	{ "and before or", "{a: {x: 1}, b: {x: 2}, c: {y: 1}, condition: a or b and c}", "{\"x\":1}", YES },
	{ "brackets", "{a: {x: 1}, b: {x: 2}, c: {y: 1}, condition: (a or b) and c}", "{\"x\":1}", NO },
	{ "not binds closest", "{a: {x: 1}, b: {y: 1}, condition: not a and b}", "{\"y\":1}", YES },
	{ "double not", "{a: {x: 1}, condition: not not a}", "{\"x\":1}", YES },
	{ "not of an and, jumps meet", "{a: {x: 1, y: 1}, b: {z: 1}, condition: not (a and b) and b}",
	  "{\"x\":1,\"z\":1}", YES },
	{ "or inside and inside or", "{a: {x: [1, 2], y: [3, 4]}, b: {z: 5}, condition: a or not b}",
	  "{\"x\":2,\"y\":5,\"z\":5}", NO },
	{ "names like operators", "{notes: {x: 1}, order: {y: 1}, condition: not notes and order}",
	  "{\"y\":1}", YES },
	{ "1 of pattern", "{sel_a: {x: 1}, sel_b: {x: 2}, no_sel: {x: 3}, condition: 1 of sel_*}",
	  "{\"x\":3}", NO },
	{ "all of them without _", "{_a: {x: 9}, b: {x: 1}, condition: all of them}", "{\"x\":1}", YES },
	{ "pattern with _", "{_a: {x: 9}, _b: {x: 1}, c: {x: 7}, condition: 1 of _* or c}", "{\"x\":9}",
	  YES },
	{ "list of conditions", "{a: {x: 1}, b: {x: 2}, condition: [a, b]}", "{\"x\":2}", YES },
	{ "undefined name", "{a: {x: 1}, condition: a and b}", "{}", REJECT },
	{ "pattern without a name", "{a: {x: 1}, condition: a and 1 of b*}", "{}", REJECT },
	{ "2 of", "{a: {x: 1}, condition: 2 of a*}", "{}", REJECT },
	{ "aggregation", "{a: {x: 1}, condition: a | count() > 5}", "{}", REJECT },
	{ "open bracket", "{a: {x: 1}, condition: (a}", "{}", REJECT },
	{ "no operator between", "{a: {x: 1}, condition: a a}", "{}", REJECT },
	{ "no condition", "{a: {x: 1}}", "{}", REJECT },
};

static void check(const struct row *row)
{
	char text[2048];
	struct problems p;
	struct rule_set *set;
	const uint16_t *hits;
	size_t n = 0;
	struct err e = { 0 };

	snprintf(text, sizeof text, "title: t\nid: c0de0009-0001-4000-8000-000000000001\n"
		 "logsource: {category: test}\ndetection: %s\n", row->detection);
	problems_init(&p, "row");
	set = rule_set_parse(slice_str(text), "row", NULL, &p);
	if (row->want == REJECT) {
		ok(set != NULL && rule_set_count(set) == 0 && p.errors > 0, row->name);
	} else if (set == NULL || rule_set_count(set) != 1) {
		ok(false, row->name);
		problems_print(&p);
	} else {
		struct rule_run *run = rule_run_new(set, NULL, NULL);

		if (rule_run_json(run, slice_str(row->event), &hits, &n, &e) != TK_OK)
			printf("# %s\n", e.text);
		ok_int((int64_t)n, row->want == YES, row->name);
		rule_run_free(run);
	}
	rule_set_free(set);
	problems_free(&p);
}

/* Wildcards against a plain recursive reference, on all short texts of a small alphabet. */
static bool reference(const char *p, const char *t)
{
	if (*p == 0)
		return *t == 0;
	if (*p == '*')
		return reference(p + 1, t) || (*t != 0 && reference(p, t + 1));
	return *t != 0 && (*p == '?' || *p == *t) && reference(p + 1, t + 1);
}

static void spell(unsigned number, unsigned base, const char *letters, char *out)
{
	size_t n = 0;

	for (; number > 0; number /= base)
		out[n++] = letters[number % base];
	out[n] = 0;
}

static void check_wildcards(void)
{
	struct arena a = { 0 };
	unsigned bad = 0;

	for (unsigned i = 0; i < 1024; i++) {
		char pattern[16], text[16];
		struct pattern p;

		spell(i, 4, "ab*?", pattern);
		arena_reset(&a);
		pattern_build(&a, tokens_parse(&a, slice_str(pattern), false), false, &p);
		for (unsigned k = 0; k < 128; k++) {
			spell(k, 2, "ab", text);
			if (pattern_match(&p, slice_str(text)) != reference(pattern, text) && bad++ < 5)
				printf("# pattern %s, text %s\n", pattern, text);
		}
	}
	ok_int(bad, 0, "wildcards agree with a plain reference on 131072 pairs");
	arena_free(&a);
}

/* A pattern that backtracks for ever is stopped, counts as no match and is told. */
static void check_regex_limit(void)
{
	static const char rule[] = "title: t\nlogsource: {category: x}\n"
				   "detection: {s: {a|re: '^(a+)+$'}, condition: s}\n";
	struct problems p;
	const uint16_t *hits;
	size_t n = 9;
	struct err e;

	problems_init(&p, "x");
	struct rule_set *set = rule_set_parse(slice_str(rule), "x", NULL, &p);
	struct rule_run *run = rule_run_new(set, NULL, NULL);

	rule_run_json(run, SLICE("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}"), &hits, &n, &e);
	ok(n == 0 && rule_run_regex_limits(run) == 1, "a regular expression at its limit does not match");
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
}

int main(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
	check_wildcards();
	check_regex_limit();
	return tap_done();
}
