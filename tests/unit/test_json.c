/* JSON in and out (RFC 8259). */
#include "core/base/json.h"
#include "tests/lib/tap.h"

/* What the scanner says, one letter a token: { } [ ] k s n t f 0 . (end) and ! (error). */
static const char *scan(struct slice in)
{
	static const char letter[] = "!.{}[]ksntf0";
	static char out[300];
	struct json j;
	size_t n = 0;
	enum json_type t;

	json_init(&j, in);
	do {
		t = json_next(&j);
		out[n++] = letter[t];
	} while (t != JSON_ERROR && t != JSON_END && n < sizeof out - 1);
	out[n] = 0;
	if (json_next(&j) != t)
		return "the last answer did not stay";
	return out;
}

static void test_tokens(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "{}", "{}." },
		{ "[]", "[]." },
		{ " [ ] ", "[]." },
		{ "\"\"", "s." },
		{ "0", "n." },
		{ "{\"a\":1,\"b\":[true,false,null],\"c\":{}}", "{knk[tf0]k{}}." },
		{ "[[],{},\"x\"]\n", "[[]{}s]." },
		{ "[-0,-1.5e+3,1E2,0.1]", "[nnnn]." },
		{ "\"a\\\"b\"", "s." },
		{ "\"abcdefghijklmnopq\\\\\"", "s." },
		{ "{\"a\" : \t1\r\n}", "{kn}." },
		{ "", "!" },
		{ " ", "!" },
		{ "[", "[!" },
		{ "{", "{!" },
		{ "[1", "[n!" },
		{ "[1,", "[n!" },
		{ "[1,]", "[n!" },
		{ "[,1]", "[!" },
		{ "[1 2]", "[n!" },
		{ "{,}", "{!" },
		{ "{\"a\"}", "{!" },
		{ "{\"a\":}", "{k!" },
		{ "{\"a\":1,}", "{kn!" },
		{ "{a:1}", "{!" },
		{ "{\"a\":1", "{kn!" },
		{ "[}", "[!" },
		{ "{]", "{!" },
		{ "]", "!" },
		{ "1 1", "n!" },
		{ "{}{}", "{}!" },
		{ "\"abc", "!" },
		{ "\"a\\", "!" },
		{ "\"a\\\"", "!" },
		{ "\"a\tb\"", "!" },
		{ "\"12345678\n\"", "!" },
		{ "01", "!" },
		{ "1.", "!" },
		{ ".5", "!" },
		{ "+1", "!" },
		{ "-", "!" },
		{ "1e", "!" },
		{ "1e+", "!" },
		{ "tru", "!" },
		{ "trux", "!" },
		{ "truee", "t!" },
		{ "nul", "!" },
		{ "NaN", "!" },
		{ "'a'", "!" },
		{ "[1]x", "[n]!" },
		{ "\xef\xbb\xbf[]", "!" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ok_str(scan(slice_str(rows[i].in)), rows[i].out, rows[i].in[0] == 0 ? "(empty)" : rows[i].in);
	ok_str(scan(slice_of("\"a\0b\"", 5)), "!", "a NUL in a string");
	ok_str(scan(slice_of("[]\0", 3)), "[]!", "a NUL behind");
}

static void test_depth(void)
{
	char text[2 * JSON_DEPTH + 2];
	struct json j;
	size_t n = 0;

	memset(text, '[', JSON_DEPTH + 1);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	json_init(&j, slice_of(text, 2 * JSON_DEPTH));
	while (json_next(&j) > JSON_END)
		n++;
	ok_int((int64_t)n, 2 * JSON_DEPTH, "the greatest depth");
	ok(json_next(&j) == JSON_END, "ends well");
	memset(text, '[', JSON_DEPTH + 1);
	json_init(&j, slice_of(text, JSON_DEPTH + 1));
	for (n = 0; json_next(&j) > JSON_END; n++)
		;
	ok_int((int64_t)n, JSON_DEPTH, "one level more is an error");
}

/* No cut of a good text reads a byte too many or ends well. */
static void test_cuts(void)
{
	static const char text[] =
		"{\"k\\u00e9y\":[1.5e3,\"long enough for the fast way \\\\\",true,null],\"o\":{\"a\":0}}";
	bool good = true;

	for (size_t n = 0; n < sizeof text - 1; n++) {
		const char *s = scan(slice_of(text, n));

		if (s[strlen(s) - 1] != '!')
			good = false;
	}
	ok(good, "every cut is an error");
	ok_str(scan(SLICE(text)), "{k[nst0]k{kn}}.", "and the whole is none");
}

static void test_skip(void)
{
	static const char text[] =
		"{\"skip\":{\"a\":[1,{\"b\":2}],\"c\":\"]\"},\"keep\":\"v\",\"last\":[[1],2]}";
	struct json j;

	json_init(&j, SLICE(text));
	ok(json_next(&j) == JSON_OBJECT_BEGIN && json_next(&j) == JSON_KEY && json_skip(&j),
	   "an object is skipped");
	ok(json_next(&j) == JSON_KEY && slice_is(j.text, "keep"), "the next key follows");
	ok(json_next(&j) == JSON_STRING && slice_is(j.text, "v") && !j.escaped, "with its value");
	ok(json_next(&j) == JSON_KEY && json_next(&j) == JSON_ARRAY_BEGIN, "an array");
	ok(json_skip(&j) && json_skip(&j) && !json_skip(&j), "has two elements to skip");
	ok(json_next(&j) == JSON_OBJECT_END && json_next(&j) == JSON_END, "the end is found");
	json_init(&j, SLICE("[{\"a\":1"));
	ok(json_next(&j) == JSON_ARRAY_BEGIN && !json_skip(&j), "a cut-off value is not skipped");
	ok(json_next(&j) == JSON_ERROR, "and the error stays");
}

static void test_unescape(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "plain", "plain" },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u0041\\u00e9", "A\xc3\xa9" },
		{ "\\u5f53\\u76f4", "\xe5\xbd\x93\xe7\x9b\xb4" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\ud83d", "\xef\xbf\xbd" },
		{ "\\ude00x", "\xef\xbf\xbdx" },
		{ "\\ud83d\\u0041", "\xef\xbf\xbd\x41" },
		{ "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ "\\", NULL },
		{ "\\x41", NULL },
		{ "\\u12", NULL },
		{ "\\u12g4", NULL },
		{ "\\'", NULL },
	};
	uint8_t out[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = json_unescape(slice_str(rows[i].in), out);

		if (rows[i].out == NULL)
			ok(n == SIZE_MAX, rows[i].in);
		else
			ok(n != SIZE_MAX && slice_is(slice_of(out, n), rows[i].out), rows[i].in);
	}
}

static void test_numbers(void)
{
	static const struct { const char *in; bool good; int64_t v; } whole[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "1e3", true, 1000 },
		{ "5.0", true, 5 },
		{ "-12", true, -12 },
		{ "1.5", false, 0 },
		{ "1.50e1", true, 15 },
		{ "100e-2", true, 1 },
		{ "1e-1", false, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "0e999999999999999999", true, 0 },
		{ "1e999999999999", false, 0 },
		{ "1e-999999999999", false, 0 },
		{ "", false, 0 },
		{ "1 ", false, 0 },
		{ "0x10", false, 0 },
		{ "0.00000000000000000000000000000000000000001e41", true, 1 },
	};
	static const struct { const char *in; int digits; bool good; int64_t v; } scaled[] = {
		{ "2.345", 9, true, 2345000000 },
		{ "2.345", 2, true, 235 },
		{ "2.344999999", 2, true, 234 },
		{ "0.1", 12, true, 100000000000 },
		{ "-2.5", 0, true, -3 },
		{ "2.5", 0, true, 3 },
		{ "0.49", 0, true, 0 },
		{ "0.05", 0, true, 0 },
		{ "0.5", 0, true, 1 },
		{ "1e-7", 6, true, 0 },
		{ "5e-7", 6, true, 1 },
		{ "15", -1, true, 2 },
		{ "14", -1, true, 1 },
		{ "4", -2, true, 0 },
		{ "1e18", 1, false, 0 },
		{ "9.2233720368547758074", 18, true, INT64_MAX },
		{ "9.2233720368547758075", 18, false, 0 },
		{ "1.5s", 3, false, 0 },
		{ "-", 3, false, 0 },
		{ "1782.000", 6, true, 1782000000 },
		{ "964543975108253432", 9, false, 0 }, /* too large: what was in v stays */
		{ "922337203685477580.8", 1, false, 0 },
		{ "922337203685477.5807", 4, true, INT64_MAX },
		{ "9223372036.8547759", 9, false, 0 },
		{ "9223372036.8547757", 9, true, INT64_C(9223372036854775700) },
		{ "00.5", 3, false, 0 },
		{ ".5", 3, false, 0 },
		{ "5.", 3, false, 0 },
		{ "1.2.3", 3, false, 0 },
	};
	int64_t v;

	for (size_t i = 0; i < COUNT(whole); i++) {
		v = 0;
		ok(json_i64(slice_str(whole[i].in), &v) == whole[i].good && v == whole[i].v,
		   whole[i].in[0] == 0 ? "(empty)" : whole[i].in);
	}
	for (size_t i = 0; i < COUNT(scaled); i++) {
		v = 0;
		ok(json_decimal(slice_str(scaled[i].in), scaled[i].digits, &v) == scaled[i].good &&
			   v == scaled[i].v,
		   scaled[i].in);
	}
}

#define FFFD "\xef\xbf\xbd"

static void test_strings_out(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "", "\"\"" },
		{ "plain text, long enough for the fast way",
		  "\"plain text, long enough for the fast way\"" },
		{ "q\"b\\s/", "\"q\\\"b\\\\s/\"" },
		{ "\n\t\x01\x1f\x7f", "\"\\n\\t\\u0001\\u001f\x7f\"" },
		{ "\xe5\xbd\x93\xe7\x9b\xb4", "\"\xe5\xbd\x93\xe7\x9b\xb4\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "\xff", "\"" FFFD "\"" },
		{ "a\xc3", "\"a" FFFD "\"" },
		{ "\xc0\xaf", "\"" FFFD FFFD "\"" },
		{ "\xe0\x80\x80", "\"" FFFD FFFD FFFD "\"" },
		{ "\xed\xa0\x80", "\"" FFFD FFFD FFFD "\"" },
		{ "\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"" },
		{ "\xe5\xbd", "\"" FFFD "\"" },
		{ "\xe5\xbdx", "\"" FFFD "x\"" },
		{ "12345678\xe5", "\"12345678" FFFD "\"" },
		{ "1234567\"", "\"1234567\\\"\"" },
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		json_put_string(&b, slice_str(rows[i].in));
		ok_slice(buf_slice(&b), slice_str(rows[i].out), "a string out");
	}
	buf_clear(&b);
	json_put_string(&b, slice_of("\0", 1));
	ok_slice(buf_slice(&b), SLICE("\"\\u0000\""), "a NUL out");
	buf_free(&b);
}

static void test_writer(void)
{
	struct buf b;
	struct json_out o;

	buf_init(&b, 1000);
	o = json_out(&b);
	json_open(&o, '{');
	json_key(&o, "a.b");
	json_int(&o, INT64_MIN);
	json_key(&o, "list");
	json_open(&o, '[');
	json_str(&o, SLICE("x"));
	json_bool(&o, true);
	json_bool(&o, false);
	json_null(&o);
	json_open(&o, '{');
	json_close(&o, '}');
	json_raw(&o, "[1.50]");
	json_close(&o, ']');
	json_key(&o, "end");
	json_str(&o, slice_of(NULL, 0));
	json_close(&o, '}');
	ok_slice(buf_slice(&b),
		 SLICE("{\"a.b\":-9223372036854775808,\"list\":[\"x\",true,false,null,{},[1.50]],"
		       "\"end\":\"\"}"),
		 "commas fall into their places");
	ok_str(scan(buf_slice(&b)), "{knk[stf0{}[n]]ks}.", "and the scanner agrees");
	buf_free(&b);
}

int main(void)
{
	test_tokens();
	test_depth();
	test_cuts();
	test_skip();
	test_unescape();
	test_numbers();
	test_strings_out();
	test_writer();
	return tap_done();
}
