/* Setters of event fields from log text. */
#include "core/event/wire.h"
#include "sensor/fields/cache.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/llm/route.h"

#define METHOD_MAX 32
#define DOMAIN_MAX 255 /* RFC 1035 2.3.4 */

void set_text(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx)
{
	if (text_none(s)) {
		if (!ev_known(ev, f)) /* the user may be known from the credential */
			ev_set_absent(ev, f);
		return;
	}
	s = secret_mask_text(text_cut(s, WIRE_STRING_MAX), ctx->scratch);
	if (s.n > 0)
		ev_set_str(ev, f, s);
}

void set_recurring(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx)
{
	if (text_none(s)) {
		ev_set_absent(ev, f);
		return;
	}
	s = cache_mask_text(text_cut(s, WIRE_STRING_MAX), ctx);
	if (s.n > 0)
		ev_set_str(ev, f, s);
}

void set_referrer(struct access_event *ev, struct slice s, const struct parse_context *ctx)
{
	if (text_none(s)) {
		ev_set_absent(ev, F_REFERRER);
		return;
	}
	s = text_cut(secret_mask_url(text_cut(s, WIRE_STRING_MAX), ctx->scratch), WIRE_STRING_MAX);
	if (s.n > 0)
		ev_set_str(ev, F_REFERRER, s);
}

/* RFC 9110 5.6.2: a method is a token; those that exist are letters, '-' and '_'. */
static bool is_method(struct slice s)
{
	if (s.n == 0 || s.n > METHOD_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] | 0x20;

		if ((c < 'a' || c > 'z') && (i == 0 || (s.p[i] != '-' && s.p[i] != '_')))
			return false;
	}
	return true;
}

void set_method(struct access_event *ev, struct slice s)
{
	if (is_method(s))
		ev_set_str(ev, F_METHOD, s);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/2.0" is written by servers that mean HTTP/2, which has no minor version (RFC 9113). */
void set_version(struct access_event *ev, struct slice s)
{
	if (slice_starts(s, SLICE("HTTP/")))
		s = slice_from(s, 5);
	if ((s.n != 1 && s.n != 3) || !is_digit(s.p[0]) ||
	    (s.n == 3 && (s.p[1] != '.' || !is_digit(s.p[2]))))
		return;
	if (s.n == 3 && s.p[0] >= '2' && s.p[2] == '0')
		s.n = 1;
	ev_set_str(ev, F_HTTP_VERSION, s);
}

/* Host without port and brackets (RFC 3986 3.2.2). */
static struct slice host_of(struct slice s)
{
	const uint8_t *at;

	if (s.n > 0 && s.p[0] == '[') {
		at = memchr(s.p, ']', s.n);
		return at == NULL ? slice_of(NULL, 0) : slice_of(s.p + 1, (size_t)(at - s.p) - 1);
	}
	at = s.n == 0 ? NULL : memchr(s.p, ':', s.n);
	if (at != NULL && memchr(at + 1, ':', s.n - (size_t)(at - s.p) - 1) == NULL)
		s.n = (size_t)(at - s.p);
	return s;
}

void set_domain(struct access_event *ev, struct slice s, const struct parse_context *ctx)
{
	s = text_cut(host_of(s), DOMAIN_MAX);
	if (!text_none(s) && !slice_is(s, "_"))
		set_recurring(ev, F_DOMAIN, s, ctx);
}

void set_mime(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx)
{
	const uint8_t *semicolon;

	if (text_none(s)) {
		ev_set_absent(ev, f);
		return;
	}
	semicolon = memchr(s.p, ';', s.n);
	if (semicolon != NULL)
		s.n = (size_t)(semicolon - s.p);
	s = text_trim(s);
	if (s.n > 0 && s.n <= 255)
		set_recurring(ev, f, s, ctx);
}

void set_status(struct access_event *ev, struct slice s)
{
	int64_t v;

	/* 000 is a connection that ended before a status existed */
	if (s.n == 3 && text_i64(s, &v) && v >= 100)
		ev_set_int(ev, F_STATUS, v);
}

void set_count(struct access_event *ev, enum field_id f, struct slice s)
{
	int64_t v;

	if (text_i64(s, &v))
		ev_set_int(ev, f, v);
}

void set_request_line(struct access_event *ev, struct slice s, const struct parse_context *ctx)
{
	const uint8_t *last;
	struct slice method = text_word(&s);

	if (!is_method(method) || s.n == 0)
		return;
	last = memrchr(s.p, ' ', s.n);
	if (last != NULL && slice_starts(slice_from(s, (size_t)(last - s.p) + 1), SLICE("HTTP/"))) {
		set_version(ev, slice_from(s, (size_t)(last - s.p) + 1));
		s.n = (size_t)(last - s.p);
	}
	if (s.n == 0 || slice_starts(s, SLICE("HTTP/")))
		return;
	ev_set_str(ev, F_METHOD, method);
	secret_set_target(ev, s, ctx);
}

static void set_path_model(struct access_event *ev, struct slice model, const struct parse_context *ctx)
{
	if (model.n > 0 && memchr(model.p, '%', model.n) != NULL) {
		uint8_t *out = scratch_take(ctx->scratch, model.n);

		if (out == NULL)
			return;
		model = slice_of(out, text_unpercent(model, out));
	}
	if (model.n > 0)
		set_text(ev, F_REQUEST_MODEL, model, ctx);
}

void set_route(struct access_event *ev, const struct parse_context *ctx)
{
	struct route r;

	if (!ev_known(ev, F_PATH))
		return;
	cache_route_find(ev_str(ev, F_DOMAIN), ev_str(ev, F_PATH), ctx->cache, &r);
	if (r.operation != NULL && !ev_known(ev, F_OPERATION))
		ev_set_str(ev, F_OPERATION, slice_str(r.operation));
	if (r.provider != NULL && !ev_known(ev, F_PROVIDER))
		ev_set_str(ev, F_PROVIDER, slice_str(r.provider));
	if (!ev_known(ev, F_REQUEST_MODEL) && r.model.n == 0)
		r.model = route_query_model(&r, ev_str(ev, F_QUERY));
	if (!ev_known(ev, F_REQUEST_MODEL))
		set_path_model(ev, r.model, ctx);
}
