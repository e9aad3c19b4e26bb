/* Apache APISIX's access log with the variables of ai-proxy behind the usual ones:
 *
 * $remote_addr - $remote_user [$time_local] $http_host "$request_line" $status $body_bytes_sent $request_time
 * "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time
 * "$upstream_scheme://$upstream_host$upstream_uri" "$apisix_request_id" "$request_type"
 * "$llm_time_to_first_token" "$request_llm_model" "$llm_model" "$llm_prompt_tokens" "$llm_completion_tokens"
 *
 * https://apisix.apache.org/docs/apisix/plugins/ai-proxy/ */
#include "sensor/fields/text.h"
#include "sensor/gateway/found.h"

static void put(struct found *f, enum member m, struct slice s)
{
	found_put(f, m, s);
	f->rank[m] = text_none(s) ? 1 : 2;
}

/* A word, or what stands between quotes with its escapes undone, and the blank behind. */
static bool take(struct slice *in, bool quoted, struct slice *out, const struct parse_context *ctx)
{
	if (in->n == 0)
		return false;
	if (!quoted) {
		*out = text_word(in);
		return out->n > 0 && out->p[0] != '"';
	}
	if (!text_quoted(in, out))
		return false;
	if (in->n > 0 && in->p[0] != ' ')
		return false;
	*in = slice_from(*in, 1);
	if (ctx != NULL)
		*out = text_unescape(*out, ctx->scratch);
	return true;
}

/* "address - user [time] " in front. */
static bool take_head(struct slice *in, struct found *f)
{
	static const char dash[] = " - ";
	const uint8_t *open;
	struct slice rest;

	put(f, M_CLIENT, text_word(in));
	rest = slice_of(in->p - 1, in->n + 1); /* with the blank before the dash */
	open = in->n < 2 ? NULL : memmem(rest.p, rest.n, " [", 2);
	if (open == NULL || !slice_starts(rest, SLICE(dash)) || open - rest.p < 3)
		return false;
	put(f, M_USER, slice_of(rest.p + 3, (size_t)(open - rest.p) - 3));
	rest = slice_from(rest, (size_t)(open - rest.p) + 2);
	if (rest.n < CLF_TIME_LENGTH + 2 || rest.p[CLF_TIME_LENGTH] != ']' ||
	    rest.p[CLF_TIME_LENGTH + 1] != ' ')
		return false;
	put(f, M_TIME, slice_head(rest, CLF_TIME_LENGTH));
	*in = slice_from(rest, CLF_TIME_LENGTH + 2);
	return true;
}

#define UNREAD M_COUNT

/* Upstream's words may be lists ("a, b") where several were tried. */
static bool take_upstream(struct slice *in)
{
	const uint8_t *quote = in->n == 0 ? NULL : memmem(in->p, in->n, " \"", 2);

	if (quote == NULL)
		return false;
	*in = slice_from(*in, (size_t)(quote - in->p) + 1);
	return true;
}

static bool take_line(struct slice in, struct found *f, const struct parse_context *ctx)
{
	static const struct { uint8_t member; bool quoted; } first[] = {
		{ M_HOST, false }, { M_REQUEST_LINE, true }, { M_STATUS, false },
		{ M_RESPONSE_BYTES, false }, { M_DURATION, false }, { M_REFERRER, true }, { M_AGENT, true },
	}, then[] = {
		{ UNREAD, true }, { M_REQUEST_ID, true }, { M_STREAM, true }, { M_TTFB_MS, true },
		{ M_MODEL, true }, { M_MODEL_SERVED, true }, { M_INPUT, true }, { M_OUTPUT, true },
	};
	struct slice s;

	memset(f->rank, 0, sizeof f->rank);
	if (!take_head(&in, f))
		return false;
	for (size_t i = 0; i < COUNT(first); i++) {
		if (!take(&in, first[i].quoted, &s, ctx))
			return false;
		put(f, first[i].member, s);
	}
	if (!take_upstream(&in))
		return false;
	for (size_t i = 0; i < COUNT(then); i++) {
		if (!take(&in, then[i].quoted, &s, ctx))
			return false;
		if (then[i].member != UNREAD)
			put(f, then[i].member, s);
	}
	return in.n == 0;
}

/* What the plugin did not set is 0, or empty. */
static void drop_unset(struct found *f)
{
	struct slice type = f->text[M_STREAM];

	if (found_is(f, M_INPUT, "0") && found_is(f, M_OUTPUT, "0"))
		f->rank[M_INPUT] = f->rank[M_OUTPUT] = 0;
	if (found_is(f, M_TTFB_MS, "0"))
		f->rank[M_TTFB_MS] = 0;
	if (slice_is(type, "ai_stream"))
		found_put(f, M_STREAM, SLICE("true"));
	else if (slice_is(type, "ai_chat"))
		found_put(f, M_STREAM, SLICE("false"));
	else
		f->rank[M_STREAM] = 0;
}

static int detect(struct slice line)
{
	struct found f;

	return take_line(line, &f, NULL) ? 95 : 0;
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;

	if (!take_line(line, &f, ctx))
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
