/* Characters of text as it passes, in any pieces; tokens that are estimated from them. */
#include <stdlib.h>

#include "sensor/llm/estimate.h"
#include "tests/lib/tap.h"

#define CHAT_PATH "/v1/chat/completions"

static struct text_count counted(const char *json, size_t step)
{
	struct text_count t = { 0 };
	size_t n = strlen(json);

	for (size_t i = 0; i < n;) {
		size_t end = i;

		if (json[i] == '\\') { /* as json_stream hands it on */
			text_count_piece(&t, slice_of(json + i + 1, 1), true);
			i += 2;
			continue;
		}
		while (end < n && json[end] != '\\' && end - i < step)
			end++;
		text_count_piece(&t, slice_of(json + i, end - i), false);
		i = end;
	}
	return t;
}

static void test_count(void)
{
	static const struct {
		const char *text;
		int64_t narrow, wide;
	} cases[] = {
		{ "abc", 3, 0 },
		{ "caf\xc3\xa9 \xe2\x82\xac", 6, 0 },
		{ "日本語", 0, 3 },
		{ "a日b", 2, 1 },
		{ "\\u65e5\\u672c", 0, 2 },
		{ "\\u00e9\\n\\\"x", 4, 0 },
		{ "\\ud842\\udfb7", 0, 1 },
		{ "\\ud840\\udc00", 0, 1 },
		{ "\\uD83D\\uDE00!", 1, 1 },
		{ "𠮷", 0, 1 },
		{ "", 0, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 5; step++) {
			struct text_count t = counted(cases[i].text, step);

			ok_int(t.narrow, cases[i].narrow, cases[i].text);
			ok_int(t.wide, cases[i].wide, cases[i].text);
		}
}

/* What a call of this request and answer used; the reader lives in `memory`. */
static struct usage read(void *memory, const char *request, const char *answer, bool stream)
{
	struct route route = { 0 };
	struct usage_reader *u;
	struct usage out;

	route_find(SLICE("api.openai.com"), SLICE(CHAT_PATH), &route);
	u = usage_begin(memory, &route);
	usage_request_head(u, SLICE("application/json"));
	usage_request(u, slice_str(request));
	usage_response_head(u, 200, stream ? SLICE("text/event-stream") : SLICE("application/json"));
	usage_response(u, slice_str(answer));
	usage_end(u, true, true, &out);
	return out;
}

#define ASK(text) "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]}"
#define SAY(text) "data: {\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define EXACT(text, in, out)                                                                                 \
	"{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"" text                                    \
	"\"}}],\"usage\":{\"prompt_tokens\":" in ",\"completion_tokens\":" out "}}"

static void test_start(void)
{
	void *memory = malloc(usage_reader_size());
	struct estimates *e = estimates_new();
	struct usage u = read(memory, ASK("12345678"), SAY("1234") SAY("5678") "data: [DONE]\n\n", true);

	estimate_usage(e, 200, true, &u);
	ok_int(u.quality, USAGE_ESTIMATED, "a stream without usage is estimated");
	ok_int(u.estimate_input, 2 + 4, "English: 4 characters a token, and the message");
	ok_int(u.estimate_output, 2, "its answer");
	ok_int(u.input, -1, "the count itself stays unknown");
	u = read(memory, ASK("患者の要約"), SAY("はい") SAY("。"), true);
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_input, 5 + 4, "Japanese: a token a character");
	ok_int(u.estimate_output, 3, "its answer");
	u = read(memory,
		 "{\"model\":\"gemini-2\",\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"1234\"},"
		 "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}]}]}",
		 SAY("1234"), true);
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_input, 1 + 4 + 258, "an image by the table");
	u = read(memory, "{\"model\":\"m\",\"prompt\":[\"1234\",\"5678\"],\"tools\":[{\"a\":\"b\"}]}",
		 SAY("1234"), true);
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_input, (8 + 11 + 2) / 4, "prompts, and tools as they are written");
	estimates_free(e);
	free(memory);
}

static void test_none(void)
{
	void *memory = malloc(usage_reader_size());
	struct estimates *e = estimates_new();
	struct usage u = read(memory, ASK("1234"), SAY("1234"), true);

	estimate_usage(e, 500, true, &u);
	ok_int(u.quality, USAGE_NONE, "not of a failed call");
	estimate_usage(e, 200, false, &u);
	ok_int(u.quality, USAGE_NONE, "nor of one that was not seen whole");
	u.generates = false;
	estimate_usage(e, 200, true, &u);
	ok_int(u.quality, USAGE_NONE, "nor where nothing is generated");
	u = read(memory, ASK("1234"), SAY("1234") "data: {\"error\":{\"message\":\"x\"}}\n\n", true);
	estimate_usage(e, 200, true, &u);
	ok_int(u.quality, USAGE_NONE, "nor of a stream with an error in it");
	u = read(memory, ASK("1234"), EXACT("1234", "0", "0"), false);
	estimate_usage(e, 200, true, &u);
	ok_int(u.quality, USAGE_EXACT, "explicit zeros are no reason for an estimate");
	ok_int(u.estimate_input, -1, "and stay alone");
	estimates_free(e);
	free(memory);
}

static void test_learn(void)
{
	void *memory = malloc(usage_reader_size());
	struct estimates *e = estimates_new();
	struct usage u;

	for (int i = 0; i < 2000; i++) {
		u = read(memory, ASK("1234567812345678"), EXACT("12345678", "16", "4"), false);
		estimate_usage(e, 200, true, &u);
	}
	u = read(memory, ASK("1234567812345678"), SAY("1234567812345678"), true);
	u.response_model = SLICE("m");
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_input, 16, "input: the ratio of exact calls");
	ok_int(u.estimate_output, 8, "output: its own");
	u = read(memory, ASK("1234567812345678"), SAY("1234567812345678"), true);
	u.response_model = SLICE("other");
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_output, 4, "another model learned nothing");
	u = read(memory, ASK("要約要約"), SAY("要約要約"), true);
	u.response_model = SLICE("m");
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_output, 4, "nor another language");
	for (int i = 0; i < 2000; i++) {
		u = read(memory, ASK("1234"), EXACT("1234", "9000", "9000"), false);
		u.response_model = SLICE("odd");
		estimate_usage(e, 200, true, &u);
	}
	u = read(memory, ASK("1234"), SAY("1234"), true);
	u.response_model = SLICE("odd");
	estimate_usage(e, 200, true, &u);
	ok_int(u.estimate_output, 1, "what is far off teaches nothing");
	estimates_free(e);
	free(memory);
}

int main(void)
{
	test_count();
	test_start();
	test_none();
	test_learn();
	return tap_done();
}
