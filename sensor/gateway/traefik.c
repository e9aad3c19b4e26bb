/* Traefik's access log with `format: json`. Times are ns, StartUTC is the start; headers are there where the
 * operator keeps them. https://doc.traefik.io/traefik/observability/access-logs/ */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("RequestMethod", 0),
	MARK("RequestPath", 1),
	MARK("DownstreamStatus", 2),
	MARK("Duration", 3),
	PATH("StartUTC", START, 2),
	PATH("StartLocal", START, 1),
	PATH("time", TIME, 1),
	PATH("ClientHost", CLIENT, 2),
	PATH("ClientAddr", CLIENT, 1),
	PATH("ClientPort", CLIENT_PORT, 1),
	PATH("ClientUsername", USER, 3),
	PATH("RequestMethod", METHOD, 1),
	PATH("RequestHost", HOST, 2),
	PATH("RequestAddr", HOST, 1),
	PATH("RequestPath", TARGET, 1),
	PATH("RequestProtocol", VERSION, 1),
	PATH("RequestContentSize", REQUEST_BYTES, 1),
	PATH("DownstreamStatus", STATUS, 1),
	PATH("DownstreamContentSize", RESPONSE_BYTES, 1),
	PATH("Duration", DURATION_NS, 1),
	PATH("TLSVersion", TLS_VERSION, 1),
	PATH("request_X-Forwarded-For", FORWARDED, 1),
	PATH("request_User-Agent", AGENT, 1),
	PATH("request_Referer", REFERRER, 1),
	PATH("request_Content-Type", REQUEST_TYPE, 1),
	PATH("request_X-Request-Id", REQUEST_ID, 1),
	PATH("request_Authorization", KEY, 2),
	PATH("request_X-Api-Key", KEY, 2),
	PATH("request_Api-Key", KEY, 2),
	PATH("request_X-Goog-Api-Key", KEY, 2),
	PATH("request_X-User", USER, 2),
	PATH("request_X-User-Id", USER, 1),
	PATH("request_X-Forwarded-User", USER, 2),
	PATH("request_X-Department", DEPARTMENT, 1),
	PATH("downstream_Content-Type", RESPONSE_TYPE, 2),
	PATH("origin_Content-Type", RESPONSE_TYPE, 1),
	PATH("downstream_X-Request-Id", REQUEST_ID, 2),
	PATH("origin_X-Request-Id", REQUEST_ID, 3),
	PATH("origin_Request-Id", REQUEST_ID, 3),
};

static const struct json_log own = { .paths = JSON_ROWS_FOLD(rows), .marks = 0xf };

JSON_LOG_FORMAT(traefik, .name = "traefik", .doc = "Traefik's access log as JSON");
