#include "rules/number.h"

#include <stdlib.h>

#define NUMBER_TEXT_MAX 64

static size_t digits(struct slice s, size_t at)
{
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at;
}

static bool shape(struct slice s, bool *whole)
{
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), j = digits(s, i);

	*whole = j == s.n;
	if (j == i)
		return false;
	if (j < s.n && s.p[j] == '.') {
		i = j + 1;
		j = digits(s, i);
		if (i == j)
			return false;
	}
	if (j < s.n && (s.p[j] == 'e' || s.p[j] == 'E')) {
		i = j + 1;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		j = digits(s, i);
		if (i == j)
			return false;
	}
	return j == s.n;
}

static bool whole_parse(struct slice s, int64_t *out)
{
	bool minus = s.p[0] == '-';
	int64_t v = 0;

	for (size_t i = minus || s.p[0] == '+'; i < s.n; i++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	return minus ? (*out = v, true) : !__builtin_sub_overflow(0, v, out);
}

bool num_parse(struct slice text, struct num *out)
{
	char copy[NUMBER_TEXT_MAX];
	bool whole;

	if (text.n == 0 || text.n >= sizeof copy || !shape(text, &whole))
		return false;
	if (whole && whole_parse(text, &out->i)) {
		out->whole = true;
		out->d = (double)out->i;
		return true;
	}
	memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	out->d = strtod(copy, NULL); /* the program never leaves the C locale's decimal point */
	out->whole = out->d >= -9e15 && out->d <= 9e15 && out->d == (double)(int64_t)out->d;
	out->i = out->whole ? (int64_t)out->d : 0;
	return true;
}

struct num num_int(int64_t i)
{
	return (struct num){ true, i, (double)i };
}

struct num num_micro(int64_t millionths)
{
	struct num n = { millionths % 1000000 == 0, millionths / 1000000, (double)millionths / 1e6 };

	return n;
}

int num_cmp(const struct num *a, const struct num *b)
{
	if (a->whole && b->whole)
		return (a->i > b->i) - (a->i < b->i);
	return (a->d > b->d) - (a->d < b->d);
}
