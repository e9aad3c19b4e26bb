/* The minutes of one local day: what ended in each, and from that the site's running counts. Sums, so the
 * order in which calls are added does not matter; minutes are handed out in order, each once, when nothing
 * more is expected for them. Pure memory; one thread. */
#ifndef TK_SENSOR_RECORDER_MINUTES_H
#define TK_SENSOR_RECORDER_MINUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTES_MAX (27 * 60) /* of the longest local day; what lies behind is added to the last */
#define NO_MINUTE INT32_MAX

struct minutes;
struct minutes *minutes_new(bool response_times); /* NULL: no memory. With them minute_at knows p95_ms */
void minutes_free(struct minutes *m);
void minutes_clear(struct minutes *m);

/* One call that ended in the minute `at` of the day. */
struct minute_call {
	int32_t at;
	bool own; /* it began on this day: it counts for the day's sums */
	bool error;
	int64_t cost_pico;
	int64_t duration_ns; /* -1: not known */
	int64_t completion_ns;
	const uint8_t *id; /* 16 bytes */
};
/* True: its minute was handed out already. */
bool minutes_add(struct minutes *m, const struct minute_call *c);
/* A user who was counted as new in the minute `from` (NO_MINUTE: in none) is so in the earlier minute `to`.
 */
bool minutes_move_user(struct minutes *m, int32_t from, int32_t to);

struct minute {
	int32_t at;
	int32_t since; /* minutes since the one before that had calls; -1: the day's first */
	int64_t calls, calls_10m, errors_10m;
	int64_t day_calls, day_cost_pico, day_users; /* of the day's own calls, up to its end */
	int64_t p95_ms;				     /* of ten minutes; -1: not known */
	int64_t completion_ns;			     /* of its last call by (completion, id) */
	const uint8_t *id;
};
/* The next minute before `end` that has calls. False: none. */
bool minutes_next(struct minutes *m, int32_t end, struct minute *out);

#endif
