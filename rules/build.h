/* Building a rule set: names, shared predicates, expressions and their code. Private to rules/. */
#ifndef TK_RULES_BUILD_H
#define TK_RULES_BUILD_H

#include "core/config/yaml.h"
#include "rules/program.h"

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST, EXPR_CONST };

struct expr {
	uint8_t kind;
	bool yes;          /* CONST */
	uint32_t pred;     /* TEST */
	uint32_t cost;     /* relative: cheap tests run first */
	struct expr *kid;  /* first operand */
	struct expr *next; /* among the operands of the parent */
};

struct builder {
	struct rule_set *set;
	struct rule_lists *lists;
	struct problems *problems;
	struct arena work;      /* expressions and tokens of the rule at hand */
	bool bad;               /* the rule at hand has an error */
	bool access;            /* the rule at hand applies to access events */
	bool stateful, asks_roster;
	uint32_t *pred_hash;    /* open addressing over the set's predicates, number + 1 */
	uint64_t *pred_keys;
	size_t hash_size;
};

/* An error of the rule at hand: it is left out. */
#define BAD(b, node, ...) ((b)->bad = true, problem_at((b)->problems, (node), __VA_ARGS__))

void builder_free(struct builder *b);
/* ", did you mean 'NEAR'?", or nothing where near is NULL. */
const char *build_hint(struct builder *b, const char *near);
/* Number of a name; checks that an event has it (a warning if none) and marks derived ones as needed. */
uint32_t build_name(struct builder *b, const struct node *at, struct slice name);
/* The predicate as an expression; equal ones are shared. Takes p->name from build_name. */
struct expr *build_test(struct builder *b, const struct pred *p);
struct expr *expr_new(struct builder *b, enum expr_kind kind, struct expr *kids);
/* Puts an expression into a list of operands through a shallow copy, so that one may stand in many. */
void expr_append(struct builder *b, struct expr ***tail, const struct expr *e);
/* Appends the code of `e`; false: too long or no memory. */
bool build_code(struct builder *b, struct expr *e);

/* line.c: one `field|modifiers: values`, key possibly empty (keywords). NULL after an error. */
struct expr *build_line(struct builder *b, const struct node *key, const struct node *value);
/* detection.c: a search identifier's value. */
struct expr *build_detection(struct builder *b, const struct node *n);
/* condition.c: the rule's condition over the identifiers of `detection`. */
struct expr *build_condition(struct builder *b, const struct node *detection);
/* meta.c: everything of a rule but its detection. */
void build_meta(struct builder *b, const struct node *doc, struct rule *r);

#endif
