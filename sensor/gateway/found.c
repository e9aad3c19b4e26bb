#include "sensor/gateway/found.h"

#include "core/base/json.h"
#include "sensor/fields/client.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/llm/usage_details.h"

static bool has(const struct found *f, enum member m)
{
	return found_has(f, m);
}

bool found_request(const struct found *f)
{
	return has(f, M_TARGET) || has(f, M_REQUEST_LINE) || has(f, M_METHOD);
}

/* ---- texts ---- */

/* A backslash escape must not be cut in two: up to twelve bytes, a surrogate pair. */
static struct slice cut_escaped(struct slice raw, size_t max)
{
	size_t n = max;

	if (raw.n <= max)
		return raw;
	while (n > 0 && max - n < 12 && raw.p[n - 1] != '\\')
		n--;
	if (n == 0 || raw.p[n - 1] != '\\')
		return text_cut(raw, max);
	while (n > 0 && raw.p[n - 1] == '\\')
		n--;
	return slice_head(raw, n);
}

struct slice found_text(const struct found *f, enum member m, const struct parse_context *ctx)
{
	struct slice raw = f->text[m];
	uint8_t *out;
	size_t n;

	if (f->rank[m] == 0)
		return slice_of(NULL, 0);
	if (!f->escaped[m])
		return raw;
	raw = cut_escaped(raw, 2 * WIRE_STRING_MAX);
	out = scratch_take(ctx->scratch, raw.n);
	n = out == NULL ? SIZE_MAX : json_unescape(raw, out);
	if (n == SIZE_MAX)
		return slice_of(NULL, 0);
	ctx->scratch->n -= raw.n - n;
	return slice_of(out, n);
}

static bool word_is(struct slice s, const char *word)
{
	size_t n = strlen(word);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

/* ---- where and what ---- */

static void set_addresses(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	struct addr client, peer;

	if (has(f, M_CLIENT) && addr_parse_loose(f->text[M_CLIENT], &client)) {
		client_set(ev, &client, has(f, M_FORWARDED) ? f->text[M_FORWARDED] : slice_of(NULL, 0), ctx);
		/* the wire's address; the gateway has unwound to the client's already */
		if (has(f, M_PEER) && addr_parse_loose(f->text[M_PEER], &peer) && !addr_eq(&peer, &client))
			ev_set_ip(ev, F_PEER_IP, peer);
	}
	if (has(f, M_SERVER) && addr_parse_loose(f->text[M_SERVER], &peer))
		ev_set_ip(ev, F_DESTINATION_IP, peer);
	if (has(f, M_SERVER_PORT))
		set_count(ev, F_DESTINATION_PORT, f->text[M_SERVER_PORT]);
}

/* The texts in a row, in the scratch; `a` alone where there is no room. */
static struct slice join(struct slice a, const char *between, struct slice b, struct scratch *s)
{
	size_t m = strlen(between);
	uint8_t *out = scratch_take(s, a.n + m + b.n);

	if (out == NULL)
		return a;
	if (a.n > 0) /* a bad escape leaves nothing of it */
		memcpy(out, a.p, a.n);
	memcpy(out + a.n, between, m);
	if (b.n > 0)
		memcpy(out + a.n + m, b.p, b.n);
	return slice_of(out, a.n + m + b.n);
}

/* Path and arguments apart are one target. */
static struct slice whole_target(const struct found *f, unsigned habits, const struct parse_context *ctx)
{
	struct slice path = text_cut(found_text(f, M_TARGET, ctx), WIRE_STRING_MAX), args;

	if (habits & HABIT_BARE_PATH && path.n > 0 && path.p[0] != '/' &&
	    memmem(path.p, path.n, "://", 3) == NULL)
		path = join(slice_of(NULL, 0), "/", path, ctx->scratch);
	if (!has(f, M_ARGUMENTS) || (path.n > 0 && memchr(path.p, '?', path.n) != NULL))
		return path;
	args = text_cut(found_text(f, M_ARGUMENTS, ctx), WIRE_STRING_MAX);
	if (args.n > 0 && args.p[0] == '?')
		args = slice_from(args, 1);
	return args.n == 0 ? path : join(path, "?", args, ctx->scratch);
}

static void set_request(const struct found *f, unsigned habits, const struct parse_context *ctx,
			struct access_event *ev)
{
	if (has(f, M_HOST))
		set_domain(ev, found_text(f, M_HOST, ctx), ctx);
	if (has(f, M_REQUEST_LINE))
		set_request_line(ev, found_text(f, M_REQUEST_LINE, ctx), ctx);
	if (has(f, M_METHOD))
		set_method(ev, f->text[M_METHOD]);
	if (has(f, M_VERSION))
		set_version(ev, f->text[M_VERSION]);
	if (has(f, M_TARGET) && !ev_known(ev, F_PATH))
		secret_set_target(ev, whole_target(f, habits, ctx), ctx);
}

static struct slice provider_of(struct slice word)
{
	static const struct {
		const char *word, *name;
	} words[] = {
#define PROVIDER(word, name) { word, name },
#include "sensor/gateway/providers.def"
#undef PROVIDER
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (word_is(word, words[i].word))
			return slice_str(words[i].name);
	return word;
}

static void set_model(const struct found *f, unsigned habits, const struct parse_context *ctx,
		      struct access_event *ev)
{
	enum member asked = has(f, M_MODEL_ALIAS) ? M_MODEL_ALIAS : M_MODEL;
	enum member served = has(f, M_MODEL_SERVED) || asked == M_MODEL ? M_MODEL_SERVED : M_MODEL;

	if (has(f, asked))
		set_recurring(ev, F_REQUEST_MODEL, found_text(f, asked, ctx), ctx);
	if (has(f, served))
		set_recurring(ev, F_RESPONSE_MODEL, found_text(f, served, ctx), ctx);
	if (has(f, M_PROVIDER)) {
		struct slice word = found_text(f, M_PROVIDER, ctx);

		set_text(ev, F_PROVIDER, habits & HABIT_PROVIDER ? provider_of(word) : word, ctx);
	}
	if (has(f, M_OPERATION))
		set_text(ev, F_OPERATION, found_text(f, M_OPERATION, ctx), ctx);
}

/* RFC 8446 4.1.2: 0x0301 is 1.0, and so on. */
static struct slice tls_version(struct slice s)
{
	static const char *const wire[] = { "769", "770", "771", "772" };
	static const char *const names[] = { "1.0", "1.1", "1.2", "1.3" };

	for (size_t i = 0; i < COUNT(wire); i++)
		if (slice_is(s, wire[i]))
			return slice_str(names[i]);
	return s;
}

static void set_others(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	static const struct {
		uint8_t member;
		enum field_id field;
	} texts[] = {
		{ M_USER, F_USER },
		{ M_DEPARTMENT, F_DEPARTMENT },
		{ M_TLS_NAME, F_SERVER_NAME },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (f->rank[texts[i].member] > 0)
			set_text(ev, texts[i].field, found_text(f, texts[i].member, ctx), ctx);
	if (f->rank[M_TLS_VERSION] > 0)
		set_text(ev, F_TLS_VERSION, tls_version(found_text(f, M_TLS_VERSION, ctx)), ctx);
	if (f->rank[M_AGENT] > 0)
		set_recurring(ev, F_USER_AGENT, found_text(f, M_AGENT, ctx), ctx);
	if (f->rank[M_REFERRER] > 0)
		set_referrer(ev, found_text(f, M_REFERRER, ctx), ctx);
	if (f->rank[M_RESPONSE_TYPE] > 0)
		set_mime(ev, F_RESPONSE_MIME, found_text(f, M_RESPONSE_TYPE, ctx), ctx);
	if (f->rank[M_REQUEST_TYPE] > 0)
		set_mime(ev, F_REQUEST_MIME, found_text(f, M_REQUEST_TYPE, ctx), ctx);
}

void found_parts(const struct found *f, unsigned habits, const struct parse_context *ctx,
		 struct access_event *ev)
{
	set_addresses(f, ctx, ev);
	set_request(f, habits, ctx, ev);
	set_others(f, ctx, ev);
	set_model(f, habits, ctx, ev);
	set_route(ev, ctx);
}

void found_own(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	if (has(f, M_STATUS))
		set_status(ev, f->text[M_STATUS]);
	if (has(f, M_REQUEST_BYTES))
		set_count(ev, F_REQUEST_BYTES, f->text[M_REQUEST_BYTES]);
	if (has(f, M_RESPONSE_BYTES))
		set_count(ev, F_RESPONSE_BYTES, f->text[M_RESPONSE_BYTES]);
	if (has(f, M_CLIENT_PORT) && !ev_known(ev, F_PEER_IP)) /* a proxy's port is not the client's */
		set_count(ev, F_SOURCE_PORT, f->text[M_CLIENT_PORT]);
	if (f->rank[M_REQUEST_ID] > 0)
		set_text(ev, F_REQUEST_ID, found_text(f, M_REQUEST_ID, ctx), ctx);
	if (has(f, M_RESPONSE_ID))
		set_text(ev, F_RESPONSE_ID, found_text(f, M_RESPONSE_ID, ctx), ctx);
}

/* ---- usage ---- */

static int64_t count_of(const struct found *f, enum member m)
{
	int64_t v;

	return has(f, m) && json_i64(f->text[m], &v) && v >= 0 ? v : -1;
}

static void add_tokens(int64_t *to, int64_t v)
{
	if (v > 0 && __builtin_add_overflow(*to, v, to))
		*to = INT64_MAX;
}

/* Anthropic counts what is cached beside the input; its gateways log the two as they come. */
static bool counts_beside(const struct access_event *ev)
{
	struct slice provider = ev_str(ev, F_PROVIDER);

	return slice_is(provider, "anthropic") || slice_is(provider, "aws.bedrock") ||
	       slice_is(provider, "gcp.vertex_ai");
}

/* The normal form of llm-usage.md 3: cached tokens within the input, reasoning within the output. Raw figures
 * are told by what they cannot be otherwise: a total that the sum misses, a part larger than the whole. */
static void normal_form(const struct found *f, const struct access_event *ev, int64_t *in, int64_t *out)
{
	int64_t total = count_of(f, M_TOTAL), reasoning = count_of(f, M_REASONING), cached = 0;

	add_tokens(&cached, count_of(f, M_CACHED));
	add_tokens(&cached, count_of(f, M_CACHE_WRITE));
	if (*in >= 0 && *in < cached && counts_beside(ev))
		add_tokens(in, cached);
	if (reasoning > 0 && *in >= 0 && *out >= 0 && total - *in - *out == reasoning)
		add_tokens(out, reasoning);
}

/* No part is larger than the whole: an uncached count must not become negative. */
static void set_part(struct access_event *ev, enum field_id part, int64_t v, int64_t whole)
{
	if (v >= 0)
		ev_set_int(ev, part, whole >= 0 && v > whole ? whole : v);
}

static bool from_cache(const struct found *f)
{
	struct slice s = f->text[M_FROM_CACHE];

	return has(f, M_FROM_CACHE) && (word_is(s, "true") || word_is(s, "hit") || slice_is(s, "1"));
}

static void set_from_cache(const struct parse_context *ctx, struct access_event *ev)
{
	struct usage_details d = { .n[DETAIL_FROM_CACHE] = 1 };
	uint8_t *text = scratch_take(ctx->scratch, USAGE_DETAILS_TEXT_MAX);

	if (text != NULL)
		ev_set_str(ev, F_USAGE_DETAILS, slice_of(text, usage_details_write(&d, text)));
}

void found_usage(const struct found *f, unsigned habits, const struct parse_context *ctx,
		 struct access_event *ev)
{
	int64_t in = count_of(f, M_INPUT), out = count_of(f, M_OUTPUT), cost;

	if (habits & HABIT_RAW_TOKENS)
		normal_form(f, ev, &in, &out);
	if (in >= 0)
		ev_set_int(ev, F_INPUT_TOKENS, in);
	if (out >= 0)
		ev_set_int(ev, F_OUTPUT_TOKENS, out);
	set_part(ev, F_CACHE_READ_TOKENS, count_of(f, M_CACHED), in);
	set_part(ev, F_CACHE_WRITE_TOKENS, count_of(f, M_CACHE_WRITE),
		 in < 0 ? -1 : in - ev_int(ev, F_CACHE_READ_TOKENS, 0));
	set_part(ev, F_REASONING_TOKENS, count_of(f, M_REASONING), out);
	if (in >= 0 || out >= 0)
		ev_set_str(ev, F_QUALITY, SLICE("exact"));
	if (has(f, M_COST) && json_decimal(f->text[M_COST], 12, &cost) && cost >= 0)
		ev_set_int(ev, F_COST_REPORTED, cost);
	if (from_cache(f))
		set_from_cache(ctx, ev);
}

/* The log's own word, else the answer's media type: an event stream is one, plain JSON is none; NDJSON and
 * others are streamed by some and not by others. */
void found_stream(const struct found *f, struct access_event *ev)
{
	struct slice s = f->text[M_STREAM], mime = ev_str(ev, F_RESPONSE_MIME);

	if (has(f, M_STREAM) && (word_is(s, "true") || slice_is(s, "1") || slice_is(s, "stream")))
		ev_set_int(ev, F_STREAM, 1);
	else if (has(f, M_STREAM) && (word_is(s, "false") || slice_is(s, "0") || slice_is(s, "oneshot")))
		ev_set_int(ev, F_STREAM, 0);
	else if (slice_is(mime, "text/event-stream") || slice_is(mime, "application/vnd.amazon.eventstream"))
		ev_set_int(ev, F_STREAM, 1);
	else if (slice_is(mime, "application/json"))
		ev_set_int(ev, F_STREAM, 0);
}

int found_event(const struct found *f, unsigned habits, const struct parse_context *ctx,
		struct access_event *ev)
{
	int rc = found_times(f, habits, ctx, ev);

	if (rc != 0)
		return rc;
	if (f->rank[M_KEY] > 0)
		secret_set_key(ev, found_text(f, M_KEY, ctx), ctx);
	found_parts(f, habits, ctx, ev);
	found_own(f, ctx, ev);
	found_usage(f, habits, ctx, ev);
	found_stream(f, ev);
	return 0;
}
