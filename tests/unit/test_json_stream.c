/* The push scanner: what is wanted is told, in whatever pieces the text comes; all else is passed over. */
#include <stdlib.h>

#include "sensor/llm/json_stream.h"
#include "tests/lib/choice.h"
#include "tests/lib/tap.h"

enum { NOTHING, NUMBER, TEXT, BLOCK, ITEM };

static const struct json_want item[] = { JSON_WANT("n", ITEM, NULL), JSON_WANT_END };
static const struct json_want items[] = { JSON_EACH(ITEM, item), JSON_WANT_END };
static const struct json_want usage[] = { JSON_WANT("in", NUMBER, NULL), JSON_WANT("items", NOTHING, items),
					  JSON_WANT_END };
static const struct json_want top[] = { JSON_WANT("model", TEXT, NULL), JSON_WANT("usage", BLOCK, usage),
					JSON_WANT("in", NUMBER, NULL), JSON_WANT_END };
static const struct json_want root = JSON_WANT("", NOTHING, top);

/* "2s(text)3{1n(5)3}": id, letter of the type, text. */
static void told(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	static const char letter[] = "!.{}[]ksntf0";
	struct buf *out = ctx;

	buf_fmt(out, "%u", id);
	buf_byte(out, (uint8_t)letter[type]);
	if (type == JSON_STRING || type == JSON_NUMBER) {
		buf_byte(out, '(');
		buf_add(out, text);
		buf_byte(out, ')');
	}
}

/* In pieces of exactly n bytes, or with n 0 of random ones; each piece alone in memory, so that a sanitizer
 * sees a byte too many. */
static void feed(struct json_stream *j, struct slice in, size_t n)
{
	while (in.n > 0) {
		struct slice piece = slice_head(in, n > 0 ? n : 1 + (size_t)rand() % 9);
		uint8_t *copy = malloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		json_stream_push(j, slice_of(copy, piece.n));
		free(copy);
		in = slice_from(in, piece.n);
	}
}

static void run(struct slice in, size_t piece, struct buf *out)
{
	struct json_stream j;

	buf_clear(out);
	json_stream_init(&j, &root, told, out);
	feed(&j, in, piece);
	buf_fmt(out, "%s%u", json_stream_failed(&j) ? "!" : ".", (unsigned)j.values);
}

/* `in` has ' where JSON has ". */
static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing", "", ".0" },
	{ "white space", " \r\n\t", ".0" },
	{ "an empty object", "{}", ".1" },
	{ "a text", "{'model':'m1'}", "2s(m1).1" },
	{ "spaces", " { 'model' :\n'm1' , 'in' : 7 } ", "2s(m1)1n(7).1" },
	{ "a block", "{'usage':{'in':12}}", "3{1n(12)3}.1" },
	{ "all types", "{'in':true,'in':false,'in':null,'in':-1.5e3,'in':'x'}", "1t1f101n(-1.5e3)1s(x).1" },
	{ "a block that is null", "{'usage':null,'in':1}", "301n(1).1" },
	{ "twice", "{'in':1,'in':2}", "1n(1)1n(2).1" },
	{ "an array", "{'usage':{'items':[{'n':1},{'n':2}, 3 ]}}", "3{4{4n(1)4}4{4n(2)4}4n(3)3}.1" },
	{ "an empty array", "{'usage':{'items':[]}}", "3{3}.1" },
	{ "unwanted things", "{'a':[1,{'in':2},']}'],'b':'in','c':{'usage':{'in':3}},'d':-2,'in':4}",
	  "1n(4).1" },
	{ "quotes and brackets in passed strings", "{'a':['\\']','\\\\'],'b':'\\'}','in':4}", "1n(4).1" },
	{ "a container where a scalar is wanted", "{'in':{'in':1},'model':['x'],'usage':[{'in':2}]}",
	  "1{2[3[.1" },
	{ "an object where an array is wanted", "{'usage':{'items':{'n':1}}}", "3{3}.1" },
	{ "escapes", "{'model':'a\\n\\'\\u00e9\\ud83d\\ude00\\/'}", "2s(a\n\"\xc3\xa9\xf0\x9f\x98\x80/).1" },
	{ "escapes in a name", "{'m\\u006fdel':'m','\\u0069n':1}", "2s(m)1n(1).1" },
	{ "a bad escape is nobody's text", "{'model':'a\\x','in':1}", "1n(1).1" },
	{ "an empty name and text", "{'':1,'model':''}", "2s().1" },
	{ "a name longer than any", "{'modelmodelmodelmodelmodelmodelmodelmodelmodelmodel':'x','in':1}",
	  "1n(1).1" },
	{ "several values", "{'in':1}\n{'in':2} [3]{'in':4}", "1n(1)1n(2)1n(4).4" },
	{ "cut in a number", "{'in':12", ".0" },
	{ "a number at its end", "{'in':12 ", "1n(12).0" },
	{ "cut in a text", "{'in':1,'model':'gpt", "1n(1).0" },
	{ "cut in a block", "{'usage':{'in':1,", "3{1n(1).0" },
	{ "cut in an escape", "{'model':'a\\u00", ".0" },
	{ "a number too long", "{'in':123456789012345678901234567890123,'in':5}", "1n(5).1" },
	{ "no value", "{'in':}", "!0" },
	{ "no colon", "{'in' 1}", "!0" },
	{ "no comma", "{'in':1 'in':2}", "1n(1)!0" },
	{ "a comma too many", "{'in':1,}", "1n(1)!0" },
	{ "a name without quotes", "{in:1}", "!0" },
	{ "the wrong bracket", "{'usage':{'in':1]}", "3{1n(1)!0" },
	{ "a bracket too many", "{'in':1}}", "1n(1)!1" },
	{ "a word that is none", "{'in':nil}", "!0" },
	{ "a scalar alone", "12 ", "!0" },
	{ "a text alone", "'in'", "!0" },
	{ "no JSON", "hello", "!0" },
	{ "an error stays", "{'in':1}?{'in':2}", "1n(1)!1" },
};

/* ' as ". */
static struct slice quoted(const char *text, char *room)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		room[i] = text[i] == '\'' ? '"' : text[i];
	return slice_of(room, n);
}

static void test_pieces(void)
{
	struct buf out;
	char room[256];

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 0; piece <= 40; piece++) {
			char name[128];

			run(quoted(cases[i].in, room), piece, &out);
			snprintf(name, sizeof name, "%s, in pieces of %zu", cases[i].name, piece);
			ok_slice(buf_slice(&out), slice_str(cases[i].want), name);
		}
	buf_free(&out);
}

/* `depth` brackets of each kind around nothing, before what is wanted. */
static void test_depth(size_t depth)
{
	struct buf in, out;
	char name[64];

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 16);
	buf_str(&in, "{\"a\":");
	for (size_t i = 0; i < depth; i++)
		buf_str(&in, "[{\"in\":");
	buf_str(&in, "1");
	for (size_t i = 0; i < depth; i++)
		buf_str(&in, "}]");
	buf_str(&in, ",\"in\":9}");
	for (size_t piece = 1; piece <= 4096; piece *= 64) {
		run(buf_slice(&in), piece, &out);
		snprintf(name, sizeof name, "%zu deep, in pieces of %zu", 2 * depth, piece);
		ok_slice(buf_slice(&out), SLICE("1n(9).1"), name);
	}
	buf_free(&in);
	buf_free(&out);
}

/* A text of `n` times the unit is told cut to at most JSON_STREAM_TEXT bytes, and as whole characters. */
static void test_long_text(const char *unit, const char *plain, size_t n)
{
	struct buf in, out, want;
	struct slice got;
	char name[64];

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 16);
	buf_init(&want, 1 << 20);
	buf_str(&in, "{\"model\":\"");
	for (size_t i = 0; i < n; i++) {
		buf_str(&in, unit);
		buf_str(&want, plain);
	}
	buf_str(&in, "\",\"in\":3}");
	for (size_t piece = 0; piece < 1 << 20; piece = piece < 8 ? piece + 1 : piece * 16) {
		run(buf_slice(&in), piece, &out);
		got = slice_of(out.p + 3, out.n < 12 ? 0 : out.n - 3 - strlen(")1n(3).1"));
		snprintf(name, sizeof name, "%zu times %s, in pieces of %zu", n, unit, piece);
		ok(got.n <= JSON_STREAM_TEXT && got.n >= JSON_STREAM_TEXT / 6 - 4 &&
			   got.n % strlen(plain) == 0 && slice_starts(buf_slice(&want), got) &&
			   slice_ends(buf_slice(&out), SLICE(")1n(3).1")),
		   name);
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&want);
}

static void fill(struct buf *b, char c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_byte(b, (uint8_t)c);
}

/* A string and containers of `n` bytes are passed over to their very ends, wherever these lie among the
 * words that are looked at together; nothing stands near the end that could be taken for it. */
static void test_passing(size_t n)
{
	static const char *const ends[][2] = { { "\"", "\"" }, { "[", "]" }, { "{\"\":", "}" } };
	struct buf in, out;
	char name[64];

	buf_init(&in, 1 << 12);
	buf_init(&out, 1 << 12);
	buf_byte(&in, '{');
	for (size_t i = 0; i < COUNT(ends); i++) {
		buf_fmt(&in, "\"a\":%s", ends[i][0]);
		fill(&in, '1', n);
		buf_str(&in, ends[i][1]);
		fill(&in, ' ', 80);
		buf_fmt(&in, ",\"in\":%zu,", i);
	}
	buf_str(&in, "\"z\":0}");
	run(buf_slice(&in), in.n, &out);
	snprintf(name, sizeof name, "passing over %zu bytes", n);
	ok_slice(buf_slice(&out), SLICE("1n(0)1n(1)1n(2).1"), name);
	buf_free(&in);
	buf_free(&out);
}

static void test_reset(void)
{
	struct buf out;
	struct json_stream j;

	buf_init(&out, 1 << 16);
	json_stream_init(&j, &root, told, &out);
	json_stream_push(&j, SLICE("{\"usage\":{\"in\":1,\"items\":[\"\\"));
	json_stream_reset(&j);
	json_stream_push(&j, SLICE("{\"in\":2}?"));
	ok(json_stream_failed(&j), "an error is told");
	json_stream_reset(&j);
	json_stream_push(&j, SLICE("{\"in\":3}"));
	ok(!json_stream_failed(&j), "and forgotten");
	ok_slice(buf_slice(&out), SLICE("3{1n(1)1n(2)1n(3)"), "a reset begins a new value");
	buf_free(&out);
}

/* ---- beginnings that are known again ---- */

enum { FIRST_TEXT = 10, MODEL = FIRST_TEXT, NAME, LAST_TEXT, DELTA, COUNTED };

static const struct json_want deltas[] = { JSON_PIECES("text", DELTA), JSON_WANT("model", MODEL, NULL),
					   JSON_WANT_END };
static const struct json_want choices[] = { JSON_EACH(NOTHING, deltas), JSON_WANT_END };
static const struct json_want members[] = {
	JSON_WANT("model", MODEL, NULL),	JSON_WANT("name", NAME, NULL), JSON_WANT("n", COUNTED, NULL),
	JSON_WANT("choices", NOTHING, choices), JSON_PIECES("text", DELTA),    JSON_WANT_END
};
static const struct json_want event = JSON_WANT("", NOTHING, members);

/* Texts of which the last counts; all else counts each time that it is told. */
struct heard {
	struct buf last[LAST_TEXT], text;
	unsigned numbers, others;
};

static void hear(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	struct heard *h = ctx;

	if (id >= FIRST_TEXT && id < LAST_TEXT) {
		buf_clear(&h->last[id]);
		buf_fmt(&h->last[id], "%u:", type);
		buf_add(&h->last[id], text);
	} else if (id == COUNTED) {
		h->numbers++;
	} else {
		h->others++;
	}
}

static void hear_piece(void *ctx, uint8_t id, struct slice raw, bool escaped)
{
	struct heard *h = ctx;

	(void)id;
	if (escaped)
		buf_byte(&h->text, '\\');
	buf_add(&h->text, raw);
}

/* An event like the others, mostly. */
static void write_event(struct buf *b, struct choice *c)
{
	static const char *const models[] = { "a", "b", "", "a\\u0062" };

	buf_clear(b);
	buf_fmt(b, "{\"id\":\"x-%u\",\"model\":\"%s\",", choose(c, 20) == 0,
		models[once_in(c, 8) ? choose(c, 4) : 0]);
	if (once_in(c, 6))
		buf_fmt(b, "\"n\":%u,", choose(c, 3));
	if (once_in(c, 3))
		buf_str(b, "\"name\":\"n\",");
	buf_str(b, once_in(c, 9) ? "\"text\":" : "\"choices\":[{\"text\":");
	buf_fmt(b, "\"%s%u\"", once_in(c, 4) ? "\\n" : "", choose(c, 100));
	if (once_in(c, 6))
		buf_fmt(b, ",\"model\":\"%s\"", models[choose(c, 4)]);
	buf_str(b, once_in(c, 9) ? "}" : "}],\"name\":null}");
}

static void hear_all(struct heard *h, struct json_stream *j, struct json_repeat *r, uint64_t seed, bool cut)
{
	struct choice c = choice_seed(seed), cuts = choice_seed(seed + 1);
	struct buf b;

	buf_init(&b, 1 << 12);
	json_stream_init(j, &event, hear, h);
	j->piece = hear_piece;
	if (r != NULL)
		json_repeat_init(r, FIRST_TEXT, LAST_TEXT);
	j->repeat = r;
	for (int i = 0; i < 40; i++) {
		struct slice in;

		write_event(&b, &c);
		for (in = buf_slice(&b); in.n > 0;) {
			size_t n = cut && once_in(&cuts, 3) ? 1 + choose(&cuts, (uint32_t)in.n) : in.n;

			json_stream_push(j, slice_head(in, n));
			in = slice_from(in, n);
		}
		json_stream_reset(j);
	}
	buf_free(&b);
}

static bool same(const struct heard *a, const struct heard *b)
{
	for (int i = FIRST_TEXT; i < LAST_TEXT; i++)
		if (!slice_eq(buf_slice(&a->last[i]), buf_slice(&b->last[i])))
			return false;
	return slice_eq(buf_slice(&a->text), buf_slice(&b->text)) && a->numbers == b->numbers &&
	       a->others == b->others;
}

static void heard_begin(struct heard *h)
{
	*h = (struct heard){ 0 };
	for (int i = FIRST_TEXT; i < LAST_TEXT; i++)
		buf_init(&h->last[i], 1 << 10);
	buf_init(&h->text, 1 << 16);
}

static void heard_free(struct heard *h)
{
	for (int i = FIRST_TEXT; i < LAST_TEXT; i++)
		buf_free(&h->last[i]);
	buf_free(&h->text);
}

/* Events heard with and without what is passed over, whole and in pieces: as long as each counts for itself.
 */
static void test_repeat(void)
{
	struct json_repeat r;
	struct json_stream j;
	unsigned bad = 0, known = 0;

	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct heard plain, passed, cut;

		heard_begin(&plain);
		heard_begin(&passed);
		heard_begin(&cut);
		hear_all(&plain, &j, NULL, seed, false);
		hear_all(&passed, &j, &r, seed, false);
		known += r.n > 0;
		hear_all(&cut, &j, &r, seed, true);
		bad += !same(&plain, &passed) || !same(&plain, &cut);
		heard_free(&plain);
		heard_free(&passed);
		heard_free(&cut);
	}
	ok(bad == 0, "2,000 streams of events that begin alike: the same is heard");
	ok(known > 500 && known < 2000, "and a beginning is known in some of them");
}

static void test_forget(void)
{
	struct heard h;
	struct json_repeat r;
	struct json_stream j;

	heard_begin(&h);
	json_stream_init(&j, &event, hear, &h);
	j.piece = hear_piece;
	json_repeat_init(&r, FIRST_TEXT, LAST_TEXT);
	j.repeat = &r;
	for (int i = 0; i < 3; i++) {
		json_stream_push(&j, SLICE("{\"model\":\"a\",\"text\":\"b\"}"));
		json_stream_reset(&j);
		if (i == 0) {
			hear(&h, MODEL, JSON_STRING, SLICE("c"));
			json_stream_forget(&j);
		} else {
			ok(buf_slice(&h.last[MODEL]).p[buf_slice(&h.last[MODEL]).n - 1] ==
				   (i == 1 ? 'a' : 'd'),
			   i == 1 ? "told by another way, and forgotten"
				  : "nothing is told of what is known");
		}
		if (i == 1)
			hear(&h, MODEL, JSON_STRING, SLICE("d"));
	}
	heard_free(&h);
}

int main(void)
{
	test_repeat();
	test_forget();
	test_pieces();
	test_depth(1);
	test_depth(32);
	test_depth(20000);
	test_long_text("m", "m", 5000);
	test_long_text("\xe6\x82\xa3", "\xe6\x82\xa3", 300);
	test_long_text("\\u60a3", "\xe6\x82\xa3", 300);
	test_long_text("\\ud83d\\ude00", "\xf0\x9f\x98\x80", 300);
	test_long_text("\\\\", "\\", 1001);
	for (size_t n = 1; n < 100; n++)
		test_passing(n);
	test_reset();
	return tap_done();
}
