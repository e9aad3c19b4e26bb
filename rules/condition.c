/* The condition (sigma-digest.md 8): words, then recursive descent, bounded in depth and size. */
#include "rules/build.h"

#define NESTING_MAX 64
#define NODES_MAX 4096
#define IDENTIFIERS_MAX 512

struct identifier {
	struct slice name;
	const struct node *at;
	struct expr *expr;
	bool used;
};

struct condition {
	struct builder *b;
	const struct node *at; /* for messages */
	struct slice rest;     /* text behind the word at hand */
	struct slice word;     /* .n 0: end */
	struct identifier *ids;
	size_t n_ids, nodes;
	unsigned depth;
};

static bool word_byte(uint8_t c)
{
	return c >= 0x80 || c == '_' || c == '-' || c == '*' || c == '?' || (c >= '0' && c <= '9') ||
	       (uint8_t)((c | 32) - 'a') < 26;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void next_word(struct condition *c)
{
	size_t n = 0;

	while (c->rest.n > 0 && is_blank(*c->rest.p))
		c->rest = slice_from(c->rest, 1);
	while (n < c->rest.n && word_byte(c->rest.p[n]))
		n++;
	if (n == 0 && c->rest.n > 0)
		n = 1; /* a bracket, or something that does not belong here */
	c->word = slice_head(c->rest, n);
	c->rest = slice_from(c->rest, n);
}

static struct identifier *find(struct condition *c, struct slice name)
{
	for (size_t i = 0; i < c->n_ids; i++)
		if (slice_eq(c->ids[i].name, name))
			return &c->ids[i];
	return NULL;
}

static bool same_caseless(struct slice word, const char *lower)
{
	size_t n = strlen(lower);

	for (size_t i = 0; word.n == n && i < n; i++)
		if ((word.p[i] | 32) != lower[i])
			return false;
	return word.n == n;
}

/* Lower case is an operator always; other spellings with a warning, unless a search bears the name. */
static bool is_operator(struct condition *c, const char *name)
{
	if (slice_is(c->word, name))
		return true;
	if (!same_caseless(c->word, name) || find(c, c->word) != NULL)
		return false;
	problem_warn(c->b->problems, c->at, "write the operator '%s' in lower case", name);
	return true;
}

static struct expr *fail(struct condition *c, const char *expected)
{
	if (c->b->bad)
		return NULL;
	if (c->word.n == 0)
		BAD(c->b, c->at, "the condition ends where %s was expected", expected);
	else
		BAD(c->b, c->at, "the condition has '%.*s' where %s was expected", (int)c->word.n,
		    (const char *)c->word.p, expected);
	return NULL;
}

/* Whole name, '*' any run, case counts. */
static bool name_matches(struct slice pattern, struct slice name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, back = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			back = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++back;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static struct expr *quantified(struct condition *c, bool all)
{
	struct slice pattern = c->word;
	bool them = slice_is(pattern, "them"), hidden = pattern.n > 0 && pattern.p[0] == '_';
	struct expr *kids = NULL, **tail = &kids;

	if (pattern.n == 0 || !word_byte(pattern.p[0]))
		return fail(c, "'them' or a pattern such as selection_*");
	for (size_t i = 0; i < c->n_ids; i++) {
		struct identifier *id = &c->ids[i];

		if ((id->name.n > 0 && id->name.p[0] == '_' && !hidden) ||
		    (!them && !name_matches(pattern, id->name)))
			continue;
		id->used = true;
		c->nodes++;
		expr_append(c->b, &tail, id->expr);
	}
	if (kids == NULL && !c->b->bad && !c->b->work.failed) {
		BAD(c->b, c->at, "'of %.*s' meets no search identifier", (int)pattern.n,
		    (const char *)pattern.p);
		return NULL;
	}
	next_word(c);
	return expr_new(c->b, all ? EXPR_AND : EXPR_OR, kids);
}

static struct expr *parse_or(struct condition *c);

static const char *nearest_id(const struct condition *c)
{
	const char *names[IDENTIFIERS_MAX];

	for (size_t i = 0; i < c->n_ids; i++)
		names[i] = (const char *)c->ids[i].name.p;
	return nearest(c->word, names, c->n_ids);
}

static struct expr *identifier(struct condition *c)
{
	struct identifier *id = find(c, c->word);
	struct expr *e = NULL, **tail = &e;

	if (id == NULL) {
		BAD(c->b, c->at, "the condition names '%.*s', which the detection does not define%s",
		    (int)c->word.n, (const char *)c->word.p, build_hint(c->b, nearest_id(c)));
		return NULL;
	}
	id->used = true;
	expr_append(c->b, &tail, id->expr); /* a copy: an expression is in one list only */
	next_word(c);
	return e;
}

static bool number_word(struct slice w)
{
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
	return w.n > 0;
}

static bool of_follows(struct condition *c)
{
	struct condition look = *c;

	next_word(&look);
	return slice_is(look.word, "of") || (same_caseless(look.word, "of") && find(c, look.word) == NULL);
}

static struct expr *parse_atom(struct condition *c)
{
	struct expr *e;

	if (slice_is(c->word, "(")) {
		next_word(c);
		e = parse_or(c);
		if (c->b->bad)
			return NULL;
		if (!slice_is(c->word, ")"))
			return fail(c, "')'");
		next_word(c);
		return e;
	}
	if (c->word.n == 0 || !word_byte(c->word.p[0]) || is_operator(c, "and") || is_operator(c, "or"))
		return fail(c, "a search identifier");
	if (of_follows(c)) {
		bool all = same_caseless(c->word, "all");

		if (!all && !same_caseless(c->word, "any") && !slice_is(c->word, "1")) {
			BAD(c->b, c->at,
			    "'%.*s of': only 1, any and all may be counted; for a number write a correlation",
			    (int)c->word.n, (const char *)c->word.p);
			return NULL;
		}
		next_word(c);
		next_word(c);
		return quantified(c, all);
	}
	if (number_word(c->word) && find(c, c->word) == NULL)
		return fail(c, "a search identifier");
	return identifier(c);
}

static struct expr *parse_not(struct condition *c)
{
	struct expr *e;

	if (++c->nodes > NODES_MAX || c->depth >= NESTING_MAX) {
		if (!c->b->bad)
			BAD(c->b, c->at,
			    "the condition is too long or too deeply nested (4096 words, 64 levels)");
		return NULL;
	}
	c->depth++;
	if (is_operator(c, "not")) {
		next_word(c);
		e = parse_not(c);
		bool inner = e != NULL && e->negation;

		e = c->b->bad ? NULL : expr_new(c->b, EXPR_NOT, e);
		if (e != NULL)
			e->negation = !inner;
	} else {
		e = parse_atom(c);
	}
	c->depth--;
	return e;
}

static struct expr *parse_and(struct condition *c)
{
	struct expr *kids = NULL, **tail = &kids;

	expr_append(c->b, &tail, parse_not(c));
	while (!c->b->bad && is_operator(c, "and")) {
		next_word(c);
		expr_append(c->b, &tail, parse_not(c));
	}
	return c->b->bad || kids == NULL ? NULL : expr_new(c->b, EXPR_AND, kids);
}

static struct expr *parse_or(struct condition *c)
{
	struct expr *kids = NULL, **tail = &kids;

	expr_append(c->b, &tail, parse_and(c));
	while (!c->b->bad && is_operator(c, "or")) {
		next_word(c);
		expr_append(c->b, &tail, parse_and(c));
	}
	return c->b->bad || kids == NULL ? NULL : expr_new(c->b, EXPR_OR, kids);
}

static struct expr *parse_text(struct condition *c, const struct node *n)
{
	struct expr *e;

	if (n->kind != NODE_SCALAR || n->text.n == 0) {
		BAD(c->b, n, "a condition must be text");
		return NULL;
	}
	c->at = n;
	c->rest = n->text;
	next_word(c);
	e = parse_or(c);
	if (c->b->bad)
		return NULL;
	if (slice_is(c->word, "|") || slice_is(c->word, "near")) {
		BAD(c->b, n, "aggregations in conditions are no longer part of Sigma: write a correlation");
		return NULL;
	}
	return c->word.n == 0 ? e : fail(c, "'and', 'or' or the end");
}

static void read_identifiers(struct condition *c, const struct node *detection, bool filter)
{
	for (const struct node *n = detection->child; n != NULL; n = n->next) {
		if (slice_is(n->key->text, "condition") || (filter && slice_is(n->key->text, "rules")))
			continue;
		if (slice_is(n->key->text, "timeframe")) {
			problem_warn(c->b->problems, n->key,
				     "'timeframe' is a leftover of old rules and does nothing");
			continue;
		}
		if (c->n_ids == IDENTIFIERS_MAX) {
			BAD(c->b, n->key, "more than %d search identifiers", IDENTIFIERS_MAX);
			return;
		}
		bool bad = c->b->bad;

		c->b->bad = false; /* so that each identifier's errors are told */
		struct expr *e = build_detection(c->b, n);

		c->b->bad |= bad;
		c->ids[c->n_ids++] = (struct identifier){ .name = n->key->text, .at = n->key, .expr = e };
	}
}

/* In a rule a warning; in a filter, whose searches stand among its keys, rather a key misspelt. */
static void tell_unused(struct condition *c, bool filter)
{
	static const char *const keys[] = { "rules", "condition" };

	for (size_t i = 0; i < c->n_ids; i++) {
		struct slice name = c->ids[i].name;

		if (c->ids[i].used)
			continue;
		if (filter)
			BAD(c->b, c->ids[i].at,
			    "'%.*s' is neither a key of a filter nor a search that its condition uses%s",
			    (int)name.n, (const char *)name.p,
			    build_hint(c->b, nearest(name, keys, COUNT(keys))));
		else
			problem_warn(c->b->problems, c->ids[i].at, "the condition does not use '%.*s'",
				     (int)name.n, (const char *)name.p);
	}
}

static struct expr *conditions(struct builder *b, const struct node *map, bool filter)
{
	const struct node *text = node_get(map, "condition");
	struct condition c = { .b = b, .at = map };
	struct expr *kids = NULL, **tail = &kids;

	if (text == NULL) {
		BAD(b, map, "the %s has no 'condition'", filter ? "filter" : "detection");
		return NULL;
	}
	c.ids = arena_alloc(&b->work, IDENTIFIERS_MAX * sizeof *c.ids);
	if (c.ids == NULL)
		return NULL;
	read_identifiers(&c, map, filter);
	if (text->kind == NODE_SEQ)
		for (const struct node *n = text->child; n != NULL && !b->bad; n = n->next)
			expr_append(b, &tail, parse_text(&c, n));
	else
		expr_append(b, &tail, b->bad ? NULL : parse_text(&c, text));
	if (!b->bad && kids == NULL && !b->work.failed)
		BAD(b, text, "the condition is empty");
	if (!b->bad)
		tell_unused(&c, filter);
	return b->bad || kids == NULL ? NULL : expr_new(b, EXPR_OR, kids);
}

struct expr *build_condition(struct builder *b, const struct node *detection)
{
	return conditions(b, detection, false);
}

struct expr *build_exclusion(struct builder *b, const struct node *filter)
{
	struct expr *e = conditions(b, filter, true);

	if (e == NULL || e->negation)
		return e;
	BAD(b, node_get(filter, "condition"),
	    "a filter's condition is joined to its rules with 'and': write 'not selection' to leave out what "
	    "the selection matches. In the other reading, where a filter suppresses what it matches, it "
	    "would be 'selection'; here that would keep nothing else");
	return NULL;
}
