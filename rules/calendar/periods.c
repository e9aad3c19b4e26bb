#include "rules/calendar/periods.h"

#define MORNING (9 * 3600)
#define LOOK 60 /* days in which a business day must come */
enum { MONDAY = 0, FRIDAY = 4 };

struct period period_of_days(int32_t first, int32_t last)
{
	return (struct period){ zone_day_start(first), zone_day_start(last + 1), first, last };
}

int32_t fiscal_year(int32_t days)
{
	struct date d = date_from_days(days);

	return d.month >= 4 ? d.year : d.year - 1;
}

static bool is_business(struct calendar *c, int32_t days)
{
	return calendar_day(c, days)->opening == OPEN_FULL;
}

/* The business day on which the report of a week is made that would be made on `days`. */
static int32_t moved(struct calendar *c, int32_t days, int step)
{
	for (int i = 0; i < LOOK; i++)
		if (is_business(c, days + i * step))
			return days + i * step;
	return days;
}

/* Fridays (or, of ISO weeks, Mondays) whose report is made on this date: the first and the last. */
static bool weeks_made_on(struct calendar *c, int32_t days, int weekday, int step, int32_t *first,
			  int32_t *last)
{
	bool any = false;

	for (int32_t d = days - LOOK; d <= days + LOOK; d++) {
		if (date_weekday(d) != weekday || moved(c, d, step) != days)
			continue;
		*first = any ? *first : d;
		*last = d;
		any = true;
	}
	return any;
}

static void week(struct calendar *c, const struct period_options *o, int32_t days, struct periods *out)
{
	int weekday = o->iso_week ? MONDAY : FRIDAY, step = o->iso_week || o->next_day ? 1 : -1;
	int32_t first = 0, last = 0;

	out->week_due = weeks_made_on(c, days, weekday, step, &first, &last);
	if (!out->week_due) /* the week that ended last */
		first = last = days - (date_weekday(days) - weekday + 7) % 7;
	out->week = period_of_days(first - 7, last - 1);
}

int32_t period_week_date(struct calendar *c, const struct period_options *o, int32_t days)
{
	int weekday = o->iso_week ? MONDAY : FRIDAY, step = o->iso_week || o->next_day ? 1 : -1;

	return moved(c, days + 7 - (date_weekday(days) - weekday + 7) % 7, step);
}

struct period period_week(struct calendar *c, const struct period_options *o, int32_t days)
{
	struct periods p = { 0 };

	week(c, o, period_week_date(c, o, days), &p);
	return p.week;
}

static bool is_month_day(struct calendar *c, const struct period_options *o, int32_t days)
{
	enum opening opening = calendar_day(c, days)->opening;

	return opening == OPEN_FULL || (o->half_counts && opening == OPEN_HALF);
}

static void month(struct calendar *c, const struct period_options *o, int32_t days, struct periods *out)
{
	int32_t start = days - date_from_days(days).day + 1, last = start - 1;

	out->month = period_of_days(last - date_from_days(last).day + 1, last);
	out->month_due = is_month_day(c, o, days);
	for (int32_t d = start; d < days; d++)
		out->month_due = out->month_due && !is_month_day(c, o, d);
}

void periods_of(struct calendar *c, const struct period_options *o, int32_t days, struct periods *out)
{
	int64_t nine = zone_instant(days, MORNING, false);

	*out = (struct periods){ .morning = { nine - 86400, nine, days - 1, days },
				 .day = period_of_days(days - 1, days - 1),
				 .fiscal_year = fiscal_year(days) };
	week(c, o, days, out);
	month(c, o, days, out);
}

bool holidays_due(const struct calendar *c, int32_t days)
{
	struct date d = date_from_days(days);

	return strcmp(calendar_config(c)->country, "JP") == 0 && d.month == 12 &&
	       (calendar_list(c) == NULL || !holiday_list_has(calendar_list(c), d.year + 1));
}

bool holidays_left(const struct calendar *c, int32_t days, int64_t *left)
{
	int32_t year = date_from_days(days).year;

	if (calendar_list(c) == NULL)
		return false;
	while (holiday_list_has(calendar_list(c), year))
		year++;
	*left = year == date_from_days(days).year ? 0 : date_to_days((struct date){ year, 1, 1 }) - days;
	return true;
}
