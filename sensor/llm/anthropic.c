/* Anthropic's messages (llm-usage.md 2, 3). Cache reads and writes are not in input_tokens. A stream begins
 * with a block whose output is a first guess; each field of a later one replaces it. */
#include "sensor/llm/shape.h"

static const struct json_want output_details[] = {
	JSON_WANT("thinking_tokens", U_REASONING, NULL),
	JSON_WANT_END
};
static const struct json_want creation[] = {
	JSON_WANT("ephemeral_1h_input_tokens", U_DETAIL + DETAIL_WRITE_1H, NULL),
	JSON_WANT_END
};
static const struct json_want pass_creation[] = {
	JSON_WANT("ephemeral_1h_input_tokens", U_PASS_WRITE_1H, NULL),
	JSON_WANT_END
};
static const struct json_want server_tools[] = {
	JSON_WANT("web_search_requests", U_DETAIL + DETAIL_SEARCHES, NULL),
	JSON_WANT_END
};
/* Passes of one call (compaction, advisors), of which the block's own numbers name only the last. */
static const struct json_want pass[] = {
	JSON_WANT("model", U_PASS_MODEL, NULL),
	JSON_WANT("input_tokens", U_PASS_INPUT, NULL),
	JSON_WANT("output_tokens", U_PASS_OUTPUT, NULL),
	JSON_WANT("cache_read_input_tokens", U_PASS_CACHED, NULL),
	JSON_WANT("cache_creation_input_tokens", U_PASS_WRITE, NULL),
	JSON_WANT("cache_creation", U_NOTHING, pass_creation),
	JSON_WANT_END
};
static const struct json_want passes[] = { JSON_EACH(U_PASS, pass), JSON_WANT_END };
static const struct json_want gateway[] = { /* Pydantic's */
	JSON_WANT("cost_estimate", U_COST_ALSO, NULL),
	JSON_WANT_END
};

#define BLOCK(output) \
	JSON_WANT("input_tokens", U_INPUT, NULL), \
	JSON_WANT("output_tokens", output, NULL), \
	JSON_WANT("cache_read_input_tokens", U_CACHED, NULL), \
	JSON_WANT("cache_creation_input_tokens", U_WRITE, NULL), \
	JSON_WANT("output_tokens_details", U_NOTHING, output_details), \
	JSON_WANT("cache_creation", U_NOTHING, creation), \
	JSON_WANT("server_tool_use", U_NOTHING, server_tools), \
	JSON_WANT("service_tier", U_TIER, NULL), \
	JSON_WANT("inference_geo", U_GEO, NULL), \
	JSON_WANT("speed", U_SPEED, NULL), \
	JSON_WANT("iterations", U_NOTHING, passes), \
	JSON_WANT("pydantic_ai_gateway", U_NOTHING, gateway), \
	JSON_WANT_END

static const struct json_want usage[] = { BLOCK(U_OUTPUT) };
static const struct json_want first_usage[] = { BLOCK(U_OUTPUT_FLOOR) };
/* Text of an answer, whole and as deltas bring it; of thinking too, which is billed. */
static const struct json_want said[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_PIECES("thinking", U_TEXT),
	JSON_PIECES("partial_json", U_TEXT),
	JSON_PIECES("input", U_TEXT), /* of a tool */
	JSON_WANT_END
};
static const struct json_want answer[] = { JSON_EACH(U_NOTHING, said), JSON_WANT_END };
static const struct json_want message[] = { /* of message_start */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_BLOCK, first_usage),
	JSON_WANT_END
};
static const struct json_want result_message[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_ITEM, usage),
	JSON_WANT_END
};
static const struct json_want result[] = { /* of a call of a batch, one in a line */
	JSON_WANT("message", U_NOTHING, result_message),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("message", U_NOTHING, message),
	JSON_WANT("result", U_NOTHING, result),
	JSON_WANT("content", U_NOTHING, answer),
	JSON_WANT("delta", U_NOTHING, said),
	JSON_PIECES("completion", U_TEXT), /* the old API's */
	JSON_WANT("error", U_IS_FAILED, NULL),
	JSON_WANT_END
};
static const struct json_want metadata[] = {
	JSON_WANT("user_id", U_USER, NULL),
	JSON_WANT_END
};
/* Text of a prompt: a string, or blocks, of which a tool's result has its own. */
static const struct json_want inner[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_WANT("source", U_PICTURE, NULL),
	JSON_WANT_END
};
static const struct json_want inners[] = { JSON_EACH(U_NOTHING, inner), JSON_WANT_END };
static const struct json_want piece[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_PIECES("input", U_TEXT),
	JSON_PIECES_OR("content", U_TEXT, inners),
	JSON_WANT("source", U_PICTURE, NULL),
	JSON_WANT_END
};
static const struct json_want pieces[] = { JSON_EACH(U_NOTHING, piece), JSON_WANT_END };
static const struct json_want prompted[] = { JSON_PIECES_OR("content", U_TEXT, pieces), JSON_WANT_END };
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, prompted), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_WANT("messages", U_NOTHING, messages),
	JSON_PIECES_OR("system", U_TEXT, pieces),
	JSON_PIECES("tools", U_TEXT),
	JSON_PIECES("prompt", U_TEXT),
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

/* Of what is known of both. */
static int64_t either_sum(int64_t a, int64_t b)
{
	return a < 0 ? b : plus(a, b);
}

static void passes_of(const struct usage_block *block, struct usage *out)
{
	struct usage_details *d = &out->details;

	d->passes = block->passes;
	out->input = out->output = 0;
	out->cache_read = out->cache_write = -1;
	d->n[DETAIL_WRITE_1H] = 0;
	for (size_t i = 0; i < d->passes; i++) {
		struct usage_pass *p = &d->pass[i];

		*p = block->pass[i];
		p->input = plus(plus(p->input, p->cache_read), p->cache_write);
		out->input += p->input;
		out->output += p->output;
		out->cache_read = either_sum(out->cache_read, p->cache_read);
		out->cache_write = either_sum(out->cache_write, p->cache_write);
		d->n[DETAIL_WRITE_1H] = plus(d->n[DETAIL_WRITE_1H], p->write_1h);
	}
	if (block->passes_lost)
		d->n[DETAIL_UNLISTED] = 1;
	if (d->passes == 1 && d->pass[0].model_n == 0)
		d->passes = 0;
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;

	if (seen->block->passes > 0 && seen->closed) {
		passes_of(seen->block, out);
	} else {
		out->cache_read = n[U_CACHED];
		out->cache_write = n[U_WRITE];
		out->input = plus(plus(n[U_INPUT], n[U_CACHED]), n[U_WRITE]);
		out->output = n[U_OUTPUT];
	}
	out->reasoning = n[U_REASONING];
	if (out->output < 0 && n[U_OUTPUT_FLOOR] >= 0) {
		out->output = n[U_OUTPUT_FLOOR];
		out->quality = USAGE_PARTIAL;
	}
}

const struct usage_shape shape_anthropic = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
};
