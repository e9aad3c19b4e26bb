/* Rules over the literals that the bytes spell, on an event whose field has the text that they spell: the
 * engine says what matching each pattern alone says. For the fuzz target and the unit test. */
#ifndef TK_TESTS_LITERAL_CASES_H
#define TK_TESTS_LITERAL_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "rules/eval.h"
#include "rules/fold.h"
#include "rules/pattern.h"

#define CASE_RULES 120
#define CASE_LITERALS 16

struct literal_case {
	const uint8_t *data;
	size_t n;
	char literal[CASE_LITERALS][64], text[600];
	size_t n_literals;
	char rules[CASE_RULES * 256], event[1400];
	struct arena arena;
};

static inline unsigned case_byte(struct literal_case *c)
{
	return c->n == 0 ? 0 : (c->n--, *c->data++);
}

/* Few different letters, so that literals lie in one another; wildcards; letters that fold. */
static inline void case_spell(struct literal_case *c, char *out, unsigned units, bool wild)
{
	static const char *const unit[] = { "a", "b", "A", "/",	 "ab", "é", "É", "\xE2\x84\xAA",
					    "k", "*", "?", "\\*" };

	for (*out = 0; units > 0; units--)
		strcat(out, unit[case_byte(c) % (wild ? COUNT(unit) : 9)]);
}

static inline bool case_holds(struct literal_case *c, size_t literal, unsigned kind)
{
	struct tokens t = tokens_parse(&c->arena, slice_str(c->literal[literal]), false);
	struct pattern p;
	uint8_t *folded = arena_raw(&c->arena, fold_room(strlen(c->text)));

	t = tokens_open(&c->arena, t, kind == 1 || kind == 2, kind == 1 || kind == 3);
	pattern_build(&c->arena, t, false, &p);
	return pattern_match(&p, slice_of(folded, fold_text(slice_str(c->text), folded)));
}

/* What rule i is: two tests and how they are joined. */
static inline unsigned case_rule(const struct literal_case *c, size_t i, size_t *x, size_t *y)
{
	*x = i % c->n_literals;
	*y = (i * 7 + 3) % c->n_literals;
	return (unsigned)(i / c->n_literals) % 8;
}

static inline bool case_expected(struct literal_case *c, size_t i)
{
	size_t x, y;
	unsigned kind = case_rule(c, i, &x, &y);

	switch (kind) {
	case 4:
		return case_holds(c, x, 1) || case_holds(c, y, 2);
	case 5:
		return case_holds(c, x, 1) && case_holds(c, y, 3);
	case 6:
		return case_holds(c, x, 1) && !case_holds(c, y, 1);
	case 7:
		return !case_holds(c, x, 1);
	default:
		return case_holds(c, x, kind);
	}
}

static inline void case_write(struct literal_case *c)
{
	static const char *const search[] = {
		"s: {f: '%s'}, t: {f: '%s'}, condition: s",
		"s: {f|contains: '%s'}, t: {f: '%s'}, condition: s",
		"s: {f|endswith: '%s'}, t: {f: '%s'}, condition: s",
		"s: {f|startswith: '%s'}, t: {f: '%s'}, condition: s",
		"s: {f|contains: '%s'}, t: {f|endswith: '%s'}, condition: s or t",
		"s: {f|contains: '%s'}, t: {f|startswith: '%s'}, condition: s and t",
		"s: {f|contains: '%s'}, t: {f|contains: '%s'}, condition: s and not t",
		"s: {f|contains: '%s'}, t: {f: '%s'}, condition: not s",
	};
	char *p = c->rules;
	size_t x, y;

	for (size_t i = 0; i < CASE_RULES; i++) {
		unsigned kind = case_rule(c, i, &x, &y);

		p += sprintf(p, "---\ntitle: r%zu\nlogsource: {category: x}\ndetection: {", i);
		p += sprintf(p, search[kind], c->literal[x], c->literal[y]);
		p += sprintf(p, "}\n");
	}
	sprintf(c->event, "{\"f\":\"%s\"}", c->text);
}

/* True: all as expected. */
static inline bool literal_case(const uint8_t *data, size_t n)
{
	static struct literal_case c;
	bool good = true, got[CASE_RULES] = { false };
	const uint16_t *hits;
	struct problems p;
	size_t found = 0;
	struct err e;

	memset(&c, 0, sizeof c);
	c.data = data;
	c.n = n;
	c.n_literals = 1 + case_byte(&c) % CASE_LITERALS;
	for (size_t i = 0; i < c.n_literals; i++)
		case_spell(&c, c.literal[i], 1 + case_byte(&c) % 6, true);
	case_spell(&c, c.text, case_byte(&c) % 64, false);
	case_write(&c);
	problems_init(&p, "case");
	struct rule_set *set = rule_set_parse(slice_str(c.rules), "case", NULL, &p);
	struct rule_run *run = set == NULL ? NULL : rule_run_new(set, NULL, NULL);

	if (run == NULL || p.errors > 0 || rule_run_json(run, slice_str(c.event), &hits, &found, &e) != TK_OK)
		good = false;
	for (size_t i = 0; i < found; i++)
		got[hits[i]] = true;
	for (size_t i = 0; good && i < CASE_RULES; i++) {
		good = got[i] == case_expected(&c, i);
		if (!good)
			printf("# rule %zu, event %s: got %d\n%s", i, c.event, got[i], c.rules);
	}
	arena_free(&c.arena);
	rule_run_free(run);
	rule_set_free(set);
	problems_free(&p);
	return good;
}

#endif
