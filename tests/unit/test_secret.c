#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/fields/secret.h"
#include "tests/lib/tap.h"

static uint8_t room[SCRATCH_SIZE];
static struct scratch scratch = { room, 0, sizeof room };
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

/* Subjects: yamada.t; ehr (of azp, since the nested sub is not the token's). */
#define JWT_SUB "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4Iiwic3ViIjoieWFtYWRhLnQiLCJhenAiOiJlaHIifQ.c2ln"
#define JWT_AZP "eyJhbGciOiJub25lIn0.eyJhZG0iOnsic3ViIjoiZm9yZ2VkIn0sImF6cCI6ImVociJ9.c2ln"

static const struct { const char *value, *part; } parts[] = {
	{ "Bearer sk-EXAMPLE0001", "sk-EXAMPLE0001" },
	{ "bearer  sk-EXAMPLE0001 ", "sk-EXAMPLE0001" },
	{ "sk-ant-api03-EXAMPLE", "sk-ant-api03-EXAMPLE" },
	{ "Token EXAMPLEdeepgram", "EXAMPLEdeepgram" },
	{ "Basic eWFtYWRhLnQ6RVhBTVBMRQ==", "yamada.t" },
	{ "Basic !!!", "!!!" },
	{ "Bearer " JWT_SUB, "yamada.t" },
	{ JWT_AZP, "ehr" },
	{ "Bearer eyJub3QgYSBqd3Q", "eyJub3QgYSBqd3Q" },
	{ "Bearer eyJhbGciOiJub25lIn0.!!!.x", "eyJhbGciOiJub25lIn0.!!!.x" },
	{ "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260819/us-east-1/bedrock/aws4_request, "
	  "SignedHeaders=host", "AKIAEXAMPLE" },
	{ "AWS4-HMAC-SHA256 SignedHeaders=host", "" },
	{ "Bearer", "" }, { "Bearer ", "" }, { "none", "" }, { "", "" },
	{ "ward 7 key", "ward 7 key" }, /* a credential's name may hold blanks */
};

static const struct { const char *text, *masked; } texts[] = {
	{ "curl/8.6.0", "curl/8.6.0" },
	{ "Mozilla/5.0 (Windows NT 10.0; sk-SK) task-force desk-1234567",
	  "Mozilla/5.0 (Windows NT 10.0; sk-SK) task-force desk-1234567" },
	{ "sk-1234", "***" },
	{ "x sk-proj-EXAMPLE_0-a.b, y", "x ***, y" },
	{ "a=AIzaEXAMPLE0000000000000000000000000000&b", "a=***&b" },
	{ JWT_SUB, "***" },
	{ "Bearer abcd1234", "Bearer ***" }, { "bearer+abcd1234/x==", "bearer+***" },
	{ "Basic eWFtYWRhLnQ6RVhBTVBMRQ==", "Basic ***" }, { "Basic auth", "Basic auth" },
	{ "gsk_EXAMPLE0000 xai-EXAMPLE0000 hf_EXAMPLE0000 r8_EXAMPLE0000", "*** *** *** ***" },
	{ "pplx-EXAMPLE0000000000000000000000000000000000 csk-EXAMPLE0000 fw_EXAMPLE0000 nvapi-EXAMPLE000",
	  "*** *** *** ***" },
	{ "pplx-embed-v1-0.6b", "pplx-embed-v1-0.6b" },
	{ "ABSKEXAMPLE0000000000000000 ya29.EXAMPLE00 tgp_v1_EXAMPLE", "*** *** ***" },
	{ "/proxy/sk-EXAMPLE0001/v1", "/proxy/***/v1" },
	{ "/p/%73%6b%2DEXAMPLE0001/v1?x=%41", "/p/***/v1?x=%41" },
	{ "Bearer%20sk-EXAMPLE0001", "***" },
	{ "sk-", "sk-" }, { "", "" }, { "b", "b" }, { "-", "-" },
};

static const struct { const char *url, *masked; } urls[] = {
	{ "https://gw.example/chat?x=1&api_key=abc", "https://gw.example/chat?x=1&api_key=***" },
	{ "https://me:pass@gw.example/p", "https://***@gw.example/p" },
	{ "https://me:pass@gw.example/p?sig=1;x=2", "https://***@gw.example/p?sig=***;x=2" },
	{ "https://gw.example/sk-EXAMPLE0001?x=2", "https://gw.example/***?x=2" },
	{ "https://gw.example/", "https://gw.example/" },
	{ "https://gw.example/v1/chat/completions?prompt=secret",
	  "https://gw.example/v1/chat/completions?prompt=" PROMPT_MASK },
};

static const struct { const char *target, *domain, *path, *query; bool key; } targets[] = {
	{ "/v1/chat/completions", "", "/v1/chat/completions", "", false },
	{ "/v1/models?key=AIzaEXAMPLE&alt=sse", "", "/v1/models", "key=***&alt=sse", true },
	{ "/v1/x?max_tokens=5&encoding=a&q=%22x%22", "", "/v1/x", "max_tokens=5&encoding=a&q=%22x%22",
	  false },
	{ "/v1/x?API-Key=1&Access%5FToken=2&x%2Dapi%2Dkey=3", "", "/v1/x",
	  "API-Key=***&Access%5FToken=***&x%2Dapi%2Dkey=***", true },
	{ "/v1/x?password=1&code=2&X-Amz-Signature=3", "", "/v1/x",
	  "password=***&code=***&X-Amz-Signature=***", false },
	{ "/v1/x?key=&token", "", "/v1/x", "key=&token", false },
	{ "/v1/x?t=sk-EXAMPLE0001", "", "/v1/x", "t=***", true },
	{ "/v1/sk-EXAMPLE0001/chat", "", "/v1/***/chat", "", true },
	{ "/v1/chat?prompt=a+b&messages=%5B%5D&n=1", "", "/v1/chat", "prompt=" PROMPT_MASK "&messages="
	  PROMPT_MASK "&n=1", false },
	{ "/shop?text=hello", "", "/shop", "text=hello", false },
	{ "http://api.example:8080/v1/x?y=1", "api.example", "/v1/x", "y=1", false },
	{ "http://u:p@api.example", "api.example", "/", "", false },
	{ "*", "", "*", "", false },
	{ "http://h?x=1", "h", "/", "x=1", false },
};

static struct parse_context context(void)
{
	return (struct parse_context){ .fingerprint_key = slice_of(key, sizeof key), .scratch = &scratch };
}

static void rows(void)
{
	for (size_t i = 0; i < COUNT(parts); i++, scratch.n = 0)
		ok_slice(secret_part(slice_str(parts[i].value), &scratch), slice_str(parts[i].part),
		  parts[i].value);
	for (size_t i = 0; i < COUNT(texts); i++, scratch.n = 0)
		ok_slice(secret_mask_text(slice_str(texts[i].text), &scratch), slice_str(texts[i].masked),
		  texts[i].text);
	for (size_t i = 0; i < COUNT(urls); i++, scratch.n = 0)
		ok_slice(secret_mask_url(slice_str(urls[i].url), &scratch), slice_str(urls[i].masked),
		  urls[i].url);
}

static void request_targets(void)
{
	struct parse_context ctx = context();
	struct flat_event fe;

	for (size_t i = 0; i < COUNT(targets); i++) {
		flat_event_reset(&fe);
		scratch.n = 0;
		secret_set_target(&fe.ev, slice_str(targets[i].target), &ctx);
		ok_slice(ev_str(&fe.ev, F_DOMAIN), slice_str(targets[i].domain), targets[i].target);
		ok_slice(ev_str(&fe.ev, F_PATH), slice_str(targets[i].path), "  path");
		ok_slice(ev_str(&fe.ev, F_QUERY), slice_str(targets[i].query), "  query");
		ok(ev_known(&fe.ev, F_KEY_ID) == targets[i].key, "  key in the URL");
	}
}

static void expect_key(const char *value, const char *want, struct parse_context *ctx)
{
	struct flat_event fe;
	struct slice got;

	flat_event_reset(&fe);
	scratch.n = 0;
	secret_set_key(&fe.ev, slice_str(value), ctx);
	got = ev_absent(&fe.ev, F_KEY_ID) ? SLICE("absent") : ev_known(&fe.ev, F_KEY_ID) ? ev_str(&fe.ev,
	  F_KEY_ID) :
	      SLICE("unknown");
	ok_slice(got, slice_str(want), value);
}

static void fingerprints(void)
{
	struct parse_context ctx = context();
	uint8_t mac[32];
	char hex[65];

	if (!hmac_sha256(ctx.fingerprint_key, SLICE("sk-EXAMPLE0001"), mac))
		ok(false, "HMAC");
	hex_encode(slice_of(mac, 8), hex);
	for (int with_cache = 0; with_cache < 2; with_cache++) {
		expect_key("Bearer sk-EXAMPLE0001", hex, &ctx);
		expect_key("sk-EXAMPLE0001", hex, &ctx);
		expect_key("", "absent", &ctx);
		expect_key("-", "absent", &ctx);
		expect_key("Bearer ", "absent", &ctx);
		expect_key("REDACTED", "unknown", &ctx);
		expect_key("Bearer ***", "unknown", &ctx);
		if (ctx.cache == NULL)
			ctx.cache = parse_cache_new();
	}
	expect_key("sk-EXAMPLE0001", hex, &ctx); /* from the cache this time */
	parse_cache_free(ctx.cache);
	ctx = (struct parse_context){ .scratch = &scratch };
	expect_key("sk-EXAMPLE0001", "unknown", &ctx);
}

/* The scan stops only at known bytes: every prefix of the table must be found. */
static void every_prefix(void)
{
	static const char *const prefixes[] = {
#define CREDENTIAL(prefix, anchor, least) prefix,
#include "sensor/fields/credentials.def"
#undef CREDENTIAL
	};

	for (size_t i = 0; i < COUNT(prefixes); i++, scratch.n = 0) {
		char text[64];

		snprintf(text, sizeof text, "a %sEXAMPLE00000000000000000000000000000000", prefixes[i]);
		ok_slice(secret_mask_text(slice_str(text), &scratch), SLICE("a ***"), prefixes[i]);
		snprintf(text, sizeof text, "%s0123456789abcdefABCDEF000123456789", prefixes[i]);
		ok_slice(secret_mask_text(slice_str(text), &scratch), SLICE("***"), prefixes[i]);
	}
}

/* A full scratch leaves values out; it never leaves them in clear. */
static void full_scratch(void)
{
	struct scratch none = { room, 0, 0 };

	ok_slice(secret_mask_text(SLICE("x sk-EXAMPLE0001"), &none), SLICE(""),
	  "no room: nothing, not the secret");
	ok_slice(secret_mask_url(SLICE("http://h/?key=abc"), &none), SLICE(""), "no room: no URL");
}

int main(void)
{
	rows();
	request_targets();
	fingerprints();
	every_prefix();
	full_scratch();
	ok(secret_bearing_name(SLICE("x-api-key")) && secret_bearing_name(SLICE("sig")),
	  "names that bear secrets");
	ok(!secret_bearing_name(SLICE("keyword")) && !secret_bearing_name(SLICE("prompt")),
	  "names that do not");
	return tap_done();
}
