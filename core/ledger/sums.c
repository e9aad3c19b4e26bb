#include "core/ledger/sums.h"

#include <math.h>

#include "core/event/varint.h"

#define LINEAR_BINS 64
#define BINS_A_POWER 32

unsigned latency_bin(int64_t ns)
{
	uint64_t us = ns < 0 ? 0 : (uint64_t)ns / 1000;
	unsigned power, bin;

	if (us < LINEAR_BINS)
		return (unsigned)us;
	power = 63 - (unsigned)__builtin_clzll(us);
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

void latency_encode(const struct latency *l, unsigned lowest, unsigned highest, struct buf *out)
{
	unsigned before = 0;

	for (unsigned i = lowest; i <= highest && i < LATENCY_BINS; i++)
		if (l->bin[i] != 0) {
			put_varint(out, i - before);
			put_varint(out, (uint64_t)l->bin[i]);
			before = i;
		}
}

bool latency_add_encoded(struct latency *l, struct slice bins)
{
	uint64_t i = 0, step, n;

	while (bins.n > 0) {
		if (!take_varint(&bins, &step) || !take_varint(&bins, &n) || step >= LATENCY_BINS ||
		    (i += step) >= LATENCY_BINS || n > INT64_MAX / LATENCY_BINS)
			return false;
		l->bin[i] += (int64_t)n;
	}
	return true;
}

void sums_add(struct sums *to, const struct sums *from)
{
#define SUM(name, doc) to->name = add_saturating(to->name, from->name);
#include "core/ledger/sums.def"
#undef SUM
}

void sums_subtract(struct sums *from, const struct sums *less)
{
#define SUM(name, doc) \
	from->name = add_saturating(from->name, less->name == INT64_MIN ? INT64_MAX : -less->name);
#include "core/ledger/sums.def"
#undef SUM
}

bool sums_empty(const struct sums *s)
{
	int64_t all = 0;

#define SUM(name, doc) all |= s->name;
#include "core/ledger/sums.def"
#undef SUM
	return all == 0;
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
