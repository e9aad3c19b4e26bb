/* The derived fields that the calendar and the roster answer. */
#ifndef TK_SENSOR_RECORDER_DERIVE_CALENDAR_H
#define TK_SENSOR_RECORDER_DERIVE_CALENDAR_H

#include "rules/calendar/calendar.h"
#include "rules/rules.h"

/* Whose call it is; empty texts where it is not known. */
struct person person_of(const struct access_event *ev);
/* The value of a field that is one of these; *out holds none. */
void derive_calendar(struct calendar *c, const struct access_event *ev, int64_t utc_sec, enum derived_id id,
		     struct derived *out);

#endif
