/* Kinds of days (calendar.md 2). Hours: off_hours.c. */
#include "rules/calendar/calendar.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "rules/calendar/csv.h"
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

/* calendar.md 1.4: the site's own rows, the official list, the rule. The list calls every day off 休日; which
 * kind it is, the rule knows. *by_rule: nobody but the rule says so. */
static const char *holiday_name(const struct calendar *c, int32_t days, int32_t year, bool *by_rule)
{
	const struct site_row *own = site_find(c->site, SITE_HOLIDAY, SITE_WORKDAY, days);
	const char *kind, *rule, *listed;

	*by_rule = false;
	if (own != NULL)
		return own->kind == SITE_HOLIDAY ? (const char *)own->name.p : NULL;
	if (!has_holidays(c))
		return NULL;
	rule = jp_holiday(days, &kind);
	*by_rule = c->list == NULL || !holiday_list_has(c->list, year);
	if (*by_rule)
		return rule;
	listed = holiday_list_name(c->list, days);
	return listed != NULL && rule != NULL && strcmp(listed, "休日") == 0 ? rule : listed;
}

static bool opens(const struct cfg_open_holiday *list, size_t n, struct date d, const char *holiday)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].name != NULL
			    ? strcmp(list[i].name, "all") == 0 || strcmp(list[i].name, holiday) == 0
			    : among(&list[i].date, 1, d))
			return true;
	return false;
}

static enum decider decide(const struct calendar *c, int32_t days, struct date d, const char *holiday)
{
	const struct cfg_calendar *cfg = c->cfg;
	const struct site_row *own = site_find(c->site, SITE_OPEN, SITE_CLOSED, days);

	if (among(cfg->extra_open, cfg->n_extra_open, d))
		return BY_EXTRA_OPEN;
	if (among(cfg->extra_closed, cfg->n_extra_closed, d))
		return BY_EXTRA_CLOSED;
	if (own != NULL)
		return own->kind == SITE_OPEN ? BY_EXTRA_OPEN : BY_EXTRA_CLOSED;
	if (cfg->founding_month == d.month && cfg->founding_day == d.day)
		return BY_FOUNDING;
	if (holiday != NULL && !opens(cfg->open_holidays, cfg->n_open_holidays, d, holiday))
		return BY_HOLIDAY;
	return closed_by(cfg, d);
}

/* Its own days come first, then the site's; on a public holiday it may be open where the site is not. */
enum decider pattern_decider(const struct calendar *c, const struct pattern *p, enum decider by,
			     int32_t days)
{
	const struct cfg_department_hours *own = p->own;
	struct date d = date_from_days(days);
	const char *holiday;
	bool by_rule;

	if (own == NULL)
		return by;
	if (among(own->extra_open, own->n_extra_open, d))
		return BY_EXTRA_OPEN;
	if (among(own->extra_closed, own->n_extra_closed, d))
		return BY_EXTRA_CLOSED;
	if (by != BY_HOLIDAY || own->n_open_holidays == 0)
		return by;
	holiday = holiday_name(c, days, d.year, &by_rule);
	return holiday != NULL && opens(own->open_holidays, own->n_open_holidays, d, holiday)
		       ? closed_by(c->cfg, d)
		       : by;
}

static bool is_empty(struct hours h)
{
	return h.from == h.to;
}

static enum opening weekly_opening(const struct pattern *p, int weekday, struct hours *hours)
{
	enum week_kind kind = p->week[weekday].kind;

	if (kind == WEEK_UNSET && weekday == SATURDAY)
		kind = p->saturday == SATURDAY_HALF ? WEEK_HALF
		       : p->saturday == SATURDAY_FULL ? WEEK_FULL
						      : WEEK_CLOSED;
	if (kind == WEEK_UNSET)
		kind = weekday == SUNDAY ? WEEK_CLOSED : WEEK_FULL;
	*hours = kind == WEEK_HOURS ? p->week[weekday].hours : kind == WEEK_HALF ? p->half_day : p->hours;
	if (kind == WEEK_CLOSED || is_empty(*hours))
		return OPEN_CLOSED;
	return kind == WEEK_HALF ? OPEN_HALF : OPEN_FULL;
}

enum opening pattern_opening(const struct pattern *p, enum decider by, int32_t days, struct hours *hours)
{
	*hours = p->hours;
	if (p->always)
		return OPEN_FULL;
	if (by == BY_EXTRA_OPEN)
		return is_empty(p->hours) ? OPEN_CLOSED : OPEN_FULL;
	return by == BY_WEEK ? weekly_opening(p, date_weekday(days), hours) : OPEN_CLOSED;
}

/* The site's own hours may be 00:00-24:00; its days still follow the calendar. */
static enum opening site_opening(const struct calendar *c, enum decider by, int32_t days)
{
	struct pattern p = c->places[0].pattern;
	struct hours hours;

	p.always = false;
	return pattern_opening(&p, by, days, &hours);
}

static const char *reason_name(enum decider by, int weekday, enum opening opening)
{
	static const char *const name[] = { "extra_open", "extra_closed", "founding", "holiday", "year_end",
					    "closure" };

	if (by == BY_WEEK)
		return weekday >= SATURDAY || opening != OPEN_FULL ? "weekly" : "weekday";
	return name[by];
}

/* A public holiday stays one when it is also a founding day; only opening it makes it an ordinary day. A
 * weekday that the week has closed is a closure. */
static enum calendar_day kind_of(enum decider by, bool holiday, int weekday, enum opening opening)
{
	if (by == BY_EXTRA_OPEN)
		return CAL_BUSINESS;
	if (by != BY_WEEK)
		return holiday ? CAL_HOLIDAY : CAL_CLOSURE;
	if (weekday >= SATURDAY)
		return weekday == SUNDAY ? CAL_SUNDAY : CAL_SATURDAY;
	return opening == OPEN_CLOSED ? CAL_CLOSURE : CAL_BUSINESS;
}

/* What can be said of a day without its neighbours. */
static struct kept_day alone(const struct calendar *c, int32_t days)
{
	struct date d = date_from_days(days);
	bool by_rule;
	const char *holiday = holiday_name(c, days, d.year, &by_rule);
	int weekday = date_weekday(days);
	struct kept_day k = { .by = decide(c, days, d, holiday) };
	enum opening opening = site_opening(c, k.by, days);

	k.info = (struct day_info){
		.days = days,
		.opening = opening,
		.kind = kind_of(k.by, holiday != NULL, weekday, opening),
		.reason = reason_name(k.by, weekday, opening),
		.holiday = holiday,
		.computed = by_rule && holiday != NULL,
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

/* A file that is not there yet is none: an import makes it. */
static bool is_there(const char *path)
{
	return path != NULL && (access(path, F_OK) == 0 || errno != ENOENT);
}

static int slurp(const char *path, size_t max, struct slice *text, struct err *e)
{
	*text = slice_of(NULL, 0);
	return is_there(path) ? sys_slurp(path, max, text, e) : TK_OK;
}

static int load_site(struct calendar *c, struct err *e)
{
	struct problems p;
	struct slice text;
	int rc = slurp(c->cfg->days, SITE_BYTES_MAX, &text, e);

	if (rc != TK_OK)
		return rc;
	problems_init(&p, c->cfg->days);
	c->site = site_parse(text, c->cfg, &p);
	if (c->site == NULL)
		rc = problems_to_err(&p, e);
	problems_free(&p);
	free((void *)(uintptr_t)text.p);
	return rc;
}

static int load_roster(struct calendar *c, struct err *e)
{
	struct problems p;
	struct slice text;
	int rc = slurp(c->cfg->roster, ROSTER_BYTES_MAX, &text, e);

	if (rc != TK_OK || c->cfg->roster == NULL)
		return rc;
	problems_init(&p, c->cfg->roster);
	c->roster = roster_parse(text, c->cfg, &p);
	if (c->roster == NULL)
		rc = problems_to_err(&p, e);
	problems_free(&p);
	free((void *)(uintptr_t)text.p);
	return rc;
}

struct calendar *calendar_new(const struct cfg_calendar *cfg, struct err *e)
{
	struct calendar *c = calloc(1, sizeof *c);
	bool good = false;

	if (c == NULL || !(c->cfg = cfg, places_init(c)))
		err_set(e, TK_ENOMEM, "no memory");
	else if (!is_there(cfg->holidays) || (c->list = holiday_list_load(cfg->holidays, e)) != NULL)
		good = load_site(c, e) == TK_OK && load_roster(c, e) == TK_OK;
	if (good)
		return c;
	calendar_free(c);
	return NULL;
}

void calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	holiday_list_free(c->list);
	roster_free(c->roster);
	site_free(c->site);
	free(c->places);
	free(c->slots);
	free(c);
}
