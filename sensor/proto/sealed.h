/* An encrypted connection that could not be read, as an event: who called whom, when, and how much passed. */
#ifndef TK_SENSOR_PROTO_SEALED_H
#define TK_SENSOR_PROTO_SEALED_H

#include "core/base/hash.h"
#include "sensor/proto/exchange.h"
#include "sensor/proto/greeting.h"

struct sealed {
	const char *protocol;	   /* "tls", "quic" */
	struct exchange_ends ends; /* with a greeting */
	int64_t first_ns, last_ns;
	uint64_t bytes[2]; /* encrypted payload, by direction */
	uint32_t number;   /* random, of the connection's own: its identity beside addresses and minute */
};

/* Into a reset event, its digest too. Strings borrow the greeting and fields->scratch. */
void sealed_event(const struct sealed *s, const struct parse_context *fields, struct sha256 *sha,
		  struct access_event *ev);

#endif
