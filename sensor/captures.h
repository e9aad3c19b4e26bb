/* The captures of a sensor: packets out of their rings, events into batches. A session of a capture is from
 * its first batch until its sensor stops; its position counts events, so that the recorder checks it as it
 * checks a file's (wire.h, struct generation). Nothing here waits for the recorder while packets come: what
 * cannot be sent yet stays in the ring, and what no longer fits into the ring is dropped there and counted.
 * Time is handed in. One thread. */
#ifndef TK_SENSOR_CAPTURES_H
#define TK_SENSOR_CAPTURES_H

#include <poll.h>

#include "core/base/zone.h"
#include "core/config/config.h"
#include "sensor/input/outbox.h"
#include "sensor/options.h"
#include "sensor/proto/tap.h"

#define CAPTURES_BEAT_NS (5 * NS_PER_SEC) /* "nothing new until now" */
#define CAPTURES_SLEEP_NS (INT64_C(50) * 1000000)

struct captures_sink {
	void *ctx;
	/* This capture gives nothing any more; its descriptor is closed. */
	void (*lost)(void *ctx, uint64_t id);
	/* A message for people, without "tochoku: ". */
	void (*say)(void *ctx, const char *text);
};

struct captures;
/* Outbox and context are borrowed. NULL: no memory. */
struct captures *captures_new(struct outbox *outbox, const struct parse_context *fields,
			      const struct captures_sink *sink);
void captures_free(struct captures *c);
size_t captures_count(const struct captures *c);

/* Inputs come first, numbered 0, 1, … */
int captures_input(struct captures *c, const struct role_capture_input *in, struct err *e);
/* A session that the ledger knows. An unfinished one was killed: what was under way then is told as lost. */
int captures_resume(struct captures *c, struct slice input, const struct generation *g, struct err *e);
/* Takes the descriptor over, also when it fails. */
int captures_open(struct captures *c, const struct role_capture *r, int fd, struct err *e);
/* The file that is this input's key log now. Takes the descriptor over, also when it fails. */
int captures_keylog(struct captures *c, uint32_t input, int fd, struct err *e);
int captures_state(struct captures *c, const struct role_capture_state *s, struct err *e);

/* Does a piece of work. *sleep_ns is lowered to when to call again; 0 at once. */
int captures_step(struct captures *c, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e);
/* The rings to be waited for; how many. What was found is handed to captures_polled. */
size_t captures_poll(const struct captures *c, struct pollfd polled[CAPTURES_MAX]);
void captures_polled(struct captures *c, const struct pollfd *polled, size_t n);
/* A clean stop: what the rings hold and what is under way becomes events, and the sessions are finished. May
 * wait. */
int captures_finish(struct captures *c, int64_t wall, struct err *e);

#endif
