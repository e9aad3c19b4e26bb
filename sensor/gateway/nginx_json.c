/* nginx with `log_format ... escape=json`: one flat JSON object a line, read by members.c. */
#include "core/base/json.h"
#include "core/base/zone.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/client.h"
#include "sensor/fields/memo.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/members.h"

/* There, and not empty. */
static bool has(const struct found *f, enum member m)
{
	return f->rank[m] > 1;
}

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

/* The member's text with escapes undone; empty when there is none. */
static struct slice text_of(const struct found *f, enum member m, const struct parse_context *ctx)
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

/* ---- times ---- */

/* Epoch seconds, or milliseconds, microseconds where the number is too large for seconds. */
static bool epoch_time(struct slice s, int64_t *ns)
{
	const uint8_t *dot = memchr(s.p, '.', s.n);
	size_t whole = dot == NULL ? s.n : (size_t)(dot - s.p);
	int digits = whole <= 11 ? 9 : whole <= 14 ? 6 : 3;

	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && json_decimal(s, digits, ns);
}

static bool end_time(struct slice s, struct parse_cache *cache, int64_t *ns)
{
	if (cache_time(cache, s, ns))
		return true;
	if (s.n > 10 && s.p[4] == '-') {
		if (!time_parse_rfc3339(s, true, ns))
			return false;
		cache_keep_time(cache, s, *ns);
		return true;
	}
	if (s.n == CLF_TIME_LENGTH && s.p[2] == '/')
		return text_clf_time(s, cache, ns);
	return epoch_time(s, ns);
}

/* Seconds with fraction as ns; a negative one is no duration. */
static bool seconds(struct slice s, int64_t *ns)
{
	return s.n > 0 && s.p[0] != '-' && json_decimal(s, 9, ns) && *ns >= 0;
}

/* Takes the next of nginx's "0.023, 0.050 : 0.1": one time for each upstream that was tried. */
static struct slice next_try(struct slice *list)
{
	size_t n = 0;
	struct slice one;

	while (n < list->n && list->p[n] != ',' && list->p[n] != ':')
		n++;
	one = text_trim(slice_head(*list, n));
	*list = slice_from(*list, n + 1);
	return one;
}

/* First byte of the answer: the last try's header time, behind the whole time of the tries before it.
 * Where one of those is not known the sum is not known either. */
static bool header_time(const struct found *f, int64_t *ns)
{
	struct slice headers = f->text[M_HEADER_TIME], totals = f->text[M_UPSTREAM_TIME];
	int64_t sum = 0, t;

	if (!has(f, M_HEADER_TIME))
		return false;
	for (;;) {
		struct slice header = next_try(&headers), total = { NULL, 0 };

		if (has(f, M_UPSTREAM_TIME))
			total = next_try(&totals);
		if (!seconds(headers.n == 0 ? header : total, &t) || sum > INT64_MAX - t)
			return false;
		sum += t;
		if (headers.n == 0)
			break;
	}
	*ns = sum;
	return true;
}

/* nginx logs when the request ends; @timestamp is its start. */
static int set_times(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	int64_t end, duration = 0, ttfb;

	if (!has(f, M_TIME) || !end_time(f->text[M_TIME], ctx->cache, &end))
		return REJECT_TIME;
	if ((has(f, M_DURATION) && seconds(f->text[M_DURATION], &duration)) ||
	    (has(f, M_DURATION_NS) && text_i64(f->text[M_DURATION_NS], &duration)))
		ev_set_int(ev, F_DURATION, duration);
	if (end < INT64_MIN + duration)
		return REJECT_TIME;
	ev_set_int(ev, F_TIMESTAMP, end - duration);
	if (header_time(f, &ttfb))
		ev_set_int(ev, F_TTFB, ttfb);
	return 0;
}

/* ---- the rest ---- */

static void set_addresses(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	struct addr client, peer;

	if (has(f, M_CLIENT) && addr_parse_loose(f->text[M_CLIENT], &client)) {
		client_set(ev, &client, has(f, M_FORWARDED) ? f->text[M_FORWARDED] : slice_of(NULL, 0), ctx);
		/* $realip_remote_addr is the wire's; the gateway has unwound to $remote_addr already */
		if (has(f, M_PEER) && addr_parse_loose(f->text[M_PEER], &peer) && !addr_eq(&peer, &client))
			ev_set_ip(ev, F_PEER_IP, peer);
	}
	if (has(f, M_SERVER) && addr_parse_loose(f->text[M_SERVER], &peer))
		ev_set_ip(ev, F_DESTINATION_IP, peer);
	if (has(f, M_SERVER_PORT))
		set_count(ev, F_DESTINATION_PORT, f->text[M_SERVER_PORT]);
}

/* $uri and $args apart are one target. */
static struct slice whole_target(const struct found *f, const struct parse_context *ctx)
{
	struct slice path = text_cut(text_of(f, M_TARGET, ctx), WIRE_STRING_MAX), args;
	uint8_t *out;

	if (!has(f, M_ARGUMENTS) || (path.n > 0 && memchr(path.p, '?', path.n) != NULL))
		return path;
	args = text_cut(text_of(f, M_ARGUMENTS, ctx), WIRE_STRING_MAX);
	if (args.n > 0 && args.p[0] == '?')
		args = slice_from(args, 1);
	out = scratch_take(ctx->scratch, path.n + 1 + args.n);
	if (out == NULL || args.n == 0)
		return path;
	if (path.n > 0) /* a bad escape leaves nothing of it */
		memcpy(out, path.p, path.n);
	out[path.n] = '?';
	memcpy(out + path.n + 1, args.p, args.n);
	return slice_of(out, path.n + 1 + args.n);
}

static void set_request(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	if (has(f, M_HOST))
		set_domain(ev, text_of(f, M_HOST, ctx), ctx);
	if (has(f, M_REQUEST_LINE))
		set_request_line(ev, text_of(f, M_REQUEST_LINE, ctx), ctx);
	if (has(f, M_METHOD))
		set_method(ev, f->text[M_METHOD]);
	if (has(f, M_VERSION))
		set_version(ev, f->text[M_VERSION]);
	if (has(f, M_TARGET) && !ev_known(ev, F_PATH))
		secret_set_target(ev, whole_target(f, ctx), ctx);
}

static void set_usage(const struct found *f, struct access_event *ev)
{
	static const struct { uint8_t member; enum field_id field; } counts[] = {
		{ M_INPUT, F_INPUT_TOKENS }, { M_OUTPUT, F_OUTPUT_TOKENS }, { M_CACHED, F_CACHE_READ_TOKENS },
		{ M_CACHE_WRITE, F_CACHE_WRITE_TOKENS }, { M_REASONING, F_REASONING_TOKENS },
	};
	int64_t v;

	for (size_t i = 0; i < COUNT(counts); i++)
		if (has(f, counts[i].member) && json_i64(f->text[counts[i].member], &v) && v >= 0)
			ev_set_int(ev, counts[i].field, v);
	if (ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS))
		ev_set_str(ev, F_QUALITY, SLICE("exact"));
	if (has(f, M_COST) && json_decimal(f->text[M_COST], 12, &v) && v >= 0)
		ev_set_int(ev, F_COST_REPORTED, v);
}

static void set_model(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	if (has(f, M_MODEL))
		set_recurring(ev, F_REQUEST_MODEL, text_of(f, M_MODEL, ctx), ctx);
	if (has(f, M_MODEL_SERVED))
		set_recurring(ev, F_RESPONSE_MODEL, text_of(f, M_MODEL_SERVED, ctx), ctx);
	if (has(f, M_PROVIDER))
		set_text(ev, F_PROVIDER, text_of(f, M_PROVIDER, ctx), ctx);
	if (has(f, M_OPERATION))
		set_text(ev, F_OPERATION, text_of(f, M_OPERATION, ctx), ctx);
}

/* The log's own word, else the answer's media type: an event stream is one, plain JSON is none; NDJSON and
 * others are streamed by some and not by others. */
static void set_stream(const struct found *f, struct access_event *ev)
{
	struct slice s = f->text[M_STREAM], mime = ev_str(ev, F_RESPONSE_MIME);

	if (has(f, M_STREAM) && (slice_is(s, "true") || slice_is(s, "1")))
		ev_set_int(ev, F_STREAM, 1);
	else if (has(f, M_STREAM) && (slice_is(s, "false") || slice_is(s, "0")))
		ev_set_int(ev, F_STREAM, 0);
	else if (slice_is(mime, "text/event-stream") || slice_is(mime, "application/vnd.amazon.eventstream"))
		ev_set_int(ev, F_STREAM, 1);
	else if (slice_is(mime, "application/json"))
		ev_set_int(ev, F_STREAM, 0);
}

/* SHAPE is nothing but the quality, exact or unknown, and the stream: the batch knows it by a number. */
static void name_shape(struct parse_cache *c, struct access_event *ev)
{
	int64_t stream = ev_int(ev, F_STREAM, 2);
	size_t i = (size_t)stream * 2 + ev_known(ev, F_QUALITY);

	if (c == NULL)
		return;
	if (c->shape_serial[i] == 0)
		c->shape_serial[i] = part_new_serial();
	ev->part[P_SHAPE]->serial = c->shape_serial[i];
}

static void set_others(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	static const struct { uint8_t member; enum field_id field; } texts[] = {
		{ M_USER, F_USER }, { M_DEPARTMENT, F_DEPARTMENT }, { M_TLS_VERSION, F_TLS_VERSION },
		{ M_TLS_NAME, F_SERVER_NAME },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (f->rank[texts[i].member] > 0)
			set_text(ev, texts[i].field, text_of(f, texts[i].member, ctx), ctx);
	if (f->rank[M_AGENT] > 0)
		set_recurring(ev, F_USER_AGENT, text_of(f, M_AGENT, ctx), ctx);
	if (f->rank[M_REFERRER] > 0)
		set_referrer(ev, text_of(f, M_REFERRER, ctx), ctx);
	if (f->rank[M_RESPONSE_TYPE] > 0)
		set_mime(ev, F_RESPONSE_MIME, text_of(f, M_RESPONSE_TYPE, ctx), ctx);
	if (f->rank[M_REQUEST_TYPE] > 0)
		set_mime(ev, F_REQUEST_MIME, text_of(f, M_REQUEST_TYPE, ctx), ctx);
}

/* ---- the parts that recur ---- */

/* False: a piece has escapes. */
static bool add_pieces(struct memo_key *k, const struct found *f, const uint8_t *members, size_t n)
{
	bool plain = true;

	for (size_t i = 0; i < n; i++) {
		if (f->rank[members[i]] == 0)
			continue;
		plain &= !f->escaped[members[i]];
		memo_mark(k, (unsigned)i);
		memo_piece(k, f->text[members[i]]);
	}
	return plain;
}

/* All that parse_parts reads, and the key, which is in the event already. False: not to be remembered. */
static bool memo_keys(const struct found *f, const struct access_event *ev, struct memo_key key[MEMO_END])
{
	static const uint8_t where[] = { M_CLIENT, M_FORWARDED, M_PEER };
	static const uint8_t who[] = { M_USER, M_DEPARTMENT };
	static const uint8_t what[] = {
		M_REQUEST_LINE, M_HOST, M_METHOD, M_TARGET, M_RESPONSE_TYPE, M_REQUEST_TYPE, M_MODEL,
		M_MODEL_SERVED, M_PROVIDER, M_OPERATION,
	};
	static const uint8_t how[] = {
		M_REQUEST_LINE, M_VERSION, M_AGENT, M_REFERRER, M_SERVER, M_SERVER_PORT, M_TLS_VERSION,
		M_TLS_NAME,
	};

	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		memo_begin(&key[p], MEMO_JSON);
	memo_piece(&key[P_WHO], ev_str(ev, F_KEY_ID)); /* empty: unknown, or absent */
	if (ev_absent(ev, F_KEY_ID))
		memo_mark(&key[P_WHO], COUNT(who));
	return !has(f, M_ARGUMENTS) && add_pieces(&key[P_WHERE], f, where, COUNT(where)) &&
	       add_pieces(&key[P_WHO], f, who, COUNT(who)) &&
	       add_pieces(&key[P_WHAT], f, what, COUNT(what)) && add_pieces(&key[P_HOW], f, how, COUNT(how));
}

static void parse_parts(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	set_addresses(f, ctx, ev);
	set_request(f, ctx, ev);
	set_others(f, ctx, ev);
	set_model(f, ctx, ev);
	set_route(ev, ctx);
}

/* The dictionary parts but SHAPE, and the query. */
static void set_parts(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
{
	struct memo_key key[MEMO_END];
	bool plain;

	if (f->rank[M_KEY] > 0)
		secret_set_key(ev, text_of(f, M_KEY, ctx), ctx);
	plain = memo_keys(f, ev, key);
	if (plain && memo_recall(ctx->cache, key, ev)) {
		ev_set_absent(ev, F_QUERY);
		return;
	}
	parse_parts(f, ctx, ev);
	if (plain && ev_known(ev, F_PATH) && ev_absent(ev, F_QUERY))
		memo_keep(ctx, key, ev);
}

/* The event's own fields. */
static void set_own(const struct found *f, const struct parse_context *ctx, struct access_event *ev)
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
		set_text(ev, F_REQUEST_ID, text_of(f, M_REQUEST_ID, ctx), ctx);
	if (has(f, M_RESPONSE_ID))
		set_text(ev, F_RESPONSE_ID, text_of(f, M_RESPONSE_ID, ctx), ctx);
}

static bool says_request(const struct found *f)
{
	return has(f, M_TARGET) || has(f, M_REQUEST_LINE) || has(f, M_METHOD);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct found f;
	int rc;

	if (!members_collect(line, ctx->cache, &f) || (!says_request(&f) && !has(&f, M_STATUS)))
		return REJECT_MALFORMED;
	rc = set_times(&f, ctx, ev);
	if (rc != 0)
		return rc;
	set_parts(&f, ctx, ev);
	set_own(&f, ctx, ev);
	set_usage(&f, ev);
	set_stream(&f, ev);
	name_shape(ctx->cache, ev);
	return 0;
}

/* Other gateways log JSON too; theirs is nested or has names that are not here. Sure is only a line with
 * a time, a client, a status and a place for the request. */
static int detect(struct slice line)
{
	struct found f;
	int64_t ns;

	if (!members_collect(line, NULL, &f) || !has(&f, M_CLIENT) || !has(&f, M_TIME) ||
	    !has(&f, M_STATUS) || (f.rank[M_TARGET] == 0 && f.rank[M_REQUEST_LINE] == 0))
		return 0;
	return end_time(f.text[M_TIME], NULL, &ns) ? 80 : 0;
}

const struct log_format format_nginx_json = {
	.name = "nginx-json",
	.doc = "nginx `log_format ... escape=json`, one flat object a line; member names as nginx_json.def",
	.detect = detect,
	.parse = parse,
};
