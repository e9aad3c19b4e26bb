/* The automaton against a plain search, and rules answered by automata against each pattern matched alone. */
#include "rules/automaton.h"
#include "tests/lib/literal_cases.h"
#include "tests/lib/tap.h"

static uint64_t state = 88172645463325252u;

static unsigned number(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % below);
}

#define LITERALS 40
#define TEXT 200

struct scan {
	bool at[LITERALS][TEXT + 1];
	bool twice;
};

static void found(void *ctx, uint32_t literal, size_t end)
{
	struct scan *s = ctx;

	s->twice |= s->at[literal][end];
	s->at[literal][end] = true;
}

/* One random set of literals of up to 6 bytes of an alphabet, on one random text. */
static bool scan_agrees(unsigned alphabet)
{
	static struct scan s;
	uint8_t bytes[LITERALS][6], text[TEXT];
	struct slice literal[LITERALS];
	uint32_t same[LITERALS];
	bool good = true;

	memset(&s, 0, sizeof s);
	for (size_t i = 0; i < LITERALS; i++) {
		literal[i] = slice_of(bytes[i], number(7));
		for (size_t k = 0; k < literal[i].n; k++)
			bytes[i][k] = (uint8_t)(255 - number(alphabet));
	}
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (uint8_t)(255 - number(alphabet));
	struct automaton *a = automaton_new(literal, LITERALS, same);

	automaton_scan(a, slice_of(text, TEXT), found, &s);
	for (size_t i = 0; i < LITERALS; i++)
		for (size_t end = 1; end <= TEXT; end++) {
			struct slice l = literal[i];
			bool want = l.n > 0 && l.n <= end && memcmp(text + end - l.n, l.p, l.n) == 0;

			good &= slice_eq(literal[same[i]], l) && s.at[same[i]][end] == want;
		}
	automaton_free(a);
	return good && !s.twice;
}

/* Rules behind the ones that prospects know, on access events: 700 of four kinds. */
static void check_many(void)
{
	static char text[200000];
	char *p = text;
	struct problems problems;
	struct flat_event fe;
	const uint16_t *hits;
	struct prospects may;
	bool good = true;

	for (int i = 0; i < 700; i++) {
		p += sprintf(p, "---\ntitle: r%d\nlogsource: {category: %s}\n", i,
			     i % 4 == 3 ? "network_connection" : "webserver");
		p += sprintf(p, "detection: {s: {%s: %s%d}, condition: s}\n",
			     i % 4 == 1	  ? "sc-status"
			     : i % 4 == 2 ? "cs-host"
					  : "cs-uri-stem|contains",
			     i % 4 == 1 ? "" : "/x", i % 4 == 1 ? i % 7 : i);
	}
	problems_init(&problems, "many");
	struct rule_set *set = rule_set_parse(slice_str(text), "many", NULL, &problems);
	struct rule_run *run = rule_run_new(set, NULL, NULL);

	flat_event_reset(&fe);
	ev_set_str(&fe.ev, F_PATH, SLICE("/x4/x256/x500/x503/x696"));
	ev_set_str(&fe.ev, F_DOMAIN, SLICE("/x502"));
	ev_set_int(&fe.ev, F_STATUS, 3);
	size_t n = rule_run_event(run, &fe.ev, &hits), want = 0;

	for (int i = 0; i < 700; i++) {
		if (i == 4 || i == 256 || i == 500 || i == 502 || i == 696 || (i % 4 == 1 && i % 7 == 3)) {
			good &= want < n && hits[want] == i;
			want++;
		}
	}
	ok_int((int64_t)n, (int64_t)want, "many rules on an access event: those that hold");
	ok(good, "in their order");
	memset(&may, 0, sizeof may);
	n = rule_run_some(run, &fe.ev, &may, &hits);
	ok(n > 0 && hits[0] == 256, "without prospects the ones behind alone");
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&problems);
}

int main(void)
{
	unsigned bad = 0;
	uint8_t data[300];

	for (unsigned i = 0; i < 3000; i++)
		bad += !scan_agrees(i % 3 == 0 ? 2 : i % 3 == 1 ? 3 : 256);
	ok_int(bad, 0, "3000 random automata find what a plain search finds");
	bad = 0;
	for (unsigned i = 0; i < 1500; i++) {
		for (size_t k = 0; k < sizeof data; k++)
			data[k] = (uint8_t)number(256);
		bad += !literal_case(data, sizeof data);
	}
	ok_int(bad, 0, "180000 random rules say what each pattern alone says");
	check_many();
	return tap_done();
}
