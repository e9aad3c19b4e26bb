/* Names that rotation gives: logrotate's numbers and dates (dateext, dateformat, extension), newsyslog's,
 * and those of rotating writers. Too narrow loses a file, too wide reads somebody else's. */
#include "sensor/watch_files.h"

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static int two(const uint8_t *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* YYYYMMDD or YYYY-MM-DD at the beginning; *n its length. */
static bool begins_with_date(struct slice s, size_t *n)
{
	bool dashed = s.n >= 10 && s.p[4] == '-' && s.p[7] == '-';
	uint8_t d[8];

	*n = dashed ? 10 : 8;
	if (s.n < *n)
		return false;
	memcpy(d, s.p, 4);
	memcpy(d + 4, s.p + (dashed ? 5 : 4), 2);
	memcpy(d + 6, s.p + (dashed ? 8 : 6), 2);
	return all_digits(slice_of(d, 8)) && (two(d) == 19 || two(d) == 20) && two(d + 4) >= 1 &&
	       two(d + 4) <= 12 && two(d + 6) >= 1 && two(d + 6) <= 31;
}

/* What follows a separator: a number, a date, a date with a time or a number, seconds since 1970. */
static bool is_stamp(uint8_t separator, struct slice s)
{
	size_t n;

	if (all_digits(s) && s.n <= 3)
		return separator == '.';
	if (separator == '-' && s.n == 10 && all_digits(s) && s.p[0] == '1')
		return true;
	if (s.n > 32 || !begins_with_date(s, &n))
		return false;
	for (; n < s.n; n++)
		if (memchr("0123456789-_.:TZ", s.p[n], 16) == NULL)
			return false;
	return true;
}

static bool stamped(struct slice stem, struct slice name)
{
	return name.n > stem.n + 1 && slice_starts(name, stem) &&
	       (name.p[stem.n] == '.' || name.p[stem.n] == '-') &&
	       is_stamp(name.p[stem.n], slice_from(name, stem.n + 1));
}

bool log_sibling(struct slice base, struct slice name, bool *compressed)
{
	static const char *const codecs[] = { ".gz", ".zst", ".xz" };
	const uint8_t *dot;

	*compressed = false;
	for (size_t i = 0; i < COUNT(codecs) && !*compressed; i++) {
		struct slice c = slice_str(codecs[i]);

		*compressed = slice_ends(name, c);
		if (*compressed)
			name.n -= c.n;
	}
	if (base.n == 0 || name.n <= base.n)
		return false;
	if (stamped(base, name))
		return true;
	dot = memrchr(base.p, '.', base.n);
	if (dot != NULL && dot > base.p) {
		struct slice stem = slice_head(base, (size_t)(dot - base.p)), ext = slice_from(base, stem.n);

		if (slice_ends(name, ext))
			return stamped(stem, slice_head(name, name.n - ext.n));
	}
	return false;
}
