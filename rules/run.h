/* The working memory of an evaluation, and the values of the event at hand. Private to rules/. */
#ifndef TK_RULES_RUN_H
#define TK_RULES_RUN_H

#include "rules/eval.h"
#include "rules/program.h"
#include "rules/regex.h"

enum val_kind {
	VAL_NULL, VAL_MAP,
	VAL_TEXT, VAL_BOOL,
	VAL_INT,    /* num.i */
	VAL_NUMBER, /* of a generic event: num, and its text as written */
	VAL_MICRO,  /* num */
	VAL_IP, VAL_TIME, VAL_ID /* raw */
};

struct val {
	uint8_t kind;
	bool has_text, has_fold;
	const union value *raw;
	struct num num;
	struct slice text, fold; /* made when first asked for */
};

struct values { /* of one name */
	uint32_t gen;
	uint32_t n;
	bool present;
	struct val *v;
	struct val one[2]; /* room for the usual case */
};

struct rule_run {
	const struct rule_set *set;
	derive_fn derive;
	struct derived derived[D_COUNT]; /* of the event at hand, where derived_gen says so */
	uint32_t derived_gen[D_COUNT];
	void *ctx;
	uint32_t gen;          /* number of the event at hand, 1 .. 2^31 - 1 */
	uint8_t *reach;        /* of prospects.c: a byte a word of code, and one */
	uint32_t *state;       /* a predicate: generation << 1 | result */
	struct values *values; /* a name */
	struct arena arena;    /* texts of the event at hand */
	struct buf text;
	uint16_t *hits, *access;
	size_t n_access;
	const struct access_event *ev; /* one of the two */
	const struct tree *tree;
	struct regex_run *regex;
	uint64_t regex_limits;
};

/* A derived field of the access event at hand; asked for once an event. */
const struct derived *run_derived(struct rule_run *r, enum derived_id id);
/* The values of a name of the event at hand; computed once an event. */
struct values *run_values(struct rule_run *r, uint32_t name);
/* access.c, generic.c: fill *v, whose n is 0 and whose v is its own room. */
void access_values(struct rule_run *r, const struct name *name, struct values *v);
void generic_values(struct rule_run *r, const struct name *name, struct values *v);
/* Starts the next event. */
void run_begin(struct rule_run *r, const struct access_event *ev, const struct tree *tree);
bool run_rule(struct rule_run *r, const struct rule *rule);
bool run_pred(struct rule_run *r, uint32_t number);
/* Text of a value as a rule sees it, and folded. */
struct slice val_text(struct rule_run *r, struct val *v);
struct slice val_fold(struct rule_run *r, struct val *v);

#endif
