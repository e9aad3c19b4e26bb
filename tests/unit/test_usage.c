/* What a call used, from its two bodies: each case whole, byte by byte and in random pieces; and cut
 * anywhere, it never says more than the whole does. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/llm/usage.h"
#include "tests/lib/tap.h"

#define CHAT "/v1/chat/completions"
#define OPENAI "api.openai.com"
#define EVENTS "text/event-stream"
#define JSON "application/json"

struct test_case {
	const char *name, *host, *path, *media, *request, *response;
	/* "request model>response model#id input+output cached/written/reasoning quality stream", then the
	 * rest */
	const char *want;
};

/* The bodies have ' where JSON has ". */
static const struct test_case cases[] = {
	{ "nothing", OPENAI, CHAT, "", "", "", ">#-1+-1 -1/-1/-1 none -1" },
	{ "chat", OPENAI, CHAT, JSON,
	  "{'messages':[{'content':'\\'model\\':'}],'model':'m','user':'u1'}",
	  "{'id':'c1','model':'m-1','service_tier':'flex','usage':{'prompt_tokens':10,"
	  "'completion_tokens':5,'total_tokens':15,'prompt_tokens_details':{'cached_tokens':4,"
	  "'cache_write_tokens':2},'completion_tokens_details':{'reasoning_tokens':3}}}",
	  "m>m-1#c1 10+5 4/2/3 exact 0 tier flex user u1" },
	{ "no usage", OPENAI, CHAT, JSON, "{}", "{'id':'c1','choices':[]}",
	  ">#c1 -1+-1 -1/-1/-1 none 0" },
	{ "usage is null", OPENAI, CHAT, JSON, "", "{'usage':null}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "an empty block", OPENAI, CHAT, JSON, "", "{'usage':{}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "zeros are zeros", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':0,'completion_tokens':0}}", ">#0+0 -1/-1/-1 exact 0" },
	{ "input only", OPENAI, CHAT, JSON, "", "{'usage':{'prompt_tokens':3}}",
	  ">#3+-1 -1/-1/-1 partial 0" },
	{ "the total says the rest", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':3,'total_tokens':9}}", ">#3+6 -1/-1/-1 exact 0" },
	{ "the total alone says nothing", OPENAI, CHAT, JSON, "", "{'usage':{'total_tokens':9}}",
	  ">#-1+-1 -1/-1/-1 partial 0" },
	{ "negative and absurd numbers", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':-3,'completion_tokens':99999999999999,'prompt_tokens':1.5,"
	  "'input_tokens':'7'}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "numbers with a fraction of zero", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':3.0,'completion_tokens':1e1}}", ">#3+10 -1/-1/-1 exact 0" },
	{ "twice: the last", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':1,'completion_tokens':1,'prompt_tokens':2}}",
	  ">#2+1 -1/-1/-1 exact 0" },
	{ "cached more than sent", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':5,'completion_tokens':2,'prompt_tokens_details':{"
	  "'cached_tokens':9,'cache_write_tokens':3},'completion_tokens_details':{"
	  "'reasoning_tokens':7}}}", ">#5+2 5/0/2 exact 0" },
	{ "reasoning outside of the output", "api.x.ai", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':20,'completion_tokens':1,'total_tokens':29,"
	  "'completion_tokens_details':{'reasoning_tokens':8}}}", ">#20+9 -1/-1/8 exact 0" },
	{ "audio outside of the input", "api.mistral.ai", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':2,'total_tokens':45,'completion_tokens':3,"
	  "'prompt_tokens_details':{'audio_tokens':40}}}", ">#42+3 -1/-1/-1 exact 0" },
	{ "audio inside of it", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':50,'total_tokens':53,'completion_tokens':3,"
	  "'prompt_tokens_details':{'audio_tokens':40}}}", ">#50+3 -1/-1/-1 exact 0" },
	{ "thinking that only the total knows", "generativelanguage.googleapis.com",
	  "/v1beta/openai/chat/completions", JSON, "",
	  "{'usage':{'completion_tokens':6,'prompt_tokens':60,'total_tokens':90}}",
	  ">#60+30 -1/-1/24 exact 0" },
	{ "a total that is too small", OPENAI, CHAT, JSON, "",
	  "{'usage':{'completion_tokens':6,'prompt_tokens':60,'total_tokens':9}}",
	  ">#60+6 -1/-1/-1 exact 0" },
	{ "cache hits beside the details", "api.deepseek.com", "/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'prompt_cache_hit_tokens':8,"
	  "'prompt_cache_miss_tokens':1}}", ">#9+1 8/-1/-1 exact 0" },
	{ "cost as a number", "openrouter.ai", "/api/v1/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'cost':0.00333825}}",
	  ">#9+1 -1/-1/-1 exact 0 cost 3338250000" },
	{ "cost as an object", "api.perplexity.ai", "/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'cost':{'request_cost':0.005,"
	  "'total_cost':0.0051}}}", ">#9+1 -1/-1/-1 exact 0 cost 5100000000" },
	{ "cost in ticks", "api.x.ai", CHAT, JSON, "", "{'usage':{'cost_in_usd_ticks':12}}",
	  ">#-1+-1 -1/-1/-1 partial 0 cost 1200" },
	{ "embeddings", OPENAI, "/v1/embeddings", JSON, "{'input':['a'],'model':'e'}",
	  "{'data':[{'embedding':[0.1,-2e-3]}],'model':'e-1','usage':{'prompt_tokens':7,"
	  "'total_tokens':7}}", "e>e-1#7+0 -1/-1/-1 exact 0" },
	{ "embeddings with a total alone", "api.voyageai.com", "/v1/embeddings", JSON, "",
	  "{'usage':{'total_tokens':7}}", ">#7+0 -1/-1/-1 exact 0" },
	{ "responses", OPENAI, "/v1/responses", JSON, "{'safety_identifier':'s','model':'m'}",
	  "{'id':'r','tool_usage':{'image_gen':{'input_tokens':9}},'output':[{'id':'x','model':'no'}],"
	  "'usage':{'input_tokens':8,'input_tokens_details':{'cached_tokens':1},'output_tokens':4,"
	  "'output_tokens_details':{'reasoning_tokens':2},'total_tokens':12}}",
	  "m>#r 8+4 1/-1/2 exact 0 user s" },
	{ "a response asked for later", OPENAI, "/v1/responses/resp_1", JSON, "",
	  "{'id':'resp_1','usage':{'input_tokens':8,'output_tokens':4}}",
	  ">#resp_1 8+4 -1/-1/-1 exact 0" },
	{ "a count is no use", OPENAI, "/v1/responses/input_tokens", JSON, "{'model':'m'}",
	  "{'input_tokens':8,'usage':{'input_tokens':8,'output_tokens':1}}",
	  "m>#-1+-1 -1/-1/-1 none 0" },
	{ "an error", OPENAI, CHAT, JSON, "{'model':'m'}", "{'error':{'message':'usage','code':429}}",
	  "m>#-1+-1 -1/-1/-1 none 0" },
	{ "a body that is no JSON", OPENAI, CHAT, "text/html", "--boundary\r\n",
	  "<html>{'usage':{'prompt_tokens':1}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "text that begins like an event", OPENAI, "/v1/audio/transcriptions", "text/plain", "", "dat",
	  ">#-1+-1 -1/-1/-1 none 0" },
	{ "a byte order mark", OPENAI, CHAT, JSON, "",
	  "\xef\xbb\xbf{'usage':{'prompt_tokens':1,'completion_tokens':2}}", ">#1+2 -1/-1/-1 exact 0" },
	{ "azure: the body's model", "x.openai.azure.com", "/openai/deployments/dep/chat/completions",
	  JSON, "{'model':'m'}", "{'model':'','usage':{'prompt_tokens':1,'completion_tokens':2}}",
	  "m>#1+2 -1/-1/-1 exact 0" },
	{ "behind a gateway", "llm.hospital.example", "/proxy" CHAT, JSON, "",
	  "{'system_fingerprint':'fp_ollama','usage':{'prompt_tokens':1,'completion_tokens':2}}",
	  ">#1+2 -1/-1/-1 exact 0 by ollama" },

	{ "a stream", OPENAI, CHAT, EVENTS, "{'model':'m','stream':true}",
	  "data: {'id':'','model':'','choices':[]}\n\n"
	  "data: {'id':'c','model':'m1','choices':[{'delta':{'content':'data: [DONE]'}}],"
	  "'usage':null}\n\n: comment\n\ndata: {'id':'c','model':'m1','choices':[],'usage':{"
	  "'prompt_tokens':6,'completion_tokens':7}}\n\ndata: [DONE]\n\n",
	  "m>m1#c 6+7 -1/-1/-1 exact 1" },
	{ "a stream without usage", OPENAI, CHAT, EVENTS, "",
	  "data: {'model':'m1','usage':null}\r\n\r\ndata: [DONE]\r\n\r\n",
	  ">m1#-1+-1 -1/-1/-1 none 1" },
	{ "a stream whose type nobody says", OPENAI, CHAT, "", "",
	  "event: x\ndata: {'usage':{'prompt_tokens':1,'completion_tokens':2}}\n\n",
	  ">#1+2 -1/-1/-1 exact 1" },
	{ "no stream, though its type says so", OPENAI, CHAT, EVENTS, "", "{'error':{}}",
	  ">#-1+-1 -1/-1/-1 none 0" },
	{ "usage grows: the last", "api.perplexity.ai", "/chat/completions", EVENTS, "",
	  "data: {'usage':{'prompt_tokens':6,'completion_tokens':1,'total_tokens':7}}\r\rdata: {"
	  "'usage':{'prompt_tokens':6,'completion_tokens':5,'total_tokens':11}}\r\rdata: {"
	  "'usage':null}\r\r", ">#6+5 -1/-1/-1 exact 1" },
	{ "x_groq", "api.groq.com", "/openai" CHAT, EVENTS, "",
	  "data: {'x_groq':{'id':'q'}}\n\n"
	  "data: {'id':'c','x_groq':{'id':'q','usage':{'prompt_tokens':6,'completion_tokens':1}}}\n\n",
	  ">#c 6+1 -1/-1/-1 exact 1" },
	{ "an error in a stream, then usage", "openrouter.ai", "/api/v1/chat/completions", EVENTS, "",
	  "data: {'error':{'code':502}}\n\ndata: {oops\n\n"
	  "data: {'usage':{'prompt_tokens':6,'completion_tokens':1}}\n\n", ">#6+1 -1/-1/-1 exact 1" },
	{ "responses streamed", OPENAI, "/v1/responses", EVENTS, "",
	  "event: response.created\ndata: {'type':'response.created','response':{'id':'r','model':'m1',"
	  "'usage':null}}\n\nevent: response.incomplete\n"
	  "data: {'type':'response.incomplete','response':{'id':'r','model':'m1','usage':{"
	  "'input_tokens':8,'output_tokens':4}}}\n\n", ">m1#r 8+4 -1/-1/-1 exact 1" },

	{ "anthropic", "api.anthropic.com", "/v1/messages", JSON,
	  "{'model':'m','metadata':{'user_id':'u'}}",
	  "{'id':'a','model':'m1','usage':{'input_tokens':3,'cache_creation_input_tokens':5,"
	  "'cache_read_input_tokens':7,'output_tokens':9,'output_tokens_details':{"
	  "'thinking_tokens':4}}}", "m>m1#a 15+9 7/5/4 exact 0 user u" },
	{ "anthropic streamed", "api.anthropic.com", "/v1/messages", EVENTS, "",
	  "event: message_start\ndata: {'type':'message_start','message':{'id':'a','model':'m1',"
	  "'usage':{'input_tokens':3,'cache_read_input_tokens':7,'output_tokens':2}}}\n\n"
	  "data: {'type':'message_delta','usage':{'output_tokens':90}}\n\n",
	  ">m1#a 10+90 7/-1/-1 exact 1" },
	{ "anthropic without its last usage", "api.anthropic.com", "/v1/messages", EVENTS, "",
	  "data: {'message':{'usage':{'input_tokens':3,'output_tokens':2}}}\n\n",
	  ">#3+2 -1/-1/-1 partial 1" },
	{ "anthropic in several passes", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'input_tokens':3,'output_tokens':2,'iterations':[{'input_tokens':100,"
	  "'output_tokens':10},{'input_tokens':3,'cache_read_input_tokens':50,'output_tokens':2}]}}",
	  ">#153+12 50/-1/-1 exact 0" },
	{ "anthropic counts", "api.anthropic.com", "/v1/messages/count_tokens", JSON, "",
	  "{'input_tokens':3}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "gemini", "generativelanguage.googleapis.com", "/v1beta/models/g:generateContent", JSON,
	  "{'model':'models/g'}",
	  "{'responseId':'i','modelVersion':'g1','usageMetadata':{'promptTokenCount':10,"
	  "'candidatesTokenCount':2,'thoughtsTokenCount':5,'toolUsePromptTokenCount':3,"
	  "'cachedContentTokenCount':4}}", ">g1#i 13+7 4/-1/5 exact 0" },
	{ "gemini leaves zeros out", "generativelanguage.googleapis.com",
	  "/v1beta/models/g:embedContent", JSON, "", "{'usageMetadata':{'promptTokenCount':10}}",
	  ">#10+0 -1/-1/-1 exact 0" },
	{ "gemini as one array", "generativelanguage.googleapis.com",
	  "/v1beta/models/g:streamGenerateContent", JSON, "",
	  "[{'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':1}}\r\n,\r\n"
	  "{'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':6}}]",
	  ">#10+6 -1/-1/-1 exact 1" },
	{ "cohere bills less than it counts", "api.cohere.com", "/v2/chat", JSON, "{'model':'c'}",
	  "{'id':'i','usage':{'billed_units':{'input_tokens':7.0,'output_tokens':9},'tokens':{"
	  "'input_tokens':69,'output_tokens':12},'cached_tokens':64}}", "c>#i 7+9 -1/-1/-1 exact 0" },
	{ "cohere in lines", "api.cohere.com", "/v1/chat", "application/stream+json", "",
	  "{'event_type':'x'}\n{'response':{'response_id':'i','meta':{'billed_units':{'input_tokens':7,"
	  "'output_tokens':9}}}}\n", ">#i 7+9 -1/-1/-1 exact 1" },
	{ "cohere searches", "api.cohere.com", "/v2/rerank", JSON, "",
	  "{'meta':{'billed_units':{'search_units':1}}}", ">#0+0 -1/-1/-1 exact 0" },
	{ "ollama in lines", "gpu.hospital.example", "/api/chat", "application/x-ndjson",
	  "{'model':'l'}",
	  "{'model':'l','done':false}\n{'model':'l','done':true,'prompt_eval_count':5,"
	  "'eval_count':6}\n", "l>l#5+6 -1/-1/-1 exact 1" },
	{ "ollama had the prompt cached", "gpu.hospital.example", "/api/generate", JSON, "",
	  "{'model':'l','done':true,'eval_count':6}", ">l#-1+6 -1/-1/-1 partial 0" },
};

static void describe(const struct usage *u, struct buf *out)
{
	static const char *const quality[] = { "none", "partial", "exact" };

	buf_clear(out);
	buf_add(out, u->request_model);
	buf_byte(out, '>');
	buf_add(out, u->response_model);
	buf_byte(out, '#');
	buf_add(out, u->response_id);
	buf_fmt(out, "%s%lld+%lld %lld/%lld/%lld %s %d", u->response_id.n > 0 ? " " : "", (long long)u->input,
		(long long)u->output, (long long)u->cache_read, (long long)u->cache_write,
		  (long long)u->reasoning,
		quality[u->quality], u->stream);
	if (u->cost_reported >= 0)
		buf_fmt(out, " cost %lld", (long long)u->cost_reported);
	if (u->service_tier.n > 0)
		buf_str(out, " tier "), buf_add(out, u->service_tier);
	if (u->user.n > 0)
		buf_str(out, " user "), buf_add(out, u->user);
	if (u->provider != NULL)
		buf_fmt(out, " by %s", u->provider);
}

/* Each piece alone in memory, so that a sanitizer sees a byte too many. n 0: random pieces. */
static void feed(struct usage_reader *u, struct slice in, size_t n, void (*take)(struct usage_reader *,
  struct slice))
{
	while (in.n > 0) {
		struct slice piece = slice_head(in, n > 0 ? n : 1 + (size_t)rand() % 40);
		uint8_t *copy = malloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		take(u, slice_of(copy, piece.n));
		free(copy);
		in = slice_from(in, piece.n);
	}
}

/* ' as ". */
static struct slice quoted(const char *text, char *room)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		room[i] = text[i] == '\'' ? '"' : text[i];
	return slice_of(room, n);
}

/* The first `bytes` of the response. */
static void run(const struct test_case *c, void *memory, size_t piece, size_t bytes, struct usage *out)
{
	struct route route;
	struct usage_reader *u;
	char room[1024];

	memset(memory, 0xa5, usage_reader_size()); /* it was somebody else's */
	route_find(slice_str(c->host), slice_str(c->path), &route);
	u = usage_begin(memory, &route);
	feed(u, quoted(c->request, room), piece, usage_request);
	usage_response_head(u, 200, slice_str(c->media));
	feed(u, slice_head(quoted(c->response, room), bytes), piece, usage_response);
	usage_end(u, true, bytes >= strlen(c->response), out);
}

static void test_pieces(const struct test_case *c, void *memory, struct buf *got)
{
	static const size_t pieces[] = { 1 << 20, 1, 2, 3, 7, 16, 0, 0, 0, 0 };
	struct usage u;
	char name[128];

	for (size_t i = 0; i < COUNT(pieces); i++) {
		run(c, memory, pieces[i], SIZE_MAX, &u);
		describe(&u, got);
		snprintf(name, sizeof name, "%s, in pieces of %zu", c->name, pieces[i]);
		ok_slice(buf_slice(got), slice_str(c->want), name);
	}
}

static bool more(int64_t cut, int64_t whole)
{
	return cut > (whole < 0 ? 0 : whole);
}

static void test_cuts(const struct test_case *c, void *memory)
{
	struct usage whole, cut;
	int over = 0, exact = 0, odd = 0;
	char name[128];

	run(c, memory, 1 << 20, SIZE_MAX, &whole);
	for (size_t n = 0; n < strlen(c->response); n++) {
		run(c, memory, 1 << 20, n, &cut);
		over += more(cut.input, whole.input) || more(cut.output, whole.output) ||
			more(cut.cache_read, whole.cache_read) || more(cut.cache_write, whole.cache_write) ||
			more(cut.reasoning, whole.reasoning) || more(cut.cost_reported, whole.cost_reported);
		exact += cut.quality == USAGE_EXACT;
		odd += cut.input < -1 || cut.output < -1;
	}
	snprintf(name, sizeof name, "%s, cut anywhere: not more, not exact", c->name);
	ok(over == 0 && exact == 0 && odd == 0, name);
}

/* A number that is cut is not taken; one whose end was seen is, and the parts follow. */
static void test_cut_number(void *memory)
{
	static const struct test_case c = { "", OPENAI, CHAT, JSON, "",
		"{'usage':{'prompt_tokens':12,'completion_tokens':345,'total_tokens':357}}", "" };
	size_t mid = (size_t)(strstr(c.response, "345") - c.response) + 2;
	struct usage u;

	run(&c, memory, 5, mid, &u);
	ok(u.input == 12 && u.output == -1 && u.quality == USAGE_PARTIAL, "cut within a number");
	run(&c, memory, 5, mid + 2, &u);
	ok(u.input == 12 && u.output == 345 && u.quality == USAGE_PARTIAL, "cut behind it");
}

static void test_long_texts(void *memory)
{
	struct buf body;
	struct route route;
	struct usage_reader *u;
	struct usage got;
	char want[USAGE_TEXT_MAX];

	buf_init(&body, 1 << 16);
	buf_str(&body, "{\"user\":\"x");
	for (int i = 0; i < 300; i++)
		buf_str(&body, "\xe6\x82\xa3");
	buf_str(&body, "\",\"model\":\"m\"}");
	want[0] = 'x';
	for (size_t i = 1; i < sizeof want; i++)
		want[i] = "\xe6\x82\xa3"[(i - 1) % 3];
	route_find(SLICE(OPENAI), SLICE(CHAT), &route);
	u = usage_begin(memory, &route);
	usage_request(u, buf_slice(&body));
	usage_end(u, true, false, &got);
	ok_slice(got.user, slice_of(want, USAGE_TEXT_MAX - 1), "a long text is cut between characters");
	ok_slice(got.request_model, SLICE("m"), "and what follows it is read");
	buf_free(&body);
}

static bool wanted(const char *host, const char *path)
{
	struct route route;

	route_find(slice_str(host), slice_str(path), &route);
	return usage_wanted(&route);
}

static const struct {
	const char *host, *path, *operation, *provider, *shape, *model;
} routes[] = {
	{ "", "/v1/responses/resp_1", "responses_retrieve", "openai_compatible", "openai_compatible", "" },
	{ "", "/v1/responses/resp_1/", "responses_retrieve", "openai_compatible", "openai_compatible", "" },
	{ "", "/v1/responses/resp_1/input_items", "", "", "", "" },
	{ "", "/v1/responses/input_tokens", "count_tokens", "openai_compatible", "openai_compatible", "" },
	{ "", "/v1/responses/compact", "responses_compact", "openai_compatible", "openai_compatible", "" },
	{ "", "/surveys/responses/12", "", "", "", "" },
	{ "gpu.example", "/v1-openai/chat/completions", "chat", "gpustack", "openai_compatible", "" },
	{ "bedrock-mantle.us-east-1.api.aws", CHAT, "chat", "aws.bedrock", "openai_compatible", "" },
	{ "us.inference.heroku.com", CHAT, "chat", "heroku", "openai_compatible", "" },
	{ "api.anthropic.com", CHAT, "chat", "anthropic", "openai_compatible", "" },
	{ "", "/v1/models/aqa:countTokens", "count_tokens", "gcp.gemini", "gcp.gemini", "aqa" },
	{ "", "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4:rawPredict", "",
	  "gcp.vertex_ai",
	  "anthropic", "claude-sonnet-4" },
	{ "api.cohere.com", "/v1/chat", "chat", "cohere", "", "" },
};

static void test_routes(void)
{
	for (size_t i = 0; i < COUNT(routes); i++) {
		struct route r;

		route_find(slice_str(routes[i].host), slice_str(routes[i].path), &r);
		ok(slice_is(slice_str(r.operation), routes[i].operation) &&
		   slice_is(slice_str(r.provider), routes[i].provider) &&
		   slice_is(slice_str(r.shape), routes[i].shape) && slice_is(r.model, routes[i].model),
		   routes[i].path);
	}
}

int main(void)
{
	void *memory = malloc(usage_reader_size());
	struct buf got;

	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		test_pieces(&cases[i], memory, &got);
		test_cuts(&cases[i], memory);
	}
	test_routes();
	test_cut_number(memory);
	test_long_texts(memory);
	ok(wanted("", CHAT) && wanted(OPENAI, "/v1/files") && wanted("", "/v1/responses/resp_1"),
	  "LLM calls are read");
	ok(!wanted("www.hospital.example", "/index.html") && !wanted("", ""), "others are not");
	buf_free(&got);
	free(memory);
	return tap_done();
}
