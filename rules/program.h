/* The compiled form of a rule set: private to rules/. Immutable once loaded.
 *
 * A predicate is one test of one name: (name, modifiers, operand), shared by all rules that ask it. A rule
 * is a stretch of code over predicates with one accumulator and forward jumps:
 *   TEST p   acc = predicate p of the event at hand
 *   JF k/JT k  jump to word k of the set's code if acc is false / true
 *   NOT, TRUE, FALSE */
#ifndef TK_RULES_PROGRAM_H
#define TK_RULES_PROGRAM_H

#include "core/base/addr.h"
#include "rules/correlation.h"
#include "rules/lists.h"
#include "rules/names.h"
#include "rules/number.h"
#include "rules/pattern.h"
#include "rules/rules.h"
#include "rules/tree.h"

enum op { OP_TEST, OP_JF, OP_JT, OP_NOT, OP_TRUE, OP_FALSE };
#define CODE(op, arg) ((uint32_t)(op) | (uint32_t)(arg) << 3)
#define CODE_OP(w) ((enum op)((w) & 7))
#define CODE_ARG(w) ((w) >> 3)

enum pred_kind {
	PRED_PATTERN,
	PRED_SET,      /* one of many literals, sorted */
	PRED_NUMBER,   /* the rule's value is a number: D-NUM */
	PRED_COMPARE,  /* gt gte lt lte */
	PRED_BOOL,
	PRED_NULL,
	PRED_EXISTS,
	PRED_CIDR,
	PRED_TIME,     /* a part of a time, compared */
	PRED_REGEX,
	PRED_FIELD     /* another field of the event */
};
/* Predicates that an access event answers from its slot alone, or a derived field from what was derived,
 * without a copy of the value. */
enum fast { FAST_NO, FAST_RANGE, FAST_BOOL, FAST_KNOWN, FAST_TEXT, FAST_DERIVED };
enum cmp { CMP_EQ, CMP_GT, CMP_GTE, CMP_LT, CMP_LTE };

struct regex;
struct pred {
	uint8_t kind, cmp, part;
	uint8_t fast, at_part, at_slot; /* enum fast; where in an access event; slot: or which derived one */
	bool scanned;              /* answered by literals_scan of its name */
	bool cased, front, behind; /* FIELD: startswith / endswith leave the other end open */
	uint32_t name, other;      /* numbers in names; other: FIELD */
	struct slice text;         /* NUMBER: as written */
	int64_t low, high;         /* NUMBER, COMPARE with a whole one: those whole numbers hold */
	union {
		struct pattern *pattern;
		struct { const struct slice *list; size_t n; } set;
		struct num num;
		bool yes;          /* BOOL, EXISTS; NULL: false */
		struct cidr net;
		struct regex *regex;
	};
};

struct name {
	struct slice text;
	const char *canonical; /* NULL: none */
	struct binding bind;
};

struct logsource {
	struct slice category, product, service; /* .p NULL: not named */
};

struct rule_test {
	struct rule_test *next;
	const char *name;
	bool expect;              /* true: one event must match */
	const struct tree *events; /* LIST */
	uint32_t line;
};

struct rule {
	struct rule_info info; /* first: rule_of_info */
	struct logsource source;
	uint32_t code, n_code;
	bool on_call, on_connection; /* applies to calls; to encrypted connections */
	uint8_t own; /* bit a service: applies to such events of our own */
	bool runs;   /* somebody hears of it: it alerts, or a correlation that does looks at it */
	struct rule_test *tests;
	struct correlation *correlation; /* NULL: a rule with a detection */
	struct feed *feeds;              /* correlations that it is a member of */
	uint32_t *triggers;              /* tests of which one holds where the rule does; literals.h */
	size_t n_triggers;
};

struct rule_set {
	struct arena arena;
	struct rule *rules;
	struct pred *preds;
	struct name *names; /* names[0]: every value (keywords) */
	uint32_t *code;
	size_t n_rules, cap_rules, n_preds, cap_preds, n_names, cap_names, n_code, cap_code;
	struct correlation **correlations; /* in the arena; members before those that refer to them */
	size_t n_correlations;
	struct literals *literals;
	/* a field: by rules that run, on access events; on our own */
	bool needs[D_COUNT], needs_own[D_COUNT];
	uint8_t digest[32];
};

static inline const struct rule *rule_of_info(const struct rule_info *info)
{
	return (const struct rule *)info;
}

/* Grows an array by one element of zeroes; NULL: no memory. */
void *grow(void **list, size_t *n, size_t *cap, size_t size);

#endif
