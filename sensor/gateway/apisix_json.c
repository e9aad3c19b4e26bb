/* Apache APISIX's file-logger, http-logger, ... in their own format: one object a request. Times are ms.
 * https://apisix.apache.org/docs/apisix/plugins/file-logger/ */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("route_id", 0),
	MARK("apisix_latency", 1),
	MARK("request.method", 2),
	MARK("response.status", 3),
	PATH("start_time", START, 1),
	PATH("latency", DURATION_MS, 1),
	PATH("llm_time_to_first_token", TTFB_MS, 1),
	PATH("llm_summary.ttft", TTFB_MS, 1),
	PATH("client_ip", CLIENT, 1),
	PATH("consumer.username", USER, 3),
	PATH("request.headers.x-user", USER, 2),
	PATH("request.headers.x-department", DEPARTMENT, 1),
	PATH("request.headers.authorization", KEY, 1),
	PATH("request.headers.apikey", KEY, 1),
	PATH("request.headers.x-api-key", KEY, 1),
	PATH("request.headers.x-request-id", REQUEST_ID, 1),
	PATH("response.headers.x-request-id", REQUEST_ID, 2),
	PATH("request.method", METHOD, 1),
	PATH("request.uri", TARGET, 2),
	PATH("request.url", TARGET, 1),
	PATH("request.headers.host", HOST, 1),
	PATH("request.headers.x-forwarded-for", FORWARDED, 1),
	PATH("request.size", REQUEST_BYTES, 1),
	PATH("request.headers.user-agent", AGENT, 1),
	PATH("request.headers.referer", REFERRER, 1),
	PATH("request.headers.content-type", REQUEST_TYPE, 1),
	PATH("response.status", STATUS, 1),
	PATH("response.size", RESPONSE_BYTES, 1),
	PATH("response.headers.content-type", RESPONSE_TYPE, 1),
	PATH("llm_request.model", MODEL, 1),
	PATH("llm_summary.request_model", MODEL, 2),
	PATH("llm_summary.model", MODEL_SERVED, 1),
	PATH("llm_request.stream", STREAM, 1),
	PATH("llm_summary.prompt_tokens", INPUT, 1),
	PATH("llm_summary.completion_tokens", OUTPUT, 1),
	PATH("llm_summary.total_tokens", TOTAL, 1),
};

static const struct json_log own = {
	.paths = JSON_ROWS_FOLD(rows),
	.habits = HABIT_RAW_TOKENS,
	.marks = 0xf,
};

JSON_LOG_FORMAT(apisix_json, .name = "apisix-file-logger", .doc = "APISIX's file-logger and http-logger");
