#include "rules/amount.h"

#define EXPONENT_MAX 1000

static amount limited(amount a)
{
	amount most = (amount)AMOUNT_LIMIT * AMOUNT_ONE;

	return a > most ? most : a < -most ? -most : a;
}

amount amount_of(int64_t units)
{
	return limited((amount)units * AMOUNT_ONE);
}

static bool digit(struct slice t, size_t i)
{
	return i < t.n && t.p[i] >= '0' && t.p[i] <= '9';
}

/* The exponent at t[i], up to the end. */
static bool exponent(struct slice t, size_t i, int *out)
{
	bool minus = i < t.n && t.p[i] == '-';
	int e = 0;

	i += minus || (i < t.n && t.p[i] == '+');
	if (i == t.n)
		return false;
	for (; digit(t, i); i++)
		e = e < EXPONENT_MAX ? e * 10 + (t.p[i] - '0') : e;
	*out = minus ? -e : e;
	return i == t.n;
}

/* The digits of t from `at`, without the point, times 10^scale. */
static amount scaled(struct slice t, size_t at, size_t end, int64_t scale)
{
	amount a = 0, most = (amount)AMOUNT_LIMIT * AMOUNT_ONE;

	for (size_t i = at; i < end; i++) {
		int64_t below = -scale - 1; /* how many digits behind this one are cut off */

		if (t.p[i] == '.')
			continue;
		for (size_t k = i + 1; k < end && below >= 0; k++)
			below -= t.p[k] != '.';
		if (below >= 0)
			break;
		a = a > most ? a : a * 10 + (t.p[i] - '0');
	}
	for (; scale > 0 && a != 0 && a <= most; scale--)
		a *= 10;
	return limited(a);
}

bool amount_parse(struct slice t, amount *out)
{
	size_t start = t.n > 0 && (t.p[0] == '-' || t.p[0] == '+'), i = start, end;
	int64_t scale = 9;
	int e = 0;

	while (digit(t, i))
		i++;
	if (i == start)
		return false;
	if (i < t.n && t.p[i] == '.') {
		size_t point = i++;

		while (digit(t, i))
			i++;
		if (i == point + 1)
			return false;
		scale -= (int64_t)(i - point - 1);
	}
	end = i;
	if (i < t.n && ((t.p[i] | 32) != 'e' || !exponent(t, i + 1, &e)))
		return false;
	*out = scaled(t, start, end, scale + e);
	if (t.p[0] == '-')
		*out = -*out;
	return true;
}
