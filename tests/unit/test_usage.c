/* What a call used, from its two bodies: each case whole, byte by byte and in random pieces; and cut
 * anywhere, it never says more than the whole does. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/llm/usage.h"
#include "tests/lib/tap.h"
#include "tests/lib/usage_cases.h"

static const struct extra *extra_of(const struct test_case *c)
{
	static const struct extra none;

	for (size_t i = 0; i < COUNT(extras); i++)
		if (strcmp(extras[i].name, c->name) == 0)
			return &extras[i];
	return &none;
}

static void describe(const struct usage *u, struct buf *out)
{
	static const char *const quality[] = { "none", "partial", "exact" };
	uint8_t details[USAGE_DETAILS_TEXT_MAX];
	size_t n;

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
	if ((n = usage_details_write(&u->details, details)) > 0) {
		buf_str(out, " [");
		buf_add(out, slice_of(details, n));
		buf_byte(out, ']');
	}
	if (u->service_tier.n > 0)
		buf_str(out, " tier "), buf_add(out, u->service_tier);
	if (u->user.n > 0)
		buf_str(out, " user "), buf_add(out, u->user);
	if (u->provider != NULL)
		buf_fmt(out, " by %s", u->provider);
	if (u->operation != NULL)
		buf_fmt(out, " did %s", u->operation);
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

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < 8 * n; i++) {
		bool low = ((crc ^ (uint32_t)(p[i / 8] >> (i % 8))) & 1) != 0;

		crc = crc >> 1 ^ (low ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static size_t put_be32(char *to, size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[at++] = (char)(v >> (24 - 8 * i));
	return at;
}

static size_t put_base64(char *to, struct slice in)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t bits = (uint32_t)in.p[i] << 16 | (i + 1 < in.n ? in.p[i + 1] : 0u) << 8 |
				(i + 2 < in.n ? in.p[i + 2] : 0u);

		for (size_t k = 0; k < 4; k++)
			to[n++] = i + k <= in.n ? letters[bits >> (18 - 6 * k) & 63] : '=';
	}
	return n;
}

/* One message of a line, with a header that nobody reads. */
static size_t put_message(char *to, size_t at, struct slice line)
{
	static const char header[] = "\x0b:event-type\x07\x00\x05" "chunk";
	char payload[2048];
	size_t n = line.n, begin = at;

	if (line.n > 0 && line.p[0] == '!') {
		n = (size_t)sprintf(payload, "{\"bytes\":\"");
		n += put_base64(payload + n, slice_from(line, 1));
		n += (size_t)sprintf(payload + n, "\",\"p\":\"abc\"}");
	} else {
		memcpy(payload, line.p, line.n);
	}
	at = put_be32(to, at, (uint32_t)(n + sizeof header - 1 + 16));
	at = put_be32(to, at, sizeof header - 1);
	at = put_be32(to, at, crc32_of((const uint8_t *)to + begin, 8) + (line.n > 0 && line.p[0] == '?'));
	memcpy(to + at, header, sizeof header - 1);
	at += sizeof header - 1;
	memcpy(to + at, payload, n);
	return put_be32(to, at + n, 0);
}

/* The response as it comes. */
static struct slice response_of(const struct test_case *c, char room[8192])
{
	char text[2048];
	struct slice rest = quoted(c->response, strcmp(c->media, AWS) == 0 ? text : room);
	size_t n = 0;

	if (strcmp(c->media, AWS) != 0)
		return rest;
	while (rest.n > 0) {
		size_t line = (size_t)((const uint8_t *)memchr(rest.p, '\n', rest.n) - rest.p);

		n = put_message(room, n, slice_head(rest, line));
		rest = slice_from(rest, line + 1);
	}
	return slice_of(room, n);
}

static size_t length_of(const struct test_case *c)
{
	char room[8192];

	return response_of(c, room).n;
}

/* The first `bytes` of the response. */
static void run(const struct test_case *c, void *memory, size_t piece, size_t bytes, struct usage *out)
{
	struct route route;
	struct usage_reader *u;
	const struct extra *extra = extra_of(c);
	struct slice response;
	char room[8192];

	memset(memory, 0xa5, usage_reader_size()); /* it was somebody else's */
	route_find(slice_str(c->host), slice_str(c->path), &route);
	u = usage_begin(memory, &route);
	usage_request_head(u, slice_str(extra->request_type));
	feed(u, quoted(c->request, room), piece, usage_request);
	usage_response_header(u, SLICE("content-length"), SLICE("1"));
	if (extra->header != NULL)
		usage_response_header(u, slice_str(extra->header), slice_str(extra->value));
	usage_response_head(u, 200, slice_str(c->media));
	response = response_of(c, room);
	feed(u, slice_head(response, bytes), piece, usage_response);
	usage_end(u, true, bytes >= response.n, out);
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

static bool more_details(const struct usage_details *cut, const struct usage_details *whole)
{
	for (size_t i = 0; i < USAGE_DETAILS; i++)
		if (cut->n[i] > whole->n[i])
			return true;
	return cut->passes > whole->passes;
}

static void test_cuts(const struct test_case *c, void *memory)
{
	struct usage whole, cut;
	int over = 0, exact = 0, odd = 0;
	char name[128];

	run(c, memory, 1 << 20, SIZE_MAX, &whole);
	for (size_t n = 0; n < length_of(c); n++) {
		run(c, memory, 1 << 20, n, &cut);
		over += more(cut.input, whole.input) || more(cut.output, whole.output) ||
			more(cut.cache_read, whole.cache_read) || more(cut.cache_write, whole.cache_write) ||
			more(cut.reasoning, whole.reasoning) || more(cut.cost_reported,
				whole.cost_reported) ||
			more_details(&cut.details, &whole.details);
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
