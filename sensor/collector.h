/* A connection to a syslog collector: UDP, a message a datagram (RFC 5426), or TCP with octet counting (RFC
 * 6587 3.4.1). Never blocks longer than its patience. What a collector does not take waits here, the newest
 * COLLECTOR_WAITING messages of it. Syslog answers nothing: what a TCP peer had taken when it went is not
 * known to be lost. One thread. */
#ifndef TK_SENSOR_COLLECTOR_H
#define TK_SENSOR_COLLECTOR_H

#include "core/base/buf.h"
#include "core/base/endpoint.h"
#include "core/base/err.h"

#define COLLECTOR_WAITING 64
#define COLLECTOR_MESSAGE_MAX 2048 /* RFC 5426 3.2: what a receiver should take */

struct collector {
	const char *name; /* as configured; the caller's */
	struct endpoint at;
	int fd;		  /* -1: not connected */
	int64_t retry_ns; /* monotonic: not tried again before */
	bool told;	  /* that it cannot be reached */
	struct waiting {
		size_t n;
		uint8_t text[COLLECTOR_MESSAGE_MAX];
	} * waiting; /* a ring */
	size_t first, n_waiting;
	int64_t lost; /* that had to give way to newer ones */
};

int collector_open(struct collector *c, const char *name, struct err *e);
void collector_close(struct collector *c);
/* Takes a copy of the message, at most COLLECTOR_MESSAGE_MAX bytes. */
void collector_add(struct collector *c, struct slice message);
/* Sends what waits. False: some still waits; tell of it is on standard error, once until it works again. */
bool collector_send(struct collector *c);

#endif
