/* The shapes of a search identifier (sigma-digest.md 4). */
#include "rules/build.h"

static const struct node keyword_key = { .kind = NODE_SCALAR, .text = { (const uint8_t *)"", 0 } };

static struct expr *keywords(struct builder *b, const struct node *value)
{
	struct node key = keyword_key;

	key.line = value->line;
	key.column = value->column;
	return build_line(b, &key, value);
}

static struct expr *map_of_lines(struct builder *b, const struct node *map)
{
	struct expr *kids = NULL, **tail = &kids;

	if (map->child == NULL) {
		BAD(b, map, "an empty map would match everything: give at least one line");
		return NULL;
	}
	bool bad = b->bad;

	for (const struct node *c = map->child; c != NULL; c = c->next) {
		b->bad = false; /* so that each line's errors are told */
		if (c->kind == NODE_MAP)
			BAD(b, c, "a value must be text, a number, true, false, null or a list of these");
		else
			expr_append(b, &tail, build_line(b, c->key, c));
		bad |= b->bad;
	}
	b->bad = bad;
	return b->bad || kids == NULL ? NULL : expr_new(b, EXPR_AND, kids);
}

static bool all_scalars(const struct node *seq)
{
	for (const struct node *c = seq->child; c != NULL; c = c->next)
		if (c->kind != NODE_SCALAR)
			return false;
	return true;
}

static struct expr *list_of(struct builder *b, const struct node *seq)
{
	struct expr *kids = NULL, **tail = &kids;

	if (seq->child == NULL) {
		BAD(b, seq, "an empty list matches nothing: give at least one entry");
		return NULL;
	}
	if (all_scalars(seq))
		return keywords(b, seq);
	bool bad = b->bad;

	for (const struct node *c = seq->child; c != NULL; c = c->next) {
		b->bad = false;
		expr_append(b, &tail, build_detection(b, c));
		bad |= b->bad;
	}
	b->bad = bad;
	return b->bad || kids == NULL ? NULL : expr_new(b, EXPR_OR, kids);
}

struct expr *build_detection(struct builder *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_MAP:
		return map_of_lines(b, n);
	case NODE_SEQ:
		return list_of(b, n);
	default:
		if (node_scalar_type(n) != SCALAR_NULL)
			return keywords(b, n);
		BAD(b, n, "a map of fields, a list of maps or keywords was expected");
		return NULL;
	}
}
