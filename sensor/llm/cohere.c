/* Cohere's chat, generate, embed and rerank (llm-usage.md 2, 3): what is billed counts; the raw tokens, to
 * which cached_tokens belongs, do not. */
#include "sensor/llm/shape.h"

static const struct json_want billed[] = {
	JSON_WANT("input_tokens", U_INPUT, NULL),
	JSON_WANT("output_tokens", U_OUTPUT, NULL),
	JSON_WANT("search_units", U_DETAIL + DETAIL_SEARCH_UNITS, NULL),
	JSON_WANT_END
};
static const struct json_want raw[] = {
	JSON_WANT("reasoning_tokens", U_REASONING, NULL),
	JSON_WANT_END
};
static const struct json_want usage[] = {
	JSON_WANT("billed_units", U_NOTHING, billed),
	JSON_WANT("tokens", U_NOTHING, raw),
	JSON_WANT_END
};
/* Text of an answer and of its deltas: the second API's message has parts, each delta one of them. */
static const struct json_want part[] = { JSON_PIECES("text", U_TEXT), JSON_WANT_END };
static const struct json_want parts[] = {
	JSON_EACH(U_NOTHING, part),
	JSON_PIECES("text", U_TEXT),
	JSON_WANT_END
};
static const struct json_want said[] = {
	JSON_PIECES_OR("content", U_TEXT, parts),
	JSON_PIECES("tool_calls", U_TEXT),
	JSON_PIECES("tool_plan", U_TEXT),
	JSON_WANT_END
};
static const struct json_want delta[] = {
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("message", U_NOTHING, said),
	JSON_WANT_END
};
static const struct json_want in_event[] = { /* the response in the last line of a stream */
	JSON_WANT("response_id", U_ID, NULL),
	JSON_WANT("meta", U_BLOCK, usage),
	JSON_WANT_END
};
static const struct json_want response[] = {
	JSON_WANT("id", U_ID, NULL),
	JSON_WANT("response_id", U_ID, NULL),
	JSON_WANT("meta", U_BLOCK, usage),
	JSON_WANT("usage", U_BLOCK, usage),
	JSON_WANT("delta", U_NOTHING, delta),
	JSON_WANT("message", U_NOTHING, said),
	JSON_PIECES("text", U_TEXT), /* the first API's, also in its events */
	JSON_WANT("response", U_NOTHING, in_event),
	JSON_WANT_END
};
static const struct json_want messages[] = { JSON_EACH(U_MESSAGE, said), JSON_WANT_END };
static const struct json_want turn[] = { JSON_PIECES("message", U_TEXT), JSON_WANT_END };
static const struct json_want turns[] = { JSON_EACH(U_MESSAGE, turn), JSON_WANT_END };
static const struct json_want request[] = {
	JSON_WANT("messages", U_NOTHING, messages),
	JSON_PIECES("message", U_TEXT), /* the first API's */
	JSON_PIECES("preamble", U_TEXT),
	JSON_WANT("chat_history", U_NOTHING, turns),
	JSON_PIECES("documents", U_TEXT),
	JSON_PIECES("tools", U_TEXT),
	JSON_PIECES("prompt", U_TEXT),
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	return route_of(r, "cohere");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	const int64_t *n = seen->n;

	out->input = n[U_INPUT];
	out->output = n[U_OUTPUT];
	out->reasoning = n[U_REASONING];
	if (n[U_DETAIL + DETAIL_SEARCH_UNITS] >= 0 && out->input < 0) /* searches, no tokens */
		out->input = out->output = 0;
	if (out->input >= 0 && out->output < 0 && route_does(seen->route, "embeddings"))
		out->output = 0;
}

const struct usage_shape shape_cohere = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
};
