/* The JSON logs of gateways: what each says, and that none is taken for another. Lines are of the forms that
 * the products' documentation has. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/json_fields.h"
#include "tests/lib/tap.h"
#include "tests/lib/wants.h"

static uint8_t room[SCRATCH_SIZE];
static struct scratch scratch = { room, 0, sizeof room };
static struct flat_event fe;
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
static struct cidr trusted[1];

#define AUTH_DIGITS "e677f4cefaa89540" /* HMAC-SHA-256(key, "sk-EXAMPLE01"), by another program */

#define HAPROXY(more)                                                                                \
	"{\"t\":\"23/Nov/2026:02:24:41.123\",\"client\":\"127.0.0.1\",\"xff\":\"203.0.113.5\",\"Ta\":52," \
	"\"Tr\":51,\"TR\":0,\"status\":200,\"bytes\":2473,\"bytes_up\":476,\"tsc\":\"----\"" more "}"
#define CADDY(request, more)                                                                         \
	"{\"level\":\"info\",\"ts\":1795400741.5,\"logger\":\"http.log.access.log0\",\"msg\":\"handled " \
	"request\"," \
	"\"request\":{\"remote_ip\":\"127.0.0.1\",\"remote_port\":\"4711\",\"proto\":\"HTTP/2.0\"," \
	"\"method\":\"POST\",\"host\":\"gw.example:8443\",\"uri\":\"/v1/messages?beta=true\"" request "}," \
	"\"user_id\":\"\",\"size\":634,\"status\":200" more "}"
#define HEADERS(h) ",\"headers\":{" h "}"
#define TRAEFIK(more)                                                                                \
	"{\"ClientAddr\":\"127.0.0.1:40\",\"ClientHost\":\"127.0.0.1\",\"ClientPort\":\"40\","       \
	"\"ClientUsername\":\"-\",\"DownstreamContentSize\":22,\"DownstreamStatus\":429,"            \
	"\"Duration\":400000001,\"RequestContentSize\":8,\"RequestHost\":\"gw.example\","            \
	"\"RequestMethod\":\"POST\",\"RequestPath\":\"/v1/embeddings\",\"RequestProtocol\":\"HTTP/2.0\"," \
	"\"StartLocal\":\"2026-11-23T11:13:20.123456789+09:00\"," more "\"time\":\"2026-11-23T02:13:20Z\"}"
#define KONG(entity, ai)                                                                             \
	"{\"client_ip\":\"10.20.0.20\",\"started_at\":1795400000123,\"consumer\":{\"id\":\"c-1\","    \
	"\"username\":null,\"custom_id\":\"yamada\"}" entity ",\"request\":{\"id\":\"r1\","           \
	"\"uri\":\"/v1/messages?key=x\",\"url\":\"http://gw.example:8000/v1/messages\","              \
	"\"method\":\"POST\",\"size\":812,\"headers\":{\"user-agent\":\"curl/8\","                    \
	"\"host\":\"gw.example:8000\",\"authorization\":\"REDACTED\"}},\"response\":{\"status\":200,"   \
	"\"size\":2211,\"headers\":{\"content-type\":\"application/json; charset=utf-8\"}},"          \
	"\"latencies\":{\"kong\":4,\"proxy\":396,\"request\":400,\"receive\":1}" ai "}"
#define KONG_USAGE(provider, in, out, total, more)                                                   \
	"{\"usage\":{\"prompt_tokens\":" in ",\"completion_tokens\":" out ",\"total_tokens\":" total   \
	more "},\"meta\":{\"provider_name\":\"" provider "\",\"request_model\":\"m\","               \
	"\"response_model\":\"m-2\",\"request_mode\":\"stream\"}}"
#define ENVOY(more)                                                                                  \
	"{\":authority\":\"gw.example\",\"bytes_received\":812,\"bytes_sent\":2211,"                 \
	"\"downstream_remote_address\":\"127.0.0.1:40001\",\"duration\":400,\"method\":\"POST\","     \
	"\"response_code\":200,\"start_time\":\"2026-11-23T02:13:20.123Z\","                          \
	"\"x-envoy-upstream-service-time\":\"90\",\"x-forwarded-for\":\"10.20.0.20\"" more "}"
#define LITELLM(more)                                                                                \
	"{\"request_id\":\"chatcmpl-1\",\"call_type\":\"acompletion\",\"custom_llm_provider\":\"bedrock\"," \
	"\"prompt_tokens\":10,\"completion_tokens\":20,\"total_tokens\":30,\"model\":\"gpt-4o\","    \
	"\"startTime\":\"2025-01-24 09:20:46.847371\",\"endTime\":\"2025-01-24 09:20:48.847371\""    \
	more "}"
#define APIGW(more)                                                                                  \
	"{\"requestId\":\"r1\",\"ip\":\"10.20.1.21\",\"caller\":\"-\",\"user\":\"-\","                \
	"\"requestTime\":\"23/Nov/2026:02:14:21 +0000\",\"httpMethod\":\"POST\",\"status\":\"200\","  \
	"\"protocol\":\"HTTP/1.1\",\"responseLength\":\"2211\"" more "}"
#define CLOUDFLARE(more)                                                                             \
	"{\"id\":\"01A\",\"created_at\":\"2026-11-23T02:13:20.123Z\",\"provider\":\"google-ai-studio\"," \
	"\"model\":\"gemini-3.5-flash\",\"success\":true,\"tokens_in\":568,\"tokens_out\":1332" more "}"
#define APIM(category, more)                                                                         \
	"{\"TimeGenerated\":\"2026-11-23T02:13:20.123Z\",\"Category\":\"" category                   \
	"\",\"CorrelationId\":\"c1\"" more "}"
#define SPAN(more)                                                                                   \
	"{\"name\":\"chat gpt\",\"kind\":\"CLIENT\",\"trace_id\":\"t1\",\"span_id\":\"s1\","          \
	"\"start_time\":\"2026-11-23T02:14:21.823Z\",\"duration_ms\":437,\"attributes\":{"            \
	"\"gen_ai.operation.name\":\"chat\",\"gen_ai.request.model\":\"gpt\"" more "}}"
#define APISIX(model, tail)                                                                          \
	"10.0.0.9 - tanaka [21/Mar/2025:04:28:03 +0000] gw.example \"POST /anything HTTP/1.1\" 200 804 " \
	"2.858 \"-\" \"curl \\x22q\\x22\" 10.1.1.1:443, 10.1.1.2:443 502, 200 0.1, 2.7 "              \
	"\"https://h/v1/chat/completions\" \"5c5e\" " model tail

/* want: see wants.h. reject: enum reject_reason. The first of each format is what detection is tried with. */
static const struct {
	const char *name, *format, *line;
	int reject;
	const char *want;
} cases[] = {
	{ "HAProxy", "haproxy-json",
	  HAPROXY(",\"user\":\"tanaka\",\"method\":\"POST\",\"path\":\"/v1/embeddings?a=1\""), 0,
	  "@timestamp=2026-11-22T17:24:41.123Z|event.duration=52000000|tochoku.ttfb=51000000|"
	  "source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|user.name=tanaka|http.request.method=POST|"
	  "url.path=/v1/embeddings|url.query=a=1|http.response.status_code=200|"
	  "http.request.body.bytes=476|http.response.body.bytes=2473|gen_ai.operation.name=embeddings" },
	{ "a request that was none", "haproxy-json",
	  "{\"t\":\"23/Nov/2026:02:24:46.488\",\"client\":\"10.0.0.9\",\"user\":\"-\",\"Tr\":-1,\"Ta\":0,"
	  "\"status\":400,\"tsc\":\"PR--\",\"method\":\"<BADREQ>\",\"path\":\"<BADREQ>\"}", 0,
	  "http.request.method?|url.path?|tochoku.ttfb?|event.duration=0|http.response.status_code=400|"
	  "user.name!" },
	{ "the last characters of a key", "haproxy-json", HAPROXY(",\"key_tail\":\"sk-EXAMPLE01\""), 0,
	  "tochoku.key.id=" AUTH_DIGITS },
	{ "TR is not Tr", "haproxy-json",
	  "{\"t\":\"23/Nov/2026:02:24:46.488\",\"TR\":7,\"status\":200,\"tsc\":\"----\",\"Ta\":9}", 0,
	  "tochoku.ttfb?|event.duration=9000000" },
	{ "a quotation mark that was not escaped", "haproxy-json", HAPROXY(",\"user\":\"tanaka\"m\""),
	  REJECT_MALFORMED, "" },

	{ "Caddy 2.6", "caddy-json",
	  CADDY(HEADERS("\"User-Agent\":[\"院内 \\\"q\\\"\"],\"X-Forwarded-For\":[\"6.6.6.6\",\"203.0.113.5\"],"
	  "\"Authorization\":[],\"X-User\":[\"yamada.t\"]"), ",\"duration\":0.25,"
	  "\"resp_headers\":{\"Content-Type\":[\"text/event-stream; charset=utf-8\"],"
	  "\"X-Request-Id\":[\"req_1\"]}"), 0,
	  "@timestamp=2026-11-23T02:25:41.250Z|event.duration=250000000|source.ip=203.0.113.5|"
	  "tochoku.peer.ip=127.0.0.1|user.name=yamada.t|http.version=2|url.domain=gw.example|"
	  "url.path=/v1/messages|url.query=beta=true|user_agent.original=院内 \"q\"|tochoku.stream=true|"
	  "http.request.id=req_1|tochoku.key.id?|http.request.body.bytes?|http.response.body.bytes=634" },
	{ "Caddy 2.7 and later", "caddy-json",
	  CADDY(",\"client_ip\":\"10.0.0.7\",\"tls\":{\"version\":772,\"server_name\":\"gw.example\"}"
	  HEADERS("\"Authorization\":[\"REDACTED\"],\"X-Forwarded-For\":[\"10.0.0.7\"]"),
	  ",\"bytes_read\":12,\"duration\":1"), 0,
	  "source.ip=10.0.0.7|tochoku.peer.ip=127.0.0.1|source.port?|tls.version=1.3|"
	  "tls.client.server_name=gw.example|http.request.body.bytes=12|tochoku.key.id?|"
	  "event.duration=1000000000" },
	{ "Caddy that shows credentials", "caddy-json",
	  CADDY(HEADERS("\"Authorization\":[\"Bearer sk-EXAMPLE01\"]"), ",\"duration\":1e-05"), 0,
	  "tochoku.key.id=" AUTH_DIGITS "|event.duration=10000" },
	{ "Caddy with other encoders", "caddy-json",
	  "{\"ts\":\"2026/11/23 02:25:41.500\",\"request\":{\"remote_ip\":\"10.0.0.9\",\"method\":\"GET\","
	  "\"uri\":\"/\"},\"status\":200,\"duration\":28289730,\"resp_headers\":{\"Content-Type\":"
	  "[\"**REDACTED**\"]}}", 0,
	  "@timestamp=2026-11-22T17:25:41.471710270Z|event.duration=28289730|http.response.mime_type?" },
	{ "a duration with its unit", "caddy-json",
	  "{\"ts\":\"2026-11-23T11:25:41.500+0900\",\"request\":{\"remote_ip\":\"10.0.0.9\","
	  "\"uri\":\"/\"},\"status\":200,\"duration\":\"1m1.5s\"}", 0,
	  "@timestamp=2026-11-23T02:24:40Z|event.duration=61500000000" },
	{ "Caddy's other lines", "caddy-json",
	  "{\"level\":\"info\",\"ts\":1795400741.5,\"logger\":\"tls\",\"msg\":\"cleaned\"}", REJECT_OTHER,
	  "" },
	{ "Caddy cut off", "caddy-json", "{\"level\":\"info\",\"ts\":1795400741.5,\"request\":{\"uri\":\"/",
	  REJECT_MALFORMED, "" },
	{ "something behind", "caddy-json", "{\"ts\":1795400741.5,\"request\":{\"uri\":\"/\"},"
	  "\"status\":200} x",
	  REJECT_MALFORMED, "" },
	{ "Caddy without a time", "caddy-json", "{\"request\":{\"uri\":\"/\"},\"status\":200}", REJECT_TIME,
	  "" },

	{ "Traefik", "traefik", TRAEFIK("\"request_X-Forwarded-For\":\"10.20.0.20\",\"request_User-Agent\":"
	  "\"curl/8\",\"StartUTC\":\"2026-11-23T02:13:20.123456789Z\",\"TLSVersion\":\"1.3\","), 0,
	  "@timestamp=2026-11-23T02:13:20.123456789Z|event.duration=400000001|source.ip=10.20.0.20|"
	  "tochoku.peer.ip=127.0.0.1|user.name!|http.response.status_code=429|url.domain=gw.example|"
	  "http.version=2|tls.version=1.3|user_agent.original=curl/8|http.request.body.bytes=8|"
	  "http.response.body.bytes=22" },
	{ "Traefik's local start", "traefik", TRAEFIK("\"request_authorization\":\"sk-EXAMPLE01\","), 0,
	  "@timestamp=2026-11-23T02:13:20.123456789Z|tochoku.key.id=" AUTH_DIGITS },

	{ "Kong", "kong-file-log", KONG(",\"authenticated_entity\":{\"id\":\"sk-EXAMPLE01\"}",
	  ",\"ai\":{\"proxy\":" KONG_USAGE("bedrock", "95", "17", "112",
	  ",\"cost\":1.806e-05,\"time_to_first_token\":90,"
	  "\"completion_tokens_details\":{\"reasoning_tokens\":15}") "}"), 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=400000000|tochoku.ttfb=90000000|"
	  "source.ip=10.20.0.20|user.name=yamada|tochoku.key.id=" AUTH_DIGITS "|url.domain=gw.example|"
	  "url.path=/v1/messages|url.query=key=***|http.request.id=r1|gen_ai.provider.name=aws.bedrock|"
	  "gen_ai.request.model=m|gen_ai.response.model=m-2|gen_ai.usage.input_tokens=95|"
	  "gen_ai.usage.output_tokens=17|gen_ai.usage.reasoning.output_tokens=15|"
	  "tochoku.cost.reported_pico_usd=18060000|tochoku.stream=true|tochoku.usage.quality=exact" },
	{ "Kong without ai-proxy", "kong-file-log", KONG("", ""), 0,
	  "tochoku.ttfb=396000000|gen_ai.usage.input_tokens?|tochoku.usage.quality?|"
	  "gen_ai.provider.name=anthropic|tochoku.stream=false|tochoku.cost.reported_pico_usd?" },
	{ "what Anthropic's cache gave beside the input", "kong-file-log", KONG("",
	  ",\"ai\":{\"ai-proxy\":" KONG_USAGE("anthropic", "1", "17", "18",
	  ",\"prompt_tokens_details\":{\"cached_tokens\":1000}") "}"), 0,
	  "gen_ai.usage.input_tokens=1001|gen_ai.usage.cache_read.input_tokens=1000" },
	{ "more cached than asked", "kong-file-log", KONG("",
	  ",\"ai\":{\"proxy\":" KONG_USAGE("azure", "10", "17", "27",
	  ",\"prompt_tokens_details\":{\"cached_tokens\":12}") "}"), 0,
	  "gen_ai.usage.input_tokens=10|gen_ai.usage.cache_read.input_tokens=10|"
	  "gen_ai.provider.name=azure.ai.openai" },
	{ "reasoning beside the output", "kong-file-log", KONG("",
	  ",\"ai\":{\"proxy\":" KONG_USAGE("xai", "204", "1", "287",
	  ",\"completion_tokens_details\":{\"reasoning_tokens\":82}") "}"), 0,
	  "gen_ai.usage.output_tokens=83|gen_ai.usage.reasoning.output_tokens=82|gen_ai.provider.name=x_ai" },
	{ "a total that nothing explains", "kong-file-log", KONG("",
	  ",\"ai\":{\"proxy\":" KONG_USAGE("xai", "204", "1", "300",
	  ",\"completion_tokens_details\":{\"reasoning_tokens\":82}") "}"), 0,
	  "gen_ai.usage.output_tokens=1" },
	{ "answered from Kong's cache", "kong-file-log", KONG("",
	  ",\"ai\":{\"proxy\":{\"cache\":{\"cache_status\":\"Hit\"}}}"), 0,
	  "tochoku.usage.details=from_cache=1" },
	{ "a cache that missed", "kong-file-log", KONG("",
	  ",\"ai\":{\"proxy\":{\"cache\":{\"cache_status\":\"Miss\"}}}"), 0, "tochoku.usage.details?" },

	{ "Envoy AI Gateway", "envoy-ai-gateway", ENVOY(",\"gen_ai.provider.name\":\"google\","
	  "\"gen_ai.request.model\":\"gemini-2.5-flash\",\"gen_ai.response.model\":null,"
	  "\"gen_ai.usage.input_tokens\":4642,\"gen_ai.usage.output_tokens\":62,"
	  "\"gen_ai.usage.cached_input_tokens\":100,\"path\":\"/rewritten\",\"protocol\":\"HTTP/1.1\","
	  "\"x-envoy-origin-path\":\"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse\","
	  "\"x-request-id\":\"r1\",\"requested_server_name\":null,\"user-agent\":\"-\""), 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=400000000|tochoku.ttfb=90000000|"
	  "source.ip=10.20.0.20|tochoku.peer.ip=127.0.0.1|url.domain=gw.example|"
	  "url.path=/v1beta/models/gemini-2.5-flash:streamGenerateContent|url.query=alt=sse|"
	  "gen_ai.provider.name=gcp.gemini|gen_ai.request.model=gemini-2.5-flash|gen_ai.response.model?|"
	  "gen_ai.usage.input_tokens=4642|gen_ai.usage.output_tokens=62|http.request.id=r1|"
	  "gen_ai.usage.cache_read.input_tokens=100|user_agent.original!|tls.client.server_name?" },
	{ "Envoy's first names of tokens", "envoy-ai-gateway",
	  ENVOY(",\"llm_input_token\":\"5\",\"llm_output_token\":\"6\",\"path\":\"/v1/messages\""), 0,
	  "gen_ai.usage.input_tokens=5|gen_ai.usage.output_tokens=6|url.path=/v1/messages" },

	{ "LiteLLM", "litellm-spendlogs", LITELLM(",\"api_key\":\"sk-EXAMPLE01\",\"user\":\"\","
	  "\"end_user\":\"tanaka\",\"team_id\":\"t1\",\"cache_hit\":\"None\",\"spend\":0.000225,"
	  "\"completionStartTime\":\"2025-01-24 09:20:47.847371\",\"status\":\"success\","
	  "\"model_group\":\"hospital\",\"requester_ip_address\":\"10.20.0.20\","
	  "\"api_base\":\"https://api.openai.com/v1\",\"messages\":\"{}\","
	  "\"metadata\":\"{\\\"user_api_key_team_alias\\\": \\\"薬剤\\\\\\\"部\\\", \\\"usage_object\\\": "
	  "{\\\"prompt_tokens_details\\\": {\\\"cached_tokens\\\": 4}}}\""), 0,
	  "@timestamp=2025-01-24T09:20:46.847371Z|event.duration=2000000000|tochoku.ttfb=1000000000|"
	  "source.ip=10.20.0.20|user.name=tanaka|tochoku.department=薬剤\"部|url.domain=api.openai.com|"
	  "tochoku.key.id=" AUTH_DIGITS "|http.response.status_code=200|http.request.id=chatcmpl-1|"
	  "gen_ai.operation.name=chat|gen_ai.provider.name=aws.bedrock|gen_ai.request.model=hospital|"
	  "gen_ai.response.model=gpt-4o|gen_ai.usage.input_tokens=10|gen_ai.usage.output_tokens=20|"
	  "gen_ai.usage.cache_read.input_tokens=4|tochoku.cost.reported_pico_usd=225000000|"
	  "tochoku.usage.details?" },
	{ "LiteLLM's failure", "litellm-spendlogs", LITELLM(",\"status\":\"failure\",\"cache_hit\":\"True\","
	  "\"metadata\":{\"error_information\":{\"error_code\":\"429\"}}"), 0,
	  "http.response.status_code=429|tochoku.usage.details=from_cache=1|gen_ai.response.model?" },
	{ "a failure without its code", "litellm-spendlogs", LITELLM(",\"status\":\"failure\""), 0,
	  "http.response.status_code?" },
	{ "LiteLLM's logging payload", "litellm-spendlogs",
	  "{\"id\":\"c1\",\"call_type\":\"aembedding\",\"custom_llm_provider\":\"openai\",\"stream\":false,"
	  "\"startTime\":1737710446.5,\"endTime\":1737710447.5,\"prompt_tokens\":3,\"model\":\"e\","
	  "\"response_cost\":1e-06,\"metadata\":{\"user_api_key_user_id\":\"sato\"}}", 0,
	  "@timestamp=2025-01-24T09:20:46.500Z|event.duration=1000000000|gen_ai.operation.name=embeddings|"
	  "user.name=sato|tochoku.cost.reported_pico_usd=1000000|tochoku.stream=false|http.request.id=c1" },
	{ "metadata that is no JSON", "litellm-spendlogs", LITELLM(",\"metadata\":\"{\\\"usage_object\\\":"
	  "{\\\"cache_read_input_tokens\\\":5}\""), 0,
	  "gen_ai.usage.input_tokens=10|gen_ai.usage.cache_read.input_tokens?" },
	{ "a string within a string is not looked into", "litellm-spendlogs",
	  LITELLM(",\"metadata\":\"{\\\"usage_object\\\":\\\"{"
	  "\\\\\\\"cache_read_input_tokens\\\\\\\":5}\\\"}\""),
	  0, "gen_ai.usage.cache_read.input_tokens?" },
	{ "an answer before its request", "litellm-spendlogs",
	  LITELLM(",\"completionStartTime\":\"2025-01-24 09:20:45\""), 0, "tochoku.ttfb?" },

	{ "API Gateway", "aws-apigw", APIGW(",\"requestTimeEpoch\":1795400061823,\"path\":\"/v1/embeddings\","
	  "\"resourcePath\":\"/{proxy+}\",\"responseLatency\":\"437\",\"integrationLatency\":\"432\","
	  "\"apiKeyId\":\"sk-EXAMPLE01\",\"authorizer_principalId\":\"suzuki\""), 0,
	  "@timestamp=2026-11-23T02:14:21.823Z|event.duration=437000000|tochoku.ttfb?|source.ip=10.20.1.21|"
	  "user.name=suzuki|tochoku.key.id=" AUTH_DIGITS "|url.path=/v1/embeddings|"
	  "http.response.status_code=200|http.response.body.bytes=2211|http.request.id=r1" },
	{ "as its documentation has it", "aws-apigw", APIGW(",\"resourcePath\":\"/v1/messages\""), 0,
	  "@timestamp=2026-11-23T02:14:21Z|url.path=/v1/messages|user.name!|event.duration?" },
	{ "an HTTP API's", "aws-apigw", APIGW(",\"routeKey\":\"ANY /v1/messages\""), 0,
	  "url.path=/v1/messages|http.request.method=POST" },
	{ "its pattern", "aws-apigw", APIGW(",\"routeKey\":\"ANY /{proxy+}\""), 0, "url.path?" },
	{ "a path before a pattern", "aws-apigw", APIGW(",\"routeKey\":\"GET /x\",\"path\":\"/v1/y\""), 0,
	  "url.path=/v1/y" },
	{ "a caller", "aws-apigw", "{\"requestId\":\"r\",\"requestTime\":\"23/Nov/2026:02:14:21 +0000\","
	  "\"httpMethod\":"
	  "\"GET\",\"status\":200,\"caller\":\"AIDA\",\"user\":\"-\"}", 0, "user.name=AIDA" },
	{ "a pattern is no path", "aws-apigw", APIGW(",\"resourcePath\":\"/{proxy+}\""), 0, "url.path?" },

	{ "Cloudflare", "cloudflare-ai-gateway", CLOUDFLARE(",\"path\":\"v1beta/models/g:generateContent\","
	  "\"duration\":400,\"status_code\":200,\"response_content_type\":\"application/json\","
	  "\"cached\":false,\"cost\":0.01254705,\"metadata\":{\"user\":\"yamada.t\",\"dept\":\"薬剤部\"}"), 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=400000000|source.ip?|user.name=yamada.t|"
	  "tochoku.department=薬剤部|url.path=/v1beta/models/g:generateContent|http.request.method?|"
	  "http.response.status_code=200|http.request.id=01A|gen_ai.provider.name=gcp.gemini|"
	  "gen_ai.request.model=gemini-3.5-flash|gen_ai.response.model?|gen_ai.usage.input_tokens=568|"
	  "gen_ai.usage.output_tokens=1332|tochoku.cost.reported_pico_usd=12547050000|"
	  "tochoku.stream=false|tochoku.usage.details?" },
	{ "metadata as text, an answer from the cache", "cloudflare-ai-gateway",
	  CLOUDFLARE(",\"path\":\"/x\",\"cached\":true,\"cost\":0,\"metadata\":\"{\\\"user\\\":\\\"a\\\"}\""),
	  0, "user.name=a|url.path=/x|tochoku.usage.details=from_cache=1|tochoku.cost.reported_pico_usd=0" },
	{ "Cloudflare's Logpush", "cloudflare-ai-gateway",
	  "{\"Cached\":false,\"Endpoint\":\"chat/completions\",\"Gateway\":\"g\",\"Metadata\":{},"
	  "\"Metrics\":{\"cost\":0.0042,\"durationMs\":1234},\"Model\":\"gpt-5\",\"Provider\":\"openai\","
	  "\"RequestedModel\":\"cloudflare/auto\",\"StatusCode\":200,\"Timestamp\":1795400000123000000}", 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=1234000000|"
	  "gen_ai.request.model=cloudflare/auto|"
	  "gen_ai.response.model=gpt-5|tochoku.cost.reported_pico_usd=4200000000|"
	  "url.path=/chat/completions" },

	{ "API Management's request", "azure-apim", APIM("GatewayLogs", ",\"CallerIpAddress\":\"10.20.0.20\","
	  "\"Method\":\"POST\",\"Url\":\"https://apim.example/v1/responses?key=x\",\"ResponseCode\":200,"
	  "\"TotalTime\":400,\"BackendTime\":391,\"RequestSize\":812,\"ResponseSize\":2211,"
	  "\"ApimSubscriptionId\":\"sk-EXAMPLE01\",\"UserId\":\"yamada\""), 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=400000000|source.ip=10.20.0.20|"
	  "user.name=yamada|tochoku.key.id=" AUTH_DIGITS "|url.domain=apim.example|url.path=/v1/responses|"
	  "url.query=key=***|http.request.id=c1|gen_ai.usage.input_tokens?|http.response.status_code=200" },
	{ "API Management's tokens", "azure-apim", APIM("GatewayLlmLogs", ","
	  "\"ModelName\":\"gpt-5-2025-08-07\","
	  "\"DeploymentName\":\"gpt-5\",\"PromptTokens\":8,\"CompletionTokens\":70,\"TotalTokens\":78,"
	  "\"IsStreamCompletion\":true,\"SequenceNumber\":0"), 0,
	  "http.request.id=c1|gen_ai.request.model=gpt-5|gen_ai.response.model=gpt-5-2025-08-07|"
	  "gen_ai.usage.input_tokens=8|gen_ai.usage.output_tokens=70|tochoku.stream=true|url.query?" },
	{ "tokens of a message in several rows count once", "azure-apim",
	  APIM("GatewayLlmLogs", ",\"PromptTokens\":8,\"CompletionTokens\":70,\"SequenceNumber\":1"),
	  REJECT_OTHER, "" },
	{ "a diagnostic record", "azure-apim",
	  "{\"time\":\"2026-11-23T02:13:20.123\",\"category\":\"GatewayLogs\",\"correlationId\":\"c1\","
	  "\"callerIpAddress\":\"10.20.0.20\",\"durationMs\":400,\"properties\":{\"method\":\"POST\","
	  "\"url\":\"https://apim.example/v1/responses\",\"responseCode\":200,\"userId\":\"u\"}}", 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=400000000|source.ip=10.20.0.20|user.name=u|"
	  "url.path=/v1/responses|http.response.status_code=200" },

	{ "a span", "otel-genai-spans", SPAN(",\"gen_ai.provider.name\":\"aws.bedrock\","
	  "\"gen_ai.response.model\":null,\"gen_ai.usage.input_tokens\":7,\"gen_ai.usage.output_tokens\":99,"
	  "\"gen_ai.usage.cache_read.input_tokens\":2,\"gen_ai.usage.cache_creation.input_tokens\":3,"
	  "\"server.address\":\"api.example\",\"enduser.id\":\"suzuki\","
	  "\"http.response.status_code\":200"), 0,
	  "@timestamp=2026-11-23T02:14:21.823Z|event.duration=437000000|user.name=suzuki|http.request.id=t1|"
	  "url.domain=api.example|gen_ai.provider.name=aws.bedrock|gen_ai.request.model=gpt|"
	  "gen_ai.response.model?|gen_ai.usage.input_tokens=7|gen_ai.usage.output_tokens=99|"
	  "gen_ai.usage.cache_read.input_tokens=2|gen_ai.usage.cache_creation.input_tokens=3|"
	  "http.response.status_code=200|gen_ai.operation.name=chat|url.query?" },
	{ "a span of Python's exporter", "otel-genai-spans",
	  "{\"name\":\"chat\",\"context\":{\"trace_id\":\"0xt1\"},\"kind\":\"SpanKind.CLIENT\","
	  "\"start_time\":\"2026-11-23T02:14:21.500000Z\",\"end_time\":\"2026-11-23T02:14:22.000000Z\","
	  "\"attributes\":{\"gen_ai.operation.name\":\"chat\",\"gen_ai.system\":\"openai\","
	  "\"error.type\":\"429\"}}", 0,
	  "event.duration=500000000|gen_ai.provider.name=openai|http.response.status_code=429|"
	  "http.request.id=0xt1" },
	{ "a span of OTLP", "otel-genai-spans",
	  "{\"traceId\":\"t1\",\"spanId\":\"s1\",\"name\":\"chat\",\"kind\":3,"
	  "\"startTimeUnixNano\":\"1795400061823000000\",\"endTimeUnixNano\":\"1795400062260000000\","
	  "\"attributes\":[{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":\"chat\"}},"
	  "{\"key\":\"gen_ai.request.model\",\"value\":{\"stringValue\":\"g\\u0070t\"}},"
	  "{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"47\"}},"
	  "{\"key\":\"gen_ai.request.stream\",\"value\":{\"boolValue\":true}},"
	  "{\"key\":\"gen_ai.server.time_to_first_token\",\"value\":{\"doubleValue\":0.25}},"
	  "{\"key\":\"gen_ai.response.finish_reasons\",\"value\":{\"arrayValue\":{\"values\":[]}}},"
	  "{\"value\":{\"intValue\":1}}]}", 0,
	  "@timestamp=2026-11-23T02:14:21.823Z|event.duration=437000000|gen_ai.request.model=gpt|"
	  "gen_ai.usage.input_tokens=47|tochoku.stream=true|tochoku.ttfb=250000000|http.request.id=t1" },
	{ "a tool that was run", "otel-genai-spans",
	  "{\"trace_id\":\"t\",\"start_time\":\"2026-11-23T02:14:21Z\",\"attributes\":{"
	  "\"gen_ai.operation.name\":\"execute_tool\",\"gen_ai.request.model\":\"g\"}}", REJECT_OTHER, "" },
	{ "an agent within the program", "otel-genai-spans",
	  "{\"trace_id\":\"t\",\"kind\":\"INTERNAL\",\"start_time\":\"2026-11-23T02:14:21Z\",\"attributes\":{"
	  "\"gen_ai.operation.name\":\"invoke_agent\",\"gen_ai.usage.input_tokens\":1}}", REJECT_OTHER, "" },
	{ "an agent that is a service", "otel-genai-spans",
	  "{\"trace_id\":\"t\",\"kind\":\"CLIENT\",\"start_time\":\"2026-11-23T02:14:21Z\",\"attributes\":{"
	  "\"gen_ai.operation.name\":\"invoke_agent\",\"gen_ai.usage.input_tokens\":1}}", 0,
	  "gen_ai.usage.input_tokens=1" },
	{ "another span", "otel-genai-spans",
	  "{\"trace_id\":\"t\",\"start_time\":\"2026-11-23T02:14:21Z\",\"attributes\":{"
	  "\"http.request.method\":\"GET\",\"http.response.status_code\":200}}", REJECT_OTHER, "" },
	{ "a span without a time", "otel-genai-spans",
	  "{\"trace_id\":\"t\",\"attributes\":{\"gen_ai.operation.name\":\"chat\"}}", REJECT_TIME, "" },

	{ "APISIX", "apisix-ai", APISIX("\"ai_stream\" \"120\" \"gpt\" \"gpt-4\" \"23\" \"8\"", ""), 0,
	  "@timestamp=2025-03-21T04:28:00.142Z|event.duration=2858000000|tochoku.ttfb=120000000|"
	  "source.ip=10.0.0.9|user.name=tanaka|url.domain=gw.example|url.path=/anything|"
	  "user_agent.original=curl \"q\"|http.request.id=5c5e|gen_ai.request.model=gpt|"
	  "gen_ai.response.model=gpt-4|gen_ai.usage.input_tokens=23|gen_ai.usage.output_tokens=8|"
	  "tochoku.stream=true|http.response.body.bytes=804" },
	{ "APISIX's other requests", "apisix-ai", APISIX("\"traditional_http\" \"0\" \"\" \"\" \"0\" "
	  "\"0\"", ""), 0,
	  "gen_ai.usage.input_tokens?|tochoku.ttfb?|gen_ai.response.model?|tochoku.stream?" },
	{ "APISIX and more", "apisix-ai", APISIX("\"ai_chat\" \"0\" \"\" \"\" \"0\" \"0\"", " \"x\""),
	  REJECT_MALFORMED, "" },
	{ "nothing", "apisix-ai", "", REJECT_MALFORMED, "" },
	{ "an address alone", "apisix-ai", "10.0.0.9 - [", REJECT_MALFORMED, "" },
	{ "APISIX cut off", "apisix-ai", APISIX("\"ai_chat\" \"0\" \"\" \"\" \"0", ""), REJECT_MALFORMED,
	"" },

	{ "APISIX's loggers", "apisix-file-logger",
	  "{\"route_id\":\"1\",\"service_id\":\"\",\"start_time\":1795400000123,\"latency\":103.5,"
	  "\"upstream_latency\":100,\"apisix_latency\":3.5,\"client_ip\":\"127.0.0.1\","
	  "\"consumer\":{\"username\":\"jack\"},\"request\":{\"method\":\"POST\","
	  "\"uri\":\"/v1/messages?a=1\","
	  "\"url\":\"http://127.0.0.1:9080/v1/messages\",\"size\":86,\"headers\":{\"host\":\"gw.example\"}},"
	  "\"response\":{\"status\":200,\"size\":118,\"headers\":{\"content-type\":\"text/plain\"}},"
	  "\"llm_summary\":{\"model\":\"m\",\"prompt_tokens\":3,\"completion_tokens\":4}}", 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|event.duration=103500000|user.name=jack|url.query=a=1|"
	  "url.domain=gw.example|gen_ai.usage.input_tokens=3|gen_ai.usage.output_tokens=4" },
};

static int parse(const struct log_format *f, struct slice line, struct parse_cache *cache)
{
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .cache = cache,
				     .trusted_proxies = trusted, .n_trusted_proxies = COUNT(trusted),
				     .scratch = &scratch };

	return log_format_parse(f, line, &ctx, &fe);
}

static void one_case(size_t i, struct parse_cache *cache)
{
	const struct log_format *f = log_format_by_name(slice_str(cases[i].format));
	struct slice line = slice_str(cases[i].line);
	uint8_t *copy = malloc(line.n + 1); /* of exact length, so that a sanitizer sees a byte too far */

	memcpy(copy, line.p, line.n);
	ok_int(parse(f, slice_of(copy, line.n), cache), cases[i].reject, cases[i].name);
	check_wants(&fe.ev, cases[i].want);
	free(copy);
}

/* The first line of each format is of it and of no other; an unfinished one is of none. */
static void detection(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].format;
		struct slice line = slice_str(cases[i].line);

		if (i > 0 && strcmp(cases[i - 1].format, name) == 0)
			continue;
		for (size_t k = 0; log_format_at(k) != NULL; k++) {
			const struct log_format *f = log_format_at(k);
			bool own = strcmp(f->name, name) == 0;

			if (!ok((f->detect(line) > 0) == own, f->name))
				printf("#   asked about a line of %s\n", name);
		}
		ok(log_format_detect(line) == log_format_by_name(slice_str(name)), name);
		ok(log_format_detect(slice_head(line, line.n - 1)) == NULL, "  not what is cut off");
	}
}

struct seen {
	unsigned n, rejects, empty;
};

static int see(void *arg, struct slice text)
{
	struct seen *s = arg;

	s->n++;
	s->empty += text.n == 0;
	s->rejects += parse(log_format_by_name(SLICE("otel-genai-spans")), text, NULL) != 0;
	return 0;
}

#define OTLP_SPAN(op)                                                                   \
	"{\"traceId\":\"t\",\"startTimeUnixNano\":\"1795400061823000000\",\"attributes\":[" \
	"{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":\"" op "\"}}]}"

#define RECORD "{\"time\":\"2026-11-23T02:13:20Z\",\"category\":\"GatewayLogs\",\"correlationId\":\"c\"}"

/* What log_line_events makes of a line: parts, those of them that are no call, those that are empty. */
static void events_of(const char *format, struct slice line, unsigned n, unsigned rejects, const char *name)
{
	struct seen s = { 0 };

	log_line_events(log_format_by_name(slice_str(format)), line, see, &s);
	ok_int(s.n, n, name);
	ok_int(s.rejects, rejects, "  of no call");
}

static void several(void)
{
	static const char otlp[] =
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[]},\"scopeSpans\":[{\"scope\":{},"
		"\"spans\":["
		OTLP_SPAN("chat") "," OTLP_SPAN("execute_tool") "]},{\"spans\":[" OTLP_SPAN("embeddings")
		"]}]},{\"scopeSpans\":[{\"spans\":[" OTLP_SPAN("chat") ",{},7]}]}]}";
	static char many[LINE_EVENTS_MAX * 3 + 200];
	size_t n;

	events_of("otel-genai-spans", SLICE(otlp), 6, 3, "spans in a line");
	ok(log_format_detect(SLICE(otlp)) == log_format_by_name(SLICE("otel-genai-spans")), "  detected");
	events_of("otel-genai-spans", slice_of((const uint8_t *)otlp, sizeof otlp - 2), 1, 1,
		  "a line that is cut off is one");
	events_of("otel-genai-spans", SLICE("{\"resourceSpans\":[]}"), 0, 0, "none in a line");
	n = (size_t)snprintf(many, sizeof many, "<13>1 2026-11-23T02:24:36Z gw otel - - - %s", otlp);
	events_of("otel-genai-spans", slice_of((const uint8_t *)many, n), 6, 3, "spans in a frame of syslog");
	n = (size_t)snprintf(many, sizeof many, "2026-11-23T02:24:36.650123Z stdout F %s", otlp);
	events_of("otel-genai-spans", slice_of((const uint8_t *)many, n), 6, 3, "in one of CRI");
	n = (size_t)snprintf(many, sizeof many, "{\"log\":\"");
	for (size_t i = 0; otlp[i] != 0; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, otlp[i] == '"' ? "\\%c" : "%c", otlp[i]);
	n += (size_t)snprintf(many + n, sizeof many - n,
			      "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T02:24:36Z\"}");
	events_of("otel-genai-spans", slice_of((const uint8_t *)many, n), 6, 3, "in one of Docker");
	events_of("otel-genai-spans", slice_of((const uint8_t *)many, n - 1), 1, 1,
		  "one that is cut off is one");
	events_of("otel-genai-spans", SLICE(SPAN("")), 1, 0, "a span alone");
	events_of("azure-apim", SLICE("{\"records\":[" APIM("GatewayLogs", "") "," APIM("x", "") "]}"), 2, 2,
		  "records in a line");
	ok(log_format_detect(SLICE("{\"records\":[" RECORD "]}")) ==
	   log_format_by_name(SLICE("azure-apim")), "  detected");
	n = (size_t)snprintf(many, sizeof many, "{\"resourceSpans\":{\"scopeSpans\":{\"spans\":[{}");
	for (int i = 0; i < LINE_EVENTS_MAX + 20; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, ",{}");
	n += (size_t)snprintf(many + n, sizeof many - n, "]}}}");
	events_of("otel-genai-spans", slice_of((const uint8_t *)many, n), LINE_EVENTS_MAX + 1,
		  LINE_EVENTS_MAX + 1, "no more than are bearable, the rest is one");
}

/* want: an error's text, or what the line comes to. */
static const struct { const char *fields, *line, *want; } named[] = {
	{ "json:time=when,client=net.ip,client=net.peer,status=res.code,target=req.url,duration_us=res.us,"
	  "input_tokens=u.in,cost_usd=u.usd,key=who.key,tls_version=tls",
	  "{\"when\":\"2026-11-23T02:14:21Z\",\"net\":{\"ip\":\"-\",\"peer\":\"10.0.0.3\"},\"tls\":771,"
	  "\"res\":{\"code\":\"201\",\"us\":1500},\"req\":{\"url\":\"/v1/messages\"},"
	  "\"u\":{\"in\":12,\"usd\":\"0.5\"},\"who\":{\"key\":\"sk-EXAMPLE01\"}}",
	  "@timestamp=2026-11-23T02:14:20.998500Z|event.duration=1500000|source.ip=10.0.0.3|"
	  "http.response.status_code=201|url.path=/v1/messages|gen_ai.usage.input_tokens=12|"
	  "tochoku.cost.reported_pico_usd=500000000000|tls.version=1.2|tochoku.key.id=" AUTH_DIGITS },
	{ "json:time=a,status=list.1.code", "{\"a\":1795400061,\"list\":[{\"code\":500},{\"code\":204}]}",
	  "http.response.status_code=204" },
	{ "json:time=a,status=list.code", "{\"a\":1795400061,\"list\":[{\"code\":500},{\"code\":204}]}",
	  "http.response.status_code=204" },
	{ "json:time=a.b.c,status=s", "{\"a\":{\"b.c\":1795400061},\"s\":200}",
	"@timestamp=2026-11-23T02:14:21Z" },
	{ "json:time=a,user=User,status=s", "{\"a\":1795400061,\"user\":\"x\",\"s\":200}", "user.name?" },
	{ "json:time=a,client=b,client=c,status=s",
	  "{\"a\":1795400061,\"b\":\"10.0.0.1\",\"c\":\"10.0.0.2\",\"s\":200}", "source.ip=10.0.0.1" },
	{ "json:time=a,status=code-x", "{\"a\":1795400061,\"code-x\":204,\"code\":{\"x\":500}}",
	  "http.response.status_code=204" },
	{ "json:time=a,target=t", "{\"a\":1795400061,\"t\":\"*\"}", "url.path=*" },
	{ "json:time=t,status=s", "{\"t\":\"2025-01-24 09:20:46.847371\",\"s\":200}",
	  "@timestamp=2025-01-24T00:20:46.847371Z" },
	{ "json:time=a,cleint=b", NULL, "a field says nothing that is named \"cleint\" (did you mean "
	  "\"client\"?)" },
	{ "json:time=,status=b", NULL, "field \"time\" needs the path of a member, of 1 to 255 bytes" },
	{ "json:client=a", NULL, "fields need \"time\" or \"start_time\"" },
	{ "json:time=a,client=b", NULL, "fields need one of \"target\", \"request_line\", \"method\", "
	  "\"status\", "
	  "\"model\" and \"operation\"" },
	{ "json", NULL, "fields need \"time\" or \"start_time\"" },
};

/* A time without a zone is the site's in one format and UTC in another, whatever was read before it. */
static void one_cache(struct parse_cache *cache)
{
	const struct log_format *f = log_format_open(SLICE("json:time=t,status=s"), NULL);

	ok_int(parse(f, SLICE("{\"t\":\"2025-01-24 09:20:46.847371\",\"s\":200}"), cache), 0, "a local time");
	check_wants(&fe.ev, "@timestamp=2025-01-24T00:20:46.847371Z");
	parse(log_format_by_name(SLICE("litellm-spendlogs")), SLICE(LITELLM("")), cache);
	check_wants(&fe.ev, "@timestamp=2025-01-24T09:20:46.847371Z");
	log_format_close(f);
}

static void fields_of_the_site(void)
{
	for (size_t i = 0; i < COUNT(named); i++) {
		struct err e = { 0 };
		const struct log_format *f = log_format_open(slice_str(named[i].fields), &e);

		if (named[i].line == NULL) {
			ok(f == NULL, named[i].fields);
			ok_str(e.text, named[i].want, "  says why");
		} else if (ok(f != NULL, named[i].fields)) {
			ok_int(parse(f, slice_str(named[i].line), NULL), 0, "  reads its line");
			check_wants(&fe.ev, named[i].want);
			ok(log_format_fits_sample(f, slice_str(named[i].line)), "  and knows it");
			ok(!log_format_fits_sample(f, SLICE("{\"s\":200}")), "  and no other");
		}
		log_format_close(f);
	}
}

int main(void)
{
	struct parse_cache *cache = parse_cache_new();
	bool host_bits;
	struct err e;

	if (zone_use("Asia/Tokyo", &e) != TK_OK || !cidr_parse(SLICE("127.0.0.0/8"), &trusted[0], &host_bits))
		return 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		one_case(i, NULL);
		one_case(i, cache);
	}
	one_cache(cache);
	parse_cache_free(cache);
	detection();
	several();
	fields_of_the_site();
	return tap_done();
}
