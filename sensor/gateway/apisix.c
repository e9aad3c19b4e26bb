/* Apache APISIX's access log with the variables of ai-proxy behind the usual ones:
 *
 * $remote_addr - $remote_user [$time_local] $http_host "$request_line" $status $body_bytes_sent $request_time
 * "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time
 * "$upstream_scheme://$upstream_host$upstream_uri" "$apisix_request_id" "$request_type"
 * "$llm_time_to_first_token" "$request_llm_model" "$llm_model" "$llm_prompt_tokens" "$llm_completion_tokens"
 *
 * https://apisix.apache.org/docs/apisix/plugins/ai-proxy/ */
#include "sensor/gateway/layout.h"

static const struct piece pieces[] = {
	VALUE("", CLIENT, ADDRESS),
	VALUE(" - ", USER, TEXT),
	VALUE(" [", TIME, TIME),
	VALUE("] ", HOST, WORD),
	VALUE(" \"", REQUEST_LINE, QUOTED),
	VALUE("\" ", STATUS, NUMBER),
	VALUE(" ", RESPONSE_BYTES, NUMBER),
	VALUE(" ", DURATION, NUMBER),
	VALUE(" \"", REFERRER, QUOTED),
	VALUE("\" \"", AGENT, QUOTED),
	VALUE("\" ", NOTHING, LIST),
	VALUE(" ", NOTHING, LIST),
	VALUE(" ", NOTHING, LIST),
	VALUE(" \"", NOTHING, QUOTED),
	VALUE("\" \"", REQUEST_ID, QUOTED),
	VALUE("\" \"", STREAM, QUOTED),
	VALUE("\" \"", TTFB_MS, QUOTED),
	VALUE("\" \"", MODEL, QUOTED),
	VALUE("\" \"", MODEL_SERVED, QUOTED),
	VALUE("\" \"", INPUT, QUOTED),
	VALUE("\" \"", OUTPUT, QUOTED),
	LINE_END("\""),
};

static const struct layout layout = { pieces, ESCAPES_BACKSLASH, 0 };

/* What the plugin did not set is 0, or empty. */
static void drop_unset(struct found *f)
{
	if (found_is(f, M_INPUT, "0") && found_is(f, M_OUTPUT, "0"))
		f->rank[M_INPUT] = f->rank[M_OUTPUT] = 0;
	if (found_is(f, M_TTFB_MS, "0"))
		f->rank[M_TTFB_MS] = 0;
	if (found_is(f, M_STREAM, "ai_stream"))
		found_put(f, M_STREAM, SLICE("true"));
	else if (found_is(f, M_STREAM, "ai_chat"))
		found_put(f, M_STREAM, SLICE("false"));
	else
		f->rank[M_STREAM] = 0;
}

static int detect(struct slice line)
{
	return layouts_detect(&layout, 1, line);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;

	if (!layout_match(&layout, line, ctx->scratch, &f, NULL))
		return REJECT_MALFORMED;
	drop_unset(&f);
	return found_event(&f, 0, ctx, ev);
}

const struct log_format format_apisix = {
	.name = "apisix-ai",
	.doc = "APISIX's access log with the variables of ai-proxy",
	.detect = detect,
	.parse = parse,
};
