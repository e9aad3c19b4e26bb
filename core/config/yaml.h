/* YAML into a tree with marks (libyaml's event API). Types are ours to give (sigma-digest.md 2).
 * Aliases: refused, or expanded within a bound (rules). Merge keys `<<` and duplicate keys: errors. */
#ifndef TK_CONFIG_YAML_H
#define TK_CONFIG_YAML_H

#include "core/base/buf.h"

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_SEQ };

struct node {
	enum node_kind kind;
	bool quoted;          /* scalar written with quotes or as a block: always a string */
	uint32_t line, column; /* from 1 */
	struct slice text;    /* scalar; NUL behind */
	struct node *key;     /* entry of a map: its key */
	struct node *child;   /* first entry of a map or sequence */
	struct node *next;    /* next entry */
};

enum scalar_type { SCALAR_STRING, SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_DECIMAL };
/* YAML 1.2 core without octal, hex, inf: what a plain scalar means; quoted ones are strings. */
enum scalar_type node_scalar_type(const struct node *n);

/* Errors of one file are collected, all of them, each "FILE:LINE:COLUMN: text". */
struct problem {
	uint32_t line, column;
	bool warning;
	char *text;
	char *file; /* NULL: the one that is read */
};
struct problems {
	const char *file;      /* borrowed */
	struct problem *list;
	size_t n, cap, errors; /* errors excludes warnings; the list stops at PROBLEMS_MAX */
	bool no_memory;        /* for it, or for one of them: the file need not be wrong */
};
#define PROBLEMS_MAX 200
void problems_init(struct problems *p, const char *file);
void problems_free(struct problems *p);
void problem_at(struct problems *p, const struct node *n, const char *fmt, ...) TK_PRINTF(3, 4);
void problem_warn(struct problems *p, const struct node *n, const char *fmt, ...) TK_PRINTF(3, 4);
void problem_line(struct problems *p, uint32_t line, uint32_t column, const char *fmt, ...) TK_PRINTF(4, 5);
/* In another file, which the one that is read names. */
void problem_in(struct problems *p, const char *file, uint32_t line, uint32_t column, bool warning,
		const char *fmt, ...) TK_PRINTF(6, 7);
/* "tochoku: FILE:LINE:COLUMN: text" lines to standard error, sorted by place. */
void problems_print(const struct problems *p);
/* The same lines into a buffer, each with `before` at its beginning. */
void problems_put(const struct problems *p, const char *before, struct buf *out);

#define YAML_TEXT_MAX (4 << 20)  /* bytes of one file */
struct yaml;               /* owns all documents' nodes */
struct yaml_limits { bool aliases; uint32_t max_nodes, max_depth; };
#define YAML_CONFIG ((struct yaml_limits){ false, 200000, 32 })
#define YAML_RULES  ((struct yaml_limits){ true, 10000, 64 })   /* max_nodes: per document */
/* Parses text (UTF-8, BOM accepted) into documents. Errors go to `p`; a document with an error is
 * left out, the others stay. NULL only without memory. */
struct yaml *yaml_parse(struct slice text, struct yaml_limits limits, struct problems *p);
void yaml_release(struct yaml *y); /* NULL is legal */
/* Inline, since libyaml exports a yaml_free of its own, which a function of ours would displace. */
static inline void yaml_free(struct yaml *y) { yaml_release(y); }
size_t yaml_documents(const struct yaml *y);
const struct node *yaml_document(const struct yaml *y, size_t i);

/* The value under a key of a map, or NULL. */
const struct node *node_get(const struct node *map, const char *key);
/* Nearest of the names by edit distance, or NULL when none is near. */
const char *nearest(struct slice word, const char *const *names, size_t n);

#endif
