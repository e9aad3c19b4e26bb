/* IBM watsonx.ai (llm-usage.md 2): generation, whose events repeat a growing output and tell the input only
 * once, and chat in OpenAI's manner. */
#include "sensor/llm/shape.h"

static const struct json_want result[] = {
	JSON_WANT("input_token_count", U_MAX_INPUT, NULL),
	JSON_WANT("generated_token_count", U_MAX_OUTPUT, NULL),
	JSON_PIECES("generated_text", U_TEXT),
	JSON_WANT_END
};
static const struct json_want results[] = { JSON_EACH(U_NOTHING, result), JSON_WANT_END };
static const struct json_want usage[] = {
	JSON_WANT("prompt_tokens", U_MAX_INPUT, NULL),
	JSON_WANT("completion_tokens", U_MAX_OUTPUT, NULL),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("model_id", U_MODEL, NULL),
	JSON_WANT("results", U_NOTHING, results),
	JSON_WANT("usage", U_NOTHING, usage),
	JSON_WANT("input_token_count", U_MAX_INPUT, NULL), /* embeddings */
	JSON_WANT_END
};
static const struct json_want prompted[] = { JSON_PIECES("content", U_TEXT), JSON_WANT_END };
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, prompted), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_PIECES("input", U_TEXT),
	JSON_WANT("messages", U_NOTHING, messages),
	JSON_WANT("model_id", U_MODEL, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_BLOCK, response);

static bool reads(const struct route *r)
{
	return route_of(r, "ibm.watsonx.ai");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	out->input = seen->n[U_MAX_INPUT];
	out->output = seen->n[U_MAX_OUTPUT];
	if (out->input >= 0 && out->output < 0 && route_does(seen->route, "embeddings"))
		out->output = 0;
}

const struct usage_shape shape_watsonx = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
};
