#include "sensor/fields/text.h"

#include "core/base/zone.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/secret.h"

uint8_t *scratch_take(struct scratch *s, size_t n)
{
	uint8_t *p;

	if (n > s->cap - s->n)
		return NULL;
	p = s->p + s->n;
	s->n += n;
	return p;
}

struct slice text_cut(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	for (int i = 0; i < 3 && s.n > 0 && (s.p[s.n] & 0xc0) == 0x80; i++)
		s.n--; /* p[n] is the first byte left out: a continuation byte means a cut character */
	return s;
}

struct slice text_trim(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two hex digits at p, or -1. */
static int hex_pair(const uint8_t *p)
{
	int high = hex_value(p[0]), low = hex_value(p[1]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static uint8_t backslash_letter(uint8_t c)
{
	static const char letters[] = "nrtbfv", bytes[] = "\n\r\t\b\f\v";
	const char *at = memchr(letters, c, sizeof letters - 1);

	return at == NULL ? c : (uint8_t)bytes[at - letters];
}

struct slice text_unescape(struct slice raw, struct scratch *s)
{
	const uint8_t *first = raw.n == 0 ? NULL : memchr(raw.p, '\\', raw.n);
	uint8_t *out;
	size_t n;

	if (first == NULL)
		return raw;
	out = scratch_take(s, raw.n);
	if (out == NULL)
		return slice_of(NULL, 0);
	n = (size_t)(first - raw.p);
	memcpy(out, raw.p, n);
	for (size_t i = n; i < raw.n; i++) {
		int byte;

		if (raw.p[i] != '\\' || i + 1 == raw.n) {
			out[n++] = raw.p[i];
		} else if (raw.p[i + 1] == 'x' && i + 3 < raw.n && (byte = hex_pair(raw.p + i + 2)) >= 0) {
			out[n++] = (uint8_t)byte;
			i += 3;
		} else {
			out[n++] = backslash_letter(raw.p[++i]);
		}
	}
	s->n -= raw.n - n;
	return slice_of(out, n);
}

size_t text_unpercent(struct slice in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		int byte = in.p[i] == '%' && i + 2 < in.n ? hex_pair(in.p + i + 1) : -1;

		out[n++] = byte < 0 ? in.p[i] : (uint8_t)byte;
		if (byte >= 0)
			i += 2;
	}
	return n;
}

struct slice text_word(struct slice *in)
{
	const uint8_t *blank = in->n == 0 ? NULL : memchr(in->p, ' ', in->n);
	size_t n = blank == NULL ? in->n : (size_t)(blank - in->p);
	struct slice word = slice_head(*in, n);

	*in = slice_from(*in, n + 1);
	return word;
}

/* Is the quote at i escaped, that is, behind an odd number of backslashes? */
static bool escaped_at(struct slice s, size_t i)
{
	size_t n = 0;

	while (n < i && s.p[i - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

bool text_quoted(struct slice *in, struct slice *out)
{
	size_t i = 1;

	if (in->n < 2 || in->p[0] != '"')
		return false;
	while (i < in->n) {
		const uint8_t *q = memchr(in->p + i, '"', in->n - i);

		if (q == NULL)
			return false;
		i = (size_t)(q - in->p);
		if (!escaped_at(slice_of(in->p + 1, in->n - 1), i - 1)) {
			*out = slice_of(in->p + 1, i - 1);
			*in = slice_from(*in, i + 1);
			return true;
		}
		i++;
	}
	return false;
}

bool text_i64(struct slice s, int64_t *v)
{
	int64_t sum = 0;

	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		sum = sum * 10 + (s.p[i] - '0');
	}
	*v = sum;
	return true;
}

/* ---- the common log format's time ---- */

static int two(const uint8_t *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static int month_of(const uint8_t *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (memcmp(p, names + (size_t)m * 3, 3) == 0)
			return m + 1;
	return -1;
}

/* Midnight of "23/Nov/2026:" at " +0000", UTC seconds. */
static bool convert_day(const uint8_t *day_text, const uint8_t *offset, int64_t *start)
{
	const uint8_t *p = day_text;
	int day = two(p), month = month_of(p + 3), century = two(p + 7), year = two(p + 9);
	int off_hour = two(offset + 2), off_minute = two(offset + 4);
	struct date d = { century * 100 + year, (uint8_t)month, (uint8_t)day }, back;
	int32_t days;

	if (day < 1 || month < 1 || century < 17 || year < 0 || off_hour < 0 || off_hour > 15 ||
	    off_minute < 0 || off_minute > 59 || d.year > 2250)
		return false;
	if (p[2] != '/' || p[6] != '/' || p[11] != ':' || offset[0] != ' ' ||
	    (offset[1] != '+' && offset[1] != '-'))
		return false;
	days = date_to_days(d);
	back = date_from_days(days);
	if (back.month != d.month || back.day != d.day) /* 31 April */
		return false;
	*start = (int64_t)days * 86400 - (offset[1] == '-' ? -1 : 1) * (off_hour * 3600 + off_minute * 60);
	return true;
}

/* The same, from the line before where the day is one. */
static bool clf_day(const uint8_t *p, struct parse_cache *cache, int64_t *start)
{
	const uint8_t *offset = p + CLF_TIME_LENGTH - 6;
	struct cached_day *c = cache == NULL ? NULL : &cache->day;

	if (c != NULL && c->known && memcmp(c->text, p, sizeof c->text) == 0 &&
	    memcmp(c->offset, offset, sizeof c->offset) == 0) {
		*start = c->start;
		return true;
	}
	if (!convert_day(p, offset, start))
		return false;
	if (c != NULL) {
		memcpy(c->text, p, sizeof c->text);
		memcpy(c->offset, offset, sizeof c->offset);
		c->start = *start;
		c->known = true;
	}
	return true;
}

bool text_clf_time(struct slice s, struct parse_cache *cache, int64_t *ns)
{
	int hour, minute, second;
	int64_t start;

	if (s.n != CLF_TIME_LENGTH || !clf_day(s.p, cache, &start))
		return false;
	hour = two(s.p + 12);
	minute = two(s.p + 15);
	second = two(s.p + 18);
	if (s.p[14] != ':' || s.p[17] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60)
		return false;
	/* a leap second is read as .999 of the one before, as in time_parse_rfc3339 */
	*ns = (start + hour * 3600 + minute * 60 + (second == 60 ? 59 : second)) * NS_PER_SEC +
	      (second == 60 ? INT64_C(999000000) : 0);
	return true;
}
