/* What is counted, one row a counter: the sums of a 15-minute bucket, and the latency histogram. */
#ifndef TK_LEDGER_SUMS_H
#define TK_LEDGER_SUMS_H

#include "core/base/buf.h"

/* Money of a hostile log must not take a report away: sums stop at the limits of int64 instead of
 * wrapping. */
static inline int64_t add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

struct sums {
#define SUM(name, doc) int64_t name;
#include "core/ledger/sums.def"
#undef SUM
};

void sums_add(struct sums *to, const struct sums *from);
void sums_subtract(struct sums *from, const struct sums *less);
bool sums_empty(const struct sums *s);

/* Log-linear bins of milliseconds' thousandths: value v (microseconds) below 64 has a bin of its
 * own; above, each power of two is cut in 32. So a quantile is at most 1/64 (1.6 %) off. */
#define LATENCY_BINS 1024
struct latency {
	int64_t n, sum_ns, max_ns;
	int64_t bin[LATENCY_BINS];
};
unsigned latency_bin(int64_t ns);
/* Middle of a bin, ns. */
int64_t latency_middle(unsigned bin);
/* The q-th quantile (0 < q <= 1) in ns, nearest rank, capped at the maximum; -1 when empty. */
int64_t latency_quantile(const struct latency *l, double q);

/* The bins as the ledger holds them: pairs of varints, the step to the next bin that is not empty and its
 * count; outside [lowest, highest] all must be empty. latency_add_encoded adds such bins to the bins alone;
 * false when they are not valid. */
void latency_encode(const struct latency *l, unsigned lowest, unsigned highest, struct buf *out);
bool latency_add_encoded(struct latency *l, struct slice bins);

/* Class of a status for the columns below. */
enum outcome {
	OUT_SUCCESSFUL,
	OUT_DENIED,
	OUT_LIMITED,
	OUT_FAILURE,
	OUT_ERROR,
	OUT_TIMEOUT,
	OUT_RESET,
	OUT_OTHER
};
enum outcome outcome_of(int64_t status);

#endif
