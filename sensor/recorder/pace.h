/* How even the rhythm of a key's calls is: the coefficient of variation (standard deviation by mean) of the
 * times between the ends of its last 60 calls, where these lie within ten minutes. Feed calls in order of
 * completion, then id. Pure memory; one thread. */
#ifndef TK_SENSOR_RECORDER_PACE_H
#define TK_SENSOR_RECORDER_PACE_H

#include "core/event/event.h"

#define PACE_NS (INT64_C(600) * 1000000000)

struct pace;
struct pace *pace_new(void); /* NULL: no memory */
void pace_free(struct pace *p);
/* In millionths; -1: no key, or fewer calls. *late: a call that ended no earlier was there before, and it may
 * matter. */
int64_t pace_add(struct pace *p, const struct access_event *ev, bool *late);

#endif
