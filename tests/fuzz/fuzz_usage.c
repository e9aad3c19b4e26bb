/* Any request and response, in any pieces, say what they say in one piece; cut, a response is never called
 * exact. The first line: which call, media type; then the request; behind a NUL the response. */
#include <stdlib.h>

#include "sensor/llm/estimate.h"
#include "sensor/llm/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct {
	const char *host, *path;
} calls[] = {
	{ "api.openai.com", "/v1/chat/completions" }, { "api.openai.com", "/v1/embeddings" },
	{ "api.openai.com", "/v1/responses" }, { "api.openai.com", "/v1/files" },
	{ "api.anthropic.com", "/v1/messages" }, { "api.anthropic.com", "/v1/messages/count_tokens" },
	{ "", "/v1beta/models/g:generateContent" }, { "", "/v2/chat" }, { "", "/api/chat" },
	{ "", "/model/m/converse" }, { "", "/model/m/invoke" }, { "", "/v1/files/f/content" },
	{ "api.x.ai", "/v1/batches/b/results" }, { "api.anthropic.com", "/v1/messages/batches/b/results" },
	{ "", "/v1beta/batches/b" }, { "", "/ml/v1/text/generation_stream" },
	{ "x.endpoints.huggingface.cloud", "/" }, { "", "/v1/audio/speech" }, { "", "/v1/images/edits" },
	{ "", "/p/publishers/google/models/m:predict" },
};
static const char *const media[] = { "", "text/event-stream", "application/json", "application/x-ndjson",
  "text/plain", "application/vnd.amazon.eventstream" };

struct bodies {
	struct route route;
	struct slice media, request, response;
	bool form;
};

static void feed(struct usage_reader *u, struct slice in, size_t piece, void (*take)(struct usage_reader *,
  struct slice))
{
	while (in.n > 0) {
		struct slice part = slice_head(in, piece);
		uint8_t *copy = malloc(part.n);

		memcpy(copy, part.p, part.n);
		take(u, slice_of(copy, part.n));
		free(copy);
		in = slice_from(in, part.n);
	}
}

static void run(const struct bodies *b, void *memory, size_t piece, bool whole, struct usage *out)
{
	struct usage_reader *u = usage_begin(memory, &b->route);

	usage_request_head(u, slice_str(b->form ? "multipart/form-data; boundary=b" : ""));
	feed(u, b->request, piece, usage_request);
	usage_response_header(u, SLICE("X-Amzn-Bedrock-Output-Token-Count"), slice_head(b->request, 5));
	usage_response_head(u, 200, b->media);
	feed(u, b->response, piece, usage_response);
	usage_end(u, true, whole, out);
}

/* Written alike, and read again they say the same. */
static bool same_details(const struct usage_details *a, const struct usage_details *b)
{
	uint8_t text[3][USAGE_DETAILS_TEXT_MAX];
	size_t n[2] = { usage_details_write(a, text[0]), usage_details_write(b, text[1]) };
	struct usage_details again;

	usage_details_read(slice_of(text[0], n[0]), &again);
	return n[0] == n[1] && memcmp(text[0], text[1], n[0]) == 0 &&
	       usage_details_write(&again, text[2]) == n[0] && memcmp(text[0], text[2], n[0]) == 0;
}

static bool same_text(const struct text_count *a, const struct text_count *b)
{
	return a->narrow == b->narrow && a->wide == b->wide;
}

static bool same(const struct usage *a, const struct usage *b)
{
	return a->input == b->input && a->output == b->output && a->cache_read == b->cache_read &&
	       a->cache_write == b->cache_write && a->reasoning == b->reasoning &&
	       a->cost_reported == b->cost_reported &&
	       a->quality == b->quality && a->stream == b->stream && a->provider == b->provider &&
	       a->operation == b->operation && slice_eq(a->request_model, b->request_model) &&
	       slice_eq(a->response_model, b->response_model) && slice_eq(a->response_id, b->response_id) &&
	       slice_eq(a->service_tier, b->service_tier) && slice_eq(a->user, b->user) &&
	       same_details(&a->details, &b->details) && same_text(&a->asked, &b->asked) &&
	       same_text(&a->answered, &b->answered) && a->images == b->images &&
	       a->messages == b->messages && a->failed == b->failed && a->generates == b->generates;
}

/* An estimate never stands beside a count. */
static bool estimated_well(struct usage *u)
{
	struct estimates *e = estimates_new();
	bool good;

	estimate_usage(e, 200, true, u);
	good = u->asked.narrow >= 0 && u->asked.wide >= 0 && u->answered.narrow >= 0 &&
	       u->answered.wide >= 0 && (u->quality == USAGE_ESTIMATED) == (u->estimate_input >= 0) &&
	       (u->quality != USAGE_ESTIMATED || (u->input < 0 && u->output < 0 && u->estimate_output >= 0));
	estimates_free(e);
	return good;
}

static bool sound(const struct usage *u)
{
	return u->input >= -1 && u->output >= -1 && (u->input < 0 || u->cache_read <= u->input) &&
	       (u->input < 0 || u->cache_write <= u->input) && (u->output < 0 || u->reasoning <= u->output) &&
	       (u->quality != USAGE_EXACT || (u->input >= 0 && u->output >= 0)) &&
	       u->user.n <= USAGE_TEXT_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bodies b;
	struct usage whole, pieces, cut;
	void *m[3];
	const uint8_t *nul;

	if (n < 3)
		return 0;
	nul = memchr(data + 3, 0, n - 3);
	b.request = slice_of(data + 3, nul == NULL ? 0 : (size_t)(nul - data - 3));
	b.response = nul == NULL ? slice_of(data + 3, n - 3) : slice_from(slice_of(data, n),
	  (size_t)(nul - data) + 1);
	route_find(slice_str(calls[data[0] % COUNT(calls)].host),
	  slice_str(calls[data[0] % COUNT(calls)].path), &b.route);
	b.media = slice_str(media[data[1] % COUNT(media)]);
	b.form = (data[1] & 0x40) != 0;
	for (size_t i = 0; i < COUNT(m); i++)
		m[i] = malloc(usage_reader_size());
	run(&b, m[0], SIZE_MAX, true, &whole);
	run(&b, m[1], 1 + data[2] % 32, true, &pieces);
	b.response.n /= 2;
	run(&b, m[2], 1 + data[2], false, &cut);
	if (!same(&whole, &pieces) || !sound(&whole) || !sound(&cut) || cut.quality == USAGE_EXACT ||
	    !estimated_well(&whole))
		abort();
	for (size_t i = 0; i < COUNT(m); i++)
		free(m[i]);
	return 0;
}
