/* The parse cache makes lines faster and changes none: odd lines with it, without it and in any order come
 * out alike. And it keeps no secret. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/fields/cache.h"
#include "tests/lib/tap.h"
#include "sensor/gateway/format.h"

#define MUTANTS 60000
#define LINE_MAX_TEST 1024

static uint8_t room[SCRATCH_SIZE];
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

#define T "[23/Nov/2026:02:24:30 +0900]"
#define SECRET "EXAMPLE0123456789abcdefGHIJ"

static const char *const lines[] = {
	"10.0.0.9 - tanaka " T " \"POST /v1/messages HTTP/1.1\" 200 2623 \"-\" \"Mozilla/5.0 "
	"(X11) AppleWebKit/537.36\"",
	"10.0.0.9 - tanaka " T " \"POST /v1/chat/completions HTTP/1.1\" 200 2623 \"-\" "
	"\"Anthropic/Python 0.60.0\"",
	"::1 - - [24/Nov/2026:23:59:60 -0330] \"GET /x?api_key=sk-" SECRET "&q=1 HTTP/2.0\" 304 0 "
	"\"https://u:p@h.example/sk-" SECRET "\" \"curl/8.6.0 sk-" SECRET "\" \"6.6.6.6, "
	"10.0.0.1\"",
	"unix: - a\\x22b [30/Feb/2026:00:00:00 +0000] \"\\x16\\x03\" 400 - \"\" "
	"\"%73k-" SECRET "\"",
	"1.2.3.4 - - [29/Feb/2028:00:00:00 +0000] \"POST /model/claude%20x/invoke HTTP/1.1\" 200 "
	"1 \"-\" \"-\"",
	"1.2.3.4 - - [29/Feb/2028:00:00:00 +0000] \"POST http://api.openai.com/v1/responses HTTP/"
	"1.1\" 200 1 \"-\" \"-\"",
	"{\"ts\":\"2026-09-03T09:08:19+09:00\",\"msec\":1788394099.215,\"client\":\"10.10.6.10\","
	"\"xff\":\"\","
	"\"user\":\"sato\",\"dept\":\"内科\",\"key_tail\":\"04b0\",\"method\":\"POST\","
	"\"host\":\"gw.example\","
	"\"uri\":\"/v1/chat/completions\",\"status\":200,\"rt\":2.771,\"uht\":\"0.1, 2.770\","
	"\"urt\":\"0.2, 2.771\","
	"\"rid\":\"910a2dec89025cc1b0b9ba0000000000\",\"ct\":\"application/json\","
	"\"ua\":\"Anthropic/Python 0.60.0\","
	"\"model\":\"claude-sonnet-4-5-20250929\",\"input_tokens\":642,\"output_tokens\":265}",
	"{\"msec\":1788394099.215,\"client\":\"10.10.6.10\",\"user\":\"sato\",\"auth\":\"Bearer "
	"sk-" SECRET "\","
	"\"uri\":\"/v1beta/models/gemini-2.5-pro:streamGenerateContent\",\"status\":200,"
	"\"stream\":true,\"cost\":1e-5}",
	"{\"msec\":1788394099.215,\"client\":\"10.10.6.10\",\"auth\":\"Bearer eyJhbGciOiJIUzI1NiJ9."
	"eyJzdWIiOiJkci1zYXRvIn0.c2lnbmF0dXJl\",\"uri\":\"/v1/messages\",\"status\":200,"
	"\"sk-" SECRET "\":null}",
	"{\"uri\":\"/v1/messages\",\"uri\":\"\",\"path\":\"/\\u3042\",\"status\":\"200\","
	"\"time\":\"2026-11-23 02:24:30\","
	"\"args\":\"prompt=hello&key=" SECRET "\",\"authorization\":\"REDACTED\",\"rt\":-1,"
	"\"cached_tokens\":5.0}",
	"{ \"time_local\" : \"23/Nov/2026:02:24:30 +0000\", \"request\":\"GET / HTTP/1.1\", "
	"\"x\":{\"status\":[1,{}]} }",
	"{\"msec\":1788394099,\"request\":\"GET /v1/models HTTP/1.1\",\"proto\":\"HTTP/2.0\","
	"\"method\":\"POST\",\"uri\":\"/v1/messages\",\"status\":200,\"peer\":\"10.0.0.9\","
	"\"remote_port\":\"4711\"}",
	"{\"msec\":00.1,\"status\":200,\"uri\":\"/\"}", "{\"msec\":1.,\"status\":200,\"uri\":\"/"
	"\"}",
	"{\"msec\":1788394099,\"status\":200,\"uri\":\"/\",\"rt\":964543975108253432}",
	"{\"msec\":1788394099,\"status\":200,\"uri\":\"/\",}", "{\"msec\":1788394099,"
	"\"status\":200,\"uri\":\"/\"} x",
	"{\"msec\":1788394099,\"status\":200,\"uri\":\"/\"", "{\"msec\":1788394099,"
	"\"st\\u0061tus\":200,\"uri\":\"/\\",
	"{\"msec\":1788394099,\"status\":200,\"\":\"/\"}", "{\"msec\":1788394099,\"status\":truee,"
	"\"uri\":\"/\"}", "{}",
	"{\"msec\":1788394099,\"status\":200,\"uri\":\"/a\tb\"}", "{", "",
};

static const char *const pieces[] = {
	"\"", "\\", "\\\"", ",", ":", "{", "}", "[", "]", " ", "%", "%41", "-", "null", "true", "0", "1e3",
	".5", "?key=" SECRET, "?prompt=x", "sk-" SECRET, "Basic YWxhZGRpbjpvcGVu", "\x01", "\xe3\x81\x82",
	"+0900", ":60 ", " HTTP/1.1", "HTTP/1.1", "GET ", "@", "\"proto\":\"x\",", "\"user\":\"-\",",
	"\"uri\":\"/v1/sk-" SECRET "\",",
	"\"status\":", "\"ua\":\"Anthropic/Python 0.60.0\"", "/v1/embeddings", "Nov", "Feb", "31",
};

/* What a line comes to: the reason why it is refused, or its event. */
static void parse(const struct log_format *f, struct slice line, struct parse_cache *c, struct buf *out)
{
	static const struct cidr everything = { .bits = 0 };
	struct scratch scratch = { room, 0, sizeof room };
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .cache = c,
				     .trusted_proxies = &everything, .n_trusted_proxies = 1,
				     .scratch = &scratch };
	struct flat_event fe;
	int rc;

	buf_clear(out);
	flat_event_reset(&fe);
	rc = f->parse(line, &ctx, &fe.ev);
	buf_fmt(out, "%d ", rc);
	if (rc != 0)
		return;
	event_to_json(&fe.ev, out);
	for (int i = 0; i < F_COUNT; i++)
		if (ev_absent(&fe.ev, (enum field_id)i))
			buf_fmt(out, " %s!", event_fields[i].name);
}

static bool same(struct slice line, struct parse_cache *c, struct buf *with, struct buf *without)
{
	for (size_t i = 0; log_format_at(i) != NULL; i++) {
		parse(log_format_at(i), line, NULL, without);
		for (int twice = 0; twice < 2; twice++) {
			parse(log_format_at(i), line, c, with);
			if (!slice_eq(buf_slice(with), buf_slice(without)))
				return false;
		}
	}
	return true;
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A line with a few places overwritten. Returns its length. */
static size_t mutate(uint32_t *state, char out[LINE_MAX_TEST])
{
	const char *line = lines[next(state) % COUNT(lines)];
	size_t n = strlen(line);

	memcpy(out, line, n);
	for (uint32_t k = next(state) % 4; k > 0; k--) {
		const char *piece = pieces[next(state) % COUNT(pieces)];
		size_t at = next(state) % (n + 1), cut = next(state) % 4, m = strlen(piece);

		cut = cut > n - at ? n - at : cut;
		if (n - cut + m > LINE_MAX_TEST)
			break;
		memmove(out + at + m, out + at + cut, n - at - cut);
		memcpy(out + at, piece, m);
		n = n - cut + m;
	}
	return n;
}

static void mutants(struct parse_cache *c, struct buf *with, struct buf *without)
{
	char line[LINE_MAX_TEST];
	uint32_t state = 1;
	size_t bad = 0;

	for (size_t i = 0; i < MUTANTS; i++) {
		size_t n = mutate(&state, line);

		if (same(slice_of(line, n), c, with, without))
			continue;
		if (bad++ == 0)
			printf("# %.*s\n# with    %.*s\n# without %.*s\n", (int)n, line, (int)with->n,
			       (const char *)with->p, (int)without->n, (const char *)without->p);
	}
	ok_int((int64_t)bad, 0, "mutants that differ, the cache full of others");
}

int main(void)
{
	struct parse_cache *shared = parse_cache_new();
	struct buf with, without;
	struct err e;

	if (shared == NULL || zone_use("Asia/Tokyo", &e) != TK_OK)
		return 1;
	buf_init(&with, 1 << 20);
	buf_init(&without, 1 << 20);
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct parse_cache *own = parse_cache_new();

		ok(own != NULL && same(slice_str(lines[i]), own, &with, &without), lines[i]);
		ok(same(slice_str(lines[i]), shared, &with, &without), "  behind the others");
		parse_cache_free(own);
	}
	ok(memmem(shared, sizeof *shared, SECRET, 16) == NULL, "no secret is kept");
	ok(memmem(shared, sizeof *shared, "AppleWebKit", 11) != NULL, "  though texts are");
	mutants(shared, &with, &without);
	buf_free(&with);
	buf_free(&without);
	parse_cache_free(shared);
	return tap_done();
}
