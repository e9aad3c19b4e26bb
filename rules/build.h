/* Building a rule set: names, shared predicates, expressions and their code. Private to rules/. */
#ifndef TK_RULES_BUILD_H
#define TK_RULES_BUILD_H

#include "core/base/map.h"
#include "core/config/yaml.h"
#include "rules/program.h"

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST, EXPR_CONST };

struct expr {
	uint8_t kind;
	bool yes;          /* CONST */
	bool negation;     /* written with `not` */
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
	bool own;               /* the rule at hand applies to events of our own */
	bool stateful, asks_roster;
	bool uses[D_COUNT];     /* derived fields that the rule at hand names */
	uint32_t *pred_hash;    /* open addressing over the set's predicates, number + 1 */
	uint64_t *pred_keys;
	size_t hash_size;
	struct map *known;      /* ids and names: number of a rule, or -1 - number of a draft */
	struct draft *drafts, **drafts_tail;
	size_t n_drafts;
	struct filter *filters, **filters_tail;
};

/* Something that a document names, and where. */
struct reference {
	struct slice text;
	struct node at; /* line and column alone */
};

struct alias_entry {
	struct alias_entry *next;
	struct reference rule, field;
};

struct alias {
	struct alias *next;
	struct reference name;
	struct alias_entry *entries;
};

/* A correlation as read: what it refers to may still come. In the set's arena. */
struct draft {
	struct draft *next;
	struct rule rule;
	struct node at;
	struct reference *members, *keys, *fields;
	struct alias *aliases;
	enum { DRAFT_NEW, DRAFT_OPEN, DRAFT_DONE, DRAFT_BAD } state;
	uint32_t number; /* DONE: of its rule */
};

struct filter {
	struct filter *next;
	const char *path;
	struct logsource source;
	struct reference *rules;
	size_t n_rules;
	bool any; /* all rules that it covers */
	bool uses[D_COUNT];
	uint32_t code, n_code;
};

/* An error of the rule at hand: it is left out. */
#define BAD(b, node, ...) ((b)->bad = true, problem_at((b)->problems, (node), __VA_ARGS__))

void builder_free(struct builder *b);
/* ", did you mean 'NEAR'?", or nothing where near is NULL. */
const char *build_hint(struct builder *b, const char *near);
/* Number of a name; checks that an event has it (a warning if none) and notes derived ones in b->uses. */
uint32_t build_name(struct builder *b, const struct node *at, struct slice name);
/* The predicate as an expression; equal ones are shared. Takes p->name from build_name. */
struct expr *build_test(struct builder *b, const struct pred *p);
struct expr *expr_new(struct builder *b, enum expr_kind kind, struct expr *kids);
/* Puts an expression into a list of operands through a shallow copy, so that one may stand in many. */
void expr_append(struct builder *b, struct expr ***tail, const struct expr *e);
/* Appends the code of `e`; false: too long or no memory. */
bool build_code(struct builder *b, struct expr *e);
/* Appends code [from, from + n) again, and behind it, where that is true, [more, more + m). */
bool build_joined(struct builder *b, uint32_t from, uint32_t n, uint32_t more, uint32_t m);

/* reason.c: the block's `reason`; of a correlation the names are looked at when it is linked. */
void build_reason(struct builder *b, const struct node *n, struct rule *r);
/* Binds the names in a sentence; those of `keys` are names already. False: one is unknown, which is told. */
bool build_reason_names(struct builder *b, const struct node *at, struct rule *r, const char *sentence,
			const struct reference *keys, size_t n_keys);

/* line.c: one `field|modifiers: values`, key possibly empty (keywords). NULL after an error. */
struct expr *build_line(struct builder *b, const struct node *key, const struct node *value);
/* detection.c: a search identifier's value. */
struct expr *build_detection(struct builder *b, const struct node *n);
/* condition.c: the rule's condition over the identifiers of `detection`. */
struct expr *build_condition(struct builder *b, const struct node *detection);
/* The same of a filter: its searches are what is neither `rules` nor `condition`, and it must be made of
 * negations (D-FILTER). */
struct expr *build_exclusion(struct builder *b, const struct node *filter);
/* meta.c: everything of a rule but its detection. */
void build_meta(struct builder *b, const struct node *doc, struct rule *r);
void build_source(struct builder *b, const struct node *doc, struct rule *r);
/* A rule's id and name, kept for references; false: taken, which is told. */
bool build_known(struct builder *b, const struct node *doc, const struct rule *r, int64_t number);

/* A scalar, or a list of up to `max`; NULL after an error. */
struct reference *build_references(struct builder *b, const struct node *n, const char *what, size_t max,
				   size_t *count);
/* correlation.c, filter.c: one document into a draft. */
void build_correlation(struct builder *b, const struct node *doc, const char *path);
void build_filter(struct builder *b, const struct node *doc, const char *path);
/* link.c: resolves what drafts and filters refer to. `problems` gives the list for a file. */
struct linker {
	struct builder *b;
	struct problems *(*problems)(void *ctx, const char *path);
	void *ctx;
};
void link_set(struct linker *l);

#endif
