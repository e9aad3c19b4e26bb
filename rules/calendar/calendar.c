/* Kinds of days (calendar.md 2). Hours: off_hours.c. */
#include "rules/calendar/calendar.h"

#include <stdlib.h>

#include "rules/calendar/hospital.h"

#define LOOK_BACK 400 /* days; only a calendar that is closed for a year gets there */
enum { SATURDAY = 5, SUNDAY = 6 };

const char *opening_name(enum opening o)
{
	static const char *const name[] = { "full", "half", "closed" };

	return name[o];
}

const char *calendar_day_name(enum calendar_day k)
{
	static const char *const name[] = { "business", "saturday", "sunday", "holiday", "closure" };

	return name[k];
}

static bool among(const struct date *list, size_t n, struct date d)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].year == d.year && list[i].month == d.month && list[i].day == d.day)
			return true;
	return false;
}

static bool range_holds(const struct month_day_range *r, int month, int day)
{
	int from = r->from_month * 100 + r->from_day, to = r->to_month * 100 + r->to_day,
	    at = month * 100 + day;

	return from <= to ? at >= from && at <= to : at >= from || at <= to;
}

/* The range of closed days that holds the date: BY_YEAR_END, BY_CLOSURE, or BY_WEEK for none. */
static enum decider closed_by(const struct cfg_calendar *cfg, struct date d)
{
	for (size_t i = 0; i < cfg->n_closures; i++) {
		const struct month_day_range *r = &cfg->closures[i];

		if (range_holds(r, d.month, d.day))
			return range_holds(r, 12, 31) || range_holds(r, 1, 1) ? BY_YEAR_END : BY_CLOSURE;
	}
	return BY_WEEK;
}

static bool has_holidays(const struct calendar *c)
{
	return strcmp(c->cfg->country, "JP") == 0;
}

bool calendar_knows(const struct calendar *c, int32_t year)
{
	return !has_holidays(c) || (year >= JP_FIRST_YEAR && year <= JP_LAST_YEAR) ||
	       (c->list != NULL && holiday_list_has(c->list, year));
}

/* The official list calls every day off 休日; which kind it is, the rule knows. */
static const char *holiday_name(const struct calendar *c, int32_t days, int32_t year)
{
	const char *kind, *by_rule, *listed;

	if (!has_holidays(c))
		return NULL;
	by_rule = jp_holiday(days, &kind);
	if (c->list == NULL || !holiday_list_has(c->list, year))
		return by_rule;
	listed = holiday_list_name(c->list, days);
	return listed != NULL && by_rule != NULL && strcmp(listed, "休日") == 0 ? by_rule : listed;
}

static enum decider decide(const struct cfg_calendar *cfg, struct date d, bool holiday)
{
	if (among(cfg->extra_open, cfg->n_extra_open, d))
		return BY_EXTRA_OPEN;
	if (among(cfg->extra_closed, cfg->n_extra_closed, d))
		return BY_EXTRA_CLOSED;
	if (cfg->founding_month == d.month && cfg->founding_day == d.day)
		return BY_FOUNDING;
	if (holiday && !among(cfg->open_holidays, cfg->n_open_holidays, d))
		return BY_HOLIDAY;
	return closed_by(cfg, d);
}

static bool is_empty(struct hours h)
{
	return h.from == h.to;
}

static enum opening weekly_opening(const struct pattern *p, int weekday)
{
	if (weekday == SUNDAY || (weekday == SATURDAY && p->saturday == SATURDAY_CLOSED))
		return OPEN_CLOSED;
	if (weekday == SATURDAY && p->saturday == SATURDAY_HALF)
		return is_empty(p->half_day) ? OPEN_CLOSED : OPEN_HALF;
	return is_empty(p->hours) ? OPEN_CLOSED : OPEN_FULL;
}

enum opening pattern_opening(const struct pattern *p, enum decider by, int32_t days)
{
	if (p->always)
		return OPEN_FULL;
	if (by == BY_EXTRA_OPEN)
		return is_empty(p->hours) ? OPEN_CLOSED : OPEN_FULL;
	return by == BY_WEEK ? weekly_opening(p, date_weekday(days)) : OPEN_CLOSED;
}

/* The site's own hours may be 00:00-24:00; its days still follow the calendar. */
static enum opening site_opening(const struct calendar *c, enum decider by, int32_t days)
{
	struct pattern p = c->places[0].pattern;

	p.always = false;
	return pattern_opening(&p, by, days);
}

static const char *reason_name(enum decider by, int weekday)
{
	static const char *const name[] = { "extra_open", "extra_closed", "founding", "holiday", "year_end",
					    "closure" };

	if (by == BY_WEEK)
		return weekday >= SATURDAY ? "weekly" : "weekday";
	return name[by];
}

/* A public holiday stays one when it is also a founding day; only opening it makes it an ordinary day. */
static enum calendar_day kind_of(enum decider by, bool holiday, int weekday)
{
	if (by == BY_EXTRA_OPEN)
		return CAL_BUSINESS;
	if (by != BY_WEEK)
		return holiday ? CAL_HOLIDAY : CAL_CLOSURE;
	return weekday == SUNDAY ? CAL_SUNDAY : weekday == SATURDAY ? CAL_SATURDAY : CAL_BUSINESS;
}

/* What can be said of a day without its neighbours. */
static struct kept_day alone(const struct calendar *c, int32_t days)
{
	struct date d = date_from_days(days);
	const char *holiday = holiday_name(c, days, d.year);
	int weekday = date_weekday(days);
	struct kept_day k = { .by = decide(c->cfg, d, holiday != NULL) };

	k.info = (struct day_info){
		.days = days,
		.opening = site_opening(c, k.by, days),
		.kind = kind_of(k.by, holiday != NULL, weekday),
		.reason = reason_name(k.by, weekday),
		.holiday = holiday,
	};
	return k;
}

/* Closed, though the weekly pattern alone would have it open. */
static bool is_taken(const struct calendar *c, const struct kept_day *k)
{
	return k->info.opening == OPEN_CLOSED && site_opening(c, BY_WEEK, k->info.days) != OPEN_CLOSED;
}

/* gap_days and first_after_holiday end at the last open day, after_holiday at the last full one. */
static void look_back(const struct calendar *c, struct day_info *d)
{
	bool gap = true, taken = false;

	if (d->opening == OPEN_CLOSED)
		return;
	for (int i = 1; i <= LOOK_BACK; i++) {
		struct kept_day k = alone(c, d->days - i);

		if (k.info.opening == OPEN_FULL || (k.info.opening == OPEN_HALF && d->opening == OPEN_HALF))
			break;
		gap = gap && k.info.opening == OPEN_CLOSED;
		taken = taken || is_taken(c, &k);
		if (gap) {
			d->gap_days = i;
			d->first_after_holiday = taken;
		}
	}
	d->after_holiday = d->opening == OPEN_FULL && taken;
}

static bool is_first_of_month(const struct calendar *c, const struct day_info *d)
{
	int day = date_from_days(d->days).day;

	if (d->opening != OPEN_FULL)
		return false;
	for (int i = 1; i < day; i++)
		if (alone(c, d->days - i).info.opening == OPEN_FULL)
			return false;
	return true;
}

static struct kept_day *keep(struct calendar *c, int32_t days)
{
	uint16_t *at = &c->index[(uint32_t)days % COUNT(c->index)];
	struct kept_day *k;

	if (*at != 0 && c->days[*at - 1].info.days == days)
		return &c->days[*at - 1];
	k = &c->days[c->next];
	*at = (uint16_t)(c->next + 1);
	c->next = (c->next + 1) % DAYS_KEPT;
	*k = alone(c, days);
	look_back(c, &k->info);
	k->info.first_business_day_of_month = is_first_of_month(c, &k->info);
	return k;
}

const struct day_info *calendar_day(struct calendar *c, int32_t days)
{
	return &keep(c, days)->info;
}

enum decider calendar_decider(struct calendar *c, int32_t days)
{
	return keep(c, days)->by;
}

enum day_class calendar_class(struct calendar *c, int32_t days)
{
	static const enum day_class of[] = { CLASS_BUSINESS, CLASS_HALF, CLASS_CLOSED };

	return of[calendar_day(c, days)->opening];
}

struct calendar *calendar_new(const struct cfg_calendar *cfg, struct err *e)
{
	struct calendar *c = calloc(1, sizeof *c);

	if (c == NULL || !(c->cfg = cfg, places_init(c))) {
		calendar_free(c);
		err_set(e, TK_ENOMEM, "no memory");
		return NULL;
	}
	if (cfg->holidays != NULL && (c->list = holiday_list_load(cfg->holidays, e)) == NULL) {
		calendar_free(c);
		return NULL;
	}
	return c;
}

void calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	holiday_list_free(c->list);
	free(c->places);
	free(c->slots);
	free(c);
}
