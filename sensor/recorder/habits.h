/* What is usual for a user, by the counters of the 60 local days before: the calls of a night (cal.shift),
 * and the hours of the day. Refused calls (401, 403) make no habit of an hour. One thread. */
#ifndef TK_SENSOR_RECORDER_HABITS_H
#define TK_SENSOR_RECORDER_HABITS_H

#include "core/ledger/ledger.h"
#include "rules/calendar/calendar.h"

struct habits;
struct habits *habits_new(struct ledger *l); /* NULL: no memory */
void habits_free(struct habits *h);
struct habit {
	int64_t night_micro; /* median of the nights with calls, 10^-6 calls; 0: fewer than ten such nights */
	int8_t new_hour;     /* not active in that hour; -1: fewer than ten active days */
};
/* Of the user (label) before the day. */
int habits_of(struct habits *h, struct calendar *c, int32_t day, int64_t user, int hour, struct habit *out,
	      struct err *e);
void habits_forget(struct habits *h); /* earlier days may have changed */

#endif
