/* Why a rule holds at the last event, or does not: its tests with their values. For `rules explain`. */
#ifndef TK_RULES_EXPLAIN_H
#define TK_RULES_EXPLAIN_H

#include "rules/rules.h"

enum verdict {
	VERDICT_NO,
	VERDICT_YES,
	VERDICT_SOURCE, /* the rule's log source is another */
	VERDICT_OPEN	/* it would take a field that is known while recording alone */
};

/* One test, as text, and the values that it looks at. */
struct explained {
	struct slice field, test, value; /* field "": any value; value "": none; valid during the call */
	enum { TEST_NO, TEST_YES, TEST_OPEN } result;
	bool decided; /* it stands on the way that the condition took */
};

/* Rule i at the event that was evaluated last; of a correlation (whose verdict is about this event alone) the
 * members that match it, as tests of the field "rules", and what it groups by. */
enum verdict rule_run_explain(struct rule_run *r, size_t i,
			      void (*test)(void *ctx, const struct explained *x), void *ctx);

#endif
