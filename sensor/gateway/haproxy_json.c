/* HAProxy with a log-format that writes JSON. The operator chooses the names: here are the log-format
 * variables and what they are usually called. Times are those of HAProxy: accepted, local without a zone; ms;
 * -1 is "did not get there". https://docs.haproxy.org/2.8/configuration.html#8.2.4
 *
 * Captured bytes that the log-format did not escape make lines that are not JSON: they are refused. */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("tsc", 0),
	MARK("ts_code", 0),
	MARK("termination_state", 0),
	MARK("term_state", 0),
	MARK("Ta", 1),
	MARK("Tt", 1),
	MARK("Tr", 1),
	MARK("time_active", 1),
	MARK("time_total", 1),
	MARK("status", 2),
	MARK("ST", 2),
	MARK("status_code", 2),
	PATH("t", START, 1),
	PATH("time", START, 1),
	PATH("timestamp", START, 1),
	PATH("date", START, 1),
	PATH("date_time", START, 2),
	PATH("accept_date", START, 2),
	PATH("request_date", START, 2),
	PATH("tr", START, 1),
	PATH("Ta", DURATION_MS, 2),
	PATH("time_active", DURATION_MS, 2),
	PATH("Tt", DURATION_MS, 1),
	PATH("time_total", DURATION_MS, 1),
	PATH("Tr", TTFB_MS, 1),
	PATH("time_response", TTFB_MS, 1),
	PATH("client", CLIENT, 1),
	PATH("client_ip", CLIENT, 2),
	PATH("ci", CLIENT, 1),
	PATH("src", CLIENT, 1),
	PATH("client_port", CLIENT_PORT, 1),
	PATH("cp", CLIENT_PORT, 1),
	PATH("xff", FORWARDED, 1),
	PATH("x_forwarded_for", FORWARDED, 1),
	PATH("fi", SERVER, 1),
	PATH("frontend_ip", SERVER, 1),
	PATH("frontend_port", SERVER_PORT, 1),
	PATH("user", USER, 2),
	PATH("user_id", USER, 1),
	PATH("x_user", USER, 2),
	PATH("dept", DEPARTMENT, 1),
	PATH("department", DEPARTMENT, 1),
	PATH("authorization", KEY, 3),
	PATH("x_api_key", KEY, 3),
	PATH("api_key", KEY, 3),
	PATH("key", KEY, 2),
	PATH("key_id", KEY, 2),
	PATH("key_tail", KEY, 1),
	PATH("status", STATUS, 1),
	PATH("ST", STATUS, 1),
	PATH("status_code", STATUS, 1),
	PATH("bytes", RESPONSE_BYTES, 1),
	PATH("bytes_read", RESPONSE_BYTES, 1),
	PATH("B", RESPONSE_BYTES, 1),
	PATH("bytes_up", REQUEST_BYTES, 1),
	PATH("bytes_uploaded", REQUEST_BYTES, 1),
	PATH("U", REQUEST_BYTES, 1),
	PATH("method", METHOD, 1),
	PATH("http_method", METHOD, 1),
	PATH("HM", METHOD, 1),
	PATH("path", TARGET, 1),
	PATH("uri", TARGET, 2),
	PATH("http_uri", TARGET, 2),
	PATH("HU", TARGET, 2),
	PATH("HP", TARGET, 1),
	PATH("query", ARGUMENTS, 1),
	PATH("HQ", ARGUMENTS, 1),
	PATH("request", REQUEST_LINE, 1),
	PATH("http_request", REQUEST_LINE, 1),
	PATH("r", REQUEST_LINE, 1),
	PATH("version", VERSION, 1),
	PATH("http_version", VERSION, 1),
	PATH("HV", VERSION, 1),
	PATH("host", HOST, 1),
	PATH("ua", AGENT, 1),
	PATH("user_agent", AGENT, 1),
	PATH("referer", REFERRER, 1),
	PATH("ct", RESPONSE_TYPE, 1),
	PATH("content_type", RESPONSE_TYPE, 1),
	PATH("unique_id", REQUEST_ID, 1),
	PATH("request_id", REQUEST_ID, 2),
	PATH("ID", REQUEST_ID, 1),
	PATH("ssl_version", TLS_VERSION, 1),
	PATH("sslv", TLS_VERSION, 1),
	PATH("sni", TLS_NAME, 1),
};

/* "<BADREQ>" stands for a request that was none. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	static const uint8_t request[] = { M_METHOD, M_TARGET, M_REQUEST_LINE, M_VERSION };

	(void)ctx;
	for (size_t i = 0; i < COUNT(request); i++)
		if (found_is(f, request[i], "<BADREQ>"))
			f->rank[request[i]] = 0;
	return 0;
}

static const struct json_log own = { .paths = JSON_ROWS(rows), .marks = 7, .amend = amend };

JSON_LOG_FORMAT(haproxy_json, .name = "haproxy-json", .doc = "HAProxy with a log-format that writes JSON");
