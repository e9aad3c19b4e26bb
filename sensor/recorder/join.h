/* Two views of one call become one event. Pure. */
#ifndef TK_SENSOR_RECORDER_JOIN_H
#define TK_SENSOR_RECORDER_JOIN_H

#include "core/event/event.h"

/* `capture` takes from `log` who called (user, department, key), its usage where it has no exact one itself,
 * and what it does not know. Strings are borrowed from both. */
void event_join(struct access_event *capture, const struct access_event *log);
/* Copies a recorded event, parts and all, but for what the recorder adds. Strings stay borrowed. */
void event_bare(const struct access_event *ev, struct flat_event *out);

#endif
