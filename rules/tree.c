#include "rules/tree.h"

#include "core/base/json.h"

static struct tree *tree_new(struct arena *a, enum tree_kind kind)
{
	struct tree *t = arena_alloc(a, sizeof *t);

	if (t != NULL)
		t->kind = (uint8_t)kind;
	return t;
}

static bool json_string(struct arena *a, struct json *j, struct slice *out)
{
	*out = j->text;
	if (!j->escaped)
		return true;
	uint8_t *p = arena_raw(a, j->text.n + 1);
	size_t n = p == NULL ? SIZE_MAX : json_unescape(j->text, p);

	if (n == SIZE_MAX)
		return false;
	*out = slice_of(p, n);
	return true;
}

static struct tree *json_scalar(struct arena *a, struct json *j, enum json_type type)
{
	struct tree *t = tree_new(a, TREE_NULL);

	if (t == NULL)
		return NULL;
	switch (type) {
	case JSON_STRING:
		t->kind = TREE_TEXT;
		return json_string(a, j, &t->text) ? t : NULL;
	case JSON_NUMBER:
		t->kind = TREE_NUMBER;
		t->text = j->text;
		return t;
	case JSON_TRUE:
	case JSON_FALSE:
		t->kind = TREE_BOOL;
		t->yes = type == JSON_TRUE;
		return t;
	case JSON_NULL:
		return t;
	default:
		return NULL;
	}
}

static struct tree *json_value(struct arena *a, struct json *j, enum json_type type);

/* The scanner bounds the depth (JSON_DEPTH), so recursion is bounded too. */
static struct tree *json_container(struct arena *a, struct json *j, bool map)
{
	struct tree *t = tree_new(a, map ? TREE_MAP : TREE_LIST), **tail = t == NULL ? NULL : &t->child;

	while (t != NULL) {
		enum json_type type = json_next(j);
		struct slice key = { NULL, 0 };

		if (type == JSON_OBJECT_END || type == JSON_ARRAY_END)
			return t;
		if (map && (type != JSON_KEY || !json_string(a, j, &key)))
			return NULL;
		if (map)
			type = json_next(j);
		*tail = json_value(a, j, type);
		if (*tail == NULL)
			return NULL;
		(*tail)->key = key;
		tail = &(*tail)->next;
	}
	return NULL;
}

static struct tree *json_value(struct arena *a, struct json *j, enum json_type type)
{
	if (type == JSON_OBJECT_BEGIN || type == JSON_ARRAY_BEGIN)
		return json_container(a, j, type == JSON_OBJECT_BEGIN);
	return json_scalar(a, j, type);
}

struct tree *tree_from_json(struct arena *a, struct slice line, struct err *e)
{
	struct json j;
	struct tree *t;

	json_init(&j, line);
	t = json_value(a, &j, json_next(&j));
	if (t == NULL || json_next(&j) != JSON_END) {
		err_set(e, a->failed ? TK_ENOMEM : TK_EMALFORMED, "%s",
			a->failed ? "no memory" : "not a complete JSON value");
		return NULL;
	}
	return t;
}

struct tree *tree_from_yaml(struct arena *a, const struct node *n)
{
	static const uint8_t kind[] = {
		[NODE_SCALAR] = TREE_TEXT, [NODE_MAP] = TREE_MAP, [NODE_SEQ] = TREE_LIST
	};
	struct tree *t = tree_new(a, kind[n->kind]);

	if (t == NULL)
		return NULL;
	if (n->kind != NODE_SCALAR) {
		struct tree **tail = &t->child;

		for (const struct node *c = n->child; c != NULL; c = c->next) {
			*tail = tree_from_yaml(a, c);
			if (*tail == NULL)
				return NULL;
			if (c->key != NULL)
				(*tail)->key = arena_copy(a, c->key->text);
			tail = &(*tail)->next;
		}
		return t;
	}
	t->text = arena_copy(a, n->text);
	switch (node_scalar_type(n)) {
	case SCALAR_NULL:
		t->kind = TREE_NULL;
		break;
	case SCALAR_BOOL:
		t->kind = TREE_BOOL;
		t->yes = n->text.n == 4;
		break;
	case SCALAR_INT:
	case SCALAR_DECIMAL:
		t->kind = TREE_NUMBER;
		break;
	case SCALAR_STRING:
		break;
	}
	return t;
}

const struct tree *tree_get(const struct tree *map, struct slice key)
{
	if (map->kind != TREE_MAP)
		return NULL;
	for (const struct tree *c = map->child; c != NULL; c = c->next)
		if (slice_eq(c->key, key))
			return c;
	return NULL;
}

/* A list stands for its elements (D-ARRAY); a map, or a list in a list, is a value that nothing equals. */
static void give(const struct tree *t, tree_fn fn, void *ctx)
{
	if (t->kind != TREE_LIST) {
		fn(ctx, t);
		return;
	}
	for (const struct tree *c = t->child; c != NULL; c = c->next)
		fn(ctx, c);
}

static bool find_path(const struct tree *t, struct slice name, tree_fn fn, void *ctx)
{
	bool found = false;

	if (t->kind == TREE_LIST) {
		for (const struct tree *c = t->child; c != NULL; c = c->next)
			found |= find_path(c, name, fn, ctx);
		return found;
	}
	const struct tree *hit = tree_get(t, name);

	if (hit != NULL) {
		give(hit, fn, ctx);
		return true;
	}
	for (size_t i = 0; i < name.n && t->kind == TREE_MAP && !found; i++) {
		if (name.p[i] != '.' || (hit = tree_get(t, slice_head(name, i))) == NULL)
			continue;
		found = find_path(hit, slice_from(name, i + 1), fn, ctx);
	}
	return found;
}

bool tree_find(const struct tree *event, struct slice name, tree_fn fn, void *ctx)
{
	return find_path(event, name, fn, ctx);
}

void tree_scalars(const struct tree *t, tree_fn fn, void *ctx)
{
	if (t->kind < TREE_LIST) {
		fn(ctx, t);
		return;
	}
	for (const struct tree *c = t->child; c != NULL; c = c->next)
		tree_scalars(c, fn, ctx);
}
