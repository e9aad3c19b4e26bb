/* Kong's file-log, http-log, tcp-log, ...: one object a request, with what ai-proxy adds to it. Times are ms.
 * The log names the consumer's credential, not the key. Token figures are the provider's own.
 * https://developer.konghq.com/ai-gateway/ai-audit-log-reference/ */
#include "sensor/gateway/json_log.h"

/* Of several plugins that called a model the one that answered the client is the proxy. */
#define AI(plugin)                                                                \
	PATH("ai." plugin ".usage.prompt_tokens", INPUT, 1),                      \
	PATH("ai." plugin ".usage.completion_tokens", OUTPUT, 1),                 \
	PATH("ai." plugin ".usage.total_tokens", TOTAL, 1),                       \
	PATH("ai." plugin ".usage.prompt_tokens_details.cached_tokens", CACHED, 1), \
	PATH("ai." plugin ".usage.completion_tokens_details.reasoning_tokens", REASONING, 1), \
	PATH("ai." plugin ".usage.cost", COST, 1),                                \
	PATH("ai." plugin ".usage.time_to_first_token", TTFB_MS, 2),              \
	PATH("ai." plugin ".meta.provider_name", PROVIDER, 1),                    \
	PATH("ai." plugin ".meta.request_model", MODEL, 1),                       \
	PATH("ai." plugin ".meta.response_model", MODEL_SERVED, 1),               \
	PATH("ai." plugin ".meta.request_mode", STREAM, 1),                       \
	PATH("ai." plugin ".cache.cache_status", FROM_CACHE, 1)

static const struct path_row rows[] = {
	MARK("started_at", 0),
	MARK("latencies", 1),
	MARK("request.method", 2),
	MARK("response.status", 3),
	PATH("started_at", START, 1),
	PATH("client_ip", CLIENT, 1),
	PATH("consumer.username", USER, 3),
	PATH("consumer.custom_id", USER, 2),
	PATH("authenticated_entity.id", KEY, 3),
	PATH("request.headers.x-credential-identifier", KEY, 2),
	PATH("request.headers.authorization", KEY, 1),
	PATH("request.headers.apikey", KEY, 1),
	PATH("request.headers.api-key", KEY, 1),
	PATH("request.headers.x-api-key", KEY, 1),
	PATH("request.id", REQUEST_ID, 2),
	PATH("request.headers.x-request-id", REQUEST_ID, 1),
	PATH("request.method", METHOD, 1),
	PATH("request.uri", TARGET, 2),
	PATH("request.url", TARGET, 1),
	PATH("request.headers.host", HOST, 1),
	PATH("request.size", REQUEST_BYTES, 1),
	PATH("request.tls.version", TLS_VERSION, 1),
	PATH("request.headers.user-agent", AGENT, 1),
	PATH("request.headers.referer", REFERRER, 1),
	PATH("request.headers.content-type", REQUEST_TYPE, 1),
	PATH("response.status", STATUS, 1),
	PATH("response.size", RESPONSE_BYTES, 1),
	PATH("response.headers.content-type", RESPONSE_TYPE, 1),
	PATH("latencies.request", DURATION_MS, 1),
	PATH("latencies.proxy", TTFB_MS, 1),
	AI("proxy"),
	AI("ai-proxy"),
	AI("ai-proxy-advanced"),
};

static const struct json_log own = {
	.paths = JSON_ROWS_FOLD(rows),
	.habits = HABIT_RAW_TOKENS | HABIT_PROVIDER,
	.marks = 0xf,
};

JSON_LOG_FORMAT(kong, .name = "kong-file-log", .doc = "Kong's file-log and http-log, with ai-proxy");
