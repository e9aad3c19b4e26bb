/* Spans of OpenTelemetry's GenAI conventions: one a line, or OTLP/JSON, whose lines hold many. Only calls of
 * a model are events: a tool that was run, or an agent within the program, is not one, and what an agent span
 * says of tokens its calls have said.
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
#include "sensor/gateway/json_log.h"

#define ATTRIBUTE(name, what, rank) PATH("attributes." name, what, rank)

static const struct path_row rows[] = {
	MARK("attributes.gen_ai.operation.name", 0),
	MARK("attributes.gen_ai.request.model", 0),
	MARK("attributes.gen_ai.response.model", 0),
	MARK("start_time", 1),
	MARK("startTimeUnixNano", 1),
	MARK("trace_id", 2),
	MARK("traceId", 2),
	MARK("context.trace_id", 2),
	/* the frame of OTLP/JSON is enough: what is in it, each span says */
	MARK("resourceSpans.scopeSpans.spans", 0),
	MARK("resourceSpans.scopeSpans.spans", 1),
	MARK("resourceSpans.scopeSpans.spans", 2),
	PATH("start_time", START, 1),
	PATH("startTimeUnixNano", START, 1),
	PATH("start_time_unix_nano", START, 1),
	PATH("end_time", TIME, 1),
	PATH("endTimeUnixNano", TIME, 1),
	PATH("end_time_unix_nano", TIME, 1),
	PATH("duration_ms", DURATION_MS, 1),
	PATH("trace_id", REQUEST_ID, 1),
	PATH("traceId", REQUEST_ID, 1),
	PATH("context.trace_id", REQUEST_ID, 1),
	PATH("kind", ARGUMENTS, 1),
	ATTRIBUTE("client.address", CLIENT, 1),
	ATTRIBUTE("client.port", CLIENT_PORT, 1),
	ATTRIBUTE("enduser.id", USER, 3),
	ATTRIBUTE("user.name", USER, 2),
	ATTRIBUTE("user.id", USER, 1),
	ATTRIBUTE("tochoku.department", DEPARTMENT, 1),
	ATTRIBUTE("user_agent.original", AGENT, 1),
	ATTRIBUTE("server.address", HOST, 1),
	ATTRIBUTE("http.request.method", METHOD, 1),
	ATTRIBUTE("url.full", TARGET, 2),
	ATTRIBUTE("url.path", TARGET, 1),
	ATTRIBUTE("http.response.status_code", STATUS, 3),
	ATTRIBUTE("http.status_code", STATUS, 2),
	ATTRIBUTE("error.type", STATUS, 1),
	ATTRIBUTE("network.protocol.version", VERSION, 1),
	ATTRIBUTE("gen_ai.operation.name", OPERATION, 1),
	ATTRIBUTE("gen_ai.provider.name", PROVIDER, 2),
	ATTRIBUTE("gen_ai.system", PROVIDER, 1),
	ATTRIBUTE("gen_ai.request.model", MODEL, 1),
	ATTRIBUTE("gen_ai.response.model", MODEL_SERVED, 1),
	ATTRIBUTE("gen_ai.response.id", RESPONSE_ID, 1),
	ATTRIBUTE("gen_ai.usage.input_tokens", INPUT, 2),
	ATTRIBUTE("gen_ai.usage.prompt_tokens", INPUT, 1),
	ATTRIBUTE("gen_ai.usage.output_tokens", OUTPUT, 2),
	ATTRIBUTE("gen_ai.usage.completion_tokens", OUTPUT, 1),
	ATTRIBUTE("gen_ai.usage.cache_read.input_tokens", CACHED, 2),
	ATTRIBUTE("gen_ai.usage.cache_read_input_tokens", CACHED, 1),
	ATTRIBUTE("gen_ai.usage.cache_creation.input_tokens", CACHE_WRITE, 2),
	ATTRIBUTE("gen_ai.usage.cache_creation_input_tokens", CACHE_WRITE, 1),
	ATTRIBUTE("gen_ai.usage.reasoning.output_tokens", REASONING, 1),
	ATTRIBUTE("gen_ai.server.time_to_first_token", TTFB, 2),
	ATTRIBUTE("gen_ai.response.time_to_first_chunk", TTFB, 1),
	ATTRIBUTE("gen_ai.request.stream", STREAM, 1),
};

static bool is_one_of(struct slice s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(s, words[i]))
			return true;
	return false;
}

/* The operations of agents and tools are no calls of a model, but for an agent that is a service. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	static const char *const others[] = { "execute_tool", "create_agent", "invoke_workflow", "plan" };
	static const char *const client[] = { "CLIENT", "SPAN_KIND_CLIENT", "SpanKind.CLIENT", "3" };
	struct slice operation = f->text[M_OPERATION], kind = f->text[M_ARGUMENTS];
	bool remote = found_has(f, M_ARGUMENTS) && is_one_of(kind, client, COUNT(client));

	(void)ctx;
	f->rank[M_ARGUMENTS] = 0;
	if (!found_has(f, M_OPERATION) && !found_has(f, M_MODEL) && !found_has(f, M_MODEL_SERVED))
		return REJECT_OTHER;
	if (found_has(f, M_OPERATION) &&
	    (is_one_of(operation, others, COUNT(others)) || (slice_is(operation, "invoke_agent") && !remote)))
		return REJECT_OTHER;
	return 0;
}

static const struct json_log own = {
	.paths = JSON_ROWS(rows),
	.habits = HABIT_PROVIDER | HABIT_UTC,
	.marks = 7,
	.amend = amend,
};

JSON_LOG_FORMAT(otel_genai, .name = "otel-genai-spans", .several = "resourceSpans.scopeSpans.spans",
		.doc = "OpenTelemetry GenAI spans: one a line, or OTLP/JSON with many in a line");
