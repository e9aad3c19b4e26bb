/* OpenAI's shape (llm-usage.md 2, 3), which most others share: chat and text completions, embeddings,
 * responses, images, transcriptions, runs and batches; plain and streamed. */
#include "sensor/llm/shape.h"

static const struct json_want input_details[] = {
	JSON_WANT("cached_tokens", U_CACHED, NULL),
	JSON_WANT("cache_write_tokens", U_WRITE, NULL),
	JSON_WANT("audio_tokens", U_AUDIO_IN, NULL),
	JSON_WANT_END
};
static const struct json_want output_details[] = {
	JSON_WANT("reasoning_tokens", U_REASONING, NULL),
	JSON_WANT_END
};
static const struct json_want cost[] = { /* Perplexity */
	JSON_WANT("total_cost", U_COST, NULL),
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
	JSON_WANT("seconds", U_SECONDS, NULL),                     /* transcriptions */
	JSON_WANT("service_tier", U_TIER, NULL),                   /* Mistral */
	JSON_WANT_END
};
static const struct json_want x_groq[] = {
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT_END
};
static const struct json_want pages[] = { /* Mistral's OCR */
	JSON_WANT("pages_processed", U_PAGES, NULL),
	JSON_WANT_END
};
static const struct json_want in_event[] = { /* the response in an event of its stream */
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("service_tier", U_TIER, NULL),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("system_fingerprint", U_FINGERPRINT, NULL),
	JSON_WANT("usage_info", U_BLOCK, pages),
	JSON_WANT("x_groq", U_NOTHING, x_groq),
	JSON_WANT("response", U_NOTHING, in_event),
	JSON_WANT_END
};
static const struct json_want request[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("user", U_USER, NULL),
	JSON_WANT("safety_identifier", U_USER_ALSO, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

/* All but those who have a shape of their own. */
static bool reads(const struct route *r)
{
	static const char *const others[] = { "aws.bedrock", "ibm.watsonx.ai" };

	for (size_t i = 0; i < COUNT(others); i++)
		if (route_of(r, others[i]))
			return false;
	return true;
}

/* The total is the arbiter: what it has more than both is reasoning or audio that was left out of them; what
 * nothing else explains is thinking (Gemini behind this shape). */
static void arbitrate(const int64_t *n, struct usage *out)
{
	int64_t total = n[U_TOTAL], more;

	if (total < 0)
		return;
	if (out->input >= 0 && out->output < 0)
		out->output = total > out->input ? total - out->input : 0;
	else if (out->output >= 0 && out->input < 0)
		out->input = total > out->output ? total - out->output : 0;
	more = total - out->input - out->output;
	if (out->input < 0 || more <= 0)
		return;
	if (more == n[U_AUDIO_IN] && more != n[U_REASONING]) {
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
	if (n[U_PAGES] >= 0 && out->input < 0)
		out->input = out->output = 0;
}

static const char *server(struct slice fingerprint)
{
	return slice_is(fingerprint, "fp_ollama") ? "ollama" : NULL;
}

const struct usage_shape shape_openai = { reads, &whole_request, &whole_response, normal, server, false };
