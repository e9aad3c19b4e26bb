#include "rules/calendar/ical_time.h"

#include <strings.h>

#include "core/base/zone.h"
#include "rules/calendar/ical_lines.h"

#define STEPS_TEXT "1000000"

static const struct {
	const char *windows, *iana;
} windows_zones[] = {
#define ZONE(windows, iana) { windows, iana },
#include "rules/calendar/windows_zones.def"
#undef ZONE
};

/* ---- zones ---- */

/* Zones of a file recur by the year, by what the clocks of the world do; anything else could be a bomb. */
static bool is_tame_rule(struct slice rule)
{
	static const char *const good[] = { "FREQ=YEARLY", "BYMONTH=", "BYDAY=",    "BYMONTHDAY=",
					    "UNTIL=",	   "COUNT=",   "INTERVAL=", "WKST=" };

	while (rule.n > 0) {
		const uint8_t *end = memchr(rule.p, ';', rule.n);
		struct slice part = slice_head(rule, end == NULL ? rule.n : (size_t)(end - rule.p));
		bool known = false;

		for (size_t i = 0; i < COUNT(good); i++)
			known = known || ical_is(slice_head(part, strlen(good[i])), good[i]);
		if (!known || part.n > 60)
			return false;
		rule = slice_from(rule, part.n + 1);
	}
	return true;
}

static bool is_tame(const char *text)
{
	struct ical_lines l;
	bool good = true;
	size_t parts = 0;

	ical_lines_init(&l, slice_str(text));
	while (good && ical_next(&l)) {
		if (ical_is(l.name, "RRULE"))
			good = is_tame_rule(l.value);
		parts += ical_is(l.name, "BEGIN");
	}
	ical_lines_free(&l);
	return good && parts <= 200;
}

const char *ical_zone_add(struct ical_zones *z, const char *text, const char *name)
{
	icalcomponent *c;
	icaltimezone *zone;

	if (z->n == ICAL_ZONES_MAX)
		return "more than 100 time zones";
	if (!is_tame(text))
		return "this time zone recurs in a way that no zone does";
	c = icalparser_parse_string(text);
	zone = icaltimezone_new();
	if (c == NULL || zone == NULL || icalcomponent_isa(c) != ICAL_VTIMEZONE_COMPONENT ||
	    !icaltimezone_set_component(zone, c)) {
		if (c != NULL)
			icalcomponent_free(c);
		if (zone != NULL)
			icaltimezone_free(zone, 1);
		return "this time zone cannot be read";
	}
	z->zone[z->n] = zone;
	z->name[z->n++] = name;
	return NULL;
}

void ical_zones_free(struct ical_zones *z)
{
	for (size_t i = 0; i < z->n; i++)
		icaltimezone_free(z->zone[i], 1);
	z->n = 0;
}

/* The file's own, an IANA name, a name of Windows. */
static icaltimezone *find_zone(const struct ical_zones *z, const char *name)
{
	icaltimezone *found;

	for (size_t i = 0; i < z->n; i++)
		if (strcmp(z->name[i], name) == 0)
			return z->zone[i];
	for (size_t i = 0; i < COUNT(windows_zones); i++)
		if (strcasecmp(windows_zones[i].windows, name) == 0)
			return icaltimezone_get_builtin_timezone(windows_zones[i].iana);
	if (strcasecmp(name, "UTC") == 0 || strcasecmp(name, "GMT") == 0 || strcasecmp(name, "Etc/UTC") == 0)
		return icaltimezone_get_utc_timezone();
	found = strlen(name) < 100 && strstr(name, "..") == NULL ? icaltimezone_get_builtin_timezone(name)
								 : NULL;
	return found;
}

/* ---- times ---- */

static bool exists(const struct icaltimetype *t, int32_t *days)
{
	struct date d = { t->year, (uint8_t)t->month, (uint8_t)t->day }, same;

	if (t->year < 1600 || t->year > 9999 || t->month < 1 || t->month > 12 || t->day < 1 || t->day > 31 ||
	    t->hour < 0 || t->hour > 23 || t->minute < 0 || t->minute > 59 || t->second < 0 || t->second > 60)
		return false;
	*days = date_to_days(d);
	same = date_from_days(*days);
	return same.month == d.month && same.day == d.day;
}

static int64_t utc_of(struct icaltimetype t, icaltimezone *zone)
{
	int32_t days = date_to_days((struct date){ t.year, (uint8_t)t.month, (uint8_t)t.day });

	if (zone == NULL)
		return zone_instant(days, t.hour * 3600 + t.minute * 60 + t.second, false);
	return icaltime_as_timet_with_zone(t, zone);
}

struct instant ical_instant_at(const struct instant *like, struct icaltimetype nominal)
{
	struct instant i = *like;

	i.nominal = nominal;
	i.at = i.date ? date_to_days(
				(struct date){ nominal.year, (uint8_t)nominal.month, (uint8_t)nominal.day })
		      : utc_of(nominal, i.zone);
	return i;
}

bool ical_instant(const struct ical_zones *z, const struct moment *m, struct instant *out, struct problems *p)
{
	struct icaltimetype t = icaltime_from_string(m->text);
	struct instant like = { .zone = NULL };
	int32_t days;

	if (icaltime_is_null_time(t) || !exists(&t, &days)) {
		problem_line(p, m->line, m->column,
			     "no time as 20261123, 20261123T171500 or 20261123T081500Z");
		return false;
	}
	like.date = t.is_date != 0;
	if (icaltime_is_utc(t))
		like.zone = icaltimezone_get_utc_timezone();
	else if (m->tzid != NULL && !like.date && (like.zone = find_zone(z, m->tzid)) == NULL) {
		problem_line(
			p, m->line, m->column,
			"unknown time zone \"%.100s\": the file does not define it, nor is it a name of IANA "
			"or Windows",
			m->tzid);
		return false;
	}
	t.zone = NULL;
	*out = ical_instant_at(&like, t);
	return true;
}

bool ical_duration(const struct moment *m, int64_t *seconds, struct problems *p)
{
	struct icaldurationtype d = icaldurationtype_from_string(m->text);

	*seconds = ((int64_t)d.weeks * 7 + d.days) * 86400 + (int64_t)d.hours * 3600 +
		   (int64_t)d.minutes * 60 + d.seconds;
	if (icaldurationtype_is_bad_duration(d) || d.is_neg || *seconds <= 0 || *seconds > 400 * 86400) {
		problem_line(p, m->line, m->column, "no duration as PT15H30M or P1D, of at most 400 days");
		return false;
	}
	return true;
}

/* ---- recurrences ---- */

/* UNTIL in the terms of the instances: the iterator compares them as they are written. */
static void settle_until(struct icalrecurrencetype *r, const struct instant *start)
{
	int32_t days, second;

	if (icaltime_is_null_time(r->until))
		return;
	if (start->date) {
		r->until.is_date = 1;
		r->until.hour = r->until.minute = r->until.second = 0;
	} else if (r->until.is_date) {
		r->until.is_date = 0;
		r->until.hour = 23;
		r->until.minute = r->until.second = 59;
	} else if (icaltime_is_utc(r->until) && start->zone != NULL) {
		r->until = icaltime_convert_to_zone(r->until, start->zone);
	} else if (icaltime_is_utc(r->until)) {
		struct date d;

		zone_wall(icaltime_as_timet(r->until), &days, &second);
		d = date_from_days(days);
		r->until.year = d.year;
		r->until.month = d.month;
		r->until.day = d.day;
		r->until.hour = second / 3600;
		r->until.minute = second / 60 % 60;
		r->until.second = second % 60;
	}
	r->until.zone = NULL;
}

/* BYSETPOS beyond a month's days picks nothing, slowly. */
static bool has_far_position(const struct icalrecurrencetype *r)
{
	for (int i = 0; i < ICAL_BY_SETPOS_SIZE && r->by_set_pos[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
		if (r->by_set_pos[i] > 31 || r->by_set_pos[i] < -31)
			return true;
	return false;
}

static const char *refusal(const struct icalrecurrencetype *r)
{
	if (r->freq == ICAL_NO_RECURRENCE)
		return "no rule as FREQ=WEEKLY;BYDAY=MO";
	/* such a rule can keep the iterator busy for centuries between two instances */
	if (r->freq == ICAL_SECONDLY_RECURRENCE || r->freq == ICAL_MINUTELY_RECURRENCE ||
	    r->freq == ICAL_HOURLY_RECURRENCE)
		return "it recurs by the hour or more often: expected DAILY, WEEKLY, MONTHLY or YEARLY";
	if (r->by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX || r->by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX ||
	    r->by_second[0] != ICAL_RECURRENCE_ARRAY_MAX)
		return "BYHOUR, BYMINUTE and BYSECOND are not supported: an event begins once a day";
	if (has_far_position(r))
		return "BYSETPOS is not from -31 to 31";
	if (r->rscale != NULL)
		return "RSCALE is not supported";
	if (!icaltime_is_null_time(r->until) && (r->until.year < 1600 || r->until.year > 9999))
		return "UNTIL is no time";
	return NULL;
}

/* Days that the iterator passes in one step of its own. */
static int32_t stride(const struct icalrecurrencetype *r)
{
	int32_t days = r->freq == ICAL_DAILY_RECURRENCE	    ? 1
		       : r->freq == ICAL_WEEKLY_RECURRENCE  ? 7
		       : r->freq == ICAL_MONTHLY_RECURRENCE ? 28
							    : 365;

	return days * (r->interval > 0 ? r->interval : 1);
}

/* The walk of one rule. UNTIL is ours to look at, not the iterator's: then one that ends before its COUNT has
 * run to the end of time, and nothing that a calendar needs does that. */
struct steps {
	icalrecur_iterator *it;
	struct icaltimetype until;
	int32_t stride, day, *budget;
	int left; /* of COUNT; -1: none */
};

/* False: the end, or *why. */
static bool step(struct steps *s, struct icaltimetype *t, const char **why)
{
	int32_t day;

	if (s->left == 0)
		return false;
	*t = icalrecur_iterator_next(s->it);
	if (icaltime_is_null_time(*t) || !exists(t, &day)) {
		*why = "this rule never happens (again)";
		return false;
	}
	if (!icaltime_is_null_time(s->until) && icaltime_compare(*t, s->until) > 0)
		return false;
	*s->budget -= 1 + (day - s->day) / s->stride;
	if (*s->budget < 0)
		*why = "the rules of this file take more than " STEPS_TEXT
		       " steps up to the end of the asked range";
	s->day = day;
	s->left -= s->left > 0;
	return *why == NULL;
}

bool ical_recur(const struct moment *rule, const struct instant *start, int64_t last, int32_t *budget,
		bool (*each)(void *ctx, const struct instant *i), void *ctx, struct problems *p)
{
	struct icalrecurrencetype r = icalrecurrencetype_from_string(rule->text);
	const char *why = refusal(&r);
	struct steps s = { .budget = budget, .stride = stride(&r), .left = r.count > 0 ? r.count : -1 };
	struct icaltimetype t;

	if (why == NULL) {
		settle_until(&r, start);
		s.until = r.until;
		r.until = icaltime_null_time();
		exists(&start->nominal, &s.day);
		s.it = icalrecur_iterator_new(r, start->nominal);
		why = s.it == NULL ? "this rule has no instances" : NULL;
	}
	while (why == NULL && step(&s, &t, &why)) {
		struct instant i = ical_instant_at(start, t);

		if (i.at > last || !each(ctx, &i))
			break;
	}
	if (s.it != NULL)
		icalrecur_iterator_free(s.it);
	if (why != NULL)
		problem_line(p, rule->line, rule->column, "%s", why);
	return why == NULL;
}
