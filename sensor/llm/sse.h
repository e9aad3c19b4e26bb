/* Event stream framing (text/event-stream) fed in any pieces: what the `data:` lines of an event hold is
 * handed on as it passes, joined by LF; nothing is kept. Lines end in LF, CR or CRLF; comments and other
 * fields are passed over. Pure; one thread. */
#ifndef TK_SENSOR_LLM_SSE_H
#define TK_SENSOR_LLM_SSE_H

#include "core/base/slice.h"

struct sse_sink {
	void *ctx;
	void (*data)(void *ctx, struct slice bytes); /* a piece of an event's data, borrowed for the call */
	void (*over)(void *ctx);                     /* the event had data and is complete */
};

struct sse {
	struct sse_sink sink;
	uint8_t state, matched;
	bool any; /* the event has data */
};

void sse_init(struct sse *s, const struct sse_sink *sink);
void sse_push(struct sse *s, struct slice bytes);

#endif
