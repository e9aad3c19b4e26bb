/* Ollama's own API (llm-usage.md 2, 3): counts beside the answer, in the last line of a stream. A prompt's
 * count that is missing was cached: unknown, not 0. */
#include "sensor/llm/shape.h"

static const struct json_want said[] = {
	JSON_PIECES("content", U_TEXT),
	JSON_PIECES("thinking", U_TEXT),
	JSON_PIECES("tool_calls", U_TEXT),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("message", U_NOTHING, said),
	JSON_PIECES("response", U_TEXT),
	JSON_PIECES("thinking", U_TEXT),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT("prompt_eval_count", U_INPUT, NULL),
	JSON_WANT("eval_count", U_OUTPUT, NULL),
	JSON_WANT_END
};
static const struct json_want images[] = { JSON_EACH(U_PICTURE, NULL), JSON_WANT_END };
static const struct json_want prompted[] = {
	JSON_PIECES("content", U_TEXT),
	JSON_WANT("images", U_NOTHING, images),
	JSON_WANT_END
};
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, prompted), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_WANT("messages", U_NOTHING, messages),
	JSON_PIECES("prompt", U_TEXT),
	JSON_PIECES("system", U_TEXT),
	JSON_PIECES("tools", U_TEXT),
	JSON_WANT("images", U_NOTHING, images),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_BLOCK, response);

static bool reads(const struct route *r)
{
	return route_of(r, "ollama");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	out->input = seen->n[U_INPUT];
	out->output = seen->n[U_OUTPUT];
	if (out->input >= 0 && out->output < 0 && route_does(seen->route, "embeddings"))
		out->output = 0;
}

const struct usage_shape shape_ollama = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
};
