/* Record lines: the one canonical spelling, and the writer that always makes it. */
#include <stdio.h>

#include "core/base/hash.h"
#include "core/trail/record.h"
#include "tests/lib/tap.h"

#define H "\"h\":\"0000000000000000000000000000000000000000000000000000000000000000\""
#define N "\"n\":\"Dp_sg7UOaD8LVg6BibizmA\""
#define TAIL "\"seq\":5,\"ts\":\"2026-11-22T16:42:12.010Z\",\"type\":\"finding\",\"v\":1}"

static void test_reading(void)
{
	static const struct {
		const char *line;
		const char *name;
		bool good;
	} rows[] = {
		{ "{" H "," N "," TAIL, "a record", true },
		{ "{\"a\":[1,-1,{\"b\":true},null,\"\\u001f\\n\\\"\"]," H "," N "," TAIL, "nested values",
		  true },
		{ "{\"a\":\"\xe6\x9c\xac\"," H "," N "," TAIL, "UTF-8", true },
		{ "{\"a\":9007199254740991," H "," N "," TAIL, "2^53 - 1", true },
		{ "{\"a\":9007199254740992," H "," N "," TAIL, "2^53", false },
		{ "{\"a\":1.5," H "," N "," TAIL, "a float", false },
		{ "{\"a\":1e3," H "," N "," TAIL, "an exponent", false },
		{ "{\"a\":-0," H "," N "," TAIL, "minus zero", false },
		{ "{\"a\":01," H "," N "," TAIL, "a leading zero", false },
		{ "{\"a\":\"\\u0041\"," H "," N "," TAIL, "an escape that need not be", false },
		{ "{\"a\":\"\\u000a\"," H "," N "," TAIL, "the long form of \\n", false },
		{ "{\"a\":\"\\u001F\"," H "," N "," TAIL, "an escape in upper case", false },
		{ "{\"a\":\"\\/\"," H "," N "," TAIL, "an escaped slash", false },
		{ "{\"a\":\"\\ud800\"," H "," N "," TAIL, "a lone surrogate", false },
		{ "{\"a\":\"\xed\xa0\x80\"," H "," N "," TAIL, "a surrogate in UTF-8", false },
		{ "{\"a\":\"\xc0\x80\"," H "," N "," TAIL, "an overlong NUL", false },
		{ "{\"a\":\"\t\"," H "," N "," TAIL, "a raw control character", false },
		{ "{\"a\":1,\"a\":1," H "," N "," TAIL, "a key twice", false },
		{ "{\"b\":1,\"a\":1," H "," N "," TAIL, "keys out of order", false },
		{ "{\"a\":{\"b\":1,\"a\":1}," H "," N "," TAIL, "keys out of order within", false },
		{ "{\"\xc3\xa9\":1," H "," N "," TAIL, "a key beyond ASCII", false },
		{ "{" N "," TAIL, "no h", false },
		{ "{" H "," TAIL, "no n", false },
		{ "{" H "," N ",\"ts\":\"2026-11-22T16:42:12.010Z\",\"type\":\"finding\",\"v\":1}", "no seq",
		  false },
		{ "{" H "," N
		  ",\"seq\":\"5\",\"ts\":\"2026-11-22T16:42:12.010Z\",\"type\":\"finding\",\"v\":1}",
		  "seq as text", false },
		{ "{" H "," N ",\"seq\":5,\"ts\":\"2026-11-22T16:42:12Z\",\"type\":\"finding\",\"v\":1}",
		  "ts without a fraction", false },
		{ "{" H "," N
		  ",\"seq\":5,\"ts\":\"2026-11-22T16:42:12.010+00:00\",\"type\":\"finding\",\"v\":1}",
		  "ts with an offset", false },
		{ "{" H "," N ",\"seq\":5,\"ts\":\"2026-11-22T16:42:12.010Z\",\"type\":\"finding\",\"v\":2}",
		  "another version", false },
		{ "{" H "," N "," TAIL " ", "a blank behind", false },
		{ "{ " H "," N "," TAIL, "a blank within", false },
		{ "{" H "," N "," TAIL "\r", "CRLF", false },
		{ "\xef\xbb\xbf{" H "," N "," TAIL, "a BOM", false },
		{ "", "nothing", false },
		{ "[]", "no object", false },
		{ "{}", "an empty object", false },
	};
	struct record_error why;
	struct record r;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (!ok(record_read(slice_str(rows[i].line), &r, &why) == rows[i].good, rows[i].name))
			printf("#   %s at %zu\n", why.why == NULL ? "accepted" : why.why, why.offset);
	record_read(slice_str(rows[0].line), &r, &why);
	ok_int(r.seq, 5, "seq");
	ok_int(r.type, RECORD_FINDING, "type");
	ok_int(r.ts_ns % 1000000000, 10000000, "ts");
	ok(!record_read(slice_of("{\"a\":\"\0\"}", 9), &r, &why), "a NUL");
	ok(!record_read(SLICE("{\"a\":\"\\"), &r, &why) && why.offset <= 7, "cut off behind a backslash");
}

static void test_depth(void)
{
	struct record_error why;
	struct record r;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_str(&b, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		buf_byte(&b, '[');
	ok(!record_read(buf_slice(&b), &r, &why) && strcmp(why.why, "nested too deep") == 0, "a depth bomb");
	buf_free(&b);
}

static struct record_head head(void)
{
	struct record_head h = { .seq = 12, .ts_ns = INT64_C(1795000000000000000), .type = "review" };

	memset(h.nonce, 0xa5, sizeof h.nonce);
	return h;
}

/* What the writer makes of a body, without the head's members. */
static void body(struct renderer *r, const char *in, const char *want, const char *name)
{
	struct record_head h = head();
	struct record_error why;
	struct record rec;
	struct buf out, all;

	buf_init(&out, 1 << 20);
	buf_init(&all, 1 << 20);
	put_record(r, &out, &h, slice_str(in));
	if (!ok(record_read(buf_slice(&out), &rec, &why) && rec.seq == 12, name))
		printf("#   %s in %.*s\n", why.why, (int)out.n, (const char *)out.p);
	buf_str(&all, want);
	ok(out.n > all.n && memmem(out.p, out.n, all.p, all.n) != NULL, want);
	if (tap_bad)
		printf("#   %.*s\n", (int)out.n, (const char *)out.p);
	buf_free(&out);
	buf_free(&all);
}

static void test_writing(void)
{
	struct renderer *r = renderer_new();

	body(r, "{ \"z\": 1, \"a\" : {\"y\":2,\"x\":[3, 4]} }",
	     "{\"a\":{\"x\":[3,4],\"y\":2},\"h\":", "sorted, no blanks");
	body(r, "{\"z\":1}", ",\"v\":1,\"z\":1}", "a member behind the head's");
	body(r, "{\"a\":1.50,\"b\":-0,\"c\":9007199254740993,\"d\":1e3}",
	     "{\"a\":\"1.50\",\"b\":\"-0\",\"c\":\"9007199254740993\",\"d\":\"1e3\",\"h\":",
	     "no floats: their text");
	body(r, "{\"a\":\"\\u0041\\u000a\\/\\ud83d\\ude00\"}",
	     "{\"a\":\"A\\n/\xf0\x9f\x98\x80\",\"h\":", "escapes");
	body(r, "{\"seq\":99,\"a\":1,\"a\":2}", "{\"a\":1,\"h\":", "the head's seq and a first member count");
	body(r, "{\"\xe6\x9c\xac\":1,\"a b\":2}", "{\"%E6%9C%AC\":1,\"a%20b\":2,\"h\":", "keys beyond ASCII");
	body(r, "no object", "{\"body\":\"no object\",\"h\":", "what is no object goes in as text");
	body(r, "{\"a\":1", "{\"body\":\"{\\\"a\\\":1\",\"h\":", "nor what is cut off");
	body(r, "{}", "{\"h\":", "an empty body");
	renderer_free(r);
}

static void test_access(void)
{
	struct renderer *r = renderer_new();
	struct record_head h = head();
	struct record_error why;
	struct flat_event fe;
	struct record rec;
	struct slice text;
	struct buf out;
	int64_t n;

	buf_init(&out, 1 << 20);
	h.type = record_type_name(RECORD_ACCESS);
	flat_event_reset(&fe);
	ev_set_int(&fe.ev, F_TIMESTAMP, INT64_C(1795000000000000000));
	ev_set_int(&fe.ev, F_STATUS, 200);
	ev_set_int(&fe.ev, F_COST, INT64_C(9007199254740993));
	ev_set_int(&fe.ev, F_LAT, 35681236);
	ev_set_str(&fe.ev, F_USER, SLICE("\xe7\x94\xb0\xe4\xb8\xad\n\"x\xff"));
	ev_set_str(&fe.ev, F_ROLES, SLICE("nurse,doctor"));
	ev_set_int(&fe.ev, F_STREAM, 1);
	ev_set_str(&fe.ev, F_QUERY, SLICE("patient=suzuki"));
	put_access_record(r, &out, &h, &fe.ev);
	ok(memmem(out.p, out.n, "suzuki", 6) == NULL, "a query string, which may name a patient, stays out");
	if (!ok(record_read(buf_slice(&out), &rec, &why), "an access record is canonical"))
		printf("#   %s: %.*s\n", why.why, (int)out.n, (const char *)out.p);
	ok_int(rec.type, RECORD_ACCESS, "its type");
	ok(record_string(buf_slice(&out), "tochoku.cost.pico_usd", &text) &&
		   slice_is(text, "9007199254740993"),
	   "an integer beyond 2^53 is text");
	ok(record_string(buf_slice(&out), "source.geo.location.lat", &text) && slice_is(text, "35.681236"),
	   "a latitude is decimal text");
	ok(record_number(buf_slice(&out), "http.response.status_code", &n) && n == 200, "a number");
	ok_int((int64_t)record_distinct(buf_slice(&out), "user.roles"), 2, "a list");
	buf_free(&out);
	renderer_free(r);
}

static void test_stub(void)
{
	struct hash32 a, b, c, d;
	struct buf out;

	memset(a.b, 0x11, 32);
	memset(b.b, 0x22, 32);
	buf_init(&out, 1000);
	put_stub(&out, &a, &b);
	ok(stub_read(buf_slice(&out), &c, &d) && hash_eq(&a, &c) && hash_eq(&b, &d), "a stub");
	buf_byte(&out, ' ');
	ok(!stub_read(buf_slice(&out), &c, &d), "with a blank behind it is none");
	buf_free(&out);
}

static void test_times(void)
{
	struct buf b;

	buf_init(&b, 1000);
	put_ts(&b, 0);
	buf_byte(&b, ' ');
	put_ts(&b, 1500000);
	ok_slice(buf_slice(&b), SLICE("1970-01-01T00:00:00.000Z 1970-01-01T00:00:00.001500Z"),
		 "ts has 3, 6 or 9 digits");
	buf_free(&b);
}

int main(void)
{
	test_reading();
	test_depth();
	test_writing();
	test_access();
	test_stub();
	test_times();
	return tap_done();
}
