/* A generic event: the value tree of a JSON line or of a YAML node, and the look-up of fields in it
 * (sigma-digest.md 6). Everything lies in an arena. Pure functions. */
#ifndef TK_RULES_TREE_H
#define TK_RULES_TREE_H

#include "core/base/err.h"
#include "core/config/yaml.h"
#include "rules/arena.h"

enum tree_kind { TREE_NULL, TREE_BOOL, TREE_NUMBER, TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree {
	uint8_t kind;
	bool yes;            /* TREE_BOOL */
	struct slice text;   /* TREE_TEXT; TREE_NUMBER as written */
	struct slice key;    /* entry of a map */
	struct tree *child;  /* first entry of LIST, MAP */
	struct tree *next;
};

/* One JSON value. NULL with *e: malformed, too deep or no memory. */
struct tree *tree_from_json(struct arena *a, struct slice line, struct err *e);
struct tree *tree_from_yaml(struct arena *a, const struct node *n);
const struct tree *tree_get(const struct tree *map, struct slice key);

/* Calls back for every value found under the name: the exact name first, then as a dotted path
 * through maps and lists. True when the name is there. */
typedef void (*tree_fn)(void *ctx, const struct tree *value);
bool tree_find(const struct tree *event, struct slice name, tree_fn fn, void *ctx);
/* Every scalar at any depth. */
void tree_scalars(const struct tree *t, tree_fn fn, void *ctx);

#endif
