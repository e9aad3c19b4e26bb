/* Which row prices a model: by its name, then by what is left of it without a date, without a region. */
#include "sensor/llm/price_table.h"

#define STEPS_MAX 8 /* names made from one */

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* "-2024-08-06" at the end. */
static bool ends_in_date(struct slice s)
{
	const uint8_t *d;

	if (s.n < 12)
		return false;
	d = s.p + s.n - 11;
	return d[0] == '-' && is_digits(slice_of(d + 1, 4)) && d[5] == '-' && is_digits(slice_of(d + 6, 2)) &&
	       d[8] == '-' && is_digits(slice_of(d + 9, 2));
}

/* Takes one of -20250514, -2024-08-06, @001, :0, -v1 from the end. */
static bool drop_suffix(struct slice *name)
{
	size_t i = name->n, digits;

	if (ends_in_date(*name)) {
		name->n -= 11;
		return true;
	}
	while (i > 0 && name->p[i - 1] >= '0' && name->p[i - 1] <= '9')
		i--;
	digits = name->n - i;
	if (digits == 0 || i < 2)
		return false;
	if (name->p[i - 1] == '@' || name->p[i - 1] == ':' || (name->p[i - 1] == '-' && digits == 8))
		name->n = i - 1;
	else if (i > 2 && name->p[i - 1] == 'v' && name->p[i - 2] == '-')
		name->n = i - 2;
	else
		return false;
	return true;
}

static bool drop_region(struct slice *name)
{
	static const char *const regions[] = { "us.", "eu.", "apac.",	"jp.",
					       "au.", "ca.", "us-gov.", "global." };

	for (size_t i = 0; i < COUNT(regions); i++)
		if (slice_starts(*name, slice_str(regions[i]))) {
			*name = slice_from(*name, strlen(regions[i]));
			return name->n > 0;
		}
	return false;
}

/* The name, then shorter ones, in the order in which they are looked for. Returns how many. */
static size_t names_of(struct slice name, struct slice out[STEPS_MAX])
{
	size_t n = 0;

	if (name.n == 0)
		return 0;
	for (int region = 0; region < 2; region++) {
		struct slice rest = name;

		if (region == 1 && !drop_region(&rest))
			break;
		do
			out[n++] = rest;
		while (n < (region == 0 ? STEPS_MAX / 2 : STEPS_MAX) && drop_suffix(&rest));
	}
	return n;
}

static const struct price_row *row_at(const struct price_listing *l, int64_t ns)
{
	for (; l != NULL; l = l->next)
		if (ns >= l->row->from && ns < l->to)
			return l->row;
	return NULL;
}

/* A known provider's own prices, or those that hold for any; an unknown one's are those of who makes the
 * model. */
static const struct price_row *row_named(const struct price_table *t, struct slice family, struct slice name,
					 int64_t ns)
{
	const struct price_row *row = row_at(price_table_list(t, family, name), ns);
	struct slice first;

	if (row != NULL)
		return row;
	if (family.n > 0)
		return row_at(price_table_list(t, slice_of(NULL, 0), name), ns);
	for (size_t i = 0; (first = price_family_first(i)).n > 0; i++)
		if ((row = row_at(price_table_list(t, first, name), ns)) != NULL)
			return row;
	return row_at(price_table_list(t, SLICE(FAMILY_KEYS), name), ns);
}

const struct price_row *price_find_pair(const struct price_table *t, struct slice provider,
					struct slice served, struct slice requested, int64_t ns)
{
	struct slice names[2][STEPS_MAX], family = price_family(provider);
	size_t n[2] = { names_of(served, names[0]), names_of(requested, names[1]) };
	const struct price_row *row;

	for (size_t step = 0; step < STEPS_MAX; step++)
		for (int which = 0; which < 2; which++)
			if (step < n[which] && (row = row_named(t, family, names[which][step], ns)) != NULL)
				return row;
	return NULL;
}

const struct price_row *price_find(const struct price_table *t, struct slice provider, struct slice model,
				   int64_t ns)
{
	return price_find_pair(t, provider, model, slice_of(NULL, 0), ns);
}
