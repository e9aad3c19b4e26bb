#include "core/config/yaml_tree.h"

#include <stdlib.h>

void tree_begin(struct tree *t)
{
	t->broken = t->abandoned = false;
	t->nodes = t->depth = 0;
	t->root = NULL;
	t->n_anchors = 0;
}

void tree_free(struct tree *t)
{
	free(t->anchors);
	t->anchors = NULL;
}

static void keep_document(struct tree *t)
{
	struct yaml *y = t->yaml;
	const struct node **grown;

	if (y->n == y->cap) {
		y->cap = y->cap == 0 ? 4 : y->cap * 2;
		grown = keep_array(&y->keep, y->cap, sizeof *grown);
		if (grown == NULL)
			return;
		if (y->n != 0)
			memcpy(grown, y->documents, y->n * sizeof *grown);
		y->documents = grown;
	}
	y->documents[y->n++] = t->root;
}

void tree_end(struct tree *t)
{
	if (t->root != NULL && !t->abandoned) {
		if (t->broken)
			t->yaml->broken = t->root;
		else
			keep_document(t);
	}
	tree_begin(t);
}

static void abandon(struct tree *t, uint32_t line, uint32_t column, const char *what, uint32_t limit)
{
	problem_line(t->problems, line, column, "more than %u %s; the rest of the document is not read",
		     limit, what);
	t->abandoned = true;
}

struct node *tree_node(struct tree *t)
{
	if (t->abandoned)
		return NULL;
	t->nodes++;
	return keep_get(t->keep, sizeof(struct node));
}

static void put_key(struct tree *t, struct level *l, struct node *n)
{
	if (n->kind != NODE_SCALAR) {
		problem_at(t->problems, n, "a key must be a single word or text, not a %s",
			   n->kind == NODE_MAP ? "map" : "list");
		t->broken = true;
	} else if (!n->quoted && slice_is(n->text, "<<")) {
		problem_at(t->problems, n, "the merge key << is not accepted; write the keys out");
		t->broken = true;
	}
	l->key = n;
}

void tree_put(struct tree *t, struct node *n)
{
	struct level *l;

	if (t->abandoned)
		return;
	if (t->nodes > t->limits.max_nodes) {
		abandon(t, n->line, n->column, "values", t->limits.max_nodes);
		return;
	}
	if (t->depth == 0) {
		t->root = n;
		return;
	}
	l = &t->stack[t->depth - 1];
	if (l->node->kind == NODE_MAP && l->key == NULL) {
		put_key(t, l, n);
		return;
	}
	n->key = l->key;
	l->key = NULL;
	if (l->last == NULL)
		l->node->child = n;
	else
		l->last->next = n;
	l->last = n;
	l->n++;
}

void tree_push(struct tree *t, struct node *n)
{
	uint32_t max = t->limits.max_depth < DEPTH_MAX ? t->limits.max_depth : DEPTH_MAX;

	if (t->abandoned)
		return;
	if (t->depth == max)
		abandon(t, n->line, n->column, "levels inside one another", max);
	else
		t->stack[t->depth++] = (struct level){ .node = n };
}

static int by_key(const void *va, const void *vb)
{
	const struct node *a = *(const struct node *const *)va, *b = *(const struct node *const *)vb;
	int c = slice_cmp(a->text, b->text);

	if (c != 0)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

/* Sorted, since a hostile map of 100,000 keys must not cost their square. */
static void find_duplicates(struct tree *t, const struct level *l)
{
	const struct node **keys = malloc(l->n * sizeof *keys);
	const struct node *n;
	size_t k = 0, i;

	if (keys == NULL) {
		t->keep->failed = true;
		return;
	}
	for (n = l->node->child; n != NULL; n = n->next)
		if (n->key->kind == NODE_SCALAR)
			keys[k++] = n->key;
	qsort(keys, k, sizeof *keys, by_key);
	for (i = 1; i < k; i++)
		if (slice_eq(keys[i]->text, keys[i - 1]->text)) {
			problem_at(t->problems, keys[i],
				   "the key '%.*s' is here twice; it was set at line %u",
				   (int)slice_head(keys[i]->text, 200).n, (const char *)keys[i]->text.p,
				   keys[i - 1]->line);
			t->broken = true;
		}
	free(keys);
}

void tree_pop(struct tree *t)
{
	if (t->abandoned || t->depth == 0)
		return;
	t->depth--;
	if (t->stack[t->depth].node->kind == NODE_MAP && t->stack[t->depth].n > 1)
		find_duplicates(t, &t->stack[t->depth]);
}

void tree_anchor(struct tree *t, struct node *n, const char *name)
{
	if (name == NULL || t->abandoned)
		return;
	if (!t->limits.aliases) {
		problem_at(t->problems, n, "anchors (&%s) are not accepted here; write the value out", name);
		t->broken = true;
		return;
	}
	if (t->anchors == NULL)
		t->anchors = calloc(ANCHORS_MAX, sizeof *t->anchors);
	if (t->anchors == NULL) {
		t->keep->failed = true;
	} else if (t->n_anchors == ANCHORS_MAX) {
		abandon(t, n->line, n->column, "anchors", ANCHORS_MAX);
	} else {
		t->anchors[t->n_anchors++] =
			(struct anchor){ keep_copy(t->keep, slice_str(name)), n };
	}
}

/* The copy has the marks of the original: an error in it is mended there. */
static struct node *copy_tree(struct tree *t, const struct node *from, uint32_t depth)
{
	struct node *n, **tail;
	const struct node *child;

	if (t->nodes > t->limits.max_nodes || depth > t->limits.max_depth || (n = tree_node(t)) == NULL)
		return NULL;
	*n = *from;
	n->next = n->child = NULL;
	n->key = NULL;
	tail = &n->child;
	for (child = from->child; child != NULL; child = child->next) {
		*tail = copy_tree(t, child, depth + 1);
		if (*tail == NULL)
			return NULL;
		(*tail)->key = child->key; /* keys are scalars and never change: shared */
		tail = &(*tail)->next;
	}
	return n;
}

static bool is_open(const struct tree *t, const struct node *n)
{
	uint32_t i;

	for (i = 0; i < t->depth; i++)
		if (t->stack[i].node == n)
			return true;
	return false;
}

static struct node *find_anchor(const struct tree *t, const char *name)
{
	size_t i;

	for (i = t->n_anchors; i > 0; i--) /* the last of a name holds */
		if (t->anchors[i - 1].name != NULL && strcmp(t->anchors[i - 1].name, name) == 0)
			return t->anchors[i - 1].node;
	return NULL;
}

/* What an alias that cannot be followed stands for, so that the rest is still checked. */
static void put_nothing(struct tree *t, uint32_t line, uint32_t column)
{
	struct node *n = tree_node(t);

	t->broken = true;
	if (n == NULL)
		return;
	*n = (struct node){ .kind = NODE_SCALAR, .line = line, .column = column, .text = SLICE("") };
	tree_put(t, n);
}

void tree_alias(struct tree *t, const char *name, uint32_t line, uint32_t column)
{
	struct node *from, *n;

	if (t->abandoned)
		return;
	if (!t->limits.aliases) {
		problem_line(t->problems, line, column,
			     "aliases (*%s) are not accepted here; write the value out", name);
		put_nothing(t, line, column);
		return;
	}
	from = find_anchor(t, name);
	if (from == NULL || is_open(t, from)) {
		problem_line(t->problems, line, column,
			     from == NULL ? "the alias *%s names no anchor above it"
					  : "the alias *%s holds itself",
			     name);
		put_nothing(t, line, column);
		return;
	}
	n = copy_tree(t, from, t->depth + 1);
	if (n != NULL)
		tree_put(t, n);
	else if (!t->keep->failed)
		abandon(t, line, column, "values or levels once aliases are written out",
			t->limits.max_nodes);
}

size_t yaml_documents(const struct yaml *y)
{
	return y->n;
}

const struct node *yaml_document(const struct yaml *y, size_t i)
{
	return i < y->n ? y->documents[i] : NULL;
}

void yaml_release(struct yaml *y)
{
	if (y == NULL)
		return;
	keep_free(&y->keep);
	free(y);
}

const struct node *node_get(const struct node *map, const char *key)
{
	const struct node *n;

	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (n = map->child; n != NULL; n = n->next)
		if (n->key->kind == NODE_SCALAR && slice_is(n->key->text, key))
			return n;
	return NULL;
}
