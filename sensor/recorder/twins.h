/* Counting once (llm-usage.md 4): one call seen by a capture and in a log; usage that later answers repeat.
 * Part of a batch's intake. */
#ifndef TK_SENSOR_RECORDER_TWINS_H
#define TK_SENSOR_RECORDER_TWINS_H

#include "sensor/recorder/intake_job.h"

/* At the beginning of a batch. */
int twins_begin(struct intake *in, struct err *e);
/* Can the event have a twin? Notes that its side was met. */
int twins_possible(struct intake *in, const struct access_event *ev, bool *possible, struct err *e);
/* Takes in a placed event that can: it waits, or is recorded with the twin that waited for it. */
int twins_take(struct job *j, struct access_event *ev, const uint32_t def[P_COUNT], const uint8_t id[16],
	       uint32_t ordinal);
/* Records what has waited long enough, in event time. */
int twins_release(struct intake *in, int64_t horizon_ns, int64_t now_ns, struct err *e);

/* Was the usage of this answer told before? Only an answer that can be read again is looked up. */
int answer_repeats(struct intake *in, const struct access_event *ev, bool *repeats, struct err *e);
/* Records a placed event without its usage, which was counted before. */
int answer_record(struct job *j, const struct access_event *ev, const uint32_t def[P_COUNT],
		  const uint8_t id[16], uint32_t ordinal);

#endif
