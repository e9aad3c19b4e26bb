/* Google's shape (llm-usage.md 2, 3): generateContent, embeddings and interactions, plain, as event stream
 * or as one array sent in pieces. Counts that are 0 are left out; thoughts are not in candidates, tool use
 * is not in prompt. */
#include "sensor/llm/shape.h"

static const struct json_want kind[] = { /* of tokens */
	JSON_WANT("modality", U_PAIR_WORD, NULL),
	JSON_WANT("tokenCount", U_PAIR_COUNT, NULL),
	JSON_WANT("tokens", U_PAIR_COUNT, NULL), /* interactions */
	JSON_WANT_END
};
static const struct json_want kinds_in[] = { JSON_EACH(U_PAIR_INPUT, kind), JSON_WANT_END };
static const struct json_want kinds_out[] = { JSON_EACH(U_PAIR_OUTPUT, kind), JSON_WANT_END };
static const struct json_want kinds_cached[] = { JSON_EACH(U_PAIR_CACHED, kind), JSON_WANT_END };
static const struct json_want gateway[] = { /* Pydantic's */
	JSON_WANT("cost_estimate", U_COST_ALSO, NULL),
	JSON_WANT_END
};
static const struct json_want metadata[] = {
	JSON_WANT("promptTokenCount", U_INPUT, NULL),
	JSON_WANT("candidatesTokenCount", U_OUTPUT, NULL),
	JSON_WANT("thoughtsTokenCount", U_REASONING, NULL),
	JSON_WANT("toolUsePromptTokenCount", U_TOOL_IN, NULL),
	JSON_WANT("cachedContentTokenCount", U_CACHED, NULL),
	JSON_WANT("promptTokensDetails", U_NOTHING, kinds_in),
	JSON_WANT("candidatesTokensDetails", U_NOTHING, kinds_out),
	JSON_WANT("cacheTokensDetails", U_NOTHING, kinds_cached),
	JSON_WANT("pydantic_ai_gateway", U_NOTHING, gateway),
	JSON_WANT_END
};
static const struct json_want usage[] = { /* of interactions */
	JSON_WANT("total_input_tokens", U_INPUT, NULL),
	JSON_WANT("total_output_tokens", U_OUTPUT, NULL),
	JSON_WANT("total_thought_tokens", U_REASONING, NULL),
	JSON_WANT("total_tool_use_tokens", U_TOOL_IN, NULL),
	JSON_WANT("total_cached_tokens", U_CACHED, NULL),
	JSON_WANT("input_tokens_by_modality", U_NOTHING, kinds_in),
	JSON_WANT("output_tokens_by_modality", U_NOTHING, kinds_out),
	JSON_WANT("cached_tokens_by_modality", U_NOTHING, kinds_cached),
	JSON_WANT_END
};
static const struct json_want interaction[] = { /* in an event */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT_END
};
static const struct json_want statistics[] = { /* of embeddings in Vertex */
	JSON_WANT("token_count", U_SUM_INPUT, NULL),
	JSON_WANT_END
};
static const struct json_want embeddings[] = {
	JSON_WANT("statistics", U_NOTHING, statistics),
	JSON_WANT_END
};
static const struct json_want prediction[] = {
	JSON_WANT("embeddings", U_IS_EMBEDDINGS, embeddings),
	JSON_WANT("mimeType", U_IS_IMAGE, NULL),
	JSON_WANT_END
};
static const struct json_want predictions[] = { JSON_EACH(U_IMAGE, prediction), JSON_WANT_END };
/* Text of prompts and answers: parts of a content. */
static const struct json_want function_call[] = { JSON_PIECES("args", U_TEXT), JSON_WANT_END };
static const struct json_want function_response[] = { JSON_PIECES("response", U_TEXT), JSON_WANT_END };
static const struct json_want part[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_WANT("functionCall", U_NOTHING, function_call),
	JSON_WANT("functionResponse", U_NOTHING, function_response),
	JSON_WANT("inlineData", U_PICTURE, NULL),
	JSON_WANT("inline_data", U_PICTURE, NULL),
	JSON_WANT("fileData", U_PICTURE, NULL),
	JSON_WANT_END
};
static const struct json_want parts[] = { JSON_EACH(U_NOTHING, part), JSON_WANT_END };
static const struct json_want content[] = { JSON_WANT("parts", U_NOTHING, parts), JSON_WANT_END };
static const struct json_want contents[] = { JSON_EACH(U_MESSAGE, content), JSON_WANT_END };
static const struct json_want candidate[] = {
	JSON_WANT("content", U_NOTHING, content),
	JSON_WANT("groundingMetadata", U_IS_SEARCH, NULL),
	JSON_WANT_END
};
static const struct json_want candidates[] = { JSON_EACH(U_NOTHING, candidate), JSON_WANT_END };
/* Calls of a batch. The operation has the list twice: in its metadata and as its response. */
static const struct json_want item_response[] = {
	JSON_WANT("modelVersion", U_MODEL, NULL),
	JSON_WANT("usageMetadata", U_ITEM, metadata),
	JSON_WANT_END
};
static const struct json_want item[] = { JSON_WANT("response", U_NOTHING, item_response), JSON_WANT_END };
static const struct json_want items[] = { JSON_EACH(U_NOTHING, item), JSON_WANT_END };
static const struct json_want inlined[] = { JSON_WANT("inlinedResponses", U_ITEMS, items), JSON_WANT_END };
static const struct json_want inlined_list[] = {
	JSON_WANT("inlinedResponses", U_NOTHING, inlined),
	JSON_WANT_END
};
static const struct json_want batch[] = { JSON_WANT("output", U_NOTHING, inlined_list), JSON_WANT_END };
static const struct json_want chunk[] = {
	JSON_WANT("candidates", U_NOTHING, candidates),
	JSON_WANT("modelVersion", U_MODEL, NULL),
	JSON_WANT("responseId", U_ID, NULL),
	JSON_WANT("usageMetadata", U_BLOCK, metadata),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("candidates", U_NOTHING, candidates),
	JSON_WANT("metadata", U_NOTHING, batch),
	JSON_WANT("response", U_NOTHING, inlined_list),
	JSON_WANT("modelVersion", U_MODEL, NULL),
	JSON_WANT("responseId", U_ID, NULL),
	JSON_WANT("usageMetadata", U_BLOCK, metadata),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("interaction", U_NOTHING, interaction),
	JSON_WANT("predictions", U_BLOCK, predictions),
	JSON_EACH(U_STREAMED, chunk),
	JSON_WANT("error", U_IS_FAILED, NULL),
	JSON_WANT_END
};
static const struct json_want request[] = {
	JSON_WANT("contents", U_NOTHING, contents),
	JSON_WANT("systemInstruction", U_NOTHING, content),
	JSON_WANT("system_instruction", U_NOTHING, content),
	JSON_PIECES("tools", U_TEXT),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	return route_of(r, "gcp.gemini") || route_of(r, "gcp.vertex_ai");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;

	if (n[U_SUM_INPUT] >= 0) {
		out->input = n[U_SUM_INPUT];
		out->output = 0;
		return;
	}
	out->cache_read = n[U_CACHED];
	out->reasoning = n[U_REASONING];
	out->input = plus(n[U_INPUT], n[U_TOOL_IN]);
	out->output = n[U_OUTPUT];
	if (out->output < 0 && (n[U_REASONING] >= 0 || (seen->closed && out->input >= 0)))
		out->output = 0;
	out->output = plus(out->output, n[U_REASONING]);
}

/* :predict is whatever the model does. */
static const char *operation(const struct usage_seen *seen)
{
	return usage_is(seen, U_IS_EMBEDDINGS) ? "embeddings" :
	       usage_is(seen, U_IS_IMAGE)      ? "image_generation" :
						 NULL;
}

const struct usage_shape shape_gemini = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
	.operation = operation, .model_in_path = true,
};
