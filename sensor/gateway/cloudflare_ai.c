/* Cloudflare AI Gateway's logs: an entry of its API, or of Logpush (ai_gateway_events). Who the client was is
 * not in them; who called is in the metadata, if the application sends it (cf-aig-metadata).
 * https://developers.cloudflare.com/ai-gateway/observability/logging/ */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("provider", 0),
	MARK("model", 1),
	MARK("cached", 2),
	MARK("success", 3),
	MARK("gateway", 3),
	PATH("created_at", START, 2),
	PATH("timestamp", START, 1),
	PATH("duration", DURATION_MS, 1),
	PATH("metrics.durationMs", DURATION_MS, 1),
	PATH("timings.latency", TTFB_MS, 1),
	PATH("id", REQUEST_ID, 1),
	PATH("provider", PROVIDER, 1),
	PATH("model", MODEL, 1),
	PATH("RequestedModel", MODEL_ALIAS, 1),
	PATH("path", TARGET, 2),
	PATH("endpoint", TARGET, 1),
	PATH("status_code", STATUS, 1),
	PATH("StatusCode", STATUS, 1),
	PATH("request_content_type", REQUEST_TYPE, 1),
	PATH("response_content_type", RESPONSE_TYPE, 1),
	PATH("tokens_in", INPUT, 1),
	PATH("tokens_out", OUTPUT, 1),
	PATH("metrics.tokensIn", INPUT, 1),
	PATH("metrics.tokensOut", OUTPUT, 1),
	PATH("cost", COST, 1),
	PATH("metrics.cost", COST, 1),
	PATH("cached", FROM_CACHE, 1),
	PATH("metadata.user", USER, 3),
	PATH("metadata.username", USER, 3),
	PATH("metadata.user_name", USER, 3),
	PATH("metadata.user_id", USER, 2),
	PATH("metadata.userId", USER, 2),
	PATH("metadata.email", USER, 1),
	PATH("metadata.dept", DEPARTMENT, 2),
	PATH("metadata.department", DEPARTMENT, 2),
	PATH("metadata.team", DEPARTMENT, 1),
	PATH("metadata.key", KEY, 1),
	PATH("metadata.key_id", KEY, 1),
	PATH("metadata.api_key_id", KEY, 1),
};

static const struct json_log own = {
	.paths = JSON_ROWS_FOLD(rows),
	.habits = HABIT_PROVIDER | HABIT_BARE_PATH | HABIT_RAW_TOKENS,
	.marks = 0xf,
};

JSON_LOG_FORMAT(cloudflare_ai, .name = "cloudflare-ai-gateway",
		.doc = "Cloudflare AI Gateway: entries of its log API or of Logpush");
