/* The inside of a usage reader, for usage.c (framing and texts) and usage_values.c (numbers). */
#ifndef TK_SENSOR_LLM_USAGE_READER_H
#define TK_SENSOR_LLM_USAGE_READER_H

#include "sensor/llm/aws_events.h"
#include "sensor/llm/multipart.h"
#include "sensor/llm/shape.h"
#include "sensor/llm/sse.h"

#define USAGE_SNIFF 8 /* bytes that tell the framing */

/* The last text of its kind that was not empty. */
struct kept_text {
	uint8_t n, p[USAGE_TEXT_MAX];
};

/* What comes in base64: JSON within JSON. */
struct inner {
	struct json_stream json;
	uint32_t bits;
	uint8_t have;
	bool open, busy; /* a string of it has begun; bytes of it are being read */
};

/* All calls of a batch. */
struct usage_sum {
	struct usage used;
	uint32_t calls;
};

struct usage_reader {
	struct route route;
	const struct usage_shape *shape; /* NULL: nobody's; then nothing is read */
	struct json_stream request, response;
	struct json_repeat repeat; /* of the response */
	struct multipart multipart;
	union {
		struct sse events;
		struct aws_events aws;
	};
	struct inner inner;

	struct usage_block now;   /* of the blocks that were closed */
	struct usage_block block; /* of the one that is open, or was when the body ended */
	struct usage_sum items;
	int64_t header[U_NUMBERS];
	int64_t length_ms, calls, images, pictures, messages;
	struct text_count spoken, prompt, answer;
	uint32_t is;
	bool closed, opened;
	bool repeats; /* what it says was told before */

	/* pair: enum usage_detail + 1 that the open one counts; 0: none */
	uint8_t pair, pass_model_n;
	uint8_t pass_model[USAGE_PASS_MODEL_MAX];

	uint8_t framing, media;
	bool form, body, streamed;
	uint8_t sniffed_n, sniffed[USAGE_SNIFF];
	struct kept_text asked[U_KEPT - U_TEXTS], said[U_KEPT - U_TEXTS], head[U_KEPT - U_TEXTS];
};

/* usage_values.c */
void usage_values_begin(struct usage_reader *u);
void usage_told_request(void *ctx, uint8_t id, enum json_type type, struct slice text);
void usage_told_response(void *ctx, uint8_t id, enum json_type type, struct slice text);
void usage_told_request_piece(void *ctx, uint8_t id, struct slice raw, bool escaped);
void usage_told_response_piece(void *ctx, uint8_t id, struct slice raw, bool escaped);
void usage_told_inner_piece(void *ctx, uint8_t id, struct slice raw, bool escaped);
void usage_keep_text(struct kept_text *all, uint8_t id, struct slice text);
/* Costs become pico-USD, lengths milliseconds; what is negative or absurd is not believed. */
void usage_keep_number(int64_t *numbers, uint8_t id, struct slice text);
struct usage_seen usage_seen_of(const struct usage_reader *u, const struct usage_block *block, bool closed);
/* Numbers in normal form. `whole`: the response is. */
void usage_values_end(struct usage_reader *u, bool whole, struct usage *out);

#endif
