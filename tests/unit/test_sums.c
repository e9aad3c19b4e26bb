/* Latency bins: their error bound and quantiles against a sorted list; classes of a status. */
#include "core/ledger/sums.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static void bins_are_close(void)
{
	bool close = true, rising = true;
	unsigned before = 0;

	for (int64_t us = 0; us < (INT64_C(1) << 35); us = us < 5000 ? us + 1 : us + us / 97) {
		unsigned bin = latency_bin(us * 1000);
		int64_t off = llabs(latency_middle(bin) - us * 1000);

		/* the middle lies at most 1/64 of the value away, or half a microsecond */
		close = close && off <= (us < 64 ? 500 : us * 1000 / 64 + 1000);
		rising = rising && bin >= before;
		before = bin;
	}
	ok(close, "the middle of a bin is within 1/64");
	ok(rising, "bins rise with the value");
}

static void limits(void)
{
	static const struct { const char *name; int64_t ns; unsigned bin; } rows[] = {
		{ "zero", 0, 0 }, { "negative is zero", -5, 0 }, { "below a microsecond", 999, 0 },
		{ "63 us", 63999, 63 }, { "64 us", 64000, 64 }, { "65 us shares its bin", 65999, 64 },
		{ "66 us", 66000, 65 }, { "128 us", 128000, 96 }, { "largest", INT64_MAX, LATENCY_BINS - 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ok_int(latency_bin(rows[i].ns), rows[i].bin, rows[i].name);
	for (unsigned b = 0; b < LATENCY_BINS; b++)
		if (latency_bin(latency_middle(b)) != b) {
			ok_int(latency_bin(latency_middle(b)), b, "the middle is in its own bin");
			return;
		}
	ok(true, "the middle is in its own bin");
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void quantiles(void)
{
	static struct latency l;
	static int64_t v[1000];
	static const double q[] = { 0.001, 0.5, 0.95, 0.99, 1.0 };
	uint64_t seed = 12345;
	bool close = true;

	ok_int(latency_quantile(&l, 0.5), -1, "no calls: none");
	for (size_t i = 0; i < COUNT(v); i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v[i] = (int64_t)(seed >> 34) * 7;
		l.n++;
		l.bin[latency_bin(v[i])]++;
		l.max_ns = v[i] > l.max_ns ? v[i] : l.max_ns;
	}
	qsort(v, COUNT(v), sizeof v[0], by_value);
	for (size_t i = 0; i < COUNT(q); i++) {
		int64_t want = v[(size_t)(q[i] * 1000) - 1], got = latency_quantile(&l, q[i]);

		close = close && llabs(got - want) <= want / 64 + 1000;
	}
	ok(close, "quantiles are the nearest rank within 1/64");
	ok(latency_quantile(&l, 1.0) <= l.max_ns, "never above the maximum");
}

int main(void)
{
	static const struct { int64_t status; enum outcome want;
	} rows[] = {
		{ 200, OUT_SUCCESSFUL }, { 304, OUT_SUCCESSFUL }, { 399, OUT_SUCCESSFUL },
		{ 400, OUT_FAILURE },    { 401, OUT_DENIED },     { 403, OUT_DENIED },
		{ 404, OUT_FAILURE },    { 429, OUT_LIMITED },    { 499, OUT_FAILURE },
		{ 500, OUT_ERROR },      { 599, OUT_ERROR },      { 600, OUT_OTHER },
		{ 101, OUT_OTHER },      { 0, OUT_OTHER },        { -1, OUT_OTHER },
	};
	char name[32];

	bins_are_close();
	limits();
	quantiles();
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(name, sizeof name, "status %d", (int)rows[i].status);
		ok_int(outcome_of(rows[i].status), rows[i].want, name);
	}
	return tap_done();
}
