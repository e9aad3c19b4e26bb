#include "core/config/yaml.h"

static size_t digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static bool one_of(struct slice s, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (slice_is(s, words[i]))
			return true;
	return false;
}

/* Decimal digits with sign, fraction and exponent. A leading zero makes it text, not octal: 0404 and
 * telephone numbers stay what they are. */
static enum scalar_type number(struct slice s)
{
	enum scalar_type type = SCALAR_INT;
	size_t n;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = slice_from(s, 1);
	n = digits(s);
	if (n == 0 || (n > 1 && s.p[0] == '0'))
		return SCALAR_STRING;
	s = slice_from(s, n);
	if (s.n > 0 && s.p[0] == '.') {
		type = SCALAR_DECIMAL;
		s = slice_from(s, 1);
		n = digits(s);
		if (n == 0)
			return SCALAR_STRING;
		s = slice_from(s, n);
	}
	if (s.n > 0 && (s.p[0] == 'e' || s.p[0] == 'E')) {
		type = SCALAR_DECIMAL;
		s = slice_from(s, 1);
		if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
			s = slice_from(s, 1);
		n = digits(s);
		if (n == 0)
			return SCALAR_STRING;
		s = slice_from(s, n);
	}
	return s.n == 0 ? type : SCALAR_STRING;
}

enum scalar_type node_scalar_type(const struct node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const bools[] = { "true", "True", "TRUE", "false", "False", "FALSE" };

	if (n->quoted)
		return SCALAR_STRING;
	if (one_of(n->text, nulls, COUNT(nulls)))
		return SCALAR_NULL;
	if (one_of(n->text, bools, COUNT(bools)))
		return SCALAR_BOOL;
	return number(n->text);
}
