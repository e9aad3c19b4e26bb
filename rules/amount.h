/* Exact decimal numbers for sums, means and percentiles: billionths in 128 bits, so that what left a window
 * leaves nothing behind. Pure functions. */
#ifndef TK_RULES_AMOUNT_H
#define TK_RULES_AMOUNT_H

#include "core/base/slice.h"

typedef __int128 amount;
#define AMOUNT_ONE INT64_C(1000000000)
/* Units, both ways; what is beyond counts as this much: ten billion of them still add up. */
#define AMOUNT_LIMIT INT64_C(9000000000000000000)

/* Decimal text: sign, digits, fraction, exponent, nothing around it. Digits beyond the ninth behind the point
 * are cut off. False: no number. */
bool amount_parse(struct slice text, amount *out);
amount amount_of(int64_t units);

#endif
