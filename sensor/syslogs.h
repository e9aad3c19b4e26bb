/* Log lines that come as syslog: datagrams and connections become batches, and losses beside them.
 *
 * A connection's bytes stay in the kernel until the recorder has committed what they made; only then are they
 * taken out. The supervisor holds the connection too, so a sensor or recorder that is killed loses and
 * doubles nothing of it: the next one begins where the ledger is. A datagram can only be taken out to be
 * looked at: those of the last moment are lost with the sensor, which is told as a gap; what comes while none
 * runs waits in the kernel. One thread. */
#ifndef TK_SENSOR_SYSLOGS_H
#define TK_SENSOR_SYSLOGS_H

#include <poll.h>

#include "sensor/input/batcher.h"
#include "sensor/input/outbox.h"
#include "sensor/options.h"
#include "sensor/watch_syslog.h"

#define SYSLOGS_POLL_MAX (SYSLOG_MAX + SYSLOG_CONNECTIONS_MAX)
#define SYSLOGS_BEAT_NS (5 * NS_PER_SEC) /* "nothing new until now" */

struct syslogs_sink {
	void *ctx;
	/* This connection is read to its end, and all of it is committed; its descriptor is closed. */
	void (*done)(void *ctx, uint64_t connection);
	/* A message for people, without "tochoku: ". */
	void (*say)(void *ctx, const char *text);
};

struct syslogs;
/* Outbox and batcher are borrowed. NULL: no memory. */
struct syslogs *syslogs_new(struct outbox *outbox, struct batcher *batcher, const struct syslogs_sink *sink);
void syslogs_free(struct syslogs *s);
size_t syslogs_count(const struct syslogs *s);

/* Inputs come first, numbered 0, 1, … */
int syslogs_input(struct syslogs *s, const struct role_syslog_input *in, struct err *e);
/* Takes the descriptor over, also when it fails; -1: none. */
int syslogs_socket(struct syslogs *s, const struct role_syslog_socket *in, int fd, struct err *e);
/* What the ledger knows of this input, once all sockets were handed in: where a connection goes on; of what
 * is gone, that it was not finished. */
int syslogs_resume(struct syslogs *s, struct slice input, const struct generation *g, struct err *e);

/* Does a piece of work. *sleep_ns is lowered to when to call again; 0 at once. */
int syslogs_step(struct syslogs *s, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e);
/* What to wait for; how many. What was found is handed to syslogs_polled, before another call. */
size_t syslogs_poll(struct syslogs *s, int64_t mono, struct pollfd polled[SYSLOGS_POLL_MAX]);
void syslogs_polled(struct syslogs *s, const struct pollfd *polled, size_t n);
/* A clean stop: what has come is sent. May wait. */
int syslogs_finish(struct syslogs *s, int64_t mono, int64_t wall, struct err *e);

#endif
