/* Building of the tree of one document; private to core/config. */
#ifndef TK_CONFIG_YAML_TREE_H
#define TK_CONFIG_YAML_TREE_H

#include "core/config/keep.h"
#include "core/config/yaml.h"

#define DEPTH_MAX 64     /* ceiling of yaml_limits.max_depth */
#define ANCHORS_MAX 1000 /* a document; they are looked up one by one */
#define DOCUMENTS_MAX 10000

struct yaml {
	struct keep keep; /* all nodes, and the array of documents */
	const struct node **documents;
	size_t n, cap;
	const struct node *broken; /* read to its end but left out, as for a duplicate key: the last one */
};

struct anchor {
	const char *name;
	struct node *node;
};

/* An open map or sequence. */
struct level {
	struct node *node, *key; /* key: read, its value still to come */
	struct node *last;       /* last entry, to append behind */
	size_t n;
};

struct tree {
	struct yaml *yaml;
	struct keep *keep;
	struct yaml_limits limits;
	struct problems *problems;
	uint32_t base_line;     /* line of the text that the parser calls 0 */
	uint32_t document_line; /* where the document began, as the parser counts */
	bool in_document;
	bool broken;            /* an error: the document will be left out */
	bool abandoned;         /* a limit: nothing more of the document is read */
	uint32_t nodes, depth;
	struct node *root;
	struct level stack[DEPTH_MAX];
	struct anchor *anchors;
	size_t n_anchors;
};

void tree_begin(struct tree *t);              /* forgets the document before */
void tree_end(struct tree *t);                /* keeps a sound document */
void tree_free(struct tree *t);
struct node *tree_node(struct tree *t);       /* NULL: a limit, or no memory */
void tree_put(struct tree *t, struct node *n); /* as key, value, entry or root */
void tree_push(struct tree *t, struct node *n);
void tree_pop(struct tree *t);                /* duplicate keys are found here */
void tree_anchor(struct tree *t, struct node *n, const char *name); /* name may be NULL */
void tree_alias(struct tree *t, const char *name, uint32_t line, uint32_t column);

#endif
