/* LiteLLM: rows of its table SpendLogs, or its StandardLoggingPayload, as JSON. The api_key is the SHA-256 of
 * the virtual key. Times without a zone are UTC. Cached tokens are within prompt_tokens, whoever the provider
 * is. https://docs.litellm.ai/docs/proxy/logging_spec */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("call_type", 0),
	MARK("custom_llm_provider", 1),
	MARK("startTime", 2),
	MARK("prompt_tokens", 3),
	PATH("startTime", START, 1),
	PATH("endTime", TIME, 1),
	PATH("completionStartTime", FIRST_BYTE, 1),
	PATH("request_duration_ms", DURATION_MS, 1),
	PATH("requester_ip_address", CLIENT, 2),
	PATH("metadata.requester_ip_address", CLIENT, 1),
	PATH("api_key", KEY, 3),
	PATH("metadata.user_api_key_hash", KEY, 3),
	PATH("metadata.user_api_key", KEY, 2),
	PATH("metadata.user_api_key_alias", KEY, 1),
	PATH("user", USER, 4),
	PATH("metadata.user_api_key_user_id", USER, 3),
	PATH("end_user", USER, 2),
	PATH("metadata.user_api_key_end_user_id", USER, 1),
	PATH("metadata.user_api_key_team_alias", DEPARTMENT, 2),
	PATH("team_id", DEPARTMENT, 1),
	PATH("metadata.user_api_key_team_id", DEPARTMENT, 1),
	PATH("request_id", REQUEST_ID, 2),
	PATH("id", REQUEST_ID, 1),
	PATH("user_agent", AGENT, 2),
	PATH("metadata.user_agent", AGENT, 1),
	PATH("model", MODEL, 1),
	PATH("model_group", MODEL_ALIAS, 1),
	PATH("custom_llm_provider", PROVIDER, 1),
	PATH("api_base", HOST, 1),
	PATH("call_type", OPERATION, 1),
	PATH("status", STATUS, 2),
	PATH("metadata.status", STATUS, 1),
	PATH("metadata.error_information.error_code", STATUS, 3),
	PATH("error_information.error_code", STATUS, 3),
	PATH("prompt_tokens", INPUT, 1),
	PATH("completion_tokens", OUTPUT, 1),
	PATH("total_tokens", TOTAL, 1),
	PATH("metadata.usage_object.prompt_tokens_details.cached_tokens", CACHED, 2),
	PATH("metadata.usage_object.cache_read_input_tokens", CACHED, 1),
	PATH("metadata.usage_object.cache_creation_input_tokens", CACHE_WRITE, 1),
	PATH("metadata.usage_object.completion_tokens_details.reasoning_tokens", REASONING, 1),
	PATH("spend", COST, 2),
	PATH("response_cost", COST, 1),
	PATH("cache_hit", FROM_CACHE, 1),
	PATH("stream", STREAM, 1),
};

/* LiteLLM's names of calls, without the "a" of those that it awaits. */
static const struct {
	const char *call, *operation;
} calls[] = {
	{ "completion", "chat" },
	{ "responses", "chat" },
	{ "nthropic_messages", "chat" },
	{ "anthropic_messages", "chat" },
	{ "generate_content", "generate_content" },
	{ "generate_content_stream", "generate_content" },
	{ "text_completion", "text_completion" },
	{ "embedding", "embeddings" },
	{ "rerank", "rerank" },
	{ "image_generation", "image_generation" },
	{ "image_edit", "image_edit" },
	{ "transcription", "transcription" },
	{ "speech", "speech" },
	{ "moderation", "moderation" },
	{ "ocr", "ocr" },
	{ "create_batch", "batch" },
	{ "retrieve_batch", "batch" },
};

/* Calls that are not here are said to be nothing. */
static void name_operation(struct found *f)
{
	struct slice call = f->text[M_OPERATION];

	if (!found_has(f, M_OPERATION))
		return;
	f->rank[M_OPERATION] = 0;
	if (call.n > 0 && call.p[0] == 'a')
		call = slice_from(call, 1);
	for (size_t i = 0; i < COUNT(calls); i++)
		if (slice_is(call, calls[i].call))
			found_put(f, M_OPERATION, slice_str(calls[i].operation));
}

/* "https://api.openai.com/v1": the host. */
static void name_host(struct found *f)
{
	struct slice s = f->text[M_HOST];
	const uint8_t *at;
	size_t n = 0;

	if (!found_has(f, M_HOST))
		return;
	at = memmem(s.p, s.n, "://", 3);
	if (at != NULL)
		s = slice_from(s, (size_t)(at - s.p) + 3);
	while (n < s.n && s.p[n] != '/' && s.p[n] != '?')
		n++;
	f->text[M_HOST] = slice_head(s, n);
}

/* Success is what the proxy answers with 200; of a failure it may know the code. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	(void)ctx;
	if (found_is(f, M_STATUS, "success"))
		found_put(f, M_STATUS, SLICE("200"));
	name_operation(f);
	name_host(f);
	return 0;
}

static const struct json_log own = {
	.paths = JSON_ROWS(rows),
	.habits = HABIT_UTC | HABIT_PROVIDER,
	.marks = 0xf,
	.amend = amend,
};

JSON_LOG_FORMAT(litellm, .name = "litellm-spendlogs",
		.doc = "LiteLLM's SpendLogs rows or StandardLoggingPayload as JSON");
