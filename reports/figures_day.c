/* What the morning compares a day with, and looks at more closely. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/figures.h"

#define CHECK_HOUR 9

static int calls_of_day(struct ledger_reader *r, int32_t days, int64_t *calls, struct err *e)
{
	struct sums s;
	int rc = figures_total(r, zone_day_start(days), zone_day_start(days + 1), &s, e);

	*calls = s.calls;
	return rc;
}

static int read_comparisons(struct figures *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = calls_of_day(r, d->first - 1, &d->day.previous_calls, e);

	for (int32_t day = d->first - 1; day >= d->first - SAME_CLASS_DAYS && rc == TK_OK; day--) {
		if (calendar_class(cal, day) != d->day.class ||
		    zone_day_start(day) == zone_day_start(day + 1))
			continue;
		d->day.has_same_class = true;
		d->day.same_class_days = day;
		return calls_of_day(r, day, &d->day.same_class_calls, e);
	}
	return rc;
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The check of the morning looks at the 24 hours before 09:00 (calendar.md 4). */
static int read_errors(struct figures *d, struct ledger_reader *r, struct err *e)
{
	int64_t before[ERROR_DAYS];
	int rc = figures_total(r, d->day.error_from, d->day.error_to, &d->day.window, e);

	for (int i = 0; i < ERROR_DAYS && rc == TK_OK; i++) {
		struct sums s = { 0 };
		int32_t day = d->first - 1 - i;

		rc = figures_total(r, zone_instant(day, CHECK_HOUR * 3600, false),
				   zone_instant(day + 1, CHECK_HOUR * 3600, false), &s, e);
		before[i] = errors_of(&s);
	}
	if (rc != TK_OK)
		return rc;
	qsort(before, ERROR_DAYS, sizeof before[0], by_number);
	d->day.error_median = before[ERROR_DAYS / 2];
	rc = figures_named(d, r, d->day.error_from, d->day.error_to, BY_FUNCTION, &d->day.error_function, e);
	if (rc == TK_OK)
		rc = figures_named(d, r, d->day.error_from, d->day.error_to, BY_DEPARTMENT,
				   &d->day.error_department, e);
	return rc;
}

static void take_outside(void *ctx, const struct outside_row *o)
{
	struct figures *d = ctx;

	if (d->day.outside_addresses < SHEET_OUTSIDE)
		d->day.outside[d->day.outside_addresses] =
			(struct figures_outside){ .ip = figures_keep(d, o->ip),
						  .country = figures_keep(d, o->country),
						  .as_org = figures_keep(d, o->as_org),
						  .users = figures_keep(d, o->users),
						  .calls = o->calls };
	d->day.outside_addresses++;
	d->day.outside_calls += o->calls;
	d->day.outside_successful += o->successful;
}

int figures_read_day(struct figures *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct day_figures *day = &d->day;
	int rc;

	day->error_from = zone_instant(d->first, CHECK_HOUR * 3600, false);
	day->error_to = zone_instant(d->first + 1, CHECK_HOUR * 3600, false);
	day->info = *calendar_day(cal, d->first);
	day->class = calendar_class(cal, d->first);
	day->holiday = figures_keep(d, slice_str(day->info.holiday));
	rc = figures_read_trail(d, r, e);
	if (rc == TK_OK && day->error_to > day->error_from)
		rc = availability_read(&d->review.availability, r, &d->said.incidents,
				       d->cfg->reports.service, day->error_from * NS_PER_SEC,
				       day->error_to * NS_PER_SEC, e);
	if (rc == TK_OK)
		rc = figures_read_costs(d, r, cal, e);
	if (rc == TK_OK)
		rc = read_comparisons(d, r, cal, e);
	if (rc == TK_OK)
		rc = read_errors(d, r, e);
	if (rc == TK_OK)
		rc = ledger_outside(r, d->from * NS_PER_SEC, d->to * NS_PER_SEC, take_outside, d, e);
	return rc;
}
