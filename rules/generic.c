/* Generic events: names by look-up in the value tree. */
#include "rules/run.h"

struct gather {
	struct rule_run *r;
	struct values *v;
	size_t cap;
};

static struct val *gather_room(struct gather *g)
{
	struct values *v = g->v;

	if (v->n == g->cap) {
		struct val *more = arena_raw(&g->r->arena, g->cap * 2 * sizeof *more);

		if (more == NULL)
			return NULL;
		memcpy(more, v->v, v->n * sizeof *more);
		v->v = more;
		g->cap *= 2;
	}
	return memset(&v->v[v->n++], 0, sizeof(struct val));
}

static void gather(void *ctx, const struct tree *t)
{
	struct val *x = gather_room(ctx);

	if (x == NULL)
		return;
	switch ((enum tree_kind)t->kind) {
	case TREE_NULL:
		x->kind = VAL_NULL;
		return;
	case TREE_BOOL:
		x->kind = VAL_BOOL;
		x->num.i = t->yes;
		return;
	case TREE_NUMBER:
		x->kind = num_parse(t->text, &x->num) ? VAL_NUMBER : VAL_TEXT;
		break;
	case TREE_TEXT:
		x->kind = VAL_TEXT;
		break;
	default:
		x->kind = VAL_MAP;
		return;
	}
	x->has_text = true;
	x->text = t->text;
}

void generic_values(struct rule_run *r, const struct name *name, struct values *v)
{
	struct gather g = { r, v, COUNT(v->one) };

	if (name->bind.kind == BIND_ALL) {
		tree_scalars(r->tree, gather, &g);
		v->present = v->n > 0;
		return;
	}
	v->present = tree_find(r->tree, name->text, gather, &g);
	if (!v->present && name->canonical != NULL)
		v->present = tree_find(r->tree, slice_str(name->canonical), gather, &g);
}

static bool source_part(struct slice rule, const struct tree *ls, struct slice key)
{
	const struct tree *t;

	if (rule.p == NULL)
		return true;
	t = tree_get(ls, key);
	return t != NULL && t->kind == TREE_TEXT && slice_eq(t->text, rule);
}

static bool source_applies(const struct logsource *s, const struct tree *ls)
{
	return ls == NULL || (source_part(s->category, ls, SLICE("category")) &&
			      source_part(s->product, ls, SLICE("product")) &&
			      source_part(s->service, ls, SLICE("service")));
}

/* {"ls": …, "ev": …} or the bare event. */
static const struct tree *unwrap(const struct tree *t, const struct tree **ls)
{
	const struct tree *ev = tree_get(t, SLICE("ev"));

	*ls = tree_get(t, SLICE("ls"));
	if (ev != NULL && ev->kind == TREE_MAP && *ls != NULL && (*ls)->kind == TREE_MAP)
		return ev;
	*ls = NULL;
	return t;
}

static size_t run_tree(struct rule_run *r, const struct tree *t)
{
	const struct tree *ls, *ev = unwrap(t, &ls);
	size_t n = 0;

	run_begin(r, NULL, ev);
	for (size_t i = 0; i < r->set->n_rules; i++)
		if (source_applies(&r->set->rules[i].source, ls) && run_rule(r, &r->set->rules[i]))
			r->hits[n++] = (uint16_t)i;
	return n;
}

int rule_run_json(struct rule_run *r, struct slice line, const uint16_t **hits, size_t *n, struct err *e)
{
	const struct tree *t;

	arena_reset(&r->arena);
	t = tree_from_json(&r->arena, line, e);
	if (t == NULL)
		return e == NULL ? TK_EMALFORMED : e->code;
	if (t->kind != TREE_MAP)
		return err_set(e, TK_EMALFORMED, "an event must be a JSON object");
	*n = run_tree(r, t);
	*hits = r->hits;
	return TK_OK;
}

void rule_set_test(struct rule_run *r, size_t i, void (*result)(void *ctx, const char *name, uint32_t line,
								 bool expected, bool passed), void *ctx)
{
	const struct rule *rule = &r->set->rules[i];

	for (const struct rule_test *t = rule->tests; t != NULL; t = t->next) {
		bool hit = false;

		for (const struct tree *e = t->events->child; e != NULL; e = e->next) {
			const struct tree *ls, *ev = unwrap(e, &ls);

			arena_reset(&r->arena);
			run_begin(r, NULL, ev);
			hit |= source_applies(&rule->source, ls) && run_rule(r, rule);
		}
		result(ctx, t->name, t->line, t->expect, hit == t->expect);
	}
}
