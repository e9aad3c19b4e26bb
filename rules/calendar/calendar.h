/* The hospital's calendar (calendar.md): what kind of day and hour an instant is.
 * Immutable after calendar_new; caches days inside, so one thread. */
#ifndef TK_RULES_CALENDAR_H
#define TK_RULES_CALENDAR_H

#include "core/config/config.h"
#include "rules/calendar/holiday_list.h"
#include "rules/calendar/roster.h"
#include "rules/calendar/site.h"

enum opening { OPEN_FULL, OPEN_HALF, OPEN_CLOSED };
enum calendar_day { CAL_BUSINESS, CAL_SATURDAY, CAL_SUNDAY, CAL_HOLIDAY, CAL_CLOSURE };

struct day_info {
	int32_t days;                /* since 1970 */
	enum opening opening;
	enum calendar_day kind;
	const char *reason;          /* weekday, weekly, holiday, year_end, closure, founding,
				      * extra_open, extra_closed */
	const char *holiday;         /* name of a public holiday, or NULL */
	bool computed;               /* that holiday is the rule's alone: no list has its year */
	int32_t gap_days;            /* closed days directly before an open day */
	bool first_after_holiday;    /* first open day after such a gap */
	bool after_holiday;          /* first full business day after one: tochoku.calendar.after_holiday */
	bool first_business_day_of_month;
};

struct calendar;
struct calendar *calendar_new(const struct cfg_calendar *cfg, struct err *e); /* borrows cfg */
void calendar_free(struct calendar *c);
/* Valid until 400 other days were asked. */
const struct day_info *calendar_day(struct calendar *c, int32_t days);
/* Are the public holidays of this year known, by rule (1948..2099) or by the list? With country none: yes. */
bool calendar_knows(const struct calendar *c, int32_t year);
/* Class of ranges and comparisons. */
enum day_class calendar_class(struct calendar *c, int32_t days);
const char *opening_name(enum opening o);        /* full, half, closed */
const char *calendar_day_name(enum calendar_day k); /* business, saturday, ... */

/* Whose hours hold for a call: the department's own, else the first of the roles with hours of its own, else
 * the site's. */
/* Opening of a day under those; a 00:00-24:00 pattern is always full. */
enum opening calendar_opening(struct calendar *c, const struct person *who, int32_t days);
/* Is the instant outside those hours with their allowance? */
bool calendar_off_hours(struct calendar *c, const struct person *who, int64_t utc_sec);
/* Are those hours 00:00-24:00? */
bool calendar_always_open(struct calendar *c, const struct person *who);

/* duty.c. On duty by the roster, or by a maintenance window that names the person. Unknown without a roster
 * for the date. */
enum on_duty calendar_duty(const struct calendar *c, const struct person *who, int64_t utc_sec);
/* May the person call at night: hours of 00:00-24:00, or on duty at the instant. */
enum on_duty calendar_night_ok(struct calendar *c, const struct person *who, int64_t utc_sec);
/* Does a roster have the date? */
bool calendar_has_roster(const struct calendar *c, int32_t days);
/* The window of a kind (maintenance or emergency) that holds the instant, or NULL. */
const struct site_row *calendar_window(const struct calendar *c, enum site_kind kind, int64_t utc_sec);
/* Does one touch [from, to)? */
bool calendar_window_within(const struct calendar *c, enum site_kind kind, int64_t from, int64_t to);
const struct cfg_calendar *calendar_config(const struct calendar *c);
/* What it was loaded from; roster and list may be NULL. */
const struct roster *calendar_roster(const struct calendar *c);
const struct site *calendar_site(const struct calendar *c);
const struct holiday_list *calendar_list(const struct calendar *c);

/* From 2100 the constants of the equinoxes change, and one of them is known to fail. */
#define JP_FIRST_YEAR 1948
#define JP_LAST_YEAR 2099
/* Japanese public holiday by rule (Act 178 of 1948), 1948..2099; NULL if none. kind: named,
 * substitute, citizens, special. */
const char *jp_holiday(int32_t days, const char **kind);

#endif
