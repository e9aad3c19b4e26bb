/* OpenAI's shape (llm-usage.md 2, 3), which most others share: chat and text completions, embeddings,
 * responses, images, transcriptions, runs and batches; plain and streamed. */
#include "sensor/llm/shape.h"

static const struct json_want input_details[] = {
	JSON_WANT("cached_tokens", U_CACHED, NULL),
	JSON_WANT("cache_write_tokens", U_WRITE, NULL),
	JSON_WANT("audio_tokens", U_DETAIL + DETAIL_AUDIO_INPUT, NULL),
	JSON_WANT("image_tokens", U_DETAIL + DETAIL_IMAGE_INPUT, NULL),
	JSON_WANT_END
};
static const struct json_want output_details[] = {
	JSON_WANT("reasoning_tokens", U_REASONING, NULL),
	JSON_WANT("audio_tokens", U_DETAIL + DETAIL_AUDIO_OUTPUT, NULL),
	JSON_WANT("image_tokens", U_DETAIL + DETAIL_IMAGE_OUTPUT, NULL),
	JSON_WANT_END
};
static const struct json_want cost[] = { /* Perplexity */
	JSON_WANT("total_cost", U_COST, NULL),
	JSON_WANT_END
};
static const struct json_want gateway[] = { /* Pydantic's */
	JSON_WANT("cost_estimate", U_COST_ALSO, NULL),
	JSON_WANT_END
};
static const struct json_want usage[] = {
	JSON_WANT("prompt_tokens", U_INPUT, NULL),
	JSON_WANT("input_tokens", U_INPUT, NULL),
	JSON_WANT("completion_tokens", U_OUTPUT, NULL),
	JSON_WANT("output_tokens", U_OUTPUT, NULL),
	JSON_WANT("total_tokens", U_TOTAL, NULL),
	JSON_WANT("prompt_tokens_details", U_NOTHING, input_details),
	JSON_WANT("prompt_token_details", U_NOTHING, input_details), /* runs */
	JSON_WANT("input_tokens_details", U_NOTHING, input_details),
	JSON_WANT("input_token_details", U_NOTHING, input_details), /* transcriptions */
	JSON_WANT("completion_tokens_details", U_NOTHING, output_details),
	JSON_WANT("output_tokens_details", U_NOTHING, output_details),
	JSON_WANT("prompt_cache_hit_tokens", U_CACHED_ALSO, NULL), /* DeepSeek */
	JSON_WANT("cached_tokens", U_CACHED_ALSO, NULL),           /* Together */
	JSON_WANT("cost", U_COST, cost),                           /* OpenRouter: a number */
	JSON_WANT("cost_in_usd_ticks", U_TICKS, NULL),             /* xAI */
	JSON_WANT("pydantic_ai_gateway", U_NOTHING, gateway),
	JSON_WANT("seconds", U_DETAIL + DETAIL_MILLISECONDS, NULL), /* transcriptions */
	JSON_WANT("service_tier", U_TIER, NULL),                   /* Mistral */
	JSON_WANT_END
};
static const struct json_want x_groq[] = {
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT_END
};
static const struct json_want pages[] = { /* Mistral's OCR */
	JSON_WANT("pages_processed", U_DETAIL + DETAIL_PAGES, NULL),
	JSON_WANT_END
};
static const struct json_want billed[] = { /* Cohere's first API, where path and host are a gateway's */
	JSON_WANT("input_tokens", U_INPUT, NULL),
	JSON_WANT("output_tokens", U_OUTPUT, NULL),
	JSON_WANT("search_units", U_DETAIL + DETAIL_SEARCH_UNITS, NULL),
	JSON_WANT_END
};
static const struct json_want meta[] = { JSON_WANT("billed_units", U_NOTHING, billed), JSON_WANT_END };
static const struct json_want metadata[] = { JSON_WANT("duration", U_LENGTH, NULL), JSON_WANT_END };
static const struct json_want call[] = { JSON_WANT("type", U_PAIR_WORD, NULL), JSON_WANT_END };
static const struct json_want calls[] = { JSON_EACH(U_CALL, call), JSON_WANT_END };
/* The same of a response that is no stream, with the text; an event of a stream repeats what its deltas
 * brought. */
static const struct json_want written[] = { JSON_PIECES("text", U_TEXT), JSON_WANT_END };
static const struct json_want writings[] = { JSON_EACH(U_NOTHING, written), JSON_WANT_END };
static const struct json_want call_text[] = {
	JSON_WANT("type", U_PAIR_WORD, NULL),
	JSON_WANT("content", U_NOTHING, writings),
	JSON_PIECES("arguments", U_TEXT),
	JSON_WANT_END
};
static const struct json_want call_texts[] = { JSON_EACH(U_CALL, call_text), JSON_WANT_END };
static const struct json_want images[] = { JSON_EACH(U_IMAGE, NULL), JSON_WANT_END };
/* Calls of a batch: a line of an output file; among Mistral's `outputs`; among xAI's `results`. */
static const struct json_want line[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_LINE, usage),
	JSON_WANT_END
};
static const struct json_want completion[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("usage", U_ITEM, usage),
	JSON_WANT_END
};
static const struct json_want answer[] = { JSON_WANT("body", U_NOTHING, completion), JSON_WANT_END };
static const struct json_want output[] = { JSON_WANT("response", U_NOTHING, answer), JSON_WANT_END };
static const struct json_want outputs[] = { JSON_EACH(U_NOTHING, output), JSON_WANT_END };
static const struct json_want chat_get[] = {
	JSON_WANT("chat_get_completion", U_NOTHING, completion),
	JSON_WANT_END
};
static const struct json_want batch_result[] = { JSON_WANT("response", U_NOTHING, chat_get), JSON_WANT_END };
static const struct json_want result[] = { JSON_WANT("batch_result", U_NOTHING, batch_result),
					       JSON_WANT_END };
static const struct json_want results[] = { JSON_EACH(U_NOTHING, result), JSON_WANT_END };
/* Text of an answer: whole, and as a stream's deltas bring it. */
static const struct json_want function[] = { JSON_PIECES("arguments", U_TEXT), JSON_WANT_END };
static const struct json_want tool_call[] = { JSON_WANT("function", U_NOTHING, function), JSON_WANT_END };
static const struct json_want tool_calls[] = { JSON_EACH(U_NOTHING, tool_call), JSON_WANT_END };
static const struct json_want said[] = {
	JSON_PIECES("content", U_TEXT),
	JSON_PIECES("refusal", U_TEXT),
	JSON_WANT("tool_calls", U_NOTHING, tool_calls),
	JSON_WANT_END
};
static const struct json_want choice[] = {
	JSON_WANT("delta", U_NOTHING, said),
	JSON_WANT("message", U_NOTHING, said),
	JSON_PIECES("text", U_TEXT),
	JSON_WANT_END
};
static const struct json_want choices[] = { JSON_EACH(U_NOTHING, choice), JSON_WANT_END };
static const struct json_want in_event[] = { /* the response in an event of its stream */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("output", U_CALLS, calls),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("body", U_NOTHING, line),
	JSON_WANT("meta", U_BLOCK, meta),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("output", U_CALLS, call_texts),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("system_fingerprint", U_FINGERPRINT, NULL),
	JSON_WANT("usage_info", U_BLOCK, pages),
	JSON_WANT("x_groq", U_IS_GROQ, x_groq),
	JSON_WANT("response", U_NOTHING, in_event),
	JSON_WANT("data", U_IMAGES, images),
	JSON_WANT("duration", U_LENGTH, NULL),
	JSON_WANT("metadata", U_NOTHING, metadata), /* Deepgram */
	JSON_WANT("meta", U_BLOCK, meta),
	JSON_WANT("outputs", U_ITEMS, outputs),
	JSON_WANT("results", U_ITEMS, results),
	JSON_WANT("choices", U_NOTHING, choices),
	JSON_PIECES("delta", U_TEXT), /* of an event of a response */
	JSON_WANT("error", U_IS_FAILED, NULL),
	JSON_WANT_END
};
/* Text of a prompt: a string, or parts. */
static const struct json_want part[] = {
	JSON_PIECES("text", U_TEXT),
	JSON_WANT("image_url", U_PICTURE, NULL),
	JSON_WANT_END
};
static const struct json_want parts[] = { JSON_EACH(U_NOTHING, part), JSON_WANT_END };
static const struct json_want prompted[] = {
	JSON_PIECES_OR("content", U_TEXT, parts),
	JSON_WANT("tool_calls", U_NOTHING, tool_calls),
	JSON_PIECES("output", U_TEXT), /* of a tool, as an item */
	JSON_WANT_END
};
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, prompted), JSON_WANT_END };
static const struct json_want prompts[] = { JSON_PIECES("[]", U_TEXT), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_WANT("messages", U_NOTHING, messages),
	JSON_PIECES_OR("prompt", U_TEXT, prompts),
	JSON_PIECES("instructions", U_TEXT),
	JSON_PIECES("tools", U_TEXT),
	JSON_PIECES("functions", U_TEXT),
	JSON_PIECES("response_format", U_TEXT),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("user", U_USER, NULL),
	JSON_WANT("safety_identifier", U_USER_ALSO, NULL),
	JSON_PIECES_OR("input", U_SPOKEN, messages),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	(void)r;
	return true;
}

/* The total is the arbiter: what it has more than both is reasoning or audio that was left out of them; what
 * nothing else explains is thinking (Gemini behind this shape). */
static void arbitrate(const int64_t *n, struct usage *out)
{
	int64_t total = n[U_TOTAL], audio = n[U_DETAIL + DETAIL_AUDIO_INPUT], more;

	if (total < 0)
		return;
	if (out->input >= 0 && out->output < 0)
		out->output = total > out->input ? total - out->input : 0;
	else if (out->output >= 0 && out->input < 0)
		out->input = total > out->output ? total - out->output : 0;
	more = total - out->input - out->output;
	if (out->input < 0 || more <= 0)
		return;
	if (more == audio && more != n[U_REASONING]) {
		out->input += more;
		return;
	}
	out->output += more;
	if (out->reasoning < more)
		out->reasoning = more;
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;

	out->input = n[U_INPUT];
	out->output = n[U_OUTPUT];
	out->cache_read = n[U_CACHED] >= 0 ? n[U_CACHED] : n[U_CACHED_ALSO];
	out->cache_write = n[U_WRITE];
	out->reasoning = n[U_REASONING];
	if (route_does(seen->route, "embeddings") || route_does(seen->route, "rerank")) {
		out->input = n[U_TOTAL] > n[U_INPUT] ? n[U_TOTAL] : n[U_INPUT];
		out->output = out->input < 0 ? -1 : 0;
	} else if (seen->closed) {
		arbitrate(n, out);
	}
	if ((n[U_DETAIL + DETAIL_PAGES] >= 0 || n[U_DETAIL + DETAIL_SEARCH_UNITS] >= 0) && out->input < 0)
		out->input = out->output = 0;
}

static const char *server(const struct usage_seen *seen)
{
	if (usage_is(seen, U_IS_GROQ))
		return "groq";
	return slice_is(seen->fingerprint, "fp_ollama") ? "ollama" : NULL;
}

const struct usage_shape shape_openai = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
	.server = server,
};
