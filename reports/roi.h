/* Return on investment of a month (reports.md 7), in millionths of the site's currency. Pure. */
#ifndef TK_REPORTS_ROI_H
#define TK_REPORTS_ROI_H

#include "core/review/facts.h"
#include "reports/figure.h"

struct roi_function {
	struct slice name;
	int64_t calls; /* successful */
	struct assumed adoption, minutes;
};
struct roi_input {
	const struct roi_function *function; /* those without both assumptions do not count */
	size_t n;
	struct assumed of[ASSUMPTIONS]; /* those that are not per function */
	figure api;			/* cost of the calls, millionths of the currency */
};
struct roi {
	figure benefit, cost;
	figure percent_milli; /* (benefit - cost) / cost, in thousandths of a percent, half up */
	figure payback_milli; /* months until the initial cost is back, in thousandths; -1: never */
};
/* False: an assumption that is needed is missing, no function has both of its own, or it costs nothing. */
bool roi_of(const struct roi_input *in, struct roi *out);
/* The lowest and the highest percentage that the assumptions allow, each at the end that is worst or best for
 * it; an hour's cost is the same on both sides. */
bool roi_range(const struct roi_input *in, figure *low_milli, figure *high_milli);

#endif
