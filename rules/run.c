/* Evaluation: predicates at most once an event, rules as code over them. */
#include "rules/run.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "rules/fold.h"
#include "rules/literals.h"
#include "rules/timepart.h"

#define TEXT_MAX (1u << 20)

/* Those that are asked at events of ours and at access events: that run, or all. */
static void list_rules(struct rule_run *r)
{
	r->n_own = r->n_access = 0;
	r->on_call = r->on_connection = (struct prospects){ 0 };
	for (size_t i = 0; i < r->set->n_rules; i++) {
		const struct rule *rule = &r->set->rules[i];

		if (!rule->runs && !r->all)
			continue;
		if (rule->own != 0)
			r->own[r->n_own++] = (uint16_t)i;
		if (!rule->on_call && !rule->on_connection)
			continue;
		if (r->n_access < PROSPECTS) {
			uint64_t bit = UINT64_C(1) << r->n_access % 64;

			r->on_call.word[r->n_access / 64] |= rule->on_call ? bit : 0;
			r->on_connection.word[r->n_access / 64] |= rule->on_connection ? bit : 0;
		}
		r->access[r->n_access++] = (uint16_t)i;
		r->access_bits[i / 64] |= UINT64_C(1) << i % 64;
	}
}

void rule_run_all(struct rule_run *r)
{
	r->all = true;
	list_rules(r);
}

struct rule_run *rule_run_new(const struct rule_set *s, derive_fn derive, void *ctx)
{
	struct rule_run *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->set = s;
	r->derive = derive;
	r->ctx = ctx;
	buf_init(&r->text, TEXT_MAX);
	r->state = calloc(s->n_preds + 1, sizeof *r->state);
	r->values = calloc(s->n_names + 1, sizeof *r->values);
	r->hits = calloc(correlate_hits_max(s) + 1, sizeof *r->hits);
	r->access = calloc(s->n_rules + 1, sizeof *r->access);
	r->own = calloc(s->n_rules + 1, sizeof *r->own);
	r->reach = calloc(s->n_code + 1, sizeof *r->reach);
	r->access_bits = calloc(s->n_rules / 64 + 1, sizeof *r->access_bits);
	r->candidates = calloc(s->n_rules / 64 + 1, sizeof *r->candidates);
	r->triggered = calloc(s->n_preds + 1, sizeof *r->triggered);
	r->regex = regex_run_new();
	if (r->access_bits == NULL || r->candidates == NULL || r->triggered == NULL ||
	    r->reach == NULL || r->state == NULL || r->values == NULL || r->hits == NULL ||
	    r->access == NULL || r->own == NULL || r->regex == NULL || !correlate_new(r)) {
		rule_run_free(r);
		return NULL;
	}
	list_rules(r);
	return r;
}

void rule_run_free(struct rule_run *r)
{
	if (r == NULL)
		return;
	correlate_free(r);
	regex_run_free(r->regex);
	arena_free(&r->arena);
	buf_free(&r->text);
	free(r->access_bits);
	free(r->candidates);
	free(r->triggered);
	free(r->reach);
	free(r->state);
	free(r->values);
	free(r->hits);
	free(r->access);
	free(r->own);
	free(r);
}

void run_begin(struct rule_run *r, const struct access_event *ev, const struct tree *tree)
{
	if (++r->gen >= UINT32_MAX / 2) {
		memset(r->state, 0, r->set->n_preds * sizeof *r->state);
		memset(r->values, 0, r->set->n_names * sizeof *r->values);
		memset(r->triggered, 0, r->set->n_preds * sizeof *r->triggered);
		memset(r->derived_gen, 0, sizeof r->derived_gen);
		r->gen = 1;
	}
	r->ev = ev;
	r->own_bit = 0;
	r->tree = tree;
}

/* ---- values ---- */

struct values *run_values(struct rule_run *r, uint32_t name)
{
	struct values *v = &r->values[name];

	if (v->gen == r->gen)
		return v;
	v->gen = r->gen;
	v->n = 0;
	v->present = v->keyed = false;
	v->v = v->one;
	if (r->ev != NULL)
		access_values(r, &r->set->names[name], v);
	else
		generic_values(r, &r->set->names[name], v);
	return v;
}

static void format_value(struct rule_run *r, struct val *v)
{
	/* a field of that type */
	static const enum field_id like[] = {
		[VAL_INT] = F_STATUS, [VAL_MICRO] = F_LAT, [VAL_IP] = F_SOURCE_IP, [VAL_ID] = F_EVENT_ID
	};
	char text[TIME_TEXT_MAX];

	if (v->kind == VAL_TIME) {
		v->text = arena_copy(&r->arena, slice_of(text, time_format_local(v->raw->i, text)));
		return;
	}
	union value number = { .i = v->num.i };

	buf_clear(&r->text);
	value_to_text(like[v->kind], v->raw != NULL ? v->raw : &number, &r->text);
	v->text = arena_copy(&r->arena, buf_slice(&r->text));
}

struct slice val_text(struct rule_run *r, struct val *v)
{
	if (v->has_text)
		return v->text;
	v->has_text = true;
	if (v->kind == VAL_BOOL)
		v->text = v->num.i ? SLICE("true") : SLICE("false");
	else if (v->kind >= VAL_INT && v->kind != VAL_NUMBER)
		format_value(r, v);
	return v->text;
}

struct slice val_fold(struct rule_run *r, struct val *v)
{
	uint8_t *p;

	if (v->has_fold)
		return v->fold;
	v->has_fold = true;
	v->fold = val_text(r, v);
	if (fold_is_identity(v->fold))
		return v->fold;
	p = arena_raw(&r->arena, fold_room(v->fold.n));
	v->fold = slice_of(p, p == NULL ? 0 : fold_text(v->fold, p));
	return v->fold;
}

/* ---- predicates ---- */

static bool in_set(const struct pred *p, struct slice text)
{
	size_t low = 0, high = p->set.n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = slice_cmp(text, p->set.list[mid]);

		if (c == 0)
			return true;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static bool compare(uint8_t cmp, int c)
{
	switch (cmp) {
	case CMP_GT:
		return c > 0;
	case CMP_GTE:
		return c >= 0;
	case CMP_LT:
		return c < 0;
	case CMP_LTE:
		return c <= 0;
	default:
		return c == 0;
	}
}

static bool equals_number(const struct pred *p, const struct val *v)
{
	if (v->kind == VAL_INT)
		return p->num.whole && v->num.i == p->num.i;
	if (v->kind == VAL_NUMBER || v->kind == VAL_MICRO)
		return num_cmp(&v->num, &p->num) == 0;
	return v->kind == VAL_TEXT && slice_eq(v->text, p->text); /* D-NUM */
}

static bool compares(const struct pred *p, const struct val *v)
{
	struct num n;

	if (v->kind == VAL_INT && p->num.whole)
		return compare(p->cmp, (v->num.i > p->num.i) - (v->num.i < p->num.i));
	if (v->kind == VAL_INT)
		n = num_int(v->num.i);
	else if (v->kind == VAL_NUMBER || v->kind == VAL_MICRO)
		n = v->num;
	else if (v->kind != VAL_TEXT || !num_parse(v->text, &n))
		return false;
	return compare(p->cmp, num_cmp(&n, &p->num));
}

static bool equals_bool(struct rule_run *r, const struct pred *p, struct val *v)
{
	if (v->kind == VAL_BOOL)
		return (v->num.i != 0) == p->yes;
	return v->kind == VAL_TEXT && slice_is(val_fold(r, v), p->yes ? "true" : "false");
}

static bool in_network(const struct pred *p, const struct val *v)
{
	struct addr a;

	if (v->kind == VAL_IP)
		return cidr_holds(&p->net, &v->raw->ip);
	return v->kind == VAL_TEXT && addr_parse(v->text, &a) && cidr_holds(&p->net, &a);
}

static bool time_part(const struct pred *p, const struct val *v)
{
	struct num n;
	int64_t part;

	if (v->kind == VAL_TIME) {
		int32_t days, second;
		int64_t sec = v->raw->i / NS_PER_SEC - (v->raw->i % NS_PER_SEC < 0);

		zone_wall(sec, &days, &second);
		part = time_part_of_wall(days, second, p->part);
	} else if (v->kind != VAL_TEXT || !time_part_of_text(v->text, p->part, &part)) {
		return false;
	}
	n = num_int(part);
	return compare(p->cmp, num_cmp(&n, &p->num));
}

static bool texts_agree(const struct pred *p, struct slice a, struct slice b)
{
	if (p->front && p->behind)
		return b.n == 0 || (a.n >= b.n && memmem(a.p, a.n, b.p, b.n) != NULL);
	return p->behind ? slice_starts(a, b) : p->front ? slice_ends(a, b) : slice_eq(a, b);
}

static bool equals_field(struct rule_run *r, const struct pred *p, struct val *v)
{
	struct values *o = run_values(r, p->other);

	for (uint32_t i = 0; i < o->n; i++) {
		struct val *w = &o->v[i];

		if (w->kind < VAL_TEXT)
			continue;
		if (p->cased ? texts_agree(p, val_text(r, v), val_text(r, w)) :
			       texts_agree(p, val_fold(r, v), val_fold(r, w)))
			return true;
	}
	return false;
}

static bool pattern_holds(struct rule_run *r, const struct pred *p, struct val *v)
{
	int quick = v->kind == VAL_TEXT && !v->has_fold && p->pattern->quick ?
			    pattern_quick(p->pattern, v->text) : -1;

	if (quick >= 0)
		return quick;
	return pattern_match(p->pattern, p->cased ? val_text(r, v) : val_fold(r, v));
}

static bool value_holds(struct rule_run *r, const struct pred *p, struct val *v)
{
	switch (p->kind) {
	case PRED_PATTERN:
		return pattern_holds(r, p, v);
	case PRED_SET:
		return in_set(p, p->cased ? val_text(r, v) : val_fold(r, v));
	case PRED_NUMBER:
		return equals_number(p, v);
	case PRED_COMPARE:
		return compares(p, v);
	case PRED_BOOL:
		return equals_bool(r, p, v);
	case PRED_CIDR:
		return in_network(p, v);
	case PRED_TIME:
		return time_part(p, v);
	case PRED_REGEX:
		return regex_search(p->regex, r->regex, val_text(r, v), &r->regex_limits);
	case PRED_FIELD:
		return equals_field(r, p, v);
	default:
		return false;
	}
}

static bool is_query_view(const struct rule_run *r, const struct pred *p)
{
	struct binding b = r->set->names[p->name].bind;

	return r->ev != NULL && b.kind == BIND_VIEW && b.id == VIEW_QUERY;
}

/* D-NULL; of the query's view only the part behind '?' counts (D-URIQUERY). */
static bool is_null(const struct rule_run *r, const struct pred *p, const struct values *v)
{
	uint32_t n = is_query_view(r, p) && v->n > 0 ? 1 : v->n;

	for (uint32_t i = 0; i < n; i++)
		if (v->v[i].kind != VAL_NULL)
			return false;
	return true;
}

static inline bool in_range(const struct pred *p, int64_t i)
{
	return i >= p->low && i <= p->high;
}

/* 1, 0, or -1: only the value itself can tell. */
static inline int slot_holds(const struct access_event *ev, const struct pred *p)
{
	const struct part *part = ev->part[p->at_part];
	bool known = part->known >> p->at_slot & 1;
	const union value *v = &part->v[p->at_slot];

	if (p->fast == FAST_KNOWN)
		return known == p->yes;
	if (!known)
		return 0;
	if (p->fast == FAST_RANGE)
		return in_range(p, v->i);
	return p->fast == FAST_BOOL ? (v->i != 0) == p->yes : pattern_quick(p->pattern, v->s);
}

void run_derive(struct rule_run *r, enum derived_id id)
{
	r->derived[id] = (struct derived){ .kind = DV_NONE };
	if (r->derive != NULL)
		r->derive(r->ctx, r->ev, id, &r->derived[id]);
	r->derived_gen[id] = r->gen;
}

/* As slot_holds. */
static inline int derived_holds(struct rule_run *r, const struct pred *p)
{
	const struct derived *d = run_derived(r, p->at_slot);
	int64_t micro;

	if (p->kind == PRED_NULL || p->kind == PRED_EXISTS)
		return (d->kind != DV_NONE) == p->yes;
	switch (d->kind) {
	case DV_NONE:
		return 0;
	case DV_STR:
		return p->kind == PRED_PATTERN ? pattern_quick(p->pattern, d->s) : -1;
	case DV_BOOL:
		return p->kind == PRED_BOOL ? (d->i != 0) == p->yes : -1;
	case DV_INT:
		return p->kind == PRED_NUMBER || p->kind == PRED_COMPARE ? in_range(p, d->i) : -1;
	case DV_MICRO:
		break;
	}
	if (p->kind == PRED_COMPARE && !__builtin_mul_overflow(p->num.i, INT64_C(1000000), &micro))
		return compare(p->cmp, (d->i > micro) - (d->i < micro));
	return -1;
}

static bool pred_compute(struct rule_run *r, const struct pred *p)
{
	struct values *v = run_values(r, p->name);

	if (p->kind == PRED_NULL)
		return is_null(r, p, v);
	if (p->kind == PRED_EXISTS)
		return (v->present && !(is_query_view(r, p) && is_null(r, p, v))) == p->yes;
	for (uint32_t i = 0; i < v->n; i++)
		if (v->v[i].kind >= VAL_TEXT && value_holds(r, p, &v->v[i]))
			return true;
	return false;
}

static bool pred_slow(struct rule_run *r, uint32_t number)
{
	uint32_t *state = &r->state[number];
	const struct pred *p = &r->set->preds[number];

	if (p->scanned) { /* what was not found is false */
		literals_scan(r, p->name);
		return *state == (r->gen << 1 | 1);
	}
	if (*state >> 1 != r->gen)
		*state = r->gen << 1 | pred_compute(r, p);
	return *state & 1;
}

static inline bool pred_holds(struct rule_run *r, uint32_t number)
{
	const struct pred *p = &r->set->preds[number];
	/* A look at a slot is as cheap as remembering the answer. */
	int quick = p->fast == FAST_NO || r->ev == NULL ? -1
		    : p->fast == FAST_DERIVED		? derived_holds(r, p)
							: slot_holds(r->ev, p);

	return quick >= 0 ? quick : pred_slow(r, number);
}

bool run_pred(struct rule_run *r, uint32_t number)
{
	return pred_holds(r, number);
}

static inline bool rule_holds(struct rule_run *r, const struct rule *rule)
{
	const uint32_t *code = r->set->code;
	bool acc = false;

	for (uint32_t pc = rule->code, end = rule->code + rule->n_code; pc < end; pc++) {
		uint32_t w = code[pc];

		if (CODE_OP(w) == OP_TEST)
			acc = pred_holds(r, CODE_ARG(w));
		else if (CODE_OP(w) <= OP_JT)
			pc = acc == (CODE_OP(w) == OP_JT) ? CODE_ARG(w) - 1 : pc;
		else
			acc = CODE_OP(w) == OP_NOT ? !acc : CODE_OP(w) == OP_TRUE;
	}
	return acc;
}

bool run_rule(struct rule_run *r, const struct rule *rule)
{
	return rule_holds(r, rule);
}

size_t run_take(struct rule_run *r, uint16_t number, size_t n)
{
	const struct rule *rule = &r->set->rules[number];

	if (!rule_holds(r, rule))
		return n;
	if (rule->feeds != NULL)
		correlate_mark(r, rule);
	r->hits[n] = number;
	return n + (rule->info.alerts || r->all);
}

uint64_t rule_run_regex_limits(const struct rule_run *r)
{
	return r->regex_limits;
}
