/* Anthropic's messages (llm-usage.md 2, 3). Cache reads and writes are not in input_tokens. A stream begins
 * with a block whose output is a first guess; each field of a later one replaces it. */
#include "sensor/llm/shape.h"

static const struct json_want output_details[] = {
	JSON_WANT("thinking_tokens", U_REASONING, NULL),
	JSON_WANT_END
};
/* Passes of one call (compaction, advisors), of which the block's own numbers name only the last. */
static const struct json_want pass[] = {
	JSON_WANT("input_tokens", U_SUM_INPUT, NULL),
	JSON_WANT("output_tokens", U_SUM_OUTPUT, NULL),
	JSON_WANT("cache_read_input_tokens", U_SUM_CACHED, NULL),
	JSON_WANT("cache_creation_input_tokens", U_SUM_WRITE, NULL),
	JSON_WANT_END
};
static const struct json_want passes[] = { JSON_EACH(U_NOTHING, pass), JSON_WANT_END };

#define BLOCK(output) \
	JSON_WANT("input_tokens", U_INPUT, NULL), \
	JSON_WANT("output_tokens", output, NULL), \
	JSON_WANT("cache_read_input_tokens", U_CACHED, NULL), \
	JSON_WANT("cache_creation_input_tokens", U_WRITE, NULL), \
	JSON_WANT("output_tokens_details", U_NOTHING, output_details), \
	JSON_WANT("service_tier", U_TIER, NULL), \
	JSON_WANT("iterations", U_NOTHING, passes), \
	JSON_WANT_END

static const struct json_want usage[] = { BLOCK(U_OUTPUT) };
static const struct json_want first_usage[] = { BLOCK(U_OUTPUT_FLOOR) };
static const struct json_want message[] = { /* of message_start */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_BLOCK, first_usage),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("message", U_NOTHING, message),
	JSON_WANT_END
};
static const struct json_want metadata[] = {
	JSON_WANT("user_id", U_USER, NULL),
	JSON_WANT_END
};
static const struct json_want request[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("metadata", U_NOTHING, metadata),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	return route_of(r, "anthropic");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;
	bool passed = n[U_SUM_INPUT] >= 0 && n[U_SUM_OUTPUT] >= 0 && seen->closed;

	out->cache_read = n[passed ? U_SUM_CACHED : U_CACHED];
	out->cache_write = n[passed ? U_SUM_WRITE : U_WRITE];
	out->input = plus(plus(n[passed ? U_SUM_INPUT : U_INPUT], out->cache_read), out->cache_write);
	out->output = n[passed ? U_SUM_OUTPUT : U_OUTPUT];
	out->reasoning = n[U_REASONING];
	if (out->output < 0 && n[U_OUTPUT_FLOOR] >= 0) {
		out->output = n[U_OUTPUT_FLOOR];
		out->quality = USAGE_PARTIAL;
	}
}

const struct usage_shape shape_anthropic = { reads, &whole_request, &whole_response, normal, NULL, false };
