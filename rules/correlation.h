/* The compiled form of a correlation (sigma-digest.md 9). Private to rules/. Immutable once loaded. */
#ifndef TK_RULES_CORRELATION_H
#define TK_RULES_CORRELATION_H

#include "core/base/slice.h"
#include "rules/amount.h"

enum correlation_type {
	CORR_EVENT_COUNT,
	CORR_VALUE_COUNT,
	CORR_VALUE_SUM,
	CORR_VALUE_AVG,
	CORR_VALUE_PERCENTILE,
	CORR_TEMPORAL,
	CORR_TEMPORAL_ORDERED
};

#define MEMBERS_MAX 64	 /* a bit each */
#define ORDERED_MAX 16	 /* members of temporal_ordered */
#define KEYS_MAX 8	 /* group-by fields */
#define FIELDS_MAX 8	 /* fields of a value_count */
#define BOUNDS_MAX 6	 /* one an operator */
#define DEPTH_MAX 10	 /* of chains */
#define KEEP_MAX 1000000 /* largest threshold of a count */
#define NAME_NONE UINT32_MAX

enum bound_op { BOUND_GT, BOUND_GTE, BOUND_LT, BOUND_LTE, BOUND_EQ, BOUND_NEQ };

struct bound {
	uint8_t op;
	amount limit;
};

struct member {
	uint32_t rule;	 /* number in the set; base rules and, already evaluated, correlations */
	uint32_t *names; /* n_keys group-by names, then n_fields values: numbers in the set's names, or
			    NAME_NONE */
};

struct correlation {
	uint8_t type;
	bool by_day; /* window: the local calendar day */
	bool generate;
	bool one_key;	    /* no aliases: all members read the same names */
	uint32_t depth;	    /* 1: of base rules alone */
	uint32_t rule;	    /* its own number in the set */
	uint32_t keep;	    /* counts: so many of the newest decide */
	int64_t span;	    /* microseconds */
	int64_t memory;	    /* microseconds that an event can influence it for, members' included */
	int64_t percentile; /* billionths of a percent */
	struct bound bounds[BOUNDS_MAX];
	struct member *members;
	struct slice *keys; /* group-by as written; aliases among them */
	size_t n_bounds, n_members, n_keys, n_fields;
};

/* That a rule is a member: entry of the rule's list. */
struct feed {
	struct feed *next;
	uint32_t correlation; /* number among the set's correlations; members come before */
	uint32_t place;
};

/* All bounds hold for value / divisor. */
bool bounds_hold(const struct correlation *c, amount value, int64_t divisor);

#endif
