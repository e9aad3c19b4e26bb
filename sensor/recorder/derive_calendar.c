#include "sensor/recorder/derive_calendar.h"

#include "core/base/zone.h"
#include "rules/calendar/shifts.h"

struct person person_of(const struct access_event *ev)
{
	return (struct person){ ev_str(ev, F_USER), ev_str(ev, F_ROLES), ev_str(ev, F_DEPARTMENT) };
}

static void set_text(struct derived *out, const char *text)
{
	out->kind = text == NULL ? DV_NONE : DV_STR;
	out->s = slice_str(text);
}

static void set_bool(struct derived *out, bool b)
{
	out->kind = DV_BOOL;
	out->i = b;
}

static void set_duty(struct derived *out, enum on_duty d)
{
	if (d != DUTY_UNKNOWN)
		set_bool(out, d == DUTY_YES);
}

void derive_calendar(struct calendar *c, const struct access_event *ev, int64_t utc_sec, enum derived_id id,
		     struct derived *out)
{
	struct person who;
	int32_t day, second;

	switch (id) {
	case D_SHIFT:
		zone_wall(utc_sec, &day, &second);
		set_text(out, shift_at(calendar_config(c), second));
		break;
	case D_BUSINESS_DAY:
		set_bool(out, calendar_class(c, zone_day_of(utc_sec)) == CLASS_BUSINESS);
		break;
	case D_IN_HOURS:
		if (ev_known(ev, F_OFF_HOURS))
			set_bool(out, ev_int(ev, F_OFF_HOURS, 0) == 0);
		break;
	case D_OPENING:
		who = person_of(ev);
		set_text(out, opening_name(calendar_opening(c, &who, zone_day_of(utc_sec))));
		break;
	case D_DAYS_OFF_BEFORE:
		out->kind = DV_INT;
		out->i = calendar_day(c, zone_day_of(utc_sec))->gap_days;
		break;
	case D_EMERGENCY:
		set_bool(out, calendar_window(c, SITE_EMERGENCY, utc_sec) != NULL);
		break;
	case D_MAINTENANCE:
		set_bool(out, calendar_window(c, SITE_MAINTENANCE, utc_sec) != NULL);
		break;
	case D_ON_DUTY:
		who = person_of(ev);
		set_duty(out, calendar_duty(c, &who, utc_sec));
		break;
	case D_NIGHT_OK:
		who = person_of(ev);
		set_duty(out, calendar_night_ok(c, &who, utc_sec));
		break;
	default:
		break;
	}
}
