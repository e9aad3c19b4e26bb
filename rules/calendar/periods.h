/* What the reports of a day look at (calendar.md 4): windows in UTC seconds, half open. Functions of the
 * calendar, the process's zone and a date. */
#ifndef TK_RULES_PERIODS_H
#define TK_RULES_PERIODS_H

#include "rules/calendar/calendar.h"

struct period {
	int64_t from, to;
	int32_t first, last; /* its local days; of the morning check those of its ends */
};
struct period_options {
	bool next_day;	  /* a Friday that is no business day: the next one, not the one before */
	bool iso_week;	  /* Monday to Sunday, made on the first business day of the week after it */
	bool half_counts; /* a half day may be the month's first business day */
};
struct periods {
	struct period morning; /* errors of the last 24 hours at 09:00 */
	struct period day;     /* the previous local day */
	struct period
		week;  /* seven local days that end on Thursday; several weeks where one day reports them */
	bool week_due; /* the weekly report is made on this date */
	struct period month; /* the calendar month before */
	bool month_due;
	int32_t fiscal_year; /* 年度: from April */
};

void periods_of(struct calendar *c, const struct period_options *o, int32_t days, struct periods *out);
/* The date on which the report of the week that holds `days` is made, and the week or weeks that it is of:
 * those made on one date are one period. */
int32_t period_week_date(struct calendar *c, const struct period_options *o, int32_t days);
struct period period_week(struct calendar *c, const struct period_options *o, int32_t days);
/* Local days [first, last]. */
struct period period_of_days(int32_t first, int32_t last);
int32_t fiscal_year(int32_t days);
/* From December 1 on: are the public holidays of the next year still not imported? */
bool holidays_due(const struct calendar *c, int32_t days);
/* Days until the imported list has no complete year any more; 0: it has not that of the day. False: there is
 * no list. */
bool holidays_left(const struct calendar *c, int32_t days, int64_t *left);

#endif
