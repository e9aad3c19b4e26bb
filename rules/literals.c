#include "rules/literals.h"

#include <stdlib.h>

#define LITERALS_MIN 8	  /* on one name: fewer are faster asked one by one */
#define SET_LITERALS 1000 /* of one set */
#define TRIGGERS_MAX 256  /* of one rule */
#define STEPS_MAX 100000  /* through one condition */
#define RULES_MIN 64	  /* candidates are looked for when so many rules would be asked */

enum how { HOW_EQUAL, HOW_START, HOW_END, HOW_INSIDE, HOW_HINT /* a part of what the test asks for */ };

struct use { /* of a literal by a test */
	uint32_t next, pred;
	uint8_t how;
};

struct name_literals {
	struct automaton *automaton;
	uint32_t *length, *first; /* a literal: bytes; its first use + 1 */
	struct use *uses;
	bool wanted; /* a trigger is among them */
};

struct literals {
	struct name_literals *names; /* as many as the set has */
	uint32_t *rules_of, *rules;  /* a test: where its rules begin in rules[]; one more at the end */
	uint64_t *always;	     /* rules without triggers, a bit each */
	uint32_t *wanted;	     /* names to scan for candidates */
	size_t n_wanted, n_words, n_indexed;
};

/* ---- which literals a test has ---- */

struct gathered {
	struct slice *text;
	struct use *uses;
	size_t n, cap;
	bool failed;
};

static void put_literal(struct gathered *g, struct slice text, enum how how, uint32_t pred)
{
	if (g->n == g->cap) {
		size_t cap = g->cap == 0 ? 64 : g->cap * 2;
		void *text_more = reallocarray(g->text, cap, sizeof *g->text), *uses_more;

		if (text_more != NULL)
			g->text = text_more;
		uses_more = text_more == NULL ? NULL : reallocarray(g->uses, cap, sizeof *g->uses);
		if (uses_more == NULL) {
			g->failed = true;
			return;
		}
		g->uses = uses_more;
		g->cap = cap;
	}
	g->text[g->n] = text;
	g->uses[g->n++] = (struct use){ 0, pred, (uint8_t)how };
}

/* The longest run of plain text of a pattern with wildcards. */
static struct tokens longest_run(const struct pattern *p)
{
	struct tokens best = { NULL, 0 };

	for (size_t i = 0; i < p->n_pieces; i++) {
		struct tokens t = p->pieces[i].tokens;

		for (size_t from = 0, to = 0; to <= t.n; to++) {
			if (to < t.n && t.t[to] < TOKEN_ONE)
				continue;
			if (to - from > best.n)
				best = tokens_part(t, from, to);
			from = to + 1;
		}
	}
	return best;
}

/* How good a trigger the test is: bytes of its shortest literal, 0: none. */
static uint32_t worth(const struct pred *p)
{
	size_t least = SIZE_MAX;

	if (p->cased)
		return 0;
	if (p->kind == PRED_PATTERN)
		least = p->pattern->kind == PATTERN_PIECES ? longest_run(p->pattern).n
							   : p->pattern->literal.n;
	else if (p->kind == PRED_SET && p->set.n <= SET_LITERALS)
		for (size_t i = 0; i < p->set.n; i++)
			least = p->set.list[i].n < least ? p->set.list[i].n : least;
	else
		least = 0;
	return least > 1000 ? 1000 : (uint32_t)least;
}

static struct slice bytes_of(struct arena *a, struct tokens t)
{
	uint8_t *p = arena_alloc(a, t.n + 1);

	for (size_t i = 0; p != NULL && i < t.n; i++)
		p[i] = (uint8_t)t.t[i];
	return slice_of(p, p == NULL ? 0 : t.n);
}

static void gather(struct gathered *g, struct rule_set *s, uint32_t number)
{
	static const uint8_t by_kind[] = { [PATTERN_EQUAL] = HOW_EQUAL,
					   [PATTERN_START] = HOW_START,
					   [PATTERN_END] = HOW_END,
					   [PATTERN_INSIDE] = HOW_INSIDE };
	const struct pred *p = &s->preds[number];

	if (worth(p) == 0)
		return;
	if (p->kind == PRED_SET)
		for (size_t i = 0; i < p->set.n; i++)
			put_literal(g, p->set.list[i], HOW_EQUAL, number);
	else if (p->pattern->kind == PATTERN_PIECES)
		put_literal(g, bytes_of(&s->arena, longest_run(p->pattern)), HOW_HINT, number);
	else
		put_literal(g, p->pattern->literal, by_kind[p->pattern->kind], number);
}

/* ---- triggers of a rule ---- */

struct choosing {
	const struct rule_set *set;
	uint32_t list[TRIGGERS_MAX];
	size_t n, steps;
};

/* What the best triggers of the expression are worth, 0: there are none. */
static uint32_t best(struct choosing *c, const struct expr *e)
{
	uint32_t found = 0;

	if (c->steps++ > STEPS_MAX)
		return 0;
	if (e->kind == EXPR_TEST) /* keywords would have every value looked at */
		return c->set->preds[e->pred].name == 0 ? 0 : worth(&c->set->preds[e->pred]);
	if (e->kind != EXPR_AND && e->kind != EXPR_OR)
		return 0;
	for (const struct expr *k = e->kid; k != NULL; k = k->next) {
		uint32_t w = best(c, k);

		if (k == e->kid || (e->kind == EXPR_AND ? w > found : w < found))
			found = w;
		if (e->kind == EXPR_OR && found == 0)
			break;
	}
	return found;
}

/* Of what must hold together one is enough, the rarest: the longest. Of what may hold instead all are needed.
 */
static void choose(struct choosing *c, const struct expr *e)
{
	const struct expr *chosen = NULL;
	uint32_t most = 0;

	if (e->kind == EXPR_TEST) {
		if (c->n < TRIGGERS_MAX)
			c->list[c->n] = e->pred;
		c->n++;
		return;
	}
	for (const struct expr *k = e->kid; k != NULL; k = k->next) {
		uint32_t w;

		if (e->kind == EXPR_OR) {
			choose(c, k);
			continue;
		}
		w = best(c, k);
		if (w > most) {
			most = w;
			chosen = k;
		}
	}
	if (chosen != NULL)
		choose(c, chosen);
}

void literals_triggers(struct builder *b, const struct expr *e, struct rule *r)
{
	struct choosing c = { .set = b->set };

	if (best(&c, e) == 0)
		return;
	choose(&c, e);
	if (c.n > TRIGGERS_MAX || c.steps > STEPS_MAX)
		return;
	r->triggers = arena_alloc(&b->set->arena, c.n * sizeof *r->triggers);
	if (r->triggers == NULL)
		return;
	memcpy(r->triggers, c.list, c.n * sizeof *r->triggers);
	r->n_triggers = c.n;
}

/* ---- building ---- */

static bool build_name_literals(struct name_literals *n, struct gathered *g, struct rule_set *s)
{
	uint32_t *same = malloc((g->n + 1) * sizeof *same);

	n->length = calloc(g->n, sizeof *n->length);
	n->first = calloc(g->n, sizeof *n->first);
	n->automaton = same == NULL ? NULL : automaton_new(g->text, g->n, same);
	if (n->length == NULL || n->first == NULL || n->automaton == NULL) {
		free(same);
		return false;
	}
	for (size_t i = 0; i < g->n; i++) {
		n->length[i] = (uint32_t)g->text[i].n;
		g->uses[i].next = n->first[same[i]];
		n->first[same[i]] = (uint32_t)i + 1;
		s->preds[g->uses[i].pred].scanned = g->uses[i].how != HOW_HINT;
	}
	n->uses = g->uses;
	g->uses = NULL;
	free(same);
	return true;
}

/* Tests sorted by name, so that each name's are gathered in one go. */
static uint32_t *tests_by_name(const struct rule_set *s, uint32_t **starts)
{
	uint32_t *list = malloc((s->n_preds + 1) * sizeof *list), *at = calloc(s->n_names + 2, sizeof *at);

	if (list == NULL || at == NULL) {
		free(list);
		free(at);
		return NULL;
	}
	for (size_t i = 0; i < s->n_preds; i++)
		at[s->preds[i].name + 2]++;
	for (size_t i = 2; i < s->n_names + 2; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < s->n_preds; i++)
		list[at[s->preds[i].name + 1]++] = (uint32_t)i;
	*starts = at;
	return list;
}

static bool build_names(struct literals *l, struct rule_set *s)
{
	uint32_t *starts = NULL, *list = tests_by_name(s, &starts);
	bool good = list != NULL;

	for (size_t n = 0; good && n < s->n_names; n++) {
		struct gathered g = { 0 };

		for (uint32_t i = starts[n]; i < starts[n + 1]; i++)
			gather(&g, s, list[i]);
		good = !g.failed && (g.n < LITERALS_MIN || build_name_literals(&l->names[n], &g, s));
		free(g.text);
		free(g.uses);
	}
	free(list);
	free(starts);
	return good && !s->arena.failed;
}

static bool indexed(const struct literals *l, const struct rule_set *s, const struct rule *r)
{
	for (size_t i = 0; i < r->n_triggers; i++)
		if (l->names[s->preds[r->triggers[i]].name].automaton == NULL)
			return false;
	return r->n_triggers > 0;
}

static bool build_index(struct literals *l, const struct rule_set *s)
{
	size_t total = 0;

	for (size_t i = 0; i < s->n_rules; i++)
		total += s->rules[i].n_triggers;
	l->rules = calloc(total + 1, sizeof *l->rules);
	l->rules_of = calloc(s->n_preds + 2, sizeof *l->rules_of);
	l->always = calloc(l->n_words, sizeof *l->always);
	l->wanted = calloc(s->n_names, sizeof *l->wanted);
	if (l->rules == NULL || l->rules_of == NULL || l->always == NULL || l->wanted == NULL)
		return false;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < s->n_rules; i++) {
			const struct rule *r = &s->rules[i];

			if (!indexed(l, s, r)) {
				l->always[i / 64] |= UINT64_C(1) << i % 64;
				continue;
			}
			l->n_indexed += pass == 0;
			for (size_t k = 0; k < r->n_triggers; k++) {
				l->names[s->preds[r->triggers[k]].name].wanted = true;
				if (pass == 0)
					l->rules_of[r->triggers[k] + 2]++;
				else
					l->rules[l->rules_of[r->triggers[k] + 1]++] = (uint32_t)i;
			}
		}
		for (size_t i = 2; pass == 0 && i < s->n_preds + 2; i++)
			l->rules_of[i] += l->rules_of[i - 1];
	}
	for (uint32_t n = 0; n < s->n_names; n++)
		if (l->names[n].wanted)
			l->wanted[l->n_wanted++] = n;
	return true;
}

bool literals_build(struct rule_set *s)
{
	struct literals *l = s->literals = calloc(1, sizeof *l);

	if (l == NULL)
		return false;
	l->n_words = s->n_rules / 64 + 1;
	l->names = calloc(s->n_names, sizeof *l->names);
	return l->names != NULL && build_names(l, s) && build_index(l, s);
}

void literals_free(struct rule_set *s)
{
	struct literals *l = s->literals;

	if (l == NULL)
		return;
	for (size_t n = 0; l->names != NULL && n < s->n_names; n++) {
		automaton_free(l->names[n].automaton);
		free(l->names[n].length);
		free(l->names[n].first);
		free(l->names[n].uses);
	}
	free(l->names);
	free(l->rules);
	free(l->rules_of);
	free(l->always);
	free(l->wanted);
	free(l);
}

/* ---- at an event ---- */

struct scanning {
	struct rule_run *r;
	const struct literals *l;
	const struct name_literals *n;
	size_t length; /* of the value */
};

static void trigger(struct rule_run *r, const struct literals *l, uint32_t pred)
{
	if (r->triggered[pred] == r->gen)
		return;
	r->triggered[pred] = r->gen;
	for (uint32_t i = l->rules_of[pred]; i < l->rules_of[pred + 1]; i++)
		r->candidates[l->rules[i] / 64] |= UINT64_C(1) << l->rules[i] % 64;
}

static void found(void *ctx, uint32_t literal, size_t end)
{
	const struct scanning *s = ctx;
	size_t begin = end - s->n->length[literal];

	for (uint32_t u = s->n->first[literal]; u != 0; u = s->n->uses[u - 1].next) {
		const struct use *use = &s->n->uses[u - 1];
		bool front = begin == 0, behind = end == s->length;
		static const bool needs_front[] = {
			[HOW_EQUAL] = true, [HOW_START] = true, [HOW_HINT] = false
		};
		static const bool needs_behind[] = {
			[HOW_EQUAL] = true, [HOW_END] = true, [HOW_HINT] = false
		};

		if ((needs_front[use->how] && !front) || (needs_behind[use->how] && !behind))
			continue;
		if (use->how != HOW_HINT)
			s->r->state[use->pred] = s->r->gen << 1 | 1;
		trigger(s->r, s->l, use->pred);
	}
}

void literals_scan(struct rule_run *r, uint32_t name)
{
	struct values *v = run_values(r, name);
	struct scanning s = { r, r->set->literals, &r->set->literals->names[name], 0 };

	if (v->scanned == r->gen)
		return;
	v->scanned = r->gen;
	for (uint32_t i = 0; i < v->n; i++) {
		struct slice text;

		if (v->v[i].kind < VAL_TEXT)
			continue;
		text = val_fold(r, &v->v[i]);
		s.length = text.n;
		automaton_scan(s.n->automaton, text, found, &s);
	}
}

const uint64_t *literals_candidates(struct rule_run *r, size_t n)
{
	const struct literals *l = r->set->literals;

	if (n < RULES_MIN || l->n_indexed < RULES_MIN)
		return NULL;
	memcpy(r->candidates, l->always, l->n_words * sizeof *r->candidates);
	for (size_t i = 0; i < l->n_wanted; i++)
		literals_scan(r, l->wanted[i]);
	return r->candidates;
}
