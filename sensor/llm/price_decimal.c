/* Prices as exact decimals. */
#include "sensor/llm/price_table.h"

#define EXPONENT_MAX 1000

static money power_of_ten(int n)
{
	money m = 1;

	while (n-- > 0)
		m *= 10;
	return m;
}

static bool read_exponent(struct slice text, size_t at, int *exponent)
{
	bool minus = at < text.n && text.p[at] == '-';
	int e = 0;

	if (at < text.n && (minus || text.p[at] == '+'))
		at++;
	if (at == text.n)
		return false;
	for (; at < text.n; at++) {
		if (text.p[at] < '0' || text.p[at] > '9' || e > EXPONENT_MAX)
			return false;
		e = e * 10 + text.p[at] - '0';
	}
	*exponent = minus ? -e : e;
	return true;
}

/* Digits with one point at most: their value without zeros at its end, and the power of ten of its last
 * digit. Returns where the digits end; 0: there were none, or more than can matter. */
static size_t read_digits(struct slice text, money *value, int *power)
{
	const money full = power_of_ten(36);
	size_t i, seen = 0;
	bool fraction = false;
	int zeros = 0; /* met, not yet part of the value */

	*value = 0;
	*power = 0;
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9')
			break;
		seen++;
		*power -= fraction;
		if (text.p[i] == '0') {
			zeros++;
			continue;
		}
		for (; zeros > 0 && *value != 0 && *value < full; zeros--)
			*value *= 10;
		if (*value >= full)
			return 0;
		*value = *value * 10 + (text.p[i] - '0');
		zeros = 0;
	}
	*power += zeros;
	return seen == 0 || seen > EXPONENT_MAX ? 0 : i;
}

bool price_decimal(struct slice text, int decimals, money *out)
{
	const money most = power_of_ten(6 + PER_TOKEN); /* a million USD */
	int power, exponent = 0;
	size_t end = read_digits(text, out, &power);

	if (end == 0)
		return false;
	if (end < text.n && (text.p[end] | 0x20) == 'e') {
		if (!read_exponent(text, end + 1, &exponent))
			return false;
	} else if (end < text.n) {
		return false;
	}
	power += exponent + decimals;
	if (*out == 0)
		return true;
	if (power < 0)
		return false;
	for (; power > 0; power--) {
		if (*out > most / 10)
			return false;
		*out *= 10;
	}
	return *out <= most;
}

void price_put(money m, int decimals, struct buf *out)
{
	const money one = power_of_ten(decimals);
	char digits[PER_TOKEN + 1];
	money rest = m % one;
	int n = decimals;

	buf_i64(out, (int64_t)(m / one)); /* at most 10^12 */
	for (int i = decimals - 1; i >= 0; i--, rest /= 10)
		digits[i] = (char)('0' + (int)(rest % 10));
	while (n > 0 && digits[n - 1] == '0')
		n--;
	digits[n] = 0;
	if (n > 0)
		buf_fmt(out, ".%s", digits);
}
