#include "rules/explain.h"

#include "rules/run.h"

#define TEXT_MAX 4096
#define TESTS_MAX 1000 /* of a rule */
#define LISTED_MAX 10  /* values of a set */

struct explaining {
	struct rule_run *r;
	void (*test)(void *ctx, const struct explained *x);
	void *ctx;
	struct buf text, value;
};

/* ---- a test in words ---- */

static void quoted(struct buf *b, struct slice s)
{
	buf_byte(b, '\'');
	buf_add(b, s);
	buf_byte(b, '\'');
}

static void put_tokens(struct buf *b, struct tokens t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.t[i] < TOKEN_ONE)
			buf_byte(b, (uint8_t)t.t[i]);
		else
			buf_byte(b, t.t[i] == TOKEN_ONE ? '?' : '-');
}

static void put_pattern(struct buf *b, const struct pattern *p)
{
	static const char *const words[] = {
		[PATTERN_ALL] = "is any text",	  [PATTERN_EQUAL] = "is ",
		[PATTERN_START] = "starts with ", [PATTERN_END] = "ends with ",
		[PATTERN_INSIDE] = "contains ",	  [PATTERN_PIECES] = "is like '"
	};

	buf_str(b, words[p->kind]);
	if (p->kind == PATTERN_PIECES) {
		buf_str(b, p->open_front ? "*" : "");
		for (size_t i = 0; i < p->n_pieces; i++) {
			buf_str(b, i > 0 ? "*" : "");
			put_tokens(b, p->pieces[i].tokens);
		}
		buf_str(b, p->open_behind ? "*'" : "'");
	} else if (p->kind != PATTERN_ALL) {
		quoted(b, p->literal);
	}
}

static void put_number(struct buf *b, const struct num *n)
{
	if (n->whole)
		buf_i64(b, n->i);
	else
		buf_fmt(b, "%.15g", n->d);
}

static void put_cidr(struct buf *b, const struct cidr *c)
{
	char text[ADDR_TEXT_MAX];
	bool v4 = addr_is_v4(&c->net) && c->bits >= 96;

	addr_format(&c->net, text);
	buf_fmt(b, "is in %s/%d", text, v4 ? c->bits - 96 : c->bits);
}

static void put_set(struct buf *b, const struct pred *p)
{
	buf_str(b, "is one of ");
	for (size_t i = 0; i < p->set.n && i < LISTED_MAX; i++) {
		buf_str(b, i > 0 ? ", " : "");
		quoted(b, p->set.list[i]);
	}
	if (p->set.n > LISTED_MAX)
		buf_fmt(b, " and %zu more", p->set.n - LISTED_MAX);
}

static void put_test(const struct rule_set *s, const struct pred *p, struct buf *b)
{
	static const char *const cmp[] = {
		[CMP_EQ] = "= ", [CMP_GT] = "> ", [CMP_GTE] = ">= ", [CMP_LT] = "< ", [CMP_LTE] = "<= "
	};
	static const char *const part[] = {
		[PART_MINUTE] = "minute ", [PART_HOUR] = "hour ",   [PART_DAY] = "day ",
		[PART_WEEK] = "week ",	   [PART_MONTH] = "month ", [PART_YEAR] = "year "
	};

	switch ((enum pred_kind)p->kind) {
	case PRED_PATTERN:
		put_pattern(b, p->pattern);
		break;
	case PRED_SET:
		put_set(b, p);
		break;
	case PRED_NUMBER:
	case PRED_COMPARE:
	case PRED_TIME:
		buf_str(b, p->kind == PRED_TIME ? part[p->part] : "");
		buf_str(b, p->kind == PRED_NUMBER ? "= " : cmp[p->cmp]);
		put_number(b, &p->num);
		break;
	case PRED_BOOL:
		buf_str(b, p->yes ? "is true" : "is false");
		break;
	case PRED_NULL:
		buf_str(b, "is null");
		break;
	case PRED_EXISTS:
		buf_str(b, p->yes ? "exists" : "does not exist");
		break;
	case PRED_CIDR:
		put_cidr(b, &p->net);
		break;
	case PRED_REGEX:
		buf_str(b, "matches the expression ");
		quoted(b, p->text);
		break;
	case PRED_FIELD:
		buf_str(b, p->front && p->behind ? "contains that of "
			   : p->behind		 ? "starts with that of "
			   : p->front		 ? "ends with that of "
						 : "equals that of ");
		buf_add(b, s->names[p->other].text);
		break;
	}
	if (p->cased)
		buf_str(b, " (case counts)");
}

static void put_values(struct rule_run *r, uint32_t name, struct buf *b)
{
	struct values *v = run_values(r, name);

	for (uint32_t i = 0; i < v->n; i++) {
		buf_str(b, i > 0 ? ", " : "");
		if (v->v[i].kind == VAL_NULL)
			buf_str(b, "null");
		else if (v->v[i].kind == VAL_MAP)
			buf_str(b, "{...}");
		else
			buf_add(b, val_text(r, &v->v[i]));
	}
}

/* ---- a rule ---- */

static bool is_open(const struct rule_run *r, uint32_t name)
{
	return r->ev != NULL && r->derive == NULL && r->set->names[name].bind.kind == BIND_DERIVED;
}

static bool pred_open(const struct rule_run *r, const struct pred *p)
{
	return is_open(r, p->name) || (p->kind == PRED_FIELD && is_open(r, p->other));
}

/* What the condition asks on its way: bits by place in the rule's code. True: something open was among it. */
static bool walk(struct explaining *e, const struct rule *rule, uint8_t *asked, bool *holds)
{
	const struct rule_set *s = e->r->set;
	bool acc = false, open = false;

	for (uint32_t pc = rule->code, end = rule->code + rule->n_code; pc < end; pc++) {
		uint32_t w = s->code[pc];

		switch (CODE_OP(w)) {
		case OP_TEST:
			acc = run_pred(e->r, CODE_ARG(w));
			asked[pc - rule->code] = 1;
			open |= pred_open(e->r, &s->preds[CODE_ARG(w)]);
			break;
		case OP_JF:
		case OP_JT:
			pc = acc == (CODE_OP(w) == OP_JT) ? CODE_ARG(w) - 1 : pc;
			break;
		case OP_NOT:
			acc = !acc;
			break;
		case OP_TRUE:
		case OP_FALSE:
			acc = CODE_OP(w) == OP_TRUE;
			break;
		}
	}
	*holds = acc;
	return open;
}

static void tell_test(struct explaining *e, uint32_t number, bool decided)
{
	const struct rule_set *s = e->r->set;
	const struct pred *p = &s->preds[number];
	struct explained x = { .field = s->names[p->name].text, .decided = decided };

	buf_clear(&e->text);
	buf_clear(&e->value);
	put_test(s, p, &e->text);
	if (p->name != 0)
		put_values(e->r, p->name, &e->value);
	x.test = slice_head(slice_of(e->text.p, e->text.n), TEXT_MAX);
	x.value = slice_head(slice_of(e->value.p, e->value.n), TEXT_MAX);
	x.result = pred_open(e->r, p) ? TEST_OPEN : run_pred(e->r, number) ? TEST_YES : TEST_NO;
	e->test(e->ctx, &x);
}

/* Each test once, in the order in which they are asked. */
static enum verdict explain_rule(struct explaining *e, const struct rule *rule)
{
	const uint32_t *code = e->r->set->code + rule->code;
	uint8_t *asked = arena_alloc(&e->r->arena, rule->n_code + 1);
	bool holds = false, open;
	size_t told = 0;

	if (asked == NULL)
		return VERDICT_OPEN;
	open = walk(e, rule, asked, &holds);
	for (uint32_t i = 0; i < rule->n_code && told < TESTS_MAX; i++) {
		bool decided = asked[i] != 0, again = false;

		if (CODE_OP(code[i]) != OP_TEST)
			continue;
		for (uint32_t k = 0; k < rule->n_code; k++) {
			again |= k < i && code[k] == code[i];
			decided |= code[k] == code[i] && asked[k] != 0;
		}
		if (!again) {
			tell_test(e, CODE_ARG(code[i]), decided);
			told++;
		}
	}
	return open ? VERDICT_OPEN : holds ? VERDICT_YES : VERDICT_NO;
}

static bool was_hit(const struct rule_run *r, size_t rule)
{
	for (size_t i = 0; i < r->n_hits; i++)
		if (r->hits[i] == rule)
			return true;
	return false;
}

static enum verdict explain_correlation(struct explaining *e, const struct correlation *c)
{
	const struct rule_set *s = e->r->set;
	size_t first = c->n_members;

	for (size_t i = 0; i < c->n_members; i++) {
		bool yes = was_hit(e->r, c->members[i].rule);
		struct explained x = { SLICE("rules"), slice_str(s->rules[c->members[i].rule].info.id),
				       yes ? SLICE("matches") : SLICE("does not match"),
				       yes ? TEST_YES : TEST_NO, true };

		first = yes && first == c->n_members ? i : first;
		e->test(e->ctx, &x);
	}
	for (size_t k = 0; first < c->n_members && k < c->n_keys; k++) {
		uint32_t name = c->members[first].names[k];
		struct explained x = { .field = c->keys[k], .test = SLICE("is grouped by"), .decided = true };

		buf_clear(&e->value);
		if (name != NAME_NONE)
			put_values(e->r, name, &e->value);
		x.value = buf_slice(&e->value);
		x.result = name == NAME_NONE || x.value.n == 0 ? TEST_NO : TEST_YES;
		e->test(e->ctx, &x);
	}
	return was_hit(e->r, c->rule) ? VERDICT_YES : VERDICT_NO;
}

enum verdict rule_run_explain(struct rule_run *r, size_t i,
			      void (*test)(void *ctx, const struct explained *x), void *ctx)
{
	const struct rule *rule = &r->set->rules[i];
	struct explaining e = { .r = r, .test = test, .ctx = ctx };
	enum verdict v;

	if (rule->correlation == NULL && !run_applies(r, rule))
		return VERDICT_SOURCE;
	buf_init(&e.text, 16 * TEXT_MAX);
	buf_init(&e.value, 256 * TEXT_MAX);
	v = rule->correlation != NULL ? explain_correlation(&e, rule->correlation) : explain_rule(&e, rule);
	buf_free(&e.text);
	buf_free(&e.value);
	return v;
}
