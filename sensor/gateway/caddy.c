/* Caddy's access log (JSON encoder): 2.5 and later. Written when the answer is complete. Before 2.7 there is
 * no client_ip, and the peer's X-Forwarded-For is unwound here.
 * https://caddyserver.com/docs/caddyfile/directives/log */
#include "sensor/gateway/json_log.h"

#define REQUEST(header, what, rank) PATH("request.headers." header, what, rank)
#define ANSWER(header, what, rank) PATH("resp_headers." header, what, rank)

static const struct path_row rows[] = {
	MARK("request.remote_ip", 0),
	MARK("request.uri", 1),
	MARK("status", 2),
	MARK("duration", 3),
	PATH("ts", TIME, 1),
	PATH("request.client_ip", CLIENT, 2),
	PATH("request.remote_ip", CLIENT, 1),
	PATH("request.remote_ip", PEER, 1),
	PATH("request.remote_port", CLIENT_PORT, 1),
	PATH("request.proto", VERSION, 1),
	PATH("request.method", METHOD, 1),
	PATH("request.host", HOST, 1),
	PATH("request.uri", TARGET, 1),
	PATH("request.tls.version", TLS_VERSION, 1),
	PATH("request.tls.server_name", TLS_NAME, 1),
	REQUEST("X-Forwarded-For", FORWARDED, 1),
	REQUEST("User-Agent", AGENT, 1),
	REQUEST("Referer", REFERRER, 1),
	REQUEST("Content-Type", REQUEST_TYPE, 1),
	REQUEST("X-Request-Id", REQUEST_ID, 1),
	REQUEST("Authorization", KEY, 2),
	REQUEST("X-Api-Key", KEY, 2),
	REQUEST("Api-Key", KEY, 2),
	REQUEST("X-Goog-Api-Key", KEY, 2),
	REQUEST("Ocp-Apim-Subscription-Key", KEY, 2),
	REQUEST("X-User", USER, 2),
	REQUEST("X-User-Id", USER, 1),
	REQUEST("X-Forwarded-User", USER, 2),
	REQUEST("X-Remote-User", USER, 2),
	REQUEST("X-Department", DEPARTMENT, 1),
	PATH("user_id", USER, 3),
	PATH("bytes_read", REQUEST_BYTES, 1),
	PATH("size", RESPONSE_BYTES, 1),
	PATH("status", STATUS, 1),
	PATH("duration", DURATION, 1),
	ANSWER("Content-Type", RESPONSE_TYPE, 1),
	ANSWER("X-Request-Id", REQUEST_ID, 3),
	ANSWER("Request-Id", REQUEST_ID, 3),
};

/* With `duration_format nano` the duration is a whole number of ns; one of that many seconds is none. What
 * was blanked out is not what the value was. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	static const uint8_t blanked[] = { M_RESPONSE_TYPE, M_REQUEST_TYPE, M_REQUEST_ID, M_USER,
					   M_AGENT,	    M_FORWARDED,    M_DEPARTMENT };
	struct slice s = f->text[M_DURATION];

	(void)ctx;
	if (found_has(f, M_DURATION) && s.n > 4 && memchr(s.p, '.', s.n) == NULL && s.p[s.n - 1] >= '0' &&
	    s.p[s.n - 1] <= '9' && memchr(s.p, 'e', s.n) == NULL) {
		found_put(f, M_DURATION_NS, s);
		f->rank[M_DURATION] = 0;
	}
	for (size_t i = 0; i < COUNT(blanked); i++)
		if (found_is(f, blanked[i], "REDACTED") || found_is(f, blanked[i], "**REDACTED**"))
			f->rank[blanked[i]] = 0;
	return 0;
}

static const struct json_log own = {
	.paths = JSON_ROWS_FOLD(rows),
	.marks = 0xf,
	.amend = amend,
};

JSON_LOG_FORMAT(caddy, .name = "caddy-json", .doc = "Caddy's access log as JSON, 2.5 and later");
