/* The working memory of an evaluation, and the values of the event at hand. Private to rules/. */
#ifndef TK_RULES_RUN_H
#define TK_RULES_RUN_H

#include "core/base/hash.h"
#include "rules/eval.h"
#include "rules/program.h"
#include "rules/regex.h"
#include "rules/timepart.h"

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
	uint32_t scanned; /* event whose literals were looked for in them */
	uint32_t n;
	bool present, keyed;
	struct hash128 key; /* of correlate.c: of the first one's text, where keyed */
	struct val *v;
	struct val one[2]; /* room for the usual case */
};

struct correlate;

#define RUN_MET 64
struct rule_run {
	const struct rule_set *set;
	derive_fn derive;
	struct derived derived[D_COUNT]; /* of the event at hand, where derived_gen says so */
	uint32_t derived_gen[D_COUNT];
	void *ctx;
	uint32_t gen;          /* number of the event at hand, 1 .. 2^31 - 1 */
	uint8_t *reach;        /* of prospects.c: a byte a word of code, and one */
	uint32_t *state;       /* a predicate: generation << 1 | result */
	uint32_t met[RUN_MET]; /* names found before, by the place of their text: guesses that are checked */
	struct values *values; /* a name */
	struct arena arena;    /* texts of the event at hand */
	struct buf text;
	uint16_t *hits, *access, *own; /* own: rules on events of our own */
	size_t n_access, n_own;
	uint64_t *access_bits;  /* the same by number in the set */
	struct prospects on_call, on_connection; /* of the first PROSPECTS access rules, who is asked */
	uint64_t *candidates;   /* of literals.c: rules that may match, a bit each */
	uint32_t *triggered;    /* a predicate: event at which its rules became candidates */
	const struct access_event *ev; /* one of the two */
	uint8_t own_bit;	       /* of the service of an event of our own at hand; 0: it is none */
	const struct tree *tree, *ls; /* ls: the generic event's log source, NULL: not asked */
	struct regex_run *regex;
	uint64_t regex_limits;
	struct correlate *correlate; /* NULL: the set has no correlations */
	bool all;                    /* disabled and silent rules too */
	bool connection;             /* the access event at hand is no call */
	bool has_id, timed, late;
	uint8_t id[16];
	int64_t now_ns;              /* completion of the event at hand, where timed */
	size_t n_plain, n_hits;      /* n_plain: hits before those of correlations */
	struct rule_run_counts counts;
};

void run_derive(struct rule_run *r, enum derived_id id); /* for run_derived */
/* A derived field of the access event at hand; asked for once an event. */
static inline const struct derived *run_derived(struct rule_run *r, enum derived_id id)
{
	if (r->derived_gen[id] != r->gen)
		run_derive(r, id);
	return &r->derived[id];
}
/* The values of a name of the event at hand; computed once an event. */
struct values *run_values(struct rule_run *r, uint32_t name);
/* access.c, generic.c: fill *v, whose n is 0 and whose v is its own room. */
void access_values(struct rule_run *r, const struct name *name, struct values *v);
void generic_values(struct rule_run *r, const struct name *name, struct values *v);
/* Starts the next event. */
void run_begin(struct rule_run *r, const struct access_event *ev, const struct tree *tree);
bool run_rule(struct rule_run *r, const struct rule *rule);
/* The log source of the event at hand is one that the rule asks for. */
bool run_applies(const struct rule_run *r, const struct rule *rule);
/* When a generic event, with or without its log source, is taken to have been; false: never. */
bool generic_time(const struct tree *event, int64_t *ns);
bool generic_applies(const struct rule_run *r, const struct rule *rule);
/* Hits, of which there are n, with this rule if it matches and alerts; marks its correlations. */
size_t run_take(struct rule_run *r, uint16_t number, size_t n);
bool run_pred(struct rule_run *r, uint32_t number);
/* Text of a value as a rule sees it, and folded. */
struct slice val_text(struct rule_run *r, struct val *v);
struct slice val_fold(struct rule_run *r, struct val *v);

/* Number of a name of the set, or NAME_NONE. */
uint32_t run_name(struct rule_run *r, struct slice text);

/* correlate.c. False: no memory. */
bool correlate_new(struct rule_run *r);
void correlate_free(struct rule_run *r);
/* The rule matches the event at hand. */
void correlate_mark(struct rule_run *r, const struct rule *rule);
/* Evaluates what was marked; appends to the hits, of which there are n. Returns how many there are then. */
size_t correlate_event(struct rule_run *r, size_t n);
/* How many hits one event can have. */
size_t correlate_hits_max(const struct rule_set *s);
/* What an entity of the correlation is called by the member that matched last: number of a name, or
 * NAME_NONE. */
uint32_t correlate_name(const struct rule_run *r, const struct rule *rule, struct slice entity);
/* Text of a group-by field of a hit; false: it is no correlation's, or there is no such field. */
bool correlate_group(struct rule_run *r, size_t hit, size_t field, struct buf *out);

#endif
