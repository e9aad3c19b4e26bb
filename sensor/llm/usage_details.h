/* What a call used beside the tokens that an event has fields for (usage_details.def), and how it stands in
 * an event: "audio_input=25,searches=1,pass=2529/38/0/0/0/claude-opus-4-8". Only what is not 0 is written.
 * Pure. */
#ifndef TK_SENSOR_LLM_USAGE_DETAILS_H
#define TK_SENSOR_LLM_USAGE_DETAILS_H

#include "core/base/slice.h"

enum usage_detail {
#define DETAIL(id, name, meaning) DETAIL_##id,
#include "sensor/llm/usage_details.def"
#undef DETAIL
	USAGE_DETAILS
};

#define USAGE_PASSES_MAX 8
#define USAGE_PASS_MODEL_MAX 64

/* One of several passes that a call was answered in, each billed as a call of its own (Anthropic's
 * iterations). In normal form. */
struct usage_pass {
	int64_t input, output, cache_read, cache_write, write_1h;
	uint8_t model_n; /* 0: the call's own */
	uint8_t model[USAGE_PASS_MODEL_MAX];
};

struct usage_details {
	int64_t n[USAGE_DETAILS]; /* 0: none, or not said */
	uint8_t passes;           /* their sums are the event's tokens; 0: one pass */
	struct usage_pass pass[USAGE_PASSES_MAX];
};

#define USAGE_DETAILS_TEXT_MAX 2112
/* Bytes written; 0: there is nothing to tell. */
size_t usage_details_write(const struct usage_details *d, uint8_t out[USAGE_DETAILS_TEXT_MAX]);
/* What it does not know is passed over, and what was cut off: then `unlisted` is set, for something was
 * billed. */
void usage_details_read(struct slice text, struct usage_details *d);

#endif
