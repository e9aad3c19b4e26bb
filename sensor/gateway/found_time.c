/* Times as logs write them, and from them when a request began and how long it took. */
#include "core/base/json.h"
#include "core/base/zone.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/text.h"
#include "sensor/gateway/found.h"

/* Epoch seconds; milliseconds, microseconds or nanoseconds where the number is too large for those. */
static bool epoch_time(struct slice s, int64_t *ns)
{
	const uint8_t *dot = memchr(s.p, '.', s.n);
	size_t whole = dot == NULL ? s.n : (size_t)(dot - s.p);
	int digits = whole <= 11 ? 9 : whole <= 14 ? 6 : whole <= 17 ? 3 : 0;

	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && json_decimal(s, digits, ns);
}

/* Number of the month that begins here, as two digits. */
static bool month_digits(struct slice s, char out[2])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; s.n >= 3 && i < 12; i++)
		if (memcmp(months + 3 * i, s.p, 3) == 0) {
			out[0] = (char)('0' + (i + 1) / 10);
			out[1] = (char)('0' + (i + 1) % 10);
			return true;
		}
	return false;
}

#define OTHER_TIME_MAX 44

/* "23/Nov/2026:" and "2026/11/23 " as "2026-11-23T". */
static bool plain_date(struct slice s, char out[11])
{
	if (s.n > 12 && s.p[2] == '/' && s.p[6] == '/' && s.p[11] == ':') {
		memcpy(out, s.p + 7, 4);
		memcpy(out + 8, s.p, 2);
		if (!month_digits(slice_from(s, 3), out + 5))
			return false;
	} else if (s.n > 11 && (s.p[4] == '-' || s.p[4] == '/')) {
		memcpy(out, s.p, 10);
	} else {
		return false;
	}
	out[4] = out[7] = '-';
	out[10] = 'T';
	return true;
}

/* Puts the zone behind n bytes of date and time: "Z", "+09:00", or none. */
static size_t plain_zone(struct slice zone, bool utc, char *out)
{
	if (zone.n > 0 && zone.p[0] == ' ')
		zone = slice_from(zone, 1);
	if (slice_is(zone, "UTC") || slice_is(zone, "Z") || (zone.n == 0 && utc)) {
		out[0] = 'Z';
		return 1;
	}
	if (zone.n == 0)
		return 0;
	if (zone.n != 5) { /* what it is, time_parse_rfc3339 says */
		memcpy(out, zone.p, zone.n);
		return zone.n;
	}
	memcpy(out, zone.p, 3);
	out[3] = ':';
	memcpy(out + 4, zone.p + 3, 2);
	return 6;
}

/* Forms near RFC 3339: another date, an offset without colon, no zone. */
static bool other_time(struct slice s, bool utc, int64_t *ns)
{
	char text[OTHER_TIME_MAX];
	size_t n = 11, end;

	if (s.n < 19 || s.n > OTHER_TIME_MAX - 2 || !plain_date(s, text))
		return false;
	s = slice_from(s, s.p[2] == '/' ? 12 : 11);
	for (end = 0; end < s.n && ((s.p[end] >= '0' && s.p[end] <= ':') || s.p[end] == '.'); end++)
		text[n++] = (char)s.p[end];
	n += plain_zone(slice_from(s, end), utc, text + n);
	return time_parse_rfc3339(slice_of(text, n), !utc, ns);
}

bool log_time(struct slice s, unsigned habits, struct parse_cache *cache, int64_t *ns)
{
	bool utc = habits & HABIT_UTC;

	if (!utc && cache_time(cache, s, ns)) /* in another format the same text may be another time */
		return true;
	if (s.n > 10 && s.p[4] == '-' && time_parse_rfc3339(s, !utc, ns)) {
		if (!utc)
			cache_keep_time(cache, s, *ns);
		return true;
	}
	if (s.n == CLF_TIME_LENGTH && s.p[2] == '/')
		return text_clf_time(s, cache, ns);
	return epoch_time(s, ns) || other_time(s, utc, ns);
}

static bool time_of(const struct found *f, enum member m, unsigned habits, const struct parse_context *ctx,
		    int64_t *ns)
{
	return found_has(f, m) && log_time(f->text[m], habits, ctx->cache, ns);
}

/* ---- durations ---- */

/* A number of 10^-digits s as ns; a negative one is no duration. */
static bool scaled(struct slice s, int digits, int64_t *ns)
{
	return s.n > 0 && s.p[0] != '-' && json_decimal(s, digits, ns) && *ns >= 0;
}

static bool seconds(struct slice s, int64_t *ns)
{
	return scaled(s, 9, ns);
}

/* Takes a unit off the text; its ns, or 0. */
static int64_t take_unit(struct slice *s)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },	     { "us", 1000 },	       { "\xc2\xb5s", 1000 },	   { "ms", 1000000 },
		{ "s", NS_PER_SEC }, { "m", 60 * NS_PER_SEC }, { "h", 3600 * NS_PER_SEC },
	};

	for (size_t i = 0; i < COUNT(units); i++)
		if (slice_starts(*s, slice_str(units[i].name))) {
			*s = slice_from(*s, strlen(units[i].name));
			return units[i].ns;
		}
	return 0;
}

/* "1m2.5s", as Go writes a duration. */
static bool go_duration(struct slice s, int64_t *ns)
{
	int64_t sum = 0, billionths;

	while (s.n > 0) {
		size_t n = 0;
		int64_t unit;
		struct slice number;
		__int128 part;

		while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
			n++;
		number = slice_head(s, n);
		s = slice_from(s, n);
		unit = take_unit(&s);
		if (unit == 0 || !scaled(number, 9, &billionths))
			return false;
		part = (__int128)billionths * unit / NS_PER_SEC + sum;
		if (part > INT64_MAX)
			return false;
		sum = (int64_t)part;
	}
	*ns = sum;
	return true;
}

static bool duration_of(const struct found *f, int64_t *ns)
{
	static const struct {
		uint8_t member, digits;
	} units[] = {
		{ M_DURATION, 9 },
		{ M_DURATION_MS, 6 },
		{ M_DURATION_US, 3 },
		{ M_DURATION_NS, 0 },
	};

	for (size_t i = 0; i < COUNT(units); i++)
		if (found_has(f, units[i].member) && scaled(f->text[units[i].member], units[i].digits, ns))
			return true;
	return found_has(f, M_DURATION) && go_duration(f->text[M_DURATION], ns);
}

/* ---- the first byte ---- */

/* Takes the next of nginx's "0.023, 0.050 : 0.1": one time for each upstream that was tried. */
static struct slice next_try(struct slice *list)
{
	size_t n = 0;
	struct slice one;

	while (n < list->n && list->p[n] != ',' && list->p[n] != ':')
		n++;
	one = text_trim(slice_head(*list, n));
	*list = slice_from(*list, n + 1);
	return one;
}

/* First byte of the answer: the last try's header time, behind the whole time of the tries before it.
 * Where one of those is not known the sum is not known either. */
static bool header_time(const struct found *f, int64_t *ns)
{
	struct slice headers = f->text[M_HEADER_TIME], totals = f->text[M_UPSTREAM_TIME];
	int64_t sum = 0, t;

	if (!found_has(f, M_HEADER_TIME))
		return false;
	for (;;) {
		struct slice header = next_try(&headers), total = { NULL, 0 };

		if (found_has(f, M_UPSTREAM_TIME))
			total = next_try(&totals);
		if (!seconds(headers.n == 0 ? header : total, &t) || sum > INT64_MAX - t)
			return false;
		sum += t;
		if (headers.n == 0)
			break;
	}
	*ns = sum;
	return true;
}

static bool ttfb_of(const struct found *f, unsigned habits, const struct parse_context *ctx, int64_t start,
		    int64_t *ns)
{
	int64_t first;

	if (header_time(f, ns) || (found_has(f, M_TTFB) && seconds(f->text[M_TTFB], ns)) ||
	    (found_has(f, M_TTFB_MS) && scaled(f->text[M_TTFB_MS], 6, ns)))
		return true;
	return time_of(f, M_FIRST_BYTE, habits, ctx, &first) && first >= start &&
	       !__builtin_sub_overflow(first, start, ns);
}

/* @timestamp is the start: as the log has it, or its end less the duration. Where it has neither, the end is
 * when a frame was put around the line. */
int found_times(const struct found *f, unsigned habits, const struct parse_context *ctx,
		struct access_event *ev)
{
	int64_t start, end, duration = 0, ttfb;
	bool ended = time_of(f, M_TIME, habits, ctx, &end), lasted = duration_of(f, &duration);

	if (!ended && f->rank[M_TIME] == 0 && f->rank[M_START] == 0 && ctx->frame_time != 0) {
		end = ctx->frame_time;
		ended = true;
	}
	if (time_of(f, M_START, habits, ctx, &start)) {
		if (!lasted && ended && end >= start)
			lasted = !__builtin_sub_overflow(end, start, &duration);
	} else if (!ended || __builtin_sub_overflow(end, duration, &start)) {
		return REJECT_TIME;
	}
	if (lasted)
		ev_set_int(ev, F_DURATION, duration);
	ev_set_int(ev, F_TIMESTAMP, start);
	if (ttfb_of(f, habits, ctx, start, &ttfb))
		ev_set_int(ev, F_TTFB, ttfb);
	return 0;
}
