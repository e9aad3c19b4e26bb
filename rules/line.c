/* One line of a selection: `field|modifier|modifier: value or list of values`. */
#include "rules/build.h"

#include <stdlib.h>

#include "rules/alternatives.h"
#include "rules/regex.h"
#include "rules/timepart.h"

#define MODIFIERS_MAX 16
#define SET_MIN 5 /* from so many plain texts on, a sorted set is cheaper than single tests */

enum mode { MODE_TEXT, MODE_EXISTS, MODE_REGEX, MODE_CIDR, MODE_COMPARE, MODE_TIME, MODE_FIELD };

enum modifier_id {
	/* these change the text, in order */
	MOD_CONTAINS, MOD_STARTSWITH, MOD_ENDSWITH, MOD_BASE64, MOD_BASE64OFFSET, MOD_UTF16LE, MOD_UTF16BE,
	MOD_UTF16, MOD_WINDASH, MOD_EXPAND,
	/* these do not */
	MOD_ALL, MOD_CASED, MOD_NEQ, MOD_EXISTS, MOD_RE, MOD_RE_I, MOD_RE_M, MOD_RE_S, MOD_CIDR, MOD_FIELDREF,
	MOD_GT, MOD_GTE, MOD_LT, MOD_LTE, MOD_MINUTE, MOD_HOUR, MOD_DAY, MOD_WEEK, MOD_MONTH, MOD_YEAR
};

static const struct modifier {
	const char *name;
	enum modifier_id id;
} modifiers[] = {
	{ "contains", MOD_CONTAINS }, { "startswith", MOD_STARTSWITH }, { "endswith", MOD_ENDSWITH },
	{ "base64", MOD_BASE64 }, { "base64offset", MOD_BASE64OFFSET }, { "wide", MOD_UTF16LE },
	{ "utf16le", MOD_UTF16LE }, { "utf16be", MOD_UTF16BE }, { "utf16", MOD_UTF16 },
	{ "windash", MOD_WINDASH }, { "expand", MOD_EXPAND }, { "all", MOD_ALL }, { "cased", MOD_CASED },
	{ "neq", MOD_NEQ }, { "exists", MOD_EXISTS }, { "re", MOD_RE }, { "i", MOD_RE_I },
	{ "ignorecase", MOD_RE_I }, { "m", MOD_RE_M }, { "multiline", MOD_RE_M }, { "s", MOD_RE_S },
	{ "dotall", MOD_RE_S }, { "cidr", MOD_CIDR }, { "fieldref", MOD_FIELDREF }, { "gt", MOD_GT },
	{ "gte", MOD_GTE }, { "lt", MOD_LT }, { "lte", MOD_LTE }, { "minute", MOD_MINUTE },
	{ "hour", MOD_HOUR }, { "day", MOD_DAY }, { "week", MOD_WEEK }, { "month", MOD_MONTH },
	{ "year", MOD_YEAR },
};

struct line {
	struct builder *b;
	const struct node *key;
	uint32_t name;
	enum mode mode;
	bool all, cased, neq, front, behind, expand, keyword, in_list;
	uint8_t cmp, part;
	unsigned re_flags;
	enum modifier_id text[MODIFIERS_MAX]; /* text modifiers in order */
	size_t n_text;
	struct slice *set; /* plain texts, gathered for one PRED_SET */
	size_t n_set, cap_set;
};

/* ---- the key ---- */

static void set_mode(struct line *l, enum mode mode, struct slice word)
{
	bool time_compare = l->mode == MODE_TIME && mode == MODE_COMPARE && l->cmp == CMP_EQ;

	if (time_compare) /* hour|gte: the mode stays TIME */
		return;
	bool after_text = mode == MODE_FIELD || (mode == MODE_CIDR && l->expand);

	if (l->mode != MODE_TEXT || (l->n_text > 0 && !after_text))
		BAD(l->b, l->key, "the modifier '%.*s' cannot follow the ones before it", (int)word.n,
		    (const char *)word.p);
	l->mode = mode;
}

static void compare_mode(struct line *l, enum cmp cmp, struct slice word)
{
	set_mode(l, MODE_COMPARE, word);
	l->cmp = (uint8_t)cmp;
}

static void text_modifier(struct line *l, enum modifier_id id, struct slice word)
{
	bool affix = id <= MOD_ENDSWITH;

	if ((l->mode != MODE_TEXT && !(l->mode == MODE_FIELD && affix)) || l->n_text == MODIFIERS_MAX) {
		BAD(l->b, l->key, "the modifier '%.*s' cannot follow the ones before it", (int)word.n,
		    (const char *)word.p);
		return;
	}
	if (id == MOD_EXPAND)
		l->expand = true;
	l->text[l->n_text++] = id;
}

static void modifier(struct line *l, enum modifier_id id, struct slice word)
{
	switch (id) {
	case MOD_ALL:
		l->all = true;
		break;
	case MOD_CASED:
		l->cased = true;
		break;
	case MOD_NEQ:
		l->neq = true;
		break;
	case MOD_EXISTS:
		set_mode(l, MODE_EXISTS, word);
		break;
	case MOD_RE:
		set_mode(l, MODE_REGEX, word);
		break;
	case MOD_RE_I:
	case MOD_RE_M:
	case MOD_RE_S:
		if (l->mode != MODE_REGEX)
			BAD(l->b, l->key, "the modifier '%.*s' belongs behind 're'", (int)word.n,
			    (const char *)word.p);
		l->re_flags |= id == MOD_RE_I ? REGEX_CASELESS :
			       id == MOD_RE_M ? REGEX_MULTILINE : REGEX_DOTALL;
		break;
	case MOD_CIDR:
		set_mode(l, MODE_CIDR, word);
		break;
	case MOD_FIELDREF:
		set_mode(l, MODE_FIELD, word);
		break;
	case MOD_GT:
	case MOD_GTE:
	case MOD_LT:
	case MOD_LTE:
		compare_mode(l, (enum cmp)(CMP_GT + (id - MOD_GT)), word);
		break;
	default:
		if (id < MOD_ALL) {
			text_modifier(l, id, word);
			break;
		}
		set_mode(l, MODE_TIME, word);
		l->part = (uint8_t)(id - MOD_MINUTE);
	}
}

static void unknown_modifier(struct line *l, struct slice word)
{
	const char *names[COUNT(modifiers)];

	for (size_t i = 0; i < COUNT(modifiers); i++)
		names[i] = modifiers[i].name;
	BAD(l->b, l->key, "unknown modifier '%.*s'%s", (int)word.n, (const char *)word.p,
	    build_hint(l->b, nearest(word, names, COUNT(names))));
}

static struct slice next_part(struct slice *rest)
{
	const uint8_t *bar = rest->n == 0 ? NULL : memchr(rest->p, '|', rest->n);
	size_t n = bar == NULL ? rest->n : (size_t)(bar - rest->p);
	struct slice part = slice_head(*rest, n);

	*rest = bar == NULL ? (struct slice){ NULL, 0 } : slice_of(bar + 1, rest->n - n - 1);
	return part;
}

static void read_key(struct line *l)
{
	struct slice rest = l->key->text, field = next_part(&rest);

	while (rest.p != NULL && !l->b->bad) {
		struct slice word = next_part(&rest);
		size_t i = 0;

		while (i < COUNT(modifiers) && !slice_is(word, modifiers[i].name))
			i++;
		if (i == COUNT(modifiers))
			unknown_modifier(l, word);
		else
			modifier(l, modifiers[i].id, word);
	}
	l->keyword = field.n == 0;
	if (l->keyword && l->mode != MODE_TEXT && l->mode != MODE_REGEX)
		BAD(l->b, l->key, "keywords take text or 're' only: name a field");
	if (l->mode == MODE_EXISTS && l->all)
		BAD(l->b, l->key, "'exists' and 'all' cannot stand together");
	if (!l->b->bad)
		l->name = build_name(l->b, l->key, field);
}

/* ---- values ---- */

static struct pred pred_of(const struct line *l, enum pred_kind kind)
{
	struct pred p;

	memset(&p, 0, sizeof p); /* padding too: it is hashed nowhere, but copied */
	p.kind = (uint8_t)kind;
	p.name = l->name;
	return p;
}

static struct expr *bad_value(struct line *l, const struct node *v, const char *what)
{
	BAD(l->b, v, "%s; got '%.*s'", what, v->text.n > 60 ? 60 : (int)v->text.n,
	    v->text.p == NULL ? "" : (const char *)v->text.p);
	return NULL;
}

static bool run_text_modifier(struct line *l, enum modifier_id id, struct alternatives *a)
{
	switch (id) {
	case MOD_CONTAINS:
		return alternatives_open(a, true, true);
	case MOD_STARTSWITH:
		return alternatives_open(a, false, true);
	case MOD_ENDSWITH:
		return alternatives_open(a, true, false);
	case MOD_WINDASH:
		return alternatives_windash(a);
	case MOD_EXPAND:
		return alternatives_expand(a, l->b->lists);
	default:
		return alternatives_encode(a, (enum encode)(ENCODE_BASE64 + (id - MOD_BASE64)));
	}
}

static bool alternatives_of(struct line *l, const struct node *v, struct alternatives *a)
{
	alternatives_init(a, &l->b->work);
	alternatives_add(a, tokens_parse(&l->b->work, v->text, l->expand));
	for (size_t i = 0; i < l->n_text; i++)
		if (!run_text_modifier(l, l->text[i], a)) {
			BAD(l->b, v, "%s", a->error);
			return false;
		}
	if (l->keyword)
		alternatives_open(a, true, true);
	if (l->expand && a->n == 0 && !alternatives_shipped(v->text, l->b->lists))
		problem_warn(l->b->problems, v, "the list is empty: this matches nothing");
	return true;
}

static bool set_add(struct line *l, struct slice text)
{
	struct slice *s = grow((void **)&l->set, &l->n_set, &l->cap_set, sizeof *s);

	if (s != NULL)
		*s = text;
	return s != NULL;
}

static struct expr *text_test(struct line *l, struct tokens t)
{
	struct pred p = pred_of(l, PRED_PATTERN);

	p.cased = l->cased;
	p.pattern = arena_alloc(&l->b->set->arena, sizeof *p.pattern);
	if (p.pattern == NULL || !pattern_build(&l->b->set->arena, t, l->cased, p.pattern))
		return NULL;
	if (p.pattern->kind == PATTERN_EQUAL && !l->all) {
		set_add(l, p.pattern->literal);
		return NULL;
	}
	return build_test(l->b, &p);
}

static struct expr *any_of(struct line *l, struct expr *kids)
{
	if (kids == NULL)
		return expr_new(l->b, EXPR_CONST, NULL); /* false: an empty list */
	return expr_new(l->b, EXPR_OR, kids);
}

static struct expr *text_value(struct line *l, const struct node *v)
{
	struct alternatives a;
	struct expr *kids = NULL, **tail = &kids;

	if (!alternatives_of(l, v, &a))
		return NULL;
	for (struct alternative *x = a.first; x != NULL; x = x->next)
		expr_append(l->b, &tail, text_test(l, x->tokens));
	return kids == NULL && !l->all ? NULL : any_of(l, kids);
}

static struct expr *cidr_value(struct line *l, const struct node *v)
{
	struct alternatives a;
	struct expr *kids = NULL, **tail = &kids;

	if (!alternatives_of(l, v, &a))
		return NULL;
	for (struct alternative *x = a.first; x != NULL; x = x->next) {
		struct pred p = pred_of(l, PRED_CIDR);
		struct slice text = { NULL, 0 };
		bool host = false;

		if (!tokens_literal(&l->b->work, x->tokens, &text) || !cidr_parse(text, &p.net, &host)) {
			BAD(l->b, v, host ? "'%.*s' has host bits set: write the network's own address" :
					    "'%.*s' is no network such as 10.0.0.0/8 or fd00::/8",
			    (int)text.n, (const char *)text.p);
			return NULL;
		}
		expr_append(l->b, &tail, build_test(l->b, &p));
	}
	return any_of(l, kids);
}

static struct expr *number_value(struct line *l, const struct node *v)
{
	struct pred p = pred_of(l, l->mode == MODE_TIME ? PRED_TIME : PRED_COMPARE);
	enum scalar_type type = node_scalar_type(v);

	p.cmp = l->cmp;
	p.part = l->part;
	if ((type != SCALAR_INT && type != SCALAR_DECIMAL) || !num_parse(v->text, &p.num))
		return bad_value(l, v, "a number was expected");
	return build_test(l->b, &p);
}

static struct expr *exists_value(struct line *l, const struct node *v)
{
	struct pred p = pred_of(l, PRED_EXISTS);

	if (node_scalar_type(v) != SCALAR_BOOL)
		return bad_value(l, v, "'exists' takes true or false");
	p.yes = v->text.n == 4;
	return build_test(l->b, &p);
}

static struct expr *field_value(struct line *l, const struct node *v)
{
	struct pred p = pred_of(l, PRED_FIELD);

	if (node_scalar_type(v) != SCALAR_STRING || v->text.n == 0)
		return bad_value(l, v, "'fieldref' takes the name of a field");
	p.other = build_name(l->b, v, v->text);
	p.cased = l->cased;
	for (size_t i = 0; i < l->n_text; i++) {
		if (l->text[i] > MOD_ENDSWITH)
			return bad_value(l, l->key,
					 "'fieldref' goes with contains, startswith and endswith only");
		p.front |= l->text[i] != MOD_STARTSWITH;
		p.behind |= l->text[i] != MOD_ENDSWITH;
	}
	return build_test(l->b, &p);
}

static struct expr *regex_value(struct line *l, const struct node *v)
{
	struct pred p = pred_of(l, PRED_REGEX);
	char error[128];
	size_t at = 0;

	if (v->text.n == 0)
		return bad_value(l, v, "a regular expression was expected");
	p.text = arena_copy(&l->b->set->arena, v->text);
	p.part = (uint8_t)l->re_flags;
	p.regex = regex_compile(v->text, l->re_flags, error, &at);
	if (p.regex == NULL) {
		BAD(l->b, v, "regular expression, character %zu: %s", at + 1, error);
		return NULL;
	}
	size_t before = l->b->set->n_preds;
	struct expr *e = build_test(l->b, &p);

	if (l->b->set->n_preds == before) /* an equal one was there */
		regex_free(p.regex);
	return e;
}

static struct expr *plain_value(struct line *l, const struct node *v)
{
	enum scalar_type type = node_scalar_type(v);
	struct pred p = pred_of(l, PRED_NULL);

	if (l->n_text > 0 || l->keyword || l->cased || type == SCALAR_STRING) {
		if (type == SCALAR_NULL)
			return bad_value(l, v, "null cannot be text here");
		return text_value(l, v);
	}
	if (type == SCALAR_NULL) {
		if (l->in_list)
			problem_warn(l->b->problems, v, "null inside a list: the specification forbids it");
		return build_test(l->b, &p);
	}
	p.kind = type == SCALAR_BOOL ? PRED_BOOL : PRED_NUMBER;
	if (type == SCALAR_BOOL)
		p.yes = v->text.n == 4;
	else if (!num_parse(v->text, &p.num))
		return bad_value(l, v, "this number cannot be read");
	else
		p.text = arena_copy(&l->b->set->arena, v->text);
	return build_test(l->b, &p);
}

static struct expr *value(struct line *l, const struct node *v)
{
	if (v->kind != NODE_SCALAR) {
		BAD(l->b, v, "a value must be text, a number, true, false or null");
		return NULL;
	}
	switch (l->mode) {
	case MODE_EXISTS:
		return exists_value(l, v);
	case MODE_REGEX:
		return regex_value(l, v);
	case MODE_CIDR:
		return cidr_value(l, v);
	case MODE_COMPARE:
	case MODE_TIME:
		return number_value(l, v);
	case MODE_FIELD:
		return field_value(l, v);
	default:
		return plain_value(l, v);
	}
}

/* ---- the line ---- */

static int by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static struct expr *literal_test(struct line *l, struct slice text)
{
	struct pred p = pred_of(l, PRED_PATTERN);

	p.cased = l->cased;
	p.pattern = arena_alloc(&l->b->set->arena, sizeof *p.pattern);
	if (p.pattern == NULL)
		return NULL;
	*p.pattern = pattern_equal(text, l->cased);
	return build_test(l->b, &p);
}

/* Plain texts were gathered: a few become single tests, many one set. */
static void append_set(struct line *l, struct expr ***tail)
{
	struct pred p = pred_of(l, PRED_SET);
	struct slice *list;

	if (l->n_set < SET_MIN) {
		for (size_t i = 0; i < l->n_set; i++)
			expr_append(l->b, tail, literal_test(l, l->set[i]));
		return;
	}
	qsort(l->set, l->n_set, sizeof *l->set, by_text);
	list = arena_raw(&l->b->set->arena, l->n_set * sizeof *list);
	if (list == NULL)
		return;
	memcpy(list, l->set, l->n_set * sizeof *list);
	p.cased = l->cased;
	p.set.list = list;
	p.set.n = l->n_set;
	expr_append(l->b, tail, build_test(l->b, &p));
}

static struct expr *values(struct line *l, const struct node *v)
{
	struct expr *kids = NULL, **tail = &kids;

	l->in_list = v->kind == NODE_SEQ;
	if (v->kind == NODE_SEQ && v->child == NULL) {
		BAD(l->b, v, "an empty list matches nothing: give values, or null");
		return NULL;
	}
	if (l->all && (v->kind != NODE_SEQ || v->child->next == NULL))
		problem_warn(l->b->problems, l->key, "'all' with a single value has no meaning");
	for (const struct node *c = l->in_list ? v->child : v; c != NULL; c = l->in_list ? c->next : NULL)
		expr_append(l->b, &tail, value(l, c));
	append_set(l, &tail);
	if (l->b->bad)
		return NULL;
	return kids == NULL ? any_of(l, NULL) : expr_new(l->b, l->all ? EXPR_AND : EXPR_OR, kids);
}

struct expr *build_line(struct builder *b, const struct node *key, const struct node *v)
{
	struct line l = { .b = b, .key = key };
	struct expr *e;

	read_key(&l);
	e = b->bad ? NULL : values(&l, v);
	free(l.set);
	if (e != NULL && l.neq)
		e = expr_new(b, EXPR_NOT, e);
	return e;
}
