/* nginx's `combined`, which is Apache's too, and the packaged `main`:
 *   $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer"
 *   "$http_user_agent"[ "$http_x_forwarded_for"]
 * Nothing in it tells of a key, a duration or tokens: those stay unknown. */
#include "sensor/fields/client.h"
#include "sensor/fields/memo.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/gateway/format.h"

struct combined {
	struct slice address, user, time, request, status, bytes, referrer, agent, forwarded;
};

/* The first quote of the line opens the request, since quotes before it are escaped; the time stands
 * in brackets just before. So a user name can hold blanks and brackets and forges nothing. */
static bool split_head(struct slice *line, struct combined *c)
{
	const uint8_t *quote = line->n == 0 ? NULL : memchr(line->p, '"', line->n);
	size_t n = quote == NULL ? 0 : (size_t)(quote - line->p), time_n = CLF_TIME_LENGTH + 3;
	struct slice head;

	if (n < time_n + 6) /* "[time] " behind at least "a - u " */
		return false;
	head = slice_head(*line, n - time_n);
	c->time = slice_of(line->p + n - time_n, time_n);
	if (head.p[head.n - 1] != ' ' || c->time.p[0] != '[' || c->time.p[CLF_TIME_LENGTH + 1] != ']' ||
	    c->time.p[CLF_TIME_LENGTH + 2] != ' ')
		return false;
	c->time = slice_of(c->time.p + 1, CLF_TIME_LENGTH);
	head.n--;
	*line = slice_from(*line, n);
	c->address = text_word(&head);
	text_word(&head); /* identd (RFC 1413); nginx writes "-" */
	c->user = head;
	return c->address.n > 0;
}

static bool split(struct slice line, struct combined *c)
{
	if (!split_head(&line, c) || !text_quoted(&line, &c->request) || line.n == 0 || line.p[0] != ' ')
		return false;
	line = slice_from(line, 1);
	c->status = text_word(&line);
	c->bytes = text_word(&line);
	if (!text_quoted(&line, &c->referrer) || line.n == 0 || line.p[0] != ' ')
		return false;
	line = slice_from(line, 1);
	if (!text_quoted(&line, &c->agent))
		return false;
	c->forwarded = slice_of(NULL, 0);
	if (line.n == 0)
		return true;
	if (line.p[0] != ' ')
		return false;
	line = slice_from(line, 1);
	/* anything behind is another format, whose fields must not be lost in silence */
	return text_quoted(&line, &c->forwarded) && line.n == 0;
}

static bool is_number(struct slice s, bool dash)
{
	int64_t v;

	return (dash && slice_is(s, "-")) || text_i64(s, &v);
}

/* nginx writes "unix:" for a client on a unix socket. */
static bool is_address(struct slice s, struct addr *a, bool *known)
{
	*known = addr_parse(s, a);
	return *known || slice_is(s, "unix:") || slice_is(s, "-");
}

static int detect(struct slice line)
{
	struct combined c;
	struct addr a;
	bool known;
	int64_t ns;

	if (!split(line, &c) || !is_address(c.address, &a, &known) || !is_number(c.status, false) ||
	    !is_number(c.bytes, true))
		return 0;
	return text_clf_time(c.time, NULL, &ns) ? 90 : 10;
}

/* Most lines have no backslash at all, and one look tells. */
static struct slice undo(struct slice raw, bool escapes, struct scratch *s)
{
	return escapes ? text_unescape(raw, s) : raw;
}

static void memo_keys(const struct combined *c, struct memo_key key[MEMO_END])
{
	const uint8_t *blank = c->request.n == 0 ? NULL : memrchr(c->request.p, ' ', c->request.n);

	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		memo_begin(&key[p], MEMO_COMBINED);
	memo_piece(&key[P_WHERE], c->address);
	memo_piece(&key[P_WHERE], c->forwarded);
	memo_piece(&key[P_WHO], c->user);
	memo_piece(&key[P_WHAT], c->request);
	/* of a request that is remembered this is the version */
	memo_piece(&key[P_HOW], slice_from(c->request, blank == NULL ? 0 : (size_t)(blank - c->request.p)));
	memo_piece(&key[P_HOW], c->referrer);
	memo_piece(&key[P_HOW], c->agent);
}

/* The dictionary parts, and the query. */
static void parse_parts(const struct combined *c, const struct addr *peer, bool escapes,
			const struct parse_context *ctx, struct access_event *ev)
{
	struct scratch *s = ctx->scratch;

	if (peer != NULL)
		client_set(ev, peer, c->forwarded, ctx);
	set_text(ev, F_USER, undo(text_cut(c->user, WIRE_STRING_MAX), escapes, s), ctx);
	set_request_line(ev, undo(text_cut(c->request, 2 * WIRE_STRING_MAX), escapes, s), ctx);
	set_referrer(ev, undo(text_cut(c->referrer, WIRE_STRING_MAX), escapes, s), ctx);
	set_recurring(ev, F_USER_AGENT, undo(text_cut(c->agent, WIRE_STRING_MAX), escapes, s), ctx);
	set_route(ev, ctx);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct memo_key key[MEMO_END];
	struct combined c;
	struct addr peer;
	bool known, escapes;
	int64_t ns;

	if (!split(line, &c) || c.status.n != 3 || !is_number(c.status, false) || !is_number(c.bytes, true))
		return REJECT_MALFORMED;
	escapes = memchr(line.p, '\\', line.n) != NULL;
	memo_keys(&c, key);
	if (!escapes && memo_recall(ctx->cache, key, ev)) {
		ev_set_absent(ev, F_QUERY);
	} else {
		if (!is_address(c.address, &peer, &known))
			return REJECT_MALFORMED;
		parse_parts(&c, known ? &peer : NULL, escapes, ctx, ev);
		if (!escapes && ev_known(ev, F_METHOD) && ev_known(ev, F_PATH) &&
		    ev_known(ev, F_HTTP_VERSION) && ev_absent(ev, F_QUERY))
			memo_keep(ctx, key, ev);
	}
	if (!text_clf_time(c.time, ctx->cache, &ns))
		return REJECT_TIME;
	ev_set_int(ev, F_TIMESTAMP, ns);
	set_status(ev, c.status);
	set_count(ev, F_RESPONSE_BYTES, c.bytes);
	return 0;
}

const struct log_format format_nginx_combined = {
	.name = "nginx-combined",
	.doc = "nginx `combined` (Apache's too) and the packaged `main` with \"$http_x_forwarded_for\"",
	.detect = detect,
	.parse = parse,
};
