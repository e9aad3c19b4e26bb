#include "reports/slots.h"

#define HOUR 3600
enum { FRIDAY = 4, SATURDAY = 5 };

/* When a block is planned, and how long it takes (reports.md 1 to 3); where the document names no hour, until
 * the end of the day shift. */
static const struct {
	const char *name;
	enum duty_sheet sheet;
	int planned, minutes; /* seconds of the day */
} slots[SLOTS] = {
	[SLOT_D1] = { "D1", DUTY_DAILY, 9 * HOUR, 15 },
	[SLOT_D2] = { "D2", DUTY_DAILY, 9 * HOUR + 1800, 10 },
	[SLOT_D3] = { "D3", DUTY_DAILY, 10 * HOUR, 5 },
	[SLOT_W1] = { "W1", DUTY_WEEKLY, 16 * HOUR + 2700, 30 },
	[SLOT_W2] = { "W2", DUTY_WEEKLY, 18 * HOUR, 60 },
	[SLOT_M] = { "M", DUTY_MONTHLY, 15 * HOUR + 900, 120 },
};

enum duty_sheet duty_sheet_of(enum duty_slot slot)
{
	return slots[slot].sheet;
}

const char *duty_slot_name(enum duty_slot slot)
{
	return slots[slot].name;
}

const char *duty_sheet_name(enum duty_sheet s)
{
	static const char *const names[DUTY_SHEETS] = { "daily", "weekly", "monthly" };

	return names[s];
}

struct period_options duty_options(const struct config *cfg)
{
	return (struct period_options){ .iso_week = strcmp(cfg->reports.week, "iso") == 0,
					.next_day = strcmp(cfg->reports.closed_friday, "after") == 0,
					.half_counts = cfg->reports.half_day_counts };
}

int32_t duty_date(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet, int32_t days)
{
	int32_t first = days - date_weekday(days), last = first + 6;
	struct periods p;

	if (sheet == DUTY_DAILY)
		return days;
	if (sheet == DUTY_MONTHLY) {
		first = days - date_from_days(days).day + 1;
		last = first + 30;
	}
	for (int32_t d = first; d <= last; d++) {
		periods_of(cal, o, d, &p);
		if (sheet == DUTY_WEEKLY ? p.week_due : p.month_due)
			return d;
	}
	return sheet == DUTY_WEEKLY ? period_week_date(cal, o, first) : first;
}

struct period duty_period(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet,
			  int32_t date)
{
	struct periods p;

	periods_of(cal, o, date, &p);
	return sheet == DUTY_DAILY ? p.day : sheet == DUTY_WEEKLY ? p.week : p.month;
}

int32_t duty_date_of(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet,
		     struct period p)
{
	return sheet == DUTY_DAILY    ? p.last + 1
	       : sheet == DUTY_WEEKLY ? period_week_date(cal, o, p.last)
				      : duty_date(cal, o, DUTY_MONTHLY, p.last + 1);
}

/* The maintenance hour is on Saturday, wherever the week's report moved to: of an ISO week its own. */
int64_t duty_due(const struct period_options *o, enum duty_slot slot, int32_t date)
{
	int32_t monday = date - date_weekday(date);
	int32_t day = slot != SLOT_W2 ? date : o->iso_week ? monday + SATURDAY - 7 : monday + SATURDAY;

	return zone_instant(day, slots[slot].planned + slots[slot].minutes * 60, false);
}
