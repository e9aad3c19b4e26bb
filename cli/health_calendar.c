/* What status and doctor say of the calendar: holidays, the site's days, the roster. */
#include "cli/health.h"
#include "core/base/sys.h"
#include "rules/calendar/periods.h"

static int32_t today(void)
{
	return zone_day_of(sys_now_ns() / NS_PER_SEC);
}

/* calendar.md 1.4: imported by December 1, or the calendars that are printed then hold computed days. */
static void remind(struct report_out *o, const struct calendar *c, int32_t days)
{
	if (holidays_due(c, days))
		health_tell(o, HEALTH_WARN, "holidays",
			    "%d is not imported yet: computed until `tochoku calendar import` has the "
			    "official list",
			    (int)date_from_days(days).year + 1);
}

static void tell_holidays(struct report_out *o, struct calendar *c, int32_t days)
{
	int32_t year = date_from_days(days).year;
	bool listed = calendar_list(c) != NULL && holiday_list_has(calendar_list(c), year);
	int n = 0;

	for (int32_t d = date_to_days((struct date){ year, 1, 1 }); date_from_days(d).year == year; d++)
		n += calendar_day(c, d)->holiday != NULL;
	if (calendar_config(c)->holidays != NULL && calendar_list(c) == NULL)
		health_tell(o, HEALTH_WARN, "holidays",
			    "%s is not there yet: `tochoku calendar import` makes it",
			    calendar_config(c)->holidays);
	health_tell(o, n > 0 ? HEALTH_OK : HEALTH_FAIL, "holidays", "%d in %d, %s", n, (int)year,
		    listed ? calendar_config(c)->holidays : "computed by rule (no official list imported)");
}

static void tell_roster(struct report_out *o, const struct calendar *c, int32_t days)
{
	const char *file = calendar_config(c)->roster;
	char date[11];

	date_format(date_from_days(days), date);
	if (file == NULL)
		health_tell(o, HEALTH_OK, "roster", "none (calendar.roster): findings say 当直表なし");
	else if (!calendar_has_roster(c, days))
		health_tell(o, HEALTH_WARN, "roster",
			    "%s has no row for %s (当直表なし): `tochoku calendar import`", file, date);
	else
		health_tell(o, HEALTH_OK, "roster", "%s has %s", file, date);
}

static void tell_emergency(struct report_out *o, const struct calendar *c)
{
	const struct site_row *e = calendar_window(c, SITE_EMERGENCY, sys_now_ns() / NS_PER_SEC);
	char text[TIME_TEXT_MAX];

	if (e != NULL)
		health_tell(o, HEALTH_WARN, "emergency", "declared until %.*s, approved by %.*s: %.*s",
			    (int)time_format_local(e->to * NS_PER_SEC, text), text, (int)e->approver.n,
			    (const char *)e->approver.p, (int)e->name.n, (const char *)e->name.p);
}

void health_calendar(struct report_out *o, const struct config *cfg, bool everything)
{
	struct err e = { 0 };
	struct calendar *c = calendar_new(&cfg->calendar, &e);

	if (c == NULL) {
		health_tell(o, everything ? HEALTH_FAIL : HEALTH_WARN, "calendar", "%s", e.text);
		return;
	}
	if (everything && strcmp(cfg->calendar.country, "JP") != 0)
		health_tell(o, HEALTH_OK, "holidays", "none (calendar.country: %s)", cfg->calendar.country);
	else if (everything)
		tell_holidays(o, c, today());
	if (everything)
		tell_roster(o, c, today());
	remind(o, c, today());
	tell_emergency(o, c);
	calendar_free(c);
}
