/* Generic events: names by look-up in the value tree. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/zone.h"
#include "rules/literals.h"
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

bool generic_applies(const struct rule_run *r, const struct rule *rule)
{
	return source_applies(&rule->source, r->ls);
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

static void keep_first(void *ctx, const struct tree *value)
{
	const struct tree **first = ctx;

	if (*first == NULL)
		*first = value;
}

static const struct tree *first_of(const struct tree *ev, struct slice name)
{
	const struct tree *first = NULL;

	tree_find(ev, name, keep_first, &first);
	return first;
}

/* Completion: start and, where it is known, duration. */
static bool tree_time(const struct tree *ev, int64_t *ns)
{
	const struct tree *start = first_of(ev, SLICE("@timestamp")),
			  *length = first_of(ev, SLICE("event.duration"));
	int64_t duration;

	if (start == NULL || start->kind != TREE_TEXT || !time_parse_rfc3339(start->text, true, ns))
		return false;
	if (length != NULL && length->kind == TREE_NUMBER && json_i64(length->text, &duration) &&
	    duration > 0 && __builtin_add_overflow(*ns, duration, ns))
		return false;
	return true;
}

bool generic_time(const struct tree *event, int64_t *ns)
{
	const struct tree *ls;

	return tree_time(unwrap(event, &ls), ns);
}

static void note_event(struct rule_run *r, const struct tree *ev)
{
	const struct tree *id = first_of(ev, SLICE("event.id"));

	r->timed = tree_time(ev, &r->now_ns);
	if (!r->has_id && (id == NULL || id->kind != TREE_TEXT || id->text.n != 2 * sizeof r->id ||
			   !hex_decode(id->text, r->id, sizeof r->id)))
		memset(r->id, 0, sizeof r->id);
	r->has_id = false;
}

static size_t run_tree(struct rule_run *r, const struct tree *t)
{
	const struct tree *ev = unwrap(t, &r->ls);
	const uint64_t *candidates;
	size_t n = 0;

	run_begin(r, NULL, ev);
	candidates = literals_candidates(r, r->set->n_rules);
	for (size_t i = 0; i < r->set->n_rules; i++) {
		const struct rule *rule = &r->set->rules[i];

		if (candidates != NULL && !(candidates[i / 64] >> i % 64 & 1))
			continue;
		if (rule->correlation == NULL && (r->all || rule->info.enabled) && generic_applies(r, rule))
			n = run_take(r, (uint16_t)i, n);
	}
	note_event(r, ev);
	return correlate_event(r, n);
}

bool rule_run_time(struct rule_run *r, struct slice line, int64_t *ns)
{
	const struct tree *t;

	arena_reset(&r->arena);
	t = tree_from_json(&r->arena, line, NULL);
	return t != NULL && t->kind == TREE_MAP && generic_time(t, ns);
}

bool rule_run_group(struct rule_run *r, size_t hit, size_t field, struct buf *out)
{
	return correlate_group(r, hit, field, out);
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

/* A test's events in order of time; loading saw to it that each has one. */
static const struct tree **in_order(struct rule_run *r, const struct tree *events, size_t *n)
{
	const struct tree **list;
	int64_t *times, last = INT64_MIN;

	*n = 0;
	for (const struct tree *e = events->child; e != NULL; e = e->next)
		++*n;
	list = arena_raw(&r->arena, *n * sizeof *list);
	times = arena_raw(&r->arena, *n * sizeof *times);
	*n = 0;
	for (const struct tree *e = events->child; e != NULL && list != NULL && times != NULL; e = e->next) {
		size_t at = *n;
		int64_t ns;

		last = generic_time(e, &ns) ? ns : last;
		for (; at > 0 && times[at - 1] > last; at--) {
			times[at] = times[at - 1];
			list[at] = list[at - 1];
		}
		times[at] = last;
		list[at] = e;
		++*n;
	}
	return list;
}

static bool hit_of(struct rule_run *r, size_t i, const struct tree *event)
{
	size_t n = run_tree(r, event);

	for (size_t k = 0; k < n; k++)
		if (r->hits[k] == i && rule_run_episode(r, k))
			return true;
	return false;
}

static bool test_hits(struct rule_run *r, size_t i, const struct rule_test *t)
{
	const struct rule *rule = &r->set->rules[i];
	const struct tree *ls, *ev, **list;
	size_t n;
	bool hit = false;

	arena_reset(&r->arena);
	if (rule->correlation != NULL) {
		rule_run_reset(r);
		list = in_order(r, t->events, &n);
		for (size_t k = 0; k < n; k++)
			hit |= hit_of(r, i, list[k]);
		return hit;
	}
	for (const struct tree *e = t->events->child; e != NULL; e = e->next) {
		arena_reset(&r->arena);
		ev = unwrap(e, &ls);
		run_begin(r, NULL, ev);
		hit |= source_applies(&rule->source, ls) && run_rule(r, rule);
	}
	return hit;
}

void rule_set_test(struct rule_run *r, size_t i,
		   void (*result)(void *ctx, const char *name, uint32_t line, bool expected, bool passed),
		   void *ctx)
{
	const struct rule *rule = &r->set->rules[i];

	rule_run_all(r);
	for (const struct rule_test *t = rule->tests; t != NULL; t = t->next)
		result(ctx, t->name, t->line, t->expect, test_hits(r, i, t) == t->expect);
}
