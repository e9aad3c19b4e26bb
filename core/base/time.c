/* Dates and RFC 3339 texts. The process's zone: zone.c. */
#include "core/base/zone.h"

#include <stdio.h>

#define DAY 86400

/* Years are counted from March, so that the leap day is the last. */
int32_t date_to_days(struct date d)
{
	int64_t y = (int64_t)d.year - (d.month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

	return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

struct date date_from_days(int32_t days)
{
	int64_t z = (int64_t)days + 719468, era = (z >= 0 ? z : z - 146096) / 146097,
		of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	struct date d = { .day = (uint8_t)(of_year - (153 * m + 2) / 5 + 1),
			  .month = (uint8_t)(m < 10 ? m + 3 : m - 9) };

	d.year = (int32_t)(y + era * 400 + (d.month <= 2));
	return d;
}

int date_weekday(int32_t days)
{
	int64_t d = ((int64_t)days + 3) % 7; /* 1970-01-01 was a Thursday */

	return (int)(d < 0 ? d + 7 : d);
}

/* Exactly n digits at t[at]. */
static bool digits(struct slice t, size_t at, size_t n, int32_t *out)
{
	int32_t v = 0;

	if (t.n < n || at > t.n - n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (t.p[at + i] < '0' || t.p[at + i] > '9')
			return false;
		v = v * 10 + (t.p[at + i] - '0');
	}
	*out = v;
	return true;
}

static int32_t month_days(int32_t year, int32_t month)
{
	static const uint8_t n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return n[month - 1] + (month == 2 && leap);
}

bool date_parse(struct slice text, struct date *out)
{
	int32_t y, m, d;

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' || !digits(text, 0, 4, &y) ||
	    !digits(text, 5, 2, &m) || !digits(text, 8, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > month_days(y, m))
		return false;
	*out = (struct date){ .year = y, .month = (uint8_t)m, .day = (uint8_t)d };
	return true;
}

static void put_digits(char *p, size_t n, int64_t v)
{
	while (n > 0) {
		p[--n] = (char)('0' + v % 10);
		v /= 10;
	}
}

void date_format(struct date d, char out[11])
{
	put_digits(out, 4, d.year < 0 ? 0 : d.year);
	out[4] = '-';
	put_digits(out + 5, 2, d.month);
	out[7] = '-';
	put_digits(out + 8, 2, d.day);
	out[10] = 0;
}

/* 0 to 9 digits behind a point, as nanoseconds; *at is moved behind them. */
static bool fraction(struct slice t, size_t *at, int64_t *ns)
{
	int64_t unit = NS_PER_SEC, v = 0;
	size_t start;

	*ns = 0;
	if (*at >= t.n || t.p[*at] != '.')
		return true;
	start = ++*at;
	while (*at < t.n && *at - start < 9 && t.p[*at] >= '0' && t.p[*at] <= '9') {
		unit /= 10;
		v += (t.p[(*at)++] - '0') * unit;
	}
	*ns = v;
	return *at > start;
}

/* "Z" or "+09:00", all that is left of t. */
static bool offset(struct slice t, int32_t *out)
{
	int32_t h, m;

	*out = 0;
	if (t.n == 1)
		return t.p[0] == 'Z' || t.p[0] == 'z';
	if (t.n != 6 || (t.p[0] != '+' && t.p[0] != '-') || t.p[3] != ':' || !digits(t, 1, 2, &h) ||
	    !digits(t, 4, 2, &m) || h > 23 || m > 59)
		return false;
	*out = (h * 3600 + m * 60) * (t.p[0] == '-' ? -1 : 1);
	return true;
}

static bool time_of_day(struct slice t, int32_t *second, bool *leap)
{
	int32_t h, m, s;

	if (t.n < 19 || (t.p[10] != 'T' && t.p[10] != 't' && t.p[10] != ' ') || t.p[13] != ':' ||
	    t.p[16] != ':')
		return false;
	if (!digits(t, 11, 2, &h) || !digits(t, 14, 2, &m) || !digits(t, 17, 2, &s) || h > 23 || m > 59 ||
	    s > 60)
		return false;
	*leap = s == 60;
	*second = h * 3600 + m * 60 + (*leap ? 59 : s);
	return true;
}

bool time_parse_rfc3339(struct slice text, bool naive_ok, int64_t *ns)
{
	struct date d;
	int32_t second, off;
	int64_t sec, frac;
	size_t at = 19;
	bool leap;

	if (!date_parse(slice_head(text, 10), &d) || !time_of_day(text, &second, &leap) ||
	    !fraction(text, &at, &frac))
		return false;
	if (at == text.n) {
		if (!naive_ok)
			return false;
		sec = zone_instant(date_to_days(d), second, false);
	} else {
		if (!offset(slice_from(text, at), &off))
			return false;
		sec = (int64_t)date_to_days(d) * DAY + second - off;
	}
	if (leap) { /* inserted at the end of a UTC day only (RFC 3339 5.7) */
		if ((sec % DAY + DAY) % DAY != DAY - 1)
			return false;
		frac = 999000000;
	}
	return !__builtin_mul_overflow(sec, NS_PER_SEC, &sec) && !__builtin_add_overflow(sec, frac, ns);
}

/* Date, time and fraction of a wall clock's nanoseconds. */
static size_t put_time(int64_t wall_sec, int64_t ns, char *out)
{
	int64_t days = wall_sec / DAY - (wall_sec % DAY < 0), s = wall_sec - days * DAY;
	size_t width = ns == 0 ? 0 : ns % 1000000 == 0 ? 3 : ns % 1000 == 0 ? 6 : 9;

	date_format(date_from_days((int32_t)days), out);
	out[10] = 'T';
	put_digits(out + 11, 2, s / 3600);
	out[13] = ':';
	put_digits(out + 14, 2, s / 60 % 60);
	out[16] = ':';
	put_digits(out + 17, 2, s % 60);
	if (width == 0)
		return 19;
	out[19] = '.';
	put_digits(out + 20, width, width == 3 ? ns / 1000000 : width == 6 ? ns / 1000 : ns);
	return 20 + width;
}

static int64_t split(int64_t ns, int64_t *rest)
{
	*rest = ns % NS_PER_SEC;
	if (*rest < 0)
		*rest += NS_PER_SEC;
	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

size_t time_format_utc(int64_t ns, char out[TIME_TEXT_MAX])
{
	int64_t rest, sec = split(ns, &rest);
	size_t n = put_time(sec, rest, out);

	out[n++] = 'Z';
	out[n] = 0;
	return n;
}

size_t time_format_local(int64_t ns, char out[TIME_TEXT_MAX])
{
	int64_t rest, sec = split(ns, &rest);
	int32_t off = zone_offset(sec), minutes;
	size_t n;

	/* RFC 3339 has no seconds in an offset, local mean time does: the instant stays exact. */
	minutes = off / 60;
	n = put_time(sec + (int64_t)minutes * 60, rest, out);
	out[n++] = minutes < 0 ? '-' : '+';
	if (minutes < 0)
		minutes = -minutes;
	put_digits(out + n, 2, minutes / 60);
	out[n + 2] = ':';
	put_digits(out + n + 3, 2, minutes % 60);
	out[n + 5] = 0;
	return n + 5;
}
