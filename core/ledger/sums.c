#include "core/ledger/sums.h"

#include <math.h>

#define LINEAR_BINS 64
#define BINS_A_POWER 32

unsigned latency_bin(int64_t ns)
{
	uint64_t us = ns < 0 ? 0 : (uint64_t)ns / 1000;
	unsigned power = 6, bin;

	if (us < LINEAR_BINS)
		return (unsigned)us;
	while (us >> (power + 1) != 0)
		power++;
	bin = LINEAR_BINS + (power - 6) * BINS_A_POWER + (unsigned)((us >> (power - 5)) & (BINS_A_POWER - 1));
	return bin < LATENCY_BINS ? bin : LATENCY_BINS - 1;
}

int64_t latency_middle(unsigned bin)
{
	unsigned power, sub;

	if (bin < LINEAR_BINS)
		return (int64_t)bin * 1000 + 500;
	if (bin >= LATENCY_BINS)
		bin = LATENCY_BINS - 1;
	power = (bin - LINEAR_BINS) / BINS_A_POWER + 6;
	sub = (bin - LINEAR_BINS) % BINS_A_POWER;
	/* low end (32 + sub) * width, and half a width more */
	return ((int64_t)(BINS_A_POWER + sub) * 2 + 1) * (INT64_C(1) << (power - 5)) * 500;
}

int64_t latency_quantile(const struct latency *l, double q)
{
	int64_t total = 0, rank, below = 0;

	for (unsigned i = 0; i < LATENCY_BINS; i++)
		total += l->bin[i];
	if (total <= 0)
		return -1;
	rank = (int64_t)ceil(q * (double)total);
	if (rank < 1)
		rank = 1;
	if (rank > total)
		rank = total;
	for (unsigned i = 0; i < LATENCY_BINS; i++) {
		below += l->bin[i];
		if (below >= rank) {
			int64_t middle = latency_middle(i);

			return middle > l->max_ns && l->max_ns > 0 ? l->max_ns : middle;
		}
	}
	return l->max_ns;
}

enum outcome outcome_of(int64_t status)
{
	if (status >= 200 && status < 400)
		return OUT_SUCCESSFUL;
	if (status == 401 || status == 403)
		return OUT_DENIED;
	if (status == 429)
		return OUT_LIMITED;
	if (status >= 400 && status < 500)
		return OUT_FAILURE;
	if (status >= 500 && status < 600)
		return OUT_ERROR;
	return OUT_OTHER;
}
