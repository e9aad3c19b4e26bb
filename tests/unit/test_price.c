/* Prices and costs, against figures worked out by hand (the first two are the anchors of llm-usage.md 5). */
#include "sensor/llm/price.h"
#include "core/base/zone.h"
#include "tests/lib/tap.h"

static const char ours[] =
	"table: test\nmodels:\n"
	"  - {model: gpt-4o-mini, provider: openai, from: 2024-07-18, input: 0.15, cached: 0.075, output: "
	"0.60,\n"
	"     priority: {input: 0.25, output: 1}}\n"
	"  - {model: sonnet, provider: anthropic, input: 3, cached: 0.30, cache_write: 3.75, output: 15,\n"
	"     above: [{tokens: 200000, input: 6, cached: 0.60, cache_write: 7.5, output: 22.5}]}\n"
	"  - {model: plain, input: 1, output: 2}\n"
	"  - {model: embed, input: 0.02}\n"
	"  - {model: tiny, input: 0.0000005, output: 0.0000004}\n"
	"  - {model: thinker, input: 1, output: 2, reasoning: 3}\n"
	"  - {model: dear, input: 1000000, output: 1000000}\n"
	"  - {model: dated, input: 1, output: 1}\n"
	"  - {model: dated, from: 2026-07-30, to: 2026-08-31, input: 2, output: 1}\n"
	"  - {model: dated, from: '2026-10-01T16:00:00Z', input: 3, output: 1}\n"
	"  - {model: grok, provider: x_ai, input: 1.25, output: 2.5}\n"
	"  - {model: anthropic.haiku, provider: aws.bedrock, aliases: [ward-llm], input: 1, output: 5}\n"
	"  - {model: heard, input: 1, output: 2, audio_input: 10, audio_output: 20, image_output: 30}\n"
	"  - {model: keeper, provider: anthropic, input: 2, cached: 0.2, cache_write: 2.5, cache_write_1h: "
	"4,\n"
	"     output: 10, search: 0.01, geo_us: 1.1, fast: 6}\n"
	"  - {model: adviser, provider: anthropic, input: 5, output: 25, above: {tokens: 100, input: 7}}\n"
	"  - {model: ranker, search_unit: 0.002}\n"
	"  - {model: pager, page: 0.004}\n"
	"  - {model: painter, image: 0.04}\n"
	"  - {model: hearer, second: 0.0001}\n"
	"  - {model: speaker, character: 15}\n"
	"  - {model: sized, input: 1, output: 1, flex: {input: 0.5, output: 0.5},\n"
	"     above: {tokens: 100, input: 2, output: 3, flex: {input: 1.5}}}\n";

static const char theirs[] =
	"{\"sample_spec\": {\"input_cost_per_token\": \"0.0\"},\n"
	" \"gpt-4o\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 2.5e-06, "
	"\"output_cost_per_token\": "
	"1e-05,\n  \"cache_read_input_token_cost\": 1.25e-06, \"input_cost_per_token_batches\": 1.25E-6},\n"
	" \"azure/gpt-4o\": {\"litellm_provider\": \"azure\", \"input_cost_per_token\": 3e-06, "
	"\"output_cost_per_token\": "
	"1e-05},\n"
	" \"gemini/flash\": {\"litellm_provider\": \"gemini\", \"input_cost_per_token\": 3e-07, "
	"\"output_cost_per_token\": 2.5e-06,\n  \"output_cost_per_reasoning_token\": 2.5e-06, "
	"\"input_cost_per_token_above_200k_tokens\": 6e-07, "
	"\"output_cost_per_token_above_200k_tokens\": 5e-06},\n"
	" \"odd\": {\"litellm_provider\": \"databricks\", \"input_cost_per_token\": 3.0001999999999996E-7, "
	"\"output_cost_per_token\": 0},\n"
	" \"qwen\": {\"litellm_provider\": \"dashscope\", \"tiered_pricing\": [\n"
	"  {\"input_cost_per_token\": 5e-08, \"output_cost_per_token\": 4e-07, \"range\": [0, 256000.0]},\n"
	"  {\"input_cost_per_token\": 2.5e-07, \"output_cost_per_token\": 2e-06, \"range\": [256000.0, "
	"1e6]}]},\n"
	" \"rerank\": {\"litellm_provider\": \"cohere\", \"input_cost_per_token\": 0.0, "
	"\"input_cost_per_query\": "
	"0.002, \"output_cost_per_token\": 0.0},\n"
	" \"sound\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 2.5e-06, "
	"\"input_cost_per_audio_token\": 4e-05, \"provider_specific_entry\": {\"x\": \"y\", \"us\": 1.1}},\n"
	" \"whisper\": {\"litellm_provider\": \"openai\", \"input_cost_per_second\": 0.0001},\n"
	" \"sessions\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 0.0, "
	"\"code_interpreter_cost_per_session\": 0.03},\n"
	" \"llama3\": {\"litellm_provider\": \"ollama\", \"input_cost_per_token\": 0.0, "
	"\"output_cost_per_token\": 0.0},\n"
	" \"us.amazon.nova\": {\"litellm_provider\": \"bedrock\", \"input_cost_per_token\": 2e-06, "
	"\"output_cost_per_token\": 0},\n"
	" \"amazon.nova\": {\"litellm_provider\": \"bedrock_converse\", \"input_cost_per_token\": 1e-06, "
	"\"output_cost_per_token\": 0},\n"
	" \"bedrock/amazon.nova\": {\"litellm_provider\": \"bedrock\", \"input_cost_per_token\": 9e-06, "
	"\"output_cost_per_token\": 0}}\n";

struct use {
	const char *provider, *served, *requested, *tier;
	int64_t in, out, cached, write, reasoning; /* -1: not known */
	const char *details;
};

#define DAY "2026-11-20T00:00:00Z"

static int64_t at(const char *time)
{
	int64_t ns = 0;

	return time_parse_rfc3339(slice_str(time), false, &ns) ? ns : 0;
}

static void set_text(struct access_event *ev, enum field_id f, const char *s)
{
	if (s != NULL)
		ev_set_str(ev, f, slice_str(s));
}

static void set_count(struct access_event *ev, enum field_id f, int64_t n)
{
	if (n >= 0)
		ev_set_int(ev, f, n);
}

static void make(struct flat_event *fe, const struct use *u, const char *time)
{
	flat_event_reset(fe);
	ev_set_int(&fe->ev, F_TIMESTAMP, at(time) - 5);
	ev_set_int(&fe->ev, F_DURATION, 5);
	set_text(&fe->ev, F_PROVIDER, u->provider);
	set_text(&fe->ev, F_RESPONSE_MODEL, u->served);
	set_text(&fe->ev, F_REQUEST_MODEL, u->requested);
	set_text(&fe->ev, F_SERVICE_TIER, u->tier);
	set_count(&fe->ev, F_INPUT_TOKENS, u->in);
	set_count(&fe->ev, F_OUTPUT_TOKENS, u->out);
	set_count(&fe->ev, F_CACHE_READ_TOKENS, u->cached);
	set_count(&fe->ev, F_CACHE_WRITE_TOKENS, u->write);
	set_count(&fe->ev, F_REASONING_TOKENS, u->reasoning);
	set_text(&fe->ev, F_USAGE_DETAILS, u->details);
}

/* The cost; below 0: the reason why there is none. */
static int64_t cost(const struct price_table *t, const struct use *u, const char *time)
{
	struct flat_event fe;
	enum price_result r;
	int64_t pico = INT64_MIN;

	make(&fe, u, time);
	r = price_event(t, &fe.ev, &pico);
	return r == PRICE_OK ? pico : -(int64_t)r;
}

static struct price_table *table(struct slice text, const char *file)
{
	struct buf problems;
	struct price_table *t;

	buf_init(&problems, 1 << 16);
	t = prices_parse(text, file, &problems);
	if (!ok(t != NULL && problems.n == 0, file))
		printf("# %s\n", buf_cstr(&problems));
	buf_free(&problems);
	return t;
}

#define NONE .cached = -1, .write = -1, .reasoning = -1

static const struct {
	const char *name;
	struct use use;
	int64_t want;
} costs[] = {
	{ "anchor: gpt-4o-mini", { "openai", "gpt-4o-mini", NULL, NULL, 1000, 100, 200, 0, -1, NULL },
	  195000000 },
	{ "anchor: sonnet writes its cache once",
	  { "anthropic", "sonnet", NULL, NULL, 12307, 550, 0, 12304, -1, NULL },
	  INT64_C(54399000000) },
	{ "priority, its cached price the standard one",
	  { "openai", "gpt-4o-mini", NULL, "priority", 1000, 100, 200, 0, -1, NULL },
	  800 * 250000 + 200 * 75000 + 100 * 1000000 },
	{ "tiers that are none", { "openai", "gpt-4o-mini", NULL, "default", 10, 0, NONE }, 1500000 },
	{ "flex that has no price", { "openai", "gpt-4o-mini", NULL, "flex", 10, 0, NONE }, 1500000 },
	{ "audio apart from text", { NULL, "heard", NULL, NULL, 100, 10, NONE,
	  "audio_input=40,audio_output=4" },
	  60 * 1000000 + 40 * 10000000 + 6 * 2000000 + 4 * 20000000 },
	{ "audio read from cache costs as what is cached",
	  { NULL, "heard", NULL, NULL, 100, 0, 50, -1, -1, "audio_input=40,audio_cached=30" },
	  40 * 1000000 + 10 * 10000000 + 50 * 1000000 },
	{ "images in at the price of text, out at their own",
	  { NULL, "heard", NULL, NULL, 100, 10, NONE, "image_input=40,image_output=4" },
	  100 * 1000000 + 6 * 2000000 + 4 * 30000000 },
	{ "more audio than input", { NULL, "heard", NULL, NULL, 10, 0, NONE, "audio_input=40" },
	  10 * 10000000 },
	{ "a model without a price for audio", { NULL, "plain", NULL, NULL, 10, 0, NONE, "audio_input=4" },
	  10 * 1000000 },
	{ "kept for an hour", { "anthropic", "keeper", NULL, NULL, 100, 1, 0, 60, -1, "cache_write_1h=50" },
	  40 * 2000000 + 10 * 2500000 + 50 * 4000000 + 10000000 },
	{ "searches", { "anthropic", "keeper", NULL, NULL, 1, 0, NONE, "searches=3" },
	  2000000 + 3 * INT64_C(10000000000) },
	{ "searches that have no price are not charged", { NULL, "plain", NULL, NULL, 1, 0, NONE,
	  "searches=3" },
	  1000000 },
	{ "in the United States: tokens cost more, searches do not",
	  { "anthropic", "keeper", NULL, NULL, 10, 0, NONE, "searches=1,geo_us=1" },
	  22000000 + INT64_C(10000000000) },
	{ "fast, there", { "anthropic", "keeper", NULL, NULL, 10, 0, NONE, "geo_us=1,fast=1" }, 132000000 },
	{ "a factor the row does not have", { NULL, "plain", NULL, NULL, 10, 0, NONE, "fast=1" }, 10000000 },
	{ "passes, each with its own model and size",
	  { "anthropic", "keeper", NULL, NULL, 160, 6, -1, 50, -1,
	    "pass=60/1/0/50/0/,pass=50/2/0/0/0/adviser,pass=50/3/0/0/0/adviser" },
	  10 * 2000000 + 50 * 2500000 + 10000000 + 100 * 5000000 + 5 * 25000000 },
	{ "a pass of more than its threshold",
	  { "anthropic", "keeper", NULL, NULL, 101, 0, NONE, "pass=101/0/0/0/0/adviser" }, 101 * 7000000 },
	{ "passes in the United States", { "anthropic", "keeper", NULL, NULL, 10, 0, NONE,
	    "geo_us=1,pass=5/0/0/0/0/,pass=5/0/0/0/0/adviser" }, 5 * 2200000 + 5 * 5000000 },
	{ "a pass of a model without a price", { "anthropic", "keeper", NULL, NULL, 10, 0, NONE,
	    "pass=10/0/0/0/0/nobody" }, -PRICE_NO_MODEL },
	{ "units of a rerank", { NULL, "ranker", NULL, NULL, 0, 0, NONE, "search_units=2" },
	  INT64_C(4000000000) },
	{ "which has no price for tokens", { NULL, "ranker", NULL, NULL, 5, 0, NONE }, -PRICE_NO_MODEL },
	{ "nor is it free for want of units", { NULL, "ranker", NULL, NULL, 0, 0, NONE }, -PRICE_NO_MODEL },
	{ "pages", { NULL, "pager", NULL, NULL, 0, 0, NONE, "pages=3" }, INT64_C(12000000000) },
	{ "pages that have no price", { NULL, "plain", NULL, NULL, 0, 0, NONE, "pages=3" }, -PRICE_NO_MODEL },
	{ "images", { NULL, "painter", NULL, NULL, -1, -1, NONE, "images=2" }, INT64_C(80000000000) },
	{ "seconds", { NULL, "hearer", NULL, NULL, -1, -1, NONE, "milliseconds=3700" }, 370000000 },
	{ "seconds beside tokens are not billed", { NULL, "plain", NULL, NULL, 1, 0, NONE,
	  "milliseconds=3700" },
	  1000000 },
	{ "characters", { NULL, "speaker", NULL, NULL, -1, -1, NONE, "characters=22" }, 330000000 },
	{ "a gateway's cache", { NULL, "plain", NULL, NULL, 10, 10, NONE, "from_cache=1" }, 0 },
	{ "what no list tells", { NULL, "plain", NULL, NULL, 10, 10, NONE, "unlisted=1" }, -PRICE_NO_MODEL },
	{ "details that nobody knows", { NULL, "plain", NULL, NULL, 10, 10, NONE, "videos=1" },
	  -PRICE_NO_MODEL },
	{ "details cut off", { NULL, "plain", NULL, NULL, 10, 10, NONE, "audio_input=4,aud" },
	  -PRICE_NO_MODEL },
	{ "batch: half", { "openai", "gpt-4o-mini", NULL, "batch", 1000, 100, 200, 0, -1, NULL }, 97500000 },
	{ "batch at xAI: four fifths", { "x_ai", "grok", NULL, "batch", 100, 10, NONE }, 120000000 },
	{ "exactly 200,000 is not above",
	  { "anthropic", "sonnet", NULL, NULL, 200000, 0, NONE },
	  INT64_C(600000000000) },
	{ "above 200,000 all of it costs more",
	  { "anthropic", "sonnet", NULL, NULL, 200001, 10, 1, 0, -1, NULL },
	  INT64_C(200000) * 6000000 + 600000 + 10 * 22500000 },
	{ "flex above a size", { NULL, "sized", NULL, "flex", 101, 1, NONE }, 101 * 1500000 + 3000000 },
	{ "flex below it", { NULL, "sized", NULL, "flex", 100, 1, NONE }, 100 * 500000 + 500000 },
	{ "no cached price: the input's", { NULL, "plain", NULL, NULL, 10, 0, 5, 2, -1, NULL }, 10000000 },
	{ "reasoning is output", { NULL, "plain", NULL, NULL, 0, 10, -1, -1, 9, NULL }, 20000000 },
	{ "unless it has a price", { NULL, "thinker", NULL, NULL, 0, 10, -1, -1, 9, NULL }, 29000000 },
	{ "cached beyond the input", { NULL, "plain", NULL, NULL, 10, 0, 50, 7, -1, NULL }, 10000000 },
	{ "half a pico is up", { NULL, "tiny", NULL, NULL, 1, 0, NONE }, 1 },
	{ "less is down", { NULL, "tiny", NULL, NULL, 0, 1, NONE }, 0 },
	{ "rounded once, not each class", { NULL, "tiny", NULL, NULL, 1, 1, NONE }, 1 },
	{ "embeddings have no output", { NULL, "embed", NULL, NULL, 1000, 0, NONE }, 20000000 },
	{ "output without a price is not free",
	  { NULL, "embed", NULL, NULL, 1000, 1, NONE },
	  -PRICE_NO_MODEL },
	{ "explicit zeros cost nothing", { NULL, "plain", NULL, NULL, 0, 0, NONE }, 0 },
	{ "what is measured counts", { NULL, "plain", NULL, NULL, 5, -1, NONE }, 5000000 },
	{ "nothing measured", { NULL, "plain", NULL, NULL, -1, -1, NONE }, -PRICE_NO_USAGE },
	{ "no such model", { NULL, "gpt-99", NULL, NULL, 1, 1, NONE }, -PRICE_NO_MODEL },
	{ "no model at all", { "openai", NULL, NULL, NULL, 1, 1, NONE }, -PRICE_NO_MODEL },
	{ "too much", { NULL, "dear", NULL, NULL, INT64_MAX, INT64_MAX, NONE }, -PRICE_OVERFLOW },
	{ "the sum does not fit", { NULL, "dear", NULL, NULL, 9223373, 0, NONE }, -PRICE_OVERFLOW },
	{ "the largest that does",
	  { NULL, "dear", NULL, NULL, 9223372, 0, NONE },
	  INT64_C(9223372) * 1000000000000 },
	/* names */
	{ "served before requested", { NULL, "plain", "embed", NULL, 10, 0, NONE }, 10000000 },
	{ "else requested", { NULL, "gpt-99", "plain", NULL, 10, 0, NONE }, 10000000 },
	{ "as requested before shortened", { NULL, "embed-20250101", "plain", NULL, 10, 0, NONE }, 10000000 },
	{ "without -2024-07-18", { "openai", "gpt-4o-mini-2024-07-18", NULL, NULL, 10, 0, NONE }, 1500000 },
	{ "without -20250514", { "anthropic", "sonnet-20250514", NULL, NULL, 10, 0, NONE }, 30000000 },
	{ "without @001", { NULL, "plain@001", NULL, NULL, 10, 0, NONE }, 10000000 },
	{ "without region, date, version",
	  { "aws.bedrock", NULL, "jp.anthropic.haiku-20251001-v1:0", NULL, 10, 0, NONE },
	  10000000 },
	{ "by alias", { "bedrock", "ward-llm", NULL, NULL, 10, 0, NONE }, 10000000 },
	{ "not another's price",
	  { "azure.ai.openai", "gpt-4o-mini", NULL, NULL, 10, 0, NONE },
	  -PRICE_NO_MODEL },
	{ "a gateway hides who serves",
	  { "openai_compatible", "gpt-4o-mini", NULL, NULL, 10, 0, NONE },
	  1500000 },
	{ "but not a reseller's price",
	  { NULL, "anthropic.haiku", NULL, NULL, 10, 0, NONE },
	  -PRICE_NO_MODEL },
	{ "a number is no date", { NULL, "plain-2", NULL, NULL, 10, 0, NONE }, -PRICE_NO_MODEL },
};

static void our_table(void)
{
	struct price_table *t = table(SLICE(ours), "test.yml");

	if (t == NULL)
		return;
	for (size_t i = 0; i < COUNT(costs); i++)
		ok_int(cost(t, &costs[i].use, DAY), costs[i].want, costs[i].name);
	ok_str(prices_name(t), "test", "its name");
	ok_str(prices_date(t), "2026-10-01", "its newest row");
	prices_free(t);
}

static void dates(void)
{
	static const struct {
		const char *time;
		int64_t want;
		const char *name;
	} days[] = {
		{ "2020-01-01T00:00:00Z", 1, "before any date" },
		{ "2026-07-29T23:59:59.999999999Z", 1, "until the next row begins" },
		{ "2026-07-30T00:00:00Z", 2, "from its first instant" },
		{ "2026-08-31T23:59:59Z", 2, "`to` includes its day" },
		{ "2026-09-01T00:00:00Z", -1, "a row that ended is not prolonged" },
		{ "2026-10-01T15:59:59Z", -1, "nor one begun early" },
		{ "2026-10-01T16:00:00Z", 3, "a time of day" },
	};
	struct price_table *t = table(SLICE(ours), "test.yml");
	struct price_memo memo = { 0 };
	bool same = true;

	for (size_t i = 0; t != NULL && i < COUNT(days); i++) {
		struct use u = { NULL, "dated", NULL, NULL, 1, 0, -1, -1, -1, NULL };
		struct flat_event fe;
		int64_t got = cost(t, &u, days[i].time), pico = 0;
		enum price_result r;

		ok_int(got, days[i].want > 0 ? days[i].want * 1000000 : -PRICE_NO_MODEL, days[i].name);
		make(&fe, &u, days[i].time);
		r = price_event_memo(t, &memo, &fe.ev, &pico);
		same &= r == PRICE_OK ? pico == got : got == -(int64_t)r;
	}
	ok(same, "a memo that is kept says the same");
	prices_free(t);
}

static const struct {
	const char *name;
	struct use use;
	int64_t want;
} litellm[] = {
	{ "exponents", { "openai", "gpt-4o", NULL, NULL, 1000, 100, 200, 0, -1, NULL }, INT64_C(3250000000) },
	{ "its batch price, half of what has none",
	  { "openai", "gpt-4o", NULL, "batch", 1000, 100, -1, -1, -1, NULL },
	  1000 * 1250000 + 100 * 5000000 },
	{ "by provider", { "azure.ai.openai", "gpt-4o", NULL, NULL, 1, 0, NONE }, 3000000 },
	{ "LiteLLM's own key", { "litellm", "azure/gpt-4o", NULL, NULL, 1, 0, NONE }, 3000000 },
	{ "reasoning is not billed twice",
	  { "gcp.gemini", "flash", NULL, NULL, 0, 10, -1, -1, 9, NULL },
	  25000000 },
	{ "above 200k, reasoning too",
	  { "gcp.gemini", "flash", NULL, NULL, 200001, 10, -1, -1, 9, NULL },
	  INT64_C(200001) * 600000 + 10 * 5000000 },
	{ "no whole pico: kept",
	  { "databricks", "odd", NULL, NULL, INT64_C(10000000000), 0, NONE },
	  INT64_C(3000199999999999) + 1 },
	{ "ranges", { "dashscope", "qwen", NULL, NULL, 256000, 1, NONE }, INT64_C(256000) * 50000 + 400000 },
	{ "the next range",
	  { "dashscope", "qwen", NULL, NULL, 256001, 1, NONE },
	  INT64_C(256001) * 250000 + 2000000 },
	{ "billed by searches: not free", { "cohere", "rerank", NULL, NULL, 5, 0, NONE }, -PRICE_NO_MODEL },
	{ "searches", { "cohere", "rerank", NULL, NULL, 0, 0, NONE, "search_units=3" }, INT64_C(6000000000) },
	{ "audio", { "openai", "sound", NULL, NULL, 10, 0, NONE, "audio_input=4" },
	  6 * 2500000 + 4 * 40000000 },
	{ "a factor", { "openai", "sound", NULL, NULL, 10, 0, NONE, "geo_us=1" }, 27500000 },
	{ "seconds", { "openai", "whisper", NULL, NULL, -1, -1, NONE, "milliseconds=500" }, 50000000 },
	{ "free", { "ollama", "llama3", NULL, NULL, 5, 5, NONE }, 0 },
	{ "of a model's keys the first counts",
	  { "aws.bedrock", "amazon.nova", NULL, NULL, 1, 0, NONE },
	  1000000 },
	{ "a region's own price", { "aws.bedrock", "us.amazon.nova", NULL, NULL, 1, 0, NONE }, 2000000 },
	{ "else without it", { "aws.bedrock", "eu.amazon.nova", NULL, NULL, 1, 0, NONE }, 1000000 },
};

/* The other form, and once more after a way through our own. */
static void litellm_table(void)
{
	struct price_table *t = table(SLICE(theirs), "prices/litellm.json"), *again;
	struct buf yaml;

	if (t == NULL)
		return;
	for (size_t i = 0; i < COUNT(litellm); i++)
		ok_int(cost(t, &litellm[i].use, DAY), litellm[i].want, litellm[i].name);
	ok_str(prices_name(t), "litellm", "its name is the file's");
	ok_str(prices_date(t), "", "it has no date");
	ok_int((int64_t)prices_left_out(t), 1, "what is left out is counted");
	buf_init(&yaml, 1 << 16);
	prices_to_yaml(t, at("2026-11-20T00:00:00Z"), "a note", &yaml);
	again = table(buf_slice(&yaml), "imported.yml");
	for (size_t i = 0; again != NULL && i < COUNT(litellm); i++)
		if (litellm[i].use.provider != NULL && strcmp(litellm[i].use.provider, "litellm") != 0)
			ok_int(cost(again, &litellm[i].use, DAY), litellm[i].want, litellm[i].name);
	ok_int(again == NULL ? 0 : cost(again, &litellm[0].use, "2026-11-19T23:59:59Z"), -PRICE_NO_MODEL,
	       "imported prices hold from their day on");
	prices_free(again);
	prices_free(t);
	buf_free(&yaml);
}

static const struct {
	const char *name, *text, *want;
} wrong[] = {
	{ "unknown keys", "modles: []\nmodels: [{model: a, input: 1, outptu: 2}]\n",
	  "f:1:1: unknown key 'modles', is it 'models'?\nf:2:31: unknown key 'outptu', is it 'output'?\n" },
	{ "prices that are none",
	  "models: [{model: a, input: -1}, {model: b, input: \"1\"}, {model: c, input: 1e-19}]\n",
	  "f:1:28: 'input': expected USD per million tokens, such as 0.15, of at most 18 decimals\n"
	  "f:1:51: 'input': expected USD per million tokens, such as 0.15, of at most 18 decimals\n"
	  "f:1:75: 'input': expected USD per million tokens, such as 0.15, of at most 18 decimals\n" },
	{ "rows of one time", "models:\n  - {model: a, input: 1}\n  - {model: b, aliases: [a], input: 1}\n",
	  "f:3:5: b: line 2 has a price for the same name and time: give one of them `from` or `to`\n" },
	{ "an end inside the next",
	  "models:\n  - {model: a, to: 2026-02-01, input: 1}\n"
	  "  - {model: a, from: 2026-02-01, input: 1}\n",
	  "f:3:5: a: line 2 has a price for the same name and time: give one of them `from` or `to`\n" },
	{ "what is missing", "models: [{input: 1}, {model: a, output: 1}]\n",
	  "f:1:10: a row needs 'model'\nf:1:22: a row needs 'input', in USD per million tokens; 0 where it "
	  "is free\n" },
	{ "an end before the beginning", "models: [{model: a, from: 2026-02-02, to: 2026-02-01, input: 1}]\n",
	  "f:1:43: it ends before it begins\n" },
	{ "a size without its number", "models: [{model: a, input: 1, above: {input: 2}}]\n",
	  "f:1:38: 'above' needs 'tokens', the number of input tokens from which on its prices hold\n" },
	{ "no table", "hello\n",
	  "f:1:1: expected a price table with 'models', a list of rows; or LiteLLM's JSON\n" },
	{ "JSON: a price in quotes, none of an object",
	  "{\"a\": {\"input_cost_per_token\": \"1\"},\n \"b\": 5}",
	  "f:1:35: a: input_cost_per_token: expected a price in USD, as 1.5e-07, of at most 24 "
	  "decimals\n"
	  "f:2:8: b: expected an object with the model's prices\n" },
	{ "JSON: a range that is none", "{\"a\": {\"tiered_pricing\": [{\"range\": \"x\"}]}}",
	  "f:1:40: a: tiered_pricing: expected a list of prices, each with range: [from, to]\n" },
	{ "JSON: cut off", "{\"a\": {\"input_cost_per_token\": 1e-7",
	  "f:1:36: here it is no JSON any more, or it is cut off\n" },
};

static void wrong_tables(void)
{
	struct buf problems;

	buf_init(&problems, 1 << 16);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct price_table *t = prices_parse(slice_str(wrong[i].text), "f", &problems);

		ok(t == NULL, wrong[i].name);
		ok_slice(buf_slice(&problems), slice_str(wrong[i].want), "with place and fix");
		prices_free(t);
		buf_clear(&problems);
	}
	ok(prices_load("/nonexistent/prices.yml", &problems) == NULL && problems.n > 0, "no such file");
	buf_free(&problems);
}

static void shipped(void)
{
	struct buf problems;
	struct price_table *t;
	struct use u = {
		"openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini", "default", 1000, 100, 200, 0, -1, NULL
	};

	buf_init(&problems, 1 << 16);
	t = prices_load("sensor/llm/prices.yml", &problems);
	ok(t != NULL && problems.n == 0, "the shipped table is sound");
	ok_int(t == NULL ? 0 : cost(t, &u, DAY), 195000000, "and has the anchor's price");
	prices_free(t);
	buf_free(&problems);
}

static void put_gap(void *ctx, const struct price_gap *g)
{
	struct buf *out = ctx;

	buf_add(out, g->model);
	buf_fmt(out, " %lld", (long long)(g->from_ns / PRICE_DAY_NS));
	if (g->to_ns != INT64_MAX)
		buf_fmt(out, "-%lld", (long long)(g->to_ns / PRICE_DAY_NS));
	buf_byte(out, '\n');
}

static void gaps(void)
{
	struct price_table *t = table(SLICE("models:\n"
				      "  - {model: a, input: 1, to: 1970-01-10, aliases: [z]}\n"
				      "  - {model: a, input: 2, from: 1970-01-12}\n"
				      "  - {model: b, input: 1, to: 1970-03-01}\n"
				      "  - {model: c, input: 1}\n"
				      "  - {model: c, input: 2, from: 1970-02-01}\n"
				      "  - {model: d, input: 1, to: 1970-01-31}\n"
				      "  - {model: d, input: 2, from: 1970-02-01, to: 1970-02-05}\n"),
				      "gaps");
	struct buf out;
	int64_t end;

	buf_init(&out, 4096);
	prices_gaps(t, put_gap, &out);
	ok_str(buf_cstr(&out), "a 10-11\nb 60\nd 36\n",
	       "between two rows; after the last; not where the next begins");
	ok(prices_end(t, 0, &end) && end == 10 * PRICE_DAY_NS, "the first time without a price");
	ok(prices_end(t, 20 * PRICE_DAY_NS, &end) && end == 36 * PRICE_DAY_NS, "not one that is over");
	ok(prices_end(t, 40 * PRICE_DAY_NS, &end) && end == 36 * PRICE_DAY_NS, "one that ended lately");
	ok(prices_end(t, 66 * PRICE_DAY_NS, &end) && end == 60 * PRICE_DAY_NS, "not one that ended long ago");
	ok(!prices_end(t, 91 * PRICE_DAY_NS, &end), "in the end none");
	buf_free(&out);
	prices_free(t);
}

static const struct price_row *row_of(const struct price_table *t, const char *model, int day)
{
	return price_find(t, SLICE(""), slice_str(model), day * PRICE_DAY_NS);
}

static void after(void)
{
	struct price_table *old = table(SLICE("models:\n"
					"  - {model: a, input: 1, to: 1970-04-01}\n"
					"  - {model: a, input: 2, from: 1970-04-02}\n"
					"  - {model: b, input: 3, from: 1970-04-02}\n"), "old"),
			   *fresh = table(SLICE("models: [{model: a, input: 9}, {model: n, input: 4}]"),
					  "fresh"), *t;
	struct buf out;

	buf_init(&out, 65536);
	prices_to_yaml_after(old, fresh, 59 * PRICE_DAY_NS, "x", &out); /* March 1 */
	t = table(buf_slice(&out), "merged");
	ok_int((int64_t)prices_count(t), 4, "what the new table follows is gone, the rest stays");
	ok(row_of(t, "a", 58) != row_of(t, "a", 59) && row_of(t, "a", 59) == row_of(t, "a", 99),
	   "old until then, new from then on");
	ok(row_of(t, "n", 58) == NULL && row_of(t, "n", 59) != NULL, "a new model from then on");
	ok(row_of(t, "b", 99) != NULL, "a model that the new table lacks stays");
	prices_free(t);
	prices_free(fresh);
	prices_free(old);
	buf_free(&out);
}

int main(void)
{
	gaps();
	after();
	our_table();
	dates();
	litellm_table();
	wrong_tables();
	shipped();
	return tap_done();
}
