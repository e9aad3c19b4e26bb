#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/gateway/format.h"
#include "sensor/llm/route.h"
#include "tests/lib/tap.h"
#include "tests/lib/wants.h"

static uint8_t room[SCRATCH_SIZE];
static struct scratch scratch = { room, 0, sizeof room };
static struct flat_event fe;
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
static struct cidr trusted[2];

#define C "nginx-combined"
#define J "nginx-json"
#define T "[23/Nov/2026:02:24:30 +0000]"
/* 02:24:30.819 Z */
#define HEAD "{\"msec\":1795400670.819,\"client\":\"10.0.0.9\",\"status\":200,\"uri\":\"/v1/messages\""
#define AUTH_DIGITS "e677f4cefaa89540" /* HMAC-SHA-256(key, "sk-EXAMPLE01"), by another program */

/* want: see wants.h. reject: enum reject_reason. */
static const struct {
	const char *name, *format, *line;
	int reject;
	const char *want;
} cases[] = {
	{ "combined", C, "10.0.0.9 - tanaka "
	  T " \"POST /v1/messages HTTP/1.1\" 200 2623 \"-\" \"curl/8\"", 0,
	  "@timestamp=2026-11-23T02:24:30Z|source.ip=10.0.0.9|user.name=tanaka|http.request.method=POST|"
	  "url.path=/v1/messages|url.query!|http.version=1.1|http.response.status_code=200|"
	  "http.response.body.bytes=2623|http.request.referrer!|user_agent.original=curl/8|"
	  "gen_ai.operation.name=chat|tochoku.key.id?|event.duration?|tochoku.stream?|"
	  "gen_ai.usage.input_tokens?" },
	{ "main with X-Forwarded-For from a trusted peer", C,
	  "127.0.0.1 - - " T " \"GET / HTTP/2.0\" 304 0 \"-\" \"-\" \"6.6.6.6, 203.0.113.5, 10.99.0.1\"", 0,
	  "source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|http.version=2|user.name!|user_agent.original!" },
	{ "X-Forwarded-For from a stranger is not believed", C,
	  "203.0.113.9 - - " T " \"GET / HTTP/1.1\" 200 0 \"-\" \"-\" \"10.0.0.1\"", 0,
	  "source.ip=203.0.113.9|tochoku.peer.ip?" },
	{ "X-Forwarded-For with garbage", C, "127.0.0.1 - - "
	  T " \"GET / HTTP/1.1\" 200 0 \"-\" \"-\" \"1.2.3.4, unknown\"", 0,
	  "source.ip=127.0.0.1|tochoku.peer.ip?" },
	{ "X-Forwarded-For with port and brackets", C,
	  "127.0.0.1 - - " T " \"GET / HTTP/1.1\" 200 0 \"-\" \"-\" \"[2001:db8::5]:4711\"", 0,
	  "source.ip=2001:db8::5" },
	{ "escapes", C, "::1 - a\\x22b "
	  T " \"GET /\\xE8\\x96\\xAC HTTP/1.1\" 200 1 \"-\" \"x \\x22q\\x22 \\x5C \\\"\"", 0,
	  "user.name=a\"b|url.path=/薬|user_agent.original=x \"q\" \\ \"" },
	{ "a user name that looks like a time", C,
	  "10.0.0.9 - x [23/Nov/2020:00:00:00 +0000] y " T " \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", 0,
	  "@timestamp=2026-11-23T02:24:30Z|user.name=x [23/Nov/2020:00:00:00 +0000] y" },
	{ "garbage request", C, "10.0.0.9 - - " T " \"GARBAGE\" 400 157 \"-\" \"-\"", 0,
	  "http.request.method?|url.path?|http.response.status_code=400" },
	{ "TLS on a plain port", C, "10.0.0.9 - - " T " \"\\x16\\x03\\x01\\x02\" 400 157 \"-\" \"-\"", 0,
	  "http.request.method?" },
	{ "empty request", C, "10.0.0.9 - - " T " \"\" 400 0 \"-\" \"-\"", 0,
	  "http.request.method?|url.path?" },
	{ "HTTP/0.9", C, "10.0.0.9 - - " T " \"GET /x\" 200 0 \"-\" \"-\"", 0,
	  "http.request.method=GET|url.path=/x|http.version?" },
	{ "zone of the line", C,
	  "10.0.0.9 - - [01/Mar/2024:00:30:00 +0900] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", 0,
	  "@timestamp=2024-02-29T15:30:00Z" },
	{ "a key everywhere", C,
	  "10.0.0.9 - sk-EXAMPLE01 "
	  T " \"GET /v1/x?key=sk-EXAMPLE02 HTTP/1.1\" 200 1 \"http://h/?token=EXAMPLE03\" \"sk-EXAMPLE04\"",
	  0, "user.name=***|url.query=key=***|http.request.referrer=http://h/?token=***|"
	  "user_agent.original=***" },
	{ "no such day", C,
	  "10.0.0.9 - - [31/Apr/2026:02:24:30 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", REJECT_TIME,
	  "" },
	{ "no such hour", C,
	  "10.0.0.9 - - [30/Apr/2026:24:24:30 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", REJECT_TIME,
	  "" },
	{ "cut off", C, "10.0.0.9 - - " T " \"GET / HTTP/1.1\" 200 1 \"-\" \"cur", REJECT_MALFORMED, "" },
	{ "common log", C, "10.0.0.9 - - " T " \"GET / HTTP/1.1\" 200 1", REJECT_MALFORMED, "" },
	{ "more fields than it has", C, "10.0.0.9 - - "
	  T " \"GET / HTTP/1.1\" 200 1 \"-\" \"-\" 8864 0.138", REJECT_MALFORMED, "" },
	{ "no address", C, "gw:80 10.0.0.9 - - " T " \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"",
	  REJECT_MALFORMED, "" },
	{ "status of two digits", C, "10.0.0.9 - - " T " \"GET / HTTP/1.1\" 20 1 \"-\" \"-\"",
	  REJECT_MALFORMED, "" },
	{ "nothing", C, "", REJECT_MALFORMED, "" },

	{ "JSON", J,
	  HEAD ",\"rt\":0.131,\"uht\":\"0.023\",\"urt\":\"0.130\",\"user\":\"tanaka\\\"m\","
	  "\"dept\":\"薬剤部\",\"method\":\"POST\","
	  "\"host\":\"gw.example:8080\",\"proto\":\"HTTP/1.1\",\"req_len\":8826,\"sent\":3580,"
	  "\"rid\":\"r1\",\"prid\":\"\","
	  "\"ct\":\"text/event-stream; charset=utf-8\",\"ua\":\"院内/1.0\"}", 0,
	  "@timestamp=2026-11-23T02:24:30.688Z|event.duration=131000000|tochoku.ttfb=23000000|"
	  "user.name=tanaka\"m|"
	  "tochoku.department=薬剤部|url.domain=gw.example|http.request.body.bytes=8826|"
	  "http.response.body.bytes=3580|"
	  "http.request.id=r1|http.response.mime_type=text/event-stream|tochoku.stream=true|"
	  "user_agent.original=院内/1.0|"
	  "gen_ai.usage.input_tokens?|tochoku.usage.quality?|tochoku.key.id?" },
	{ "the provider's request id is preferred", J, HEAD ",\"rid\":\"r1\",\"prid\":\"req_2\"}", 0,
	  "http.request.id=req_2" },
	{ "tokens and cost", J,
	  HEAD ",\"model\":\"gpt-4o\",\"prompt_tokens\":100,\"completion_tokens\":\"20\","
	  "\"cached_tokens\":40,"
	  "\"cost\":0.01254705,\"stream\":true}", 0,
	  "gen_ai.request.model=gpt-4o|gen_ai.usage.input_tokens=100|gen_ai.usage.output_tokens=20|"
	  "gen_ai.usage.cache_read.input_tokens=40|tochoku.cost.reported_pico_usd=12547050000|"
	  "tochoku.usage.quality=exact|"
	  "tochoku.stream=true" },
	{ "zero tokens are known, null ones are not", J,
	  HEAD ",\"input_tokens\":0,\"output_tokens\":null,\"cost\":\"-\"}", 0,
	  "gen_ai.usage.input_tokens=0|gen_ai.usage.output_tokens?|tochoku.cost.reported_pico_usd?" },
	{ "nginx's own names", J,
	  "{\"time_iso8601\":\"2026-11-23T11:24:30+09:00\",\"remote_addr\":\"127.0.0.1\","
	  "\"http_x_forwarded_for\":\"203.0.113.5\",\"request\":\"GET /v1/models?key=AIzaEXAMPLE "
	  "HTTP/1.1\",\"status\":\"200\","
	  "\"body_bytes_sent\":\"10\",\"bytes_sent\":\"99\",\"request_time\":\"1.500\","
	  "\"upstream_header_time\":\"-\","
	  "\"http_user_agent\":\"-\",\"http_authorization\":\"\"}", 0,
	  "@timestamp=2026-11-23T02:24:28.500Z|source.ip=203.0.113.5|url.query=key=***|"
	  "http.response.body.bytes=10|"
	  "event.duration=1500000000|tochoku.ttfb?|user_agent.original!|http.request.method=GET" },
	{ "no key", J, HEAD ",\"http_authorization\":\"-\",\"http_x_api_key\":\"\"}", 0, "tochoku.key.id!" },
	{ "a key in either header", J,
	  HEAD ",\"http_authorization\":\"-\",\"http_x_api_key\":\"sk-EXAMPLE01\"}", 0,
	  "tochoku.key.id=" AUTH_DIGITS },
	{ "the key comes before its name", J,
	  HEAD ",\"key_tail\":\"LE01\",\"http_authorization\":\"Bearer sk-EXAMPLE01\"}", 0,
	  "tochoku.key.id=" AUTH_DIGITS },
	{ "two upstreams tried", J, HEAD ",\"uht\":\"-, 0.050\",\"urt\":\"0.200, 0.300\"}", 0,
	  "tochoku.ttfb=250000000" },
	{ "two tried, one time unknown", J, HEAD ",\"uht\":\"-, 0.050\"}", 0, "tochoku.ttfb?" },
	{ "path and arguments apart", J,
	  "{\"msec\":1795400670.819,\"client\":\"10.0.0.9\",\"status\":200,\"path\":\"/a\","
	  "\"args\":\"key=x&b=1\"}", 0, "url.path=/a|url.query=key=***&b=1" },
	{ "realip", J, HEAD ",\"realip_remote_addr\":\"127.0.0.1\",\"remote_port\":\"4711\"}", 0,
	  "source.ip=10.0.0.9|tochoku.peer.ip=127.0.0.1|source.port?" },
	{ "nested values are passed over", J,
	  HEAD ",\"user\":{\"status\":500},\"model\":[\"x\",{\"status\":1}],\"rt\":1}", 0,
	  "http.response.status_code=200|user.name?|gen_ai.request.model?|event.duration=1000000000" },
	{ "ECS names", J,
	  "{\"@timestamp\":\"2026-11-23T02:24:30.5Z\",\"source.ip\":\"10.0.0.9\","
	  "\"http.response.status_code\":404,"
	  "\"url.path\":\"/x\",\"url.query\":\"a=1\",\"event.duration\":500000000}", 0,
	  "@timestamp=2026-11-23T02:24:30Z|url.query=a=1|http.response.status_code=404" },
	{ "milliseconds", J,
	  "{\"timestamp\":1795400670819,\"client\":\"10.0.0.9\",\"status\":200,\"uri\":\"/\"}", 0,
	  "@timestamp=2026-11-23T02:24:30.819Z" },
	{ "no time", J, "{\"client\":\"10.0.0.9\",\"status\":200,\"uri\":\"/\"}", REJECT_TIME, "" },
	{ "a time that is none", J,
	  "{\"ts\":\"yesterday\",\"client\":\"10.0.0.9\",\"status\":200,\"uri\":\"/\"}", REJECT_TIME, "" },
	{ "JSON cut off", J, HEAD, REJECT_MALFORMED, "" },
	{ "something behind", J, HEAD "} x", REJECT_MALFORMED, "" },
	{ "JSON of another kind", J, "{\"msec\":1795400670.819,\"level\":\"info\"}", REJECT_MALFORMED, "" },
	{ "an array", J, "[1]", REJECT_MALFORMED, "" },
};

static void one_case(size_t i, struct parse_cache *cache)
{
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .cache = cache,
				     .trusted_proxies = trusted, .n_trusted_proxies = COUNT(trusted),
				     .scratch = &scratch };
	struct slice line = slice_str(cases[i].line);
	uint8_t *copy = malloc(line.n + 1); /* of exact length, so that a sanitizer sees a byte too far */

	memcpy(copy, line.p, line.n);
	scratch.n = 0;
	flat_event_reset(&fe);
	ok_int(log_format_by_name(slice_str(cases[i].format))->parse(slice_of(copy, line.n), &ctx,
	  &fe.ev), cases[i].reject,
	       cases[i].name);
	check_wants(&fe.ev, cases[i].want);
	free(copy);
}

static const struct { const char *host, *path, *operation, *provider, *model; } routes[] = {
	{ "", "/v1/chat/completions", "chat", "openai_compatible", "" },
	{ "api.openai.com", "/v1/chat/completions", "chat", "openai", "" },
	{ "my.openai.azure.com", "/openai/deployments/gpt-5-nano/chat/completions", "chat",
	  "azure.ai.openai", "gpt-5-nano" },
	{ "", "/openai/deployments/gpt-5-nano/chat/completions", "chat", "azure.ai.openai", "gpt-5-nano" },
	{ "", "/v1/messages", "chat", "anthropic", "" },
	{ "", "/v1/messages/count_tokens", "count_tokens", "anthropic", "" },
	{ "", "/v1/messages/batches", "batch", "anthropic", "" },
	{ "", "/v1/messages/batches/b/results", "batch_results", "anthropic", "" },
	{ "", "/v1/messages/batches/b/others", "", "", "" },
	{ "", "/v1/threads/t/messages", "", "", "" },
	{ "", "/v1/responses", "chat", "openai_compatible", "" },
	{ "", "/v1/embeddings/", "embeddings", "openai_compatible", "" },
	{ "", "/api/embeddings", "embeddings", "ollama", "" },
	{ "", "/v1beta/models/gemini-2.5-flash:streamGenerateContent", "generate_content", "gcp.gemini",
	  "gemini-2.5-flash" },
	{ "", "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent",
	  "generate_content", "gcp.vertex_ai", "gemini-2.5-pro" },
	{ "us-central1-aiplatform.googleapis.com", "/v1/x", "", "gcp.vertex_ai", "" },
	{ "", "/model/anthropic.claude-v2%3A1/converse", "chat", "aws.bedrock", "anthropic.claude-v2%3A1" },
	{ "", "/model/arn%3Aaws%3Abedrock/invoke", "", "aws.bedrock", "arn%3Aaws%3Abedrock" },
	{ "", "/functions/f/invoke", "", "", "" },
	{ "bedrock-runtime.us-east-1.amazonaws.com", "/x", "", "aws.bedrock", "" },
	{ "evil-api.openai.com.example", "/", "", "", "" },
	{ "", "/subresponses", "", "", "" }, { "", "", "", "", "" }, { "", "/", "", "", "" },
};

static void route_rows(void)
{
	for (size_t i = 0; i < COUNT(routes); i++) {
		struct route r;

		route_find(slice_str(routes[i].host), slice_str(routes[i].path), &r);
		ok_str(r.operation == NULL ? "" : r.operation, routes[i].operation, routes[i].path);
		ok_str(r.provider == NULL ? "" : r.provider, routes[i].provider, "  provider");
		ok_slice(r.model, slice_str(routes[i].model), "  model");
	}
}

static void detection(void)
{
	static const char caddy[] = "{\"level\":\"info\",\"ts\":1795400741.3,"
	  "\"request\":{\"remote_ip\":\"127.0.0.1\",\"method\":\"POST\","
				    "\"uri\":\"/x\"},\"user_id\":\"\",\"duration\":0.02,\"size\":634,"
				  "\"status\":200}";

	ok(log_format_detect(slice_str(cases[0].line)) == log_format_by_name(SLICE(C)),
	  "combined is detected");
	ok(log_format_detect(SLICE(HEAD "}")) == log_format_by_name(SLICE(J)), "JSON is detected");
	ok(log_format_detect(SLICE(caddy)) == log_format_by_name(SLICE("caddy-json")),
	   "another server's JSON is that one's");
	ok(log_format_detect_sample(SLICE("\n# comment\n" HEAD "}\n" HEAD "}\r\n" HEAD))
	  == log_format_by_name(SLICE(J)),
	   "a sample with lines that are none");
	ok(log_format_detect_sample(SLICE("nothing\nknown")) == NULL, "an unknown sample");
	for (size_t i = 0; log_format_at(i) != NULL; i++)
		ok(log_format_by_name(slice_str(log_format_at(i)->name)) == log_format_at(i)
		  && log_format_at(i)->doc[0] != 0,
		   log_format_at(i)->name);
}

/* A line of the limit's length must not overrun the scratch, whatever is in it. */
static void long_values(void)
{
	static char line[1 << 20];
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .trusted_proxies = trusted,
				     .n_trusted_proxies = COUNT(trusted), .scratch = &scratch };
	static const char *const fill[] = { "a", "\\\\u3042", "sk-EXAMPLE01&key=", "%41%", "\\\\\\" };

	for (size_t k = 0; k < COUNT(fill); k++) {
		size_t n = (size_t)snprintf(line, sizeof line, HEAD ",\"url\":\"/x?");

		while (n < 300000)
			n += (size_t)snprintf(line + n, sizeof line - n, "%s",
			  fill[k] + (fill[k][0] == '\\'));
		n += (size_t)snprintf(line + n, sizeof line - n, "\",\"ua\":\"");
		while (n < 600000)
			n += (size_t)snprintf(line + n, sizeof line - n, "%s",
			  fill[k] + (fill[k][0] == '\\'));
		n += (size_t)snprintf(line + n, sizeof line - n, "n\"}");
		scratch.n = 0;
		flat_event_reset(&fe);
		ok_int(log_format_by_name(SLICE(J))->parse(slice_of(line, n), &ctx, &fe.ev), 0, fill[k]);
		ok(ev_str(&fe.ev, F_USER_AGENT).n <= WIRE_STRING_MAX && ev_str(&fe.ev,
		  F_QUERY).n <= WIRE_STRING_MAX, "  bounded");
	}
}

int main(void)
{
	struct parse_cache *cache = parse_cache_new();
	bool host_bits;

	if (!cidr_parse(SLICE("127.0.0.0/8"), &trusted[0], &host_bits)
	  || !cidr_parse(SLICE("10.99.0.0/16"), &trusted[1], &host_bits))
		return 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		one_case(i, NULL);
		one_case(i, cache); /* first use of the cache, then its use */
		one_case(i, cache);
	}
	parse_cache_free(cache);
	route_rows();
	detection();
	long_values();
	return tap_done();
}
