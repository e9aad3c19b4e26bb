/* Numbers as rules and events write them: whole ones exact, others as double. Pure functions. */
#ifndef TK_RULES_NUMBER_H
#define TK_RULES_NUMBER_H

#include "core/base/slice.h"

struct num {
	bool whole;
	int64_t i; /* where whole */
	double d;  /* always */
};

/* Decimal text: sign, digits, fraction, exponent; nothing around it. */
bool num_parse(struct slice text, struct num *out);
struct num num_int(int64_t i);
struct num num_micro(int64_t millionths);
/* -1, 0, 1 */
int num_cmp(const struct num *a, const struct num *b);

#endif
