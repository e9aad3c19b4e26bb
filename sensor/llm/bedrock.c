/* Bedrock (llm-usage.md 1, 2, 3): Converse, and "invoke", whose bodies are those of whoever made the model,
 * with what Bedrock itself counted in headers or in the last event. Streams are AWS event streams, those of
 * "invoke" with JSON in base64. Cache reads and writes are not in the input. */
#include "sensor/llm/shape.h"

static const struct json_want written[] = {
	JSON_WANT("ttl", U_PAIR_WORD, NULL),
	JSON_WANT("inputTokens", U_PAIR_COUNT, NULL),
	JSON_WANT_END
};
static const struct json_want cache_details[] = { JSON_EACH(U_PAIR_WRITE, written), JSON_WANT_END };
static const struct json_want creation[] = {
	JSON_WANT("ephemeral_1h_input_tokens", U_DETAIL + DETAIL_WRITE_1H, NULL),
	JSON_WANT_END
};
static const struct json_want gateway[] = { /* Pydantic's */
	JSON_WANT("cost_estimate", U_COST_ALSO, NULL),
	JSON_WANT_END
};

/* Converse's and Nova's, Anthropic's, OpenAI's */
#define USAGE(output) \
	JSON_WANT("inputTokens", U_INPUT, NULL), \
	JSON_WANT("outputTokens", U_OUTPUT, NULL), \
	JSON_WANT("cacheReadInputTokens", U_CACHED, NULL), \
	JSON_WANT("cacheReadInputTokenCount", U_CACHED_ALSO, NULL), \
	JSON_WANT("cacheWriteInputTokens", U_WRITE, NULL), \
	JSON_WANT("cacheWriteInputTokenCount", U_METRIC_WRITE, NULL), \
	JSON_WANT("cacheDetails", U_NOTHING, cache_details), \
	JSON_WANT("input_tokens", U_INPUT, NULL), \
	JSON_WANT("output_tokens", output, NULL), \
	JSON_WANT("cache_read_input_tokens", U_CACHED, NULL), \
	JSON_WANT("cache_creation_input_tokens", U_WRITE, NULL), \
	JSON_WANT("cache_creation", U_NOTHING, creation), \
	JSON_WANT("prompt_tokens", U_INPUT, NULL), \
	JSON_WANT("completion_tokens", U_OUTPUT, NULL), \
	JSON_WANT("pydantic_ai_gateway", U_NOTHING, gateway), \
	JSON_WANT_END

static const struct json_want usage[] = { USAGE(U_OUTPUT) };
static const struct json_want first_usage[] = { USAGE(U_OUTPUT_FLOOR) };
/* Text of prompts and answers: blocks of Converse and of Anthropic, deltas of both, and what the others call
 * it. */
static const struct json_want tool_use[] = { JSON_PIECES("input", U_TEXT), JSON_WANT_END };
static const struct json_want inner[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_PIECES("json", U_TEXT),
	JSON_WANT_END
};
static const struct json_want inners[] = { JSON_EACH(U_NOTHING, inner), JSON_WANT_END };
static const struct json_want tool_result[] = { JSON_WANT("content", U_NOTHING, inners), JSON_WANT_END };
static const struct json_want block[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_PIECES("thinking", U_TEXT),
	JSON_PIECES("partial_json", U_TEXT),
	JSON_PIECES("input", U_TEXT),
	JSON_PIECES_OR("content", U_TEXT, inners),
	JSON_WANT("toolUse", U_NOTHING, tool_use),
	JSON_WANT("toolResult", U_NOTHING, tool_result),
	JSON_WANT("image", U_PICTURE, NULL),
	JSON_WANT("source", U_PICTURE, NULL),
	JSON_WANT_END
};
static const struct json_want blocks[] = { JSON_EACH(U_NOTHING, block), JSON_WANT_END };
static const struct json_want prompted[] = { JSON_PIECES_OR("content", U_TEXT, blocks), JSON_WANT_END };
static const struct json_want converse_output[] = { JSON_WANT("message", U_NOTHING, prompted),
						    JSON_WANT_END };
static const struct json_want message[] = { /* of Anthropic's message_start */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_NOTHING, first_usage),
	JSON_WANT_END
};
static const struct json_want metadata[] = { JSON_WANT("usage", U_NOTHING, usage), JSON_WANT_END };
static const struct json_want metrics[] = {
	JSON_WANT("inputTokenCount", U_METRIC_INPUT, NULL),
	JSON_WANT("outputTokenCount", U_METRIC_OUTPUT, NULL),
	JSON_WANT("cacheReadInputTokenCount", U_METRIC_CACHED, NULL),
	JSON_WANT("cacheWriteInputTokenCount", U_METRIC_WRITE, NULL),
	JSON_WANT_END
};
static const struct json_want result[] = { /* Titan's; or of a rerank */
	JSON_WANT("tokenCount", U_SUM_OUTPUT, NULL),
	JSON_PIECES("outputText", U_TEXT),
	JSON_WANT("relevance_score", U_IS_RERANK, NULL),
	JSON_WANT("relevanceScore", U_IS_RERANK, NULL),
	JSON_WANT_END
};
static const struct json_want results[] = { JSON_EACH(U_NOTHING, result), JSON_WANT_END };
static const struct json_want response[] = {
	JSON_PIECES("bytes", U_BYTES), /* of an event */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_NOTHING, usage),
	JSON_WANT("message", U_NOTHING, message),
	JSON_WANT("metadata", U_NOTHING, metadata),
	JSON_WANT("output", U_NOTHING, converse_output),
	JSON_WANT("content", U_NOTHING, blocks),
	JSON_WANT("delta", U_NOTHING, block),
	JSON_PIECES("generation", U_TEXT), /* Llama */
	JSON_PIECES("outputText", U_TEXT), /* Titan's events */
	JSON_PIECES("completion", U_TEXT), /* Anthropic's old API */
	JSON_WANT("amazon-bedrock-invocationMetrics", U_NOTHING, metrics),
	JSON_WANT("prompt_token_count", U_INPUT, NULL), /* Llama */
	JSON_WANT("generation_token_count", U_OUTPUT, NULL),
	JSON_WANT("inputTextTokenCount", U_INPUT, NULL), /* Titan */
	JSON_WANT("results", U_NOTHING, results),
	JSON_WANT("amazon-bedrock-guardrailAction", U_IS_GUARDED, NULL),
	JSON_WANT("embedding", U_IS_EMBEDDINGS, NULL),
	JSON_WANT("embeddings", U_IS_EMBEDDINGS, NULL),
	JSON_WANT_END
};
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, prompted), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_WANT("messages", U_IS_CHAT, messages),
	JSON_PIECES_OR("system", U_TEXT, blocks),
	JSON_PIECES("tools", U_TEXT),
	JSON_PIECES("toolConfig", U_TEXT),
	JSON_PIECES("prompt", U_TEXT),
	JSON_PIECES("inputText", U_TEXT),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_BLOCK, response);

static bool reads(const struct route *r)
{
	return route_of(r, "aws.bedrock");
}

static int64_t either(int64_t a, int64_t b)
{
	return a >= 0 ? a : b;
}

/* Of "invoke", which says nothing of it. */
static const char *operation(const struct usage_seen *seen)
{
	if (seen->route->shape == NULL)
		return NULL;
	return usage_is(seen, U_IS_EMBEDDINGS) ? "embeddings" :
	       usage_is(seen, U_IS_RERANK)     ? "rerank" :
	       usage_is(seen, U_IS_CHAT)       ? "chat" :
						 "text_completion";
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;

	out->cache_read = either(n[U_CACHED], either(n[U_CACHED_ALSO], n[U_METRIC_CACHED]));
	out->cache_write = either(n[U_WRITE], n[U_METRIC_WRITE]);
	out->input = plus(plus(either(n[U_INPUT], n[U_METRIC_INPUT]), out->cache_read), out->cache_write);
	out->output = larger(either(n[U_OUTPUT], n[U_SUM_OUTPUT]), n[U_METRIC_OUTPUT]);
	if (out->output < 0 && n[U_OUTPUT_FLOOR] >= 0) {
		out->output = n[U_OUTPUT_FLOOR];
		out->quality = USAGE_PARTIAL;
	}
	/* A guardrail that lets nothing in has nothing made; the words are its own. */
	if (out->output < 0 && out->input >= 0 &&
	    (usage_is(seen, U_IS_EMBEDDINGS) || usage_is(seen, U_IS_GUARDED)))
		out->output = 0;
}

const struct usage_shape shape_bedrock = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
	.operation = operation, .model_in_path = true,
};
