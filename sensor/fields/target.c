/* Request targets and URLs (RFC 9112 3.2): split, masked, their key fingerprinted. */
#include "core/event/wire.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/llm/route.h"

/* Position of "://" behind a scheme (RFC 3986 3.1), or 0: not absolute. */
static size_t scheme_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && n < 16 && ((s.p[n] | 0x20) >= 'a') && ((s.p[n] | 0x20) <= 'z'))
		n++;
	return n > 0 && slice_starts(slice_from(s, n), SLICE("://")) ? n : 0;
}

/* Position of the byte, or the length. */
static size_t find(struct slice s, uint8_t byte)
{
	const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, byte, s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

/* An authority ends at the path, the query or the fragment (RFC 3986 3.2). */
static size_t authority_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')
		n++;
	return n;
}

/* Of a presigned URL: AKIA.../date/region/service/aws4_request. */
static struct slice signer_in_query(struct slice name, struct slice value)
{
	if (!slice_is(name, "X-Amz-Credential=") && !slice_is(name, "X-Goog-Credential="))
		return slice_of(NULL, 0);
	return slice_head(value, find(value, '/'));
}

/* The first key in the query, %XX undone into `out` (value.n bytes at least are there). */
static struct slice key_in_query(struct slice query, struct scratch *s)
{
	struct slice name, value, separator;
	size_t from, to;
	uint8_t *plain;

	while (secret_next_parameter(&query, &name, &value, &separator)) {
		bool named = name.n > 1 && secret_parameter(slice_head(name, name.n - 1)) == PARAMETER_KEY;
		struct slice text;

		plain = value.n == 0 ? NULL : scratch_take(s, value.n);
		if (plain == NULL)
			continue;
		text = slice_of(plain, text_unpercent(value, plain));
		if (signer_in_query(name, text).n > 0)
			return signer_in_query(name, text);
		if (secret_find(text, 0, &from, &to))
			return slice_of(plain + from, to - from);
		if (named)
			return text;
		s->n -= value.n;
	}
	return slice_of(NULL, 0);
}

/* A key that stands in the URL names the caller just as one in a header does; once is enough. */
static void fingerprint_url(struct access_event *ev, struct slice path, struct slice query,
			    const struct parse_context *ctx)
{
	size_t mark = ctx->scratch->n, from, to;
	struct slice key;

	if (ev_known(ev, F_KEY_ID) || ctx->fingerprint_key.n == 0)
		return;
	key = key_in_query(query, ctx->scratch);
	if (key.n == 0 && secret_find(path, 0, &from, &to))
		key = slice_of(path.p + from, to - from);
	if (key.n > 0)
		secret_set_key(ev, key, ctx);
	else
		ctx->scratch->n = mark;
}

static void set_path(struct access_event *ev, struct slice path, const struct parse_context *ctx)
{
	path = cache_mask_text(path, ctx);
	if (path.n > 0)
		ev_set_str(ev, F_PATH, path);
}

/* Bytes of "user:password@" before the host (RFC 3986 3.2.1). */
static size_t behind_user(struct slice authority)
{
	size_t i = authority.n;

	while (i > 0 && authority.p[i - 1] != '@')
		i--;
	return i;
}

void secret_set_target(struct access_event *ev, struct slice target, const struct parse_context *ctx)
{
	size_t scheme, q;
	struct slice path, query, masked;

	target = text_cut(target, WIRE_STRING_MAX);
	scheme = target.n > 0 && target.p[0] == '/' ? 0 : scheme_length(target);
	if (scheme > 0) {
		struct slice rest = slice_from(target, scheme + 3);
		size_t n = authority_length(rest);
		struct slice host = slice_head(rest, n);

		set_domain(ev, slice_from(host, behind_user(host)), ctx);
		target = slice_from(rest, n);
		if (!slice_starts(target, SLICE("/"))) /* "http://host" and "http://host?query" */
			ev_set_str(ev, F_PATH, SLICE("/"));
	}
	if (target.n == 0)
		return;
	q = find(target, '?');
	path = slice_head(target, q);
	query = slice_from(target, q + 1);
	fingerprint_url(ev, path, query, ctx);
	set_path(ev, path, ctx);
	if (query.n == 0) {
		ev_set_absent(ev, F_QUERY);
		return;
	}
	masked = text_cut(secret_mask_query(query, route_is_llm(path), ctx->scratch), WIRE_STRING_MAX);
	if (masked.n > 0)
		ev_set_str(ev, F_QUERY, masked);
}

/* Length of "scheme://user:password@", or 0. */
static size_t user_part(struct slice url, size_t *from)
{
	size_t scheme = scheme_length(url);
	struct slice rest = slice_from(url, scheme + 3);
	const uint8_t *at;

	if (scheme == 0)
		return 0;
	at = rest.n == 0 ? NULL : memrchr(rest.p, '@', authority_length(rest));
	*from = scheme + 3;
	return at == NULL ? 0 : (size_t)(at - url.p);
}

struct slice secret_mask_url(struct slice url, struct scratch *s)
{
	size_t q = find(url, '?'), from = 0, at = user_part(slice_head(url, q), &from), n = 0;
	struct slice head = slice_head(url, q), tail = slice_from(url, q + 1), query;
	uint8_t *out;

	if (at > 0)
		head = slice_from(head, at);
	head = secret_mask_text(head, s);
	query = tail.n == 0 ? tail : secret_mask_query(tail, route_is_llm(slice_head(url, q)), s);
	if (at == 0 && tail.n == 0)
		return head;
	if (at == 0 && head.p == url.p && query.p == tail.p)
		return url;
	out = scratch_take(s, from + sizeof SECRET_MASK + head.n + 1 + query.n);
	if (out == NULL)
		return slice_of(NULL, 0);
	if (at > 0) {
		memcpy(out, url.p, from);
		memcpy(out + from, SECRET_MASK, 3);
		n = from + 3;
	}
	if (head.n > 0)
		memcpy(out + n, head.p, head.n);
	n += head.n;
	if (tail.n > 0) {
		out[n++] = '?';
		if (query.n > 0)
			memcpy(out + n, query.p, query.n);
		n += query.n;
	}
	return slice_of(out, n);
}
