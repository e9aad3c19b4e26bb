/* How far the user of a call, or else its key, was at the call before, and how fast that would have been.
 * Calls that have a place come from outside alone, so few pass here. Feed them in order of completion, then
 * id. Pure memory; one thread. */
#ifndef TK_SENSOR_RECORDER_TRAVEL_H
#define TK_SENSOR_RECORDER_TRAVEL_H

#include "core/event/event.h"

#define TRAVEL_NS (INT64_C(24) * 3600 * 1000000000) /* an earlier place is forgotten after that time */

/* From the place before to this call's. */
struct leg {
	int64_t distance_micro_km, speed_micro_kmh; /* speed: 0 km takes no time; at most INT64_MAX / 2 */
};

struct travel;
struct travel *travel_new(void); /* NULL: no memory */
void travel_free(struct travel *t);
void travel_clear(struct travel *t);
/* *leg, or false: no place, nobody, or no earlier place. *late: a later call, or one that fell out of memory,
 * was there before. */
bool travel_add(struct travel *t, const struct access_event *ev, const uint8_t id[16], struct leg *leg,
		bool *late);

#endif
