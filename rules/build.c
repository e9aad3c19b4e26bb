#include "rules/build.h"

#include <stdlib.h>

#include "core/base/hash.h"

#define CODE_MAX_RULE 131072
#define FLAT_MAX 32

void *grow(void **list, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		size_t want = *cap == 0 ? 64 : *cap * 2;
		void *p = reallocarray(*list, want, size);

		if (p == NULL)
			return NULL;
		*list = p;
		*cap = want;
	}
	return memset((uint8_t *)*list + (*n)++ * size, 0, size);
}

void builder_free(struct builder *b)
{
	arena_free(&b->work);
	free(b->pred_hash);
	free(b->pred_keys);
	map_free(b->known);
}

const char *build_hint(struct builder *b, const char *near)
{
	static const char head[] = ", did you mean '", tail[] = "'?";
	size_t n = near == NULL ? 0 : strlen(near);
	char *text = near == NULL ? NULL : arena_alloc(&b->work, n + sizeof head + sizeof tail);

	if (text == NULL)
		return "";
	memcpy(text, head, sizeof head - 1);
	memcpy(text + sizeof head - 1, near, n);
	memcpy(text + sizeof head - 1 + n, tail, sizeof tail);
	return text;
}

static void check_name(struct builder *b, const struct node *at, struct slice name, struct binding bind)
{
	if (bind.kind == BIND_NONE && (b->access || b->own))
		problem_warn(b->problems, at, "no event has the field '%.*s', so it counts as missing%s",
			     (int)name.n, (const char *)name.p, build_hint(b, name_nearest(name)));
}

uint32_t build_name(struct builder *b, const struct node *at, struct slice name)
{
	struct rule_set *s = b->set;
	struct binding bind = name.n == 0 ? (struct binding){ BIND_ALL, 0 } : name_bind(name);

	check_name(b, at, name, bind);
	b->stateful |= name_is_stateful(name);
	b->asks_roster |= name_asks_roster(name);
	if (bind.kind == BIND_DERIVED)
		b->uses[bind.id] = true;
	for (size_t i = 0; i < s->n_names; i++)
		if (slice_eq(s->names[i].text, name))
			return (uint32_t)i;
	struct name *n = grow((void **)&s->names, &s->n_names, &s->cap_names, sizeof *n);

	if (n == NULL) {
		b->work.failed = true;
		return 0;
	}
	n->text = arena_copy(&s->arena, name);
	n->bind = bind;
	n->canonical = name_canonical(bind);
	return (uint32_t)(s->n_names - 1);
}

/* ---- shared predicates ---- */

static uint64_t mix(uint64_t h, struct slice s)
{
	return (h ^ hash64(s, h)) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t pattern_hash(uint64_t h, const struct pattern *p)
{
	h = mix(h, slice_of(&p->kind, 1));
	h = mix(h, p->literal);
	for (size_t i = 0; i < p->n_pieces; i++)
		h = mix(h, slice_of(p->pieces[i].tokens.t, p->pieces[i].tokens.n * sizeof(uint16_t)));
	return h;
}

static uint64_t pred_hash(const struct pred *p)
{
	const uint8_t head[] = { p->kind, p->cmp, p->part, p->cased, p->front, p->behind };
	uint64_t h = mix(mix(mix(7, slice_of(head, sizeof head)), slice_of(&p->name, sizeof p->name)),
			 slice_of(&p->other, sizeof p->other));

	h = mix(h, p->text);
	if (p->kind == PRED_PATTERN)
		h = pattern_hash(h, p->pattern);
	else if (p->kind == PRED_CIDR)
		h = mix(mix(h, slice_of(&p->net.net, 16)), slice_of(&p->net.bits, 1));
	else if (p->kind == PRED_NUMBER || p->kind == PRED_COMPARE || p->kind == PRED_TIME)
		h = mix(mix(h, slice_of(&p->num.d, sizeof p->num.d)), slice_of(&p->num.i, sizeof p->num.i));
	else if (p->kind == PRED_SET)
		for (size_t i = 0; i < p->set.n; i++)
			h = mix(h, p->set.list[i]);
	else if (p->kind == PRED_BOOL || p->kind == PRED_EXISTS)
		h = mix(h, slice_of(&p->yes, 1));
	return h;
}

static bool pattern_same(const struct pattern *a, const struct pattern *b)
{
	if (a->kind != b->kind || a->n_pieces != b->n_pieces || !slice_eq(a->literal, b->literal) ||
	    a->open_front != b->open_front || a->open_behind != b->open_behind)
		return false;
	for (size_t i = 0; i < a->n_pieces; i++) {
		struct tokens x = a->pieces[i].tokens, y = b->pieces[i].tokens;

		if (x.n != y.n || memcmp(x.t, y.t, x.n * sizeof *x.t) != 0)
			return false;
	}
	return true;
}

static bool set_same(const struct pred *a, const struct pred *b)
{
	if (a->set.n != b->set.n)
		return false;
	for (size_t i = 0; i < a->set.n; i++)
		if (!slice_eq(a->set.list[i], b->set.list[i]))
			return false;
	return true;
}

static bool pred_same(const struct pred *a, const struct pred *b)
{
	if (a->kind != b->kind || a->cmp != b->cmp || a->part != b->part || a->cased != b->cased ||
	    a->front != b->front || a->behind != b->behind || a->name != b->name || a->other != b->other ||
	    !slice_eq(a->text, b->text))
		return false;
	switch (a->kind) {
	case PRED_PATTERN:
		return pattern_same(a->pattern, b->pattern);
	case PRED_NUMBER:
	case PRED_COMPARE:
	case PRED_TIME:
		return a->num.whole == b->num.whole && num_cmp(&a->num, &b->num) == 0;
	case PRED_BOOL:
	case PRED_EXISTS:
		return a->yes == b->yes;
	case PRED_CIDR:
		return a->net.bits == b->net.bits && memcmp(&a->net.net, &b->net.net, 16) == 0;
	case PRED_SET:
		return set_same(a, b);
	default: /* NULL, FIELD, REGEX: all is in the head and the text */
		return true;
	}
}

static bool hash_grow(struct builder *b)
{
	size_t size = b->hash_size == 0 ? 1024 : b->hash_size * 2;
	uint32_t *table = calloc(size, sizeof *table);
	uint64_t *keys = calloc(size, sizeof *keys);

	if (table == NULL || keys == NULL) {
		free(table);
		free(keys);
		return false;
	}
	for (size_t i = 0; i < b->hash_size; i++) {
		size_t at = b->pred_keys[i] & (size - 1);

		if (b->pred_hash[i] == 0)
			continue;
		while (table[at] != 0)
			at = (at + 1) & (size - 1);
		table[at] = b->pred_hash[i];
		keys[at] = b->pred_keys[i];
	}
	free(b->pred_hash);
	free(b->pred_keys);
	b->pred_hash = table;
	b->pred_keys = keys;
	b->hash_size = size;
	return true;
}

/* Of whole numbers; low above high: none. */
static void find_range(struct pred *p)
{
	bool least = p->num.i == INT64_MIN, most = p->num.i == INT64_MAX;

	p->low = p->cmp == CMP_LT || p->cmp == CMP_LTE ? INT64_MIN : p->num.i;
	p->high = p->cmp == CMP_GT || p->cmp == CMP_GTE ? INT64_MAX : p->num.i;
	if ((p->cmp == CMP_GT && most) || (p->cmp == CMP_LT && least)) {
		p->low = INT64_MAX;
		p->high = INT64_MIN;
	} else if (p->cmp == CMP_GT) {
		p->low++;
	} else if (p->cmp == CMP_LT) {
		p->high--;
	}
}

static bool plain_test(const struct pred *p)
{
	switch (p->kind) {
	case PRED_NUMBER:
	case PRED_COMPARE:
		return p->num.whole;
	case PRED_BOOL:
	case PRED_NULL:
	case PRED_EXISTS:
		return true;
	default:
		return p->kind == PRED_PATTERN && p->pattern->quick;
	}
}

static void set_fast(const struct builder *b, struct pred *p)
{
	struct binding bind = b->set->names[p->name].bind;
	enum field_type type;

	if ((p->kind == PRED_NUMBER || p->kind == PRED_COMPARE) && p->num.whole)
		find_range(p);
	if (bind.kind == BIND_DERIVED && plain_test(p)) {
		p->fast = FAST_DERIVED;
		p->at_slot = bind.id;
	}
	if (bind.kind != BIND_FIELD)
		return;
	type = event_fields[bind.id].type;
	p->at_part = (uint8_t)event_fields[bind.id].part;
	p->at_slot = event_fields[bind.id].slot;
	if ((p->kind == PRED_NUMBER || p->kind == PRED_COMPARE) && type == FT_INT && p->num.whole)
		p->fast = FAST_RANGE;
	else if (p->kind == PRED_BOOL && type == FT_BOOL)
		p->fast = FAST_BOOL;
	else if ((p->kind == PRED_NULL || p->kind == PRED_EXISTS) && type != FT_LIST)
		p->fast = FAST_KNOWN;
	else if (p->kind == PRED_PATTERN && type == FT_STR && p->pattern->quick)
		p->fast = FAST_TEXT;
}

static uint32_t pred_number(struct builder *b, const struct pred *p)
{
	struct rule_set *s = b->set;
	uint64_t h = pred_hash(p);

	if (s->n_preds * 2 >= b->hash_size && !hash_grow(b)) {
		b->work.failed = true;
		return 0;
	}
	size_t at = h & (b->hash_size - 1);

	for (; b->pred_hash[at] != 0; at = (at + 1) & (b->hash_size - 1))
		if (b->pred_keys[at] == h && pred_same(p, &s->preds[b->pred_hash[at] - 1]))
			return b->pred_hash[at] - 1;
	struct pred *own = grow((void **)&s->preds, &s->n_preds, &s->cap_preds, sizeof *own);

	if (own == NULL) {
		b->work.failed = true;
		return 0;
	}
	*own = *p;
	set_fast(b, own);
	b->pred_hash[at] = (uint32_t)s->n_preds;
	b->pred_keys[at] = h;
	return (uint32_t)(s->n_preds - 1);
}

/* Cheap tests come first, and among these the ones that most events fail: equality before ranges. */
static uint32_t pred_cost(const struct builder *b, const struct pred *p)
{
	static const uint8_t by_name[] = {
		[BIND_NONE] = 1, [BIND_FIELD] = 1, [BIND_DERIVED] = 30, [BIND_VIEW] = 4, [BIND_ALL] = 200
	};
	static const uint8_t by_kind[] = {
		[PRED_PATTERN] = 4, [PRED_SET] = 8, [PRED_NUMBER] = 0, [PRED_COMPARE] = 6, [PRED_BOOL] = 0,
		[PRED_NULL] = 8, [PRED_EXISTS] = 8, [PRED_CIDR] = 4, [PRED_TIME] = 20, [PRED_REGEX] = 50,
		[PRED_FIELD] = 50
	};
	uint32_t cost = (uint32_t)by_name[b->set->names[p->name].bind.kind] + by_kind[p->kind];

	return cost - (p->kind == PRED_PATTERN && p->pattern->kind == PATTERN_EQUAL ? 2 : 0);
}

struct expr *build_test(struct builder *b, const struct pred *p)
{
	struct expr *e = expr_new(b, EXPR_TEST, NULL);

	if (e == NULL)
		return NULL;
	e->pred = pred_number(b, p);
	e->cost = b->work.failed ? 0 : pred_cost(b, p);
	return e;
}

/* ---- expressions ---- */

/* Order of operands never changes the result, only what is asked first. */
static struct expr *by_cost(struct expr *list)
{
	struct expr *sorted = NULL;

	while (list != NULL) {
		struct expr *e = list, **at = &sorted;

		list = e->next;
		while (*at != NULL && (*at)->cost <= e->cost)
			at = &(*at)->next;
		e->next = *at;
		*at = e;
	}
	return sorted;
}

/* (a and b) and c is a and b and c: small inner lists are taken into the outer one, so that the cheapest
 * test of all comes first. Large ones stay, since one list may stand in many places. */
static struct expr *flatten(struct builder *b, enum expr_kind kind, struct expr *kids)
{
	struct expr *flat = NULL, **tail = &flat;

	for (struct expr *k = kids, *next; k != NULL; k = next) {
		size_t n = 0;

		next = k->next;
		for (const struct expr *in = k->kid; k->kind == kind && in != NULL; in = in->next)
			n++;
		if (n == 0 || n > FLAT_MAX) {
			k->next = NULL;
			*tail = k;
			tail = &k->next;
			continue;
		}
		for (const struct expr *in = k->kid; in != NULL; in = in->next)
			expr_append(b, &tail, in);
	}
	return flat;
}

struct expr *expr_new(struct builder *b, enum expr_kind kind, struct expr *kids)
{
	struct expr *e;

	if ((kind == EXPR_AND || kind == EXPR_OR) && kids != NULL && kids->next == NULL)
		return kids; /* of one */
	e = arena_alloc(&b->work, sizeof *e);
	if (e == NULL)
		return NULL;
	size_t n = 0;

	e->negation = kids != NULL && kind != EXPR_NOT;
	for (const struct expr *k = kids; k != NULL; k = k->next)
		e->negation &= k->negation;
	if (kind == EXPR_AND || kind == EXPR_OR)
		kids = flatten(b, kind, kids);
	e->kind = (uint8_t)kind;
	for (struct expr *k = kids; k != NULL; k = k->next, n++)
		e->cost = e->cost > UINT32_MAX - k->cost ? UINT32_MAX : e->cost + k->cost;
	e->kid = n <= 64 ? by_cost(kids) : kids;
	return e;
}

void expr_append(struct builder *b, struct expr ***tail, const struct expr *e)
{
	struct expr *copy = e == NULL ? NULL : arena_alloc(&b->work, sizeof *copy);

	if (copy == NULL)
		return;
	*copy = *e;
	copy->next = NULL;
	**tail = copy;
	*tail = &copy->next;
}

static bool emit(struct builder *b, uint32_t word)
{
	struct rule_set *s = b->set;
	uint32_t *w = grow((void **)&s->code, &s->n_code, &s->cap_code, sizeof *w);

	if (w == NULL)
		return false;
	*w = word;
	return true;
}

static bool code_of(struct builder *b, const struct expr *e, size_t limit);

static bool code_of_list(struct builder *b, const struct expr *e, size_t limit)
{
	struct rule_set *s = b->set;
	enum op jump = e->kind == EXPR_AND ? OP_JF : OP_JT;
	size_t last = 0; /* the jumps are chained through their arguments until the end is known */

	for (const struct expr *k = e->kid; k != NULL; k = k->next) {
		if (!code_of(b, k, limit))
			return false;
		if (k->next == NULL)
			break;
		if (!emit(b, CODE(jump, last)))
			return false;
		last = s->n_code; /* number + 1 */
	}
	while (last != 0) {
		uint32_t *w = &s->code[last - 1];

		last = CODE_ARG(*w);
		*w = CODE(jump, s->n_code);
	}
	return true;
}

static bool code_of(struct builder *b, const struct expr *e, size_t limit)
{
	if (b->set->n_code > limit)
		return false;
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
		return code_of_list(b, e, limit);
	case EXPR_NOT:
		return code_of(b, e->kid, limit) && emit(b, CODE(OP_NOT, 0));
	case EXPR_TEST:
		return emit(b, CODE(OP_TEST, e->pred));
	default:
		return emit(b, CODE(e->yes ? OP_TRUE : OP_FALSE, 0));
	}
}

/* A jump to a jump on the same condition goes on to that one's end; one on the opposite condition falls
 * through it. From the back, since jumps go forward only. */
static void thread_jumps(struct rule_set *s, size_t from)
{
	for (size_t i = s->n_code; i-- > from;) {
		enum op op = CODE_OP(s->code[i]);
		size_t to = CODE_ARG(s->code[i]);

		if (op != OP_JF && op != OP_JT)
			continue;
		while (to < s->n_code && (CODE_OP(s->code[to]) == OP_JF || CODE_OP(s->code[to]) == OP_JT))
			to = CODE_OP(s->code[to]) == op ? CODE_ARG(s->code[to]) : to + 1;
		s->code[i] = CODE(op, to);
	}
}

static bool copy_code(struct builder *b, uint32_t from, uint32_t n)
{
	struct rule_set *s = b->set;
	uint32_t by = (uint32_t)s->n_code - from;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = s->code[from + i];

		if (CODE_OP(w) == OP_JF || CODE_OP(w) == OP_JT)
			w = CODE(CODE_OP(w), CODE_ARG(w) + by);
		if (!emit(b, w))
			return false;
	}
	return true;
}

bool build_joined(struct builder *b, uint32_t from, uint32_t n, uint32_t more, uint32_t m)
{
	size_t start = b->set->n_code;

	if (n + m > CODE_MAX_RULE || !copy_code(b, from, n) || !emit(b, CODE(OP_JF, start + n + 1 + m)) ||
	    !copy_code(b, more, m))
		return false;
	thread_jumps(b->set, start);
	return true;
}

bool build_code(struct builder *b, struct expr *e)
{
	size_t from = b->set->n_code;

	if (!code_of(b, e, from + CODE_MAX_RULE))
		return false;
	thread_jumps(b->set, from);
	return true;
}
