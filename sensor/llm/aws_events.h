/* AWS event stream framing (application/vnd.amazon.eventstream) fed in any pieces: what the messages carry
 * is handed on as it passes; headers and checksums are passed over, but for the one that tells whether
 * lengths can be believed. Pure; one thread. */
#ifndef TK_SENSOR_LLM_AWS_EVENTS_H
#define TK_SENSOR_LLM_AWS_EVENTS_H

#include "core/base/slice.h"

struct aws_events_sink {
	void *ctx;
	void (*data)(void *ctx, struct slice bytes); /* a piece of a payload, borrowed for the call */
	void (*over)(void *ctx);                     /* the message is complete */
};

struct aws_events {
	struct aws_events_sink sink;
	uint8_t prelude[12], n; /* total length, length of headers, CRC of both; n bytes are there */
	uint32_t left[3];       /* bytes that are to come: of headers, payload, checksum */
	bool broken;            /* lengths that cannot be: nothing more is read */
};

void aws_events_init(struct aws_events *a, const struct aws_events_sink *sink);
void aws_events_push(struct aws_events *a, struct slice bytes);

#endif
