/* Frames in, calls out; every case whole, byte by byte and cut at random: the calls are the same. */
#include "tests/lib/http2_wire.h"

#include "tests/lib/http2_scene.h"
#include "tests/lib/tap.h"

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t dice(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

static size_t piece(void *ctx, size_t n)
{
	size_t most = *(size_t *)ctx, k = most == 0 ? 1 + dice(dice(4) == 0 ? 400 : 7) : most;

	return k < n ? k : n;
}

static void play(struct slice in, enum http2_begin how, size_t most, struct scene *s, bool *clean)
{
	struct http2_pool *pool = http2_pool_new(1, 1 << 20);
	struct http2 *h = http2_open(pool, how);
	struct http2_sink sink = scene_sink(s);

	buf_clear(&s->out);
	s->body = 0;
	script_play(in, h, piece, &most, &sink);
	if (s->body != 0)
		buf_byte(&s->out, '|');
	http2_close(h);
	*clean = *clean && http2_pool_memory(pool) == 0;
	http2_pool_free(pool);
}

static void check(const char *name, struct script *t, enum http2_begin how, const char *want)
{
	struct scene s = { .body = 0 };
	bool same = true, clean = true;

	buf_init(&s.out, 1 << 24);
	play(buf_slice(&t->b), how, SIZE_MAX, &s, &clean);
	ok_slice(buf_slice(&s.out), slice_str(want), name);
	for (int round = 0; round < 12 && same; round++) {
		play(buf_slice(&t->b), how, round == 0 ? 1 : 0, &s, &clean);
		same = slice_eq(buf_slice(&s.out), slice_str(want));
	}
	if (!ok(same && clean, "  however it is cut, and nothing is kept"))
		printf("#   got  %.*s\n", (int)s.out.n, (const char *)s.out.p);
	buf_free(&s.out);
	script_end(t);
}

/* ---- cases ---- */

#define GET ":method=GET|:scheme=http|:path=/a|:authority=h"
#define GET_OUT(n) "Q" n " :method=GET|Q" n " :scheme=http|Q" n " :path=/a|Q" n " :authority=h|Q" n "--|"
#define OK_OUT(n) "R" n " :status=200|R" n "--|"

static void begin(struct script *t, bool preface)
{
	script_begin(t);
	if (preface)
		script_preface(t);
}

static void simple(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, 0, 1, GET "|x=y");
	script_frame(&t, REQUEST, 0, 0, 1, SLICE("hel"));
	script_frame(&t, REQUEST, 0, END_STREAM, 1, SLICE("lo"));
	script_headers(&t, RESPONSE, 0, 1, ":status=200|content-type=text/plain");
	script_frame(&t, RESPONSE, 0, PADDED, 1, SLICE("\3byepad"));
	script_frame(&t, RESPONSE, 0, PADDED | END_STREAM, 1, SLICE("\3pad"));
	script_headers(&t, REQUEST, END_STREAM, 3, GET "|x=y");
	script_headers(&t, RESPONSE, END_STREAM, 3, ":status=204");
	script_finish(&t);
	check("two exchanges", &t, HTTP2_PREFACE,
	      "Q1 :method=GET|Q1 :scheme=http|Q1 :path=/a|Q1 :authority=h|Q1 x=y|Q1--|Q1 hello|Q1.|"
	      "R1 :status=200|R1 content-type=text/plain|R1--|R1 bye|R1.|"
	      "Q3 :method=GET|Q3 :scheme=http|Q3 :path=/a|Q3 :authority=h|Q3 x=y|Q3--|Q3.|R3 "
	      ":status=204|R3--|R3.|");
}

static void interleaved(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, END_STREAM, 1, GET);
	script_headers(&t, REQUEST, END_STREAM, 3, GET);
	script_frame(&t, REQUEST, 8, 0, 0, SLICE("\0\0\1\0"));
	script_frame(&t, RESPONSE, 0xb, 0x55, 7, SLICE("some extension"));
	script_headers(&t, RESPONSE, 0, 3, ":status=200");
	script_headers(&t, RESPONSE, 0, 1, ":status=200");
	script_frame(&t, RESPONSE, 0, 0, 3, SLICE("3a"));
	script_frame(&t, RESPONSE, 0, 0, 1, SLICE("1a"));
	script_frame(&t, RESPONSE, 6, 0, 0, SLICE("12345678"));
	script_frame(&t, RESPONSE, 0, END_STREAM, 3, SLICE("3b"));
	script_frame(&t, RESPONSE, 0, END_STREAM, 1, SLICE("1b"));
	script_finish(&t);
	check("two at a time, and other frames", &t, HTTP2_PREFACE,
	      GET_OUT("1") "Q1.|" GET_OUT("3") "Q3.|" OK_OUT("3") OK_OUT("1")
	      "R3 3a|R1 1a|R3 3b|R3.|R1 1b|R1.|");
}

/* Every form of a field (RFC 7541 C), by hand, in padded frames with priority that are continued. */
static void forms(void)
{
	struct script t;

	begin(&t, true);
	script_frame(&t, REQUEST, 1, PADDED | PRIORITY, 1,
		     SLICE("\4\x80\0\0\0\xff\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3aPPPP"));
	script_frame(&t, REQUEST, 9, 0, 1, SLICE("\x6b\xa0\xab\x90\xf4\xff\x04\x0c"));
	script_frame(&t, REQUEST, 9, 0, 1, slice_of(NULL, 0));
	script_frame(&t, REQUEST, 9, 0, 1,
		     SLICE("/sample/path\x40\x0a"
			   "custom-key\x0d"
			   "custom-header\x10\x08pass"));
	script_frame(&t, REQUEST, 9, END_HEADERS, 1, SLICE("word\x06secret\0\1e\0\xbe\xbf\x7f\0\1v"));
	script_frame(&t, REQUEST, 0, END_STREAM, 1, slice_of(NULL, 0));
	script_finish(&t);
	check("every form of a field", &t, HTTP2_PREFACE,
	      "Q1 :method=GET|Q1 :scheme=http|Q1 :path=/|Q1 :authority=www.example.com|Q1 :path=/sample/path|"
	      "Q1 custom-key=custom-header|Q1 password=secret|Q1 e=|Q1 custom-key=custom-header|"
	      "Q1 :authority=www.example.com|Q1 :authority=v|Q1--|Q1.|R1!|");
}

static void blocks_that_are_no_heads(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, 0, 1, GET);
	script_headers(&t, RESPONSE, 0, 1, ":status=100");
	script_headers(&t, RESPONSE, 0, 1, ":status=103|link=</s>");
	script_frame(&t, REQUEST, 0, 0, 1, SLICE("q"));
	script_headers(&t, REQUEST, END_STREAM, 1, "trailer=1");
	script_headers(&t, RESPONSE, 0, 1, ":status=200|link=</s>");
	script_frame(&t, RESPONSE, 0, 0, 1, SLICE("r"));
	script_headers(&t, RESPONSE, END_STREAM, 1, "grpc-status=0");
	script_headers(&t, RESPONSE, END_STREAM, 2, ":status=200"); /* never promised: told, and no request */
	script_finish(&t);
	check("informational, trailers", &t, HTTP2_PREFACE,
	      GET_OUT("1") "Q1 q|Q1.|R1 :status=200|R1 link=</s>|R1--|R1 r|R1.|" OK_OUT("2") "R2.|");
}

static void promise(struct script *t, uint32_t on, const char *promised, const char *fields)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_byte(&b, 2);
	buf_add(&b, slice_of(promised, 4));
	script_block(t, RESPONSE, fields, &b);
	buf_str(&b, "PP");
	script_frame(t, RESPONSE, 5, END_HEADERS | PADDED, on, buf_slice(&b));
	buf_free(&b);
}

static void push_and_reset(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, END_STREAM, 1, GET);
	promise(&t, 1, "\0\0\0\2", GET);
	promise(&t, 1, "\0\0\0\4", GET);
	script_headers(&t, RESPONSE, END_STREAM, 1, ":status=200");
	script_headers(&t, RESPONSE, 0, 2, ":status=200");
	script_frame(&t, RESPONSE, 0, END_STREAM, 2, SLICE("pushed"));
	script_frame(&t, RESPONSE, 3, 0, 4, SLICE("\0\0\0\0"));
	script_headers(&t, RESPONSE, END_STREAM, 4, ":status=200"); /* is over */
	script_finish(&t);
	check("push", &t, HTTP2_PREFACE, GET_OUT("1") "Q1.|" GET_OUT("2") "Q2.|" GET_OUT("4") "Q4.|"
	      OK_OUT("1") "R1.|" OK_OUT("2") "R2 pushed|R2.|R4!|");

	begin(&t, true);
	script_headers(&t, REQUEST, 0, 1, GET);
	script_headers(&t, REQUEST, END_STREAM, 3, GET);
	script_headers(&t, REQUEST, END_STREAM, 5, GET);
	script_headers(&t, RESPONSE, 0, 3, ":status=200");
	script_headers(&t, RESPONSE, 0, 1, ":status=200");
	script_frame(&t, RESPONSE, 3, 0, 1, SLICE("\0\0\0\0"));  /* both are over */
	script_frame(&t, REQUEST, 0, END_STREAM, 1, SLICE("x"));
	script_frame(&t, REQUEST, 3, 0, 3, SLICE("\0\0\0\x8"));  /* the server does not know yet */
	script_frame(&t, REQUEST, 3, 0, 5, SLICE("\0\0\0\x8"));
	script_frame(&t, RESPONSE, 0, END_STREAM, 3, SLICE("on its way"));
	script_headers(&t, REQUEST, END_STREAM, 7, GET);
	script_headers(&t, RESPONSE, END_STREAM, 7, ":status=200"); /* now it does */
	script_headers(&t, RESPONSE, END_STREAM, 5, ":status=200");
	script_finish(&t);
	check("reset by either side", &t, HTTP2_PREFACE,
	      GET_OUT("1") GET_OUT("3") "Q3.|" GET_OUT("5") "Q5.|" OK_OUT("3")
		      OK_OUT("1") "Q1!|R1!|R3 on its way|R3.|" GET_OUT("7") "Q7.|R5!|" OK_OUT("7") "R7.|");
}

static void upgraded(void)
{
	struct script t;

	begin(&t, false);
	script_frame(&t, RESPONSE, 4, 0, 0, slice_of(NULL, 0));
	script_headers(&t, RESPONSE, 0, 1, ":status=200");
	script_bytes(&t, REQUEST, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	script_frame(&t, RESPONSE, 0, END_STREAM, 1, SLICE("a"));
	script_headers(&t, REQUEST, END_STREAM, 3, GET);
	script_finish(&t);
	check("upgraded", &t, HTTP2_UPGRADED, OK_OUT("1") "R1 a|R1.|" GET_OUT("3") "Q3.|R3!|");
}

static void table_sizes(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, END_STREAM, 1, ":method=GET|a=1|b=2");
	nghttp2_hd_deflate_change_table_size(t.hd[REQUEST], 0);
	nghttp2_hd_deflate_change_table_size(t.hd[REQUEST], 4096);
	script_headers(&t, REQUEST, END_STREAM, 3, ":method=GET|a=1|b=2");
	/* the encoder's table is larger than ours will ever be; then: index of what was never there */
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 5,
		     SLICE("\x3f\xe1\xff\xff\x07\x82\xbf\xbe\xc0"));
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 7, SLICE("\x82\x7f\x40\2zz\xbe"));
	script_finish(&t);
	check("sizes of the table", &t, HTTP2_PREFACE,
	      "Q1 :method=GET|Q1 a=1|Q1 b=2|Q1--|Q1.|Q3 :method=GET|Q3 a=1|Q3 b=2|Q3--|Q3.|"
	      "Q5 :method=GET|Q5 a=1|Q5 b=2|Q5-?|Q5.|Q7 :method=GET|Q7-?|Q7.|R1!|R3!|R5!|R7!|");
}

static void broken_blocks(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, END_STREAM, 1, ":method=GET|a=1");
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 3, SLICE("\x82\x86\x80\x84")); /* index 0 */
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 5, SLICE("\x82\xbe")); /* unknown now */
	script_frame(&t, REQUEST, 1, END_HEADERS, 7, SLICE("\x82\x40\1"));	      /* ends in a field */
	script_frame(&t, REQUEST, 1, 0, 9, SLICE("\x82"));			      /* not continued */
	script_frame(&t, REQUEST, 0, 0, 9, SLICE("x"));
	script_frame(&t, REQUEST, 9, END_HEADERS, 9, SLICE("\x82")); /* continues nothing */
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 11,
		     SLICE("\x82\0\1a\x7f\xff\xff\xff\xff\x7f"));
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 13, SLICE("\x84\0\1:\1a"));
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 15, SLICE("\x88\x82")); /* a response */
	script_frame(&t, REQUEST, 1, END_STREAM | END_HEADERS, 0, SLICE("\x82"));
	script_finish(&t);
	check("broken blocks", &t, HTTP2_PREFACE,
	      "Q1 :method=GET|Q1 a=1|Q1--|Q1.|Q3 :method=GET|Q3 :scheme=http|Q3!|Q0HEADERS|"
	      "Q5 :method=GET|Q5-?|Q5.|Q7 :method=GET|Q7!|Q0HEADERS|Q9 :method=GET|Q9!|Q0HEADERS|Q0HEADERS|"
	      "Q11 :method=GET|Q11!|Q0HEADERS|Q13 :path=/|Q13 :=a|Q13--|Q13.|"
	      "R1!|R3!|R5!|R7!|R9!|R11!|R13!|");
}

/* ---- bounds ---- */

static void long_fields(void)
{
	struct script t;
	struct buf b;

	begin(&t, true);
	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("\x82\0\1a\x7f\xa1\x9b\1")); /* 20000 bytes */
	memset(buf_room(&b, 20000), 'x', 20000);
	b.n += 20000;
	script_frame(&t, REQUEST, 1, 0, 1, slice_head(buf_slice(&b), 16384));
	script_frame(&t, REQUEST, 9, END_HEADERS, 1, slice_from(buf_slice(&b), 16384));
	buf_free(&b);
	script_finish(&t);
	check("a long field", &t, HTTP2_PREFACE, "Q1 :method=GET|Q1 a=x*8192|Q1--|Q1!|R1!|");

}

/* A block of 27 frames of 10,000 bytes is too long; one of as many fields is told in part. */
static void long_blocks(void)
{
	uint8_t many[10000];
	struct script t;
	struct scene s = { .body = 0 };
	bool clean = true;

	begin(&t, true);
	script_frame(&t, REQUEST, 1, END_STREAM, 1, SLICE("\x82\0\1a\x7f\x81\xff\x7f"));
	memset(many, 'x', sizeof many);
	for (int i = 0; i < 27; i++)
		script_frame(&t, REQUEST, 9, i == 26 ? END_HEADERS : 0, 1, slice_of(many, sizeof many));
	script_headers(&t, REQUEST, END_STREAM, 3, GET);
	script_finish(&t);
	check("a field that is too long", &t, HTTP2_PREFACE,
	      "Q1 :method=GET|Q1!|Q0HEADERS|" GET_OUT("3") "Q3.|R1!|R3!|");

	begin(&t, true);
	memset(many, 0x86, sizeof many);
	script_frame(&t, REQUEST, 1, END_STREAM, 1, SLICE("\x82"));
	for (int i = 0; i < 27; i++)
		script_frame(&t, REQUEST, 9, i == 26 ? END_HEADERS : 0, 1, slice_of(many, sizeof many));
	script_finish(&t);
	buf_init(&s.out, 1 << 24);
	play(buf_slice(&t.b), HTTP2_PREFACE, SIZE_MAX, &s, &clean);
	ok(slice_ends(buf_slice(&s.out), SLICE("|Q1!|Q0HEADERS|R1!|")), "a block that is too long");
	/* ":scheme" and "http" are 11 bytes: no more are told than a block may have */
	ok_int((int64_t)s.out.n, (int64_t)(strlen("Q1 :method=GET|Q1!|Q0HEADERS|R1!|") +
	       (HTTP2_BLOCK_MAX - 10) / 11 * strlen("Q1 :scheme=http|")), "  of which some is told");
	buf_free(&s.out);
	script_end(&t);
}

static void count_ends(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	(void)stream;
	((unsigned *)ctx)[2 * d + whole]++;
}

static void count_lost(void *ctx, enum direction d, enum http2_lost what)
{
	(void)d;
	((unsigned *)ctx)[4 + what]++;
}

static void no_header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	(void)ctx, (void)stream, (void)d, (void)name, (void)value;
}

static void no_head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	(void)ctx, (void)stream, (void)d, (void)all;
}

static void many_streams(void)
{
	unsigned n[7] = { 0 };
	struct http2_sink sink = { n, no_header, no_head, on_body, on_gap, count_ends, count_lost };
	struct http2_pool *pool = http2_pool_new(1, 1 << 20);
	struct http2 *h = http2_open(pool, HTTP2_PREFACE);
	struct script t;
	size_t all = SIZE_MAX;

	begin(&t, true);
	for (uint32_t i = 0; i < HTTP2_STREAMS + 10; i++)
		script_headers(&t, REQUEST, END_STREAM, 2 * i + 1, GET);
	for (uint32_t i = 0; i < HTTP2_STREAMS + 10; i++)
		script_headers(&t, RESPONSE, END_STREAM, 2 * i + 1, ":status=200");
	script_finish(&t);
	script_play(buf_slice(&t.b), h, piece, &all, &sink);
	ok_int(n[2 * REQUEST + true], HTTP2_STREAMS + 10, "too many streams: every request is told");
	ok_int(n[2 * RESPONSE + true], HTTP2_STREAMS, "  and the responses of those that were kept");
	ok_int(n[2 * RESPONSE + false], 10, "  the others' ended");
	ok_int(n[4 + HTTP2_LOST_STREAM], 10, "  and were counted");
	ok(http2_open(pool, HTTP2_MIDWAY) == NULL, "no more connections than there are");
	http2_close(h);
	h = http2_open(pool, HTTP2_PREFACE);
	ok(h != NULL, "  but again once one is closed");
	memset(n, 0, sizeof n);
	buf_clear(&t.b);
	script_preface(&t);
	for (uint32_t i = 0; i < 1000; i++) {
		script_headers(&t, REQUEST, END_STREAM, 4 * i + 1, GET);
		if (i > 0)
			script_frame(&t, REQUEST, 3, 0, 4 * i + 1, SLICE("\0\0\0\x8"));
	}
	script_headers(&t, RESPONSE, END_STREAM, 1, ":status=200");
	script_play(buf_slice(&t.b), h, piece, &all, &sink);
	ok(n[2 * RESPONSE + true] == 1 && n[4 + HTTP2_LOST_STREAM] == 0,
	   "those that were cancelled go first");
	http2_close(h);
	http2_pool_free(pool);
	script_end(&t);
}

static void little_memory(void)
{
	for (size_t memory = 0; memory < 16000; memory += 500) {
		unsigned n[7] = { 0 };
		struct http2_sink sink = { n, no_header, no_head, on_body, on_gap, count_ends, count_lost };
		struct http2_pool *pool = http2_pool_new(1, memory);
		struct http2 *h = http2_open(pool, HTTP2_PREFACE);
		size_t all = SIZE_MAX;
		bool within = true;
		struct script t;

		begin(&t, true);
		for (uint32_t i = 0; i < 40; i++) {
			char text[200];

			snprintf(text, sizeof text, "%s|n%u=%0100u", GET, i, i);
			script_headers(&t, REQUEST, END_STREAM, 2 * i + 1, text);
			script_play(buf_slice(&t.b), h, piece, &all, &sink);
			buf_clear(&t.b);
			within = within && http2_pool_memory(pool) <= memory;
		}
		if (memory % 5000 == 0 || !within) {
			ok(within, "memory stays in its bounds");
			ok(memory > 0 || n[4 + HTTP2_LOST_HEADERS] == 40, "  what is lost is counted");
		}
		http2_close(h);
		if (http2_pool_memory(pool) != 0)
			ok(false, "  and given back");
		http2_pool_free(pool);
		script_end(&t);
	}
}

/* ---- midway, and gaps ---- */

static void midway(void)
{
	struct script t;

	begin(&t, false);
	script_headers(&t, REQUEST, END_STREAM, 1, GET "|key=abc|other=1");
	script_headers(&t, RESPONSE, 0, 1, ":status=429|server=x");
	buf_clear(&t.b);
	script_headers(&t, REQUEST, END_STREAM, 3, GET "|key=abc|new=2|other=1");
	script_headers(&t, RESPONSE, END_STREAM, 3, ":status=429|server=x"); /* may be trailers */
	script_headers(&t, REQUEST, END_STREAM, 5, GET "|key=abc|new=2");
	script_headers(&t, RESPONSE, 0, 5, ":status=200|server=x|new=1");
	script_frame(&t, RESPONSE, 0, END_STREAM, 1, SLICE("who?"));
	script_headers(&t, RESPONSE, END_STREAM, 5, "new=1");
	script_headers(&t, RESPONSE, END_STREAM, 7,
		       ":status=200|server=x|new=1"); /* its request was before */
	script_finish(&t);
	check("midway", &t, HTTP2_MIDWAY,
	      "Q3 :method=GET|Q3 :scheme=http|Q3 :path=/a|Q3 new=2|Q3-?|Q3.|R3!|"
	      "Q5 :method=GET|Q5 :scheme=http|Q5 :path=/a|Q5 new=2|Q5-?|Q5.|"
	      "R5 :status=200|R5 new=1|R5-?|R5.|R7 :status=200|R7 new=1|R7-?|R7.|");

	begin(&t, false);
	script_bytes(&t, RESPONSE, SLICE("the end of a body, with zeros \0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\1"));
	script_frame(&t, RESPONSE, 0, 0, 3, SLICE("first"));
	script_frame(&t, RESPONSE, 0, END_STREAM, 3, SLICE("second"));
	script_headers(&t, RESPONSE, 0, 5, ":status=200");
	script_frame(&t, RESPONSE, 0, END_STREAM, 5, SLICE("third"));
	script_bytes(&t, RESPONSE, SLICE("no frame, "));
	script_bytes(&t, RESPONSE, SLICE("at all"));
	script_finish(&t);
	check("in the middle of a body", &t, HTTP2_MIDWAY, OK_OUT("5") "R5 third|R5.|R0PLACE|");
}

static void gaps(void)
{
	struct script t;

	begin(&t, true);
	script_headers(&t, REQUEST, END_STREAM, 1, GET);
	script_headers(&t, RESPONSE, 0, 1, ":status=200|a=1");
	script_bytes(&t, RESPONSE, SLICE("\0\0\x10\0\x8\0\0\0\1\4abc"));
	script_gap(&t, RESPONSE, 5);
	script_bytes(&t, RESPONSE, SLICE("def"));
	script_gap(&t, RESPONSE, 4); /* the padding */
	script_frame(&t, RESPONSE, 0, END_STREAM, 1, SLICE("ghi"));
	script_headers(&t, REQUEST, END_STREAM, 3, GET);
	script_headers(&t, RESPONSE, 0, 3, ":status=200|a=1"); /* the table is still known */
	script_bytes(&t, RESPONSE, SLICE("\0\0\x8\0\1\0\0\0\3"));
	script_gap(&t, RESPONSE, 8);
	script_bytes(&t, RESPONSE, SLICE("\0\0\6\4\0\0\0\0\0\0"));
	script_gap(&t, RESPONSE, 5);
	script_headers(&t, REQUEST, END_STREAM, 5, GET);
	script_headers(&t, RESPONSE, END_STREAM, 5, ":status=200|a=1");
	script_finish(&t);
	check("gaps inside of frames", &t, HTTP2_PREFACE,
	      GET_OUT("1") "Q1.|R1 :status=200|R1 a=1|R1--|R1 abc|R1 gap5|R1 defghi|R1!|" GET_OUT("3") "Q3.|"
	      "R3 :status=200|R3 a=1|R3--|R3 gap8|R3!|" GET_OUT("5") "Q5.|R5 :status=200|R5 a=1|R5--|R5.|");

	begin(&t, true);
	script_headers(&t, REQUEST, 0, 1, GET);
	script_bytes(&t, RESPONSE, SLICE("\0\0\6\1\4\0\0\0\1\x88\x40"));
	script_gap(&t, RESPONSE, 4);
	script_frame(&t, RESPONSE, 0, END_STREAM, 1, SLICE("its head is not known"));
	script_headers(&t, REQUEST, 0, 3, GET "|a=1");
	script_headers(&t, RESPONSE, END_STREAM, 3, ":status=200");
	script_frame(&t, REQUEST, 0, 0, 3, SLICE("x"));
	script_frame(&t, REQUEST, 0, END_STREAM, 1, SLICE("y"));
	script_bytes(&t, REQUEST, SLICE("\0\0\4\0"));
	script_gap(&t, REQUEST, 100);
	script_frame(&t, REQUEST, 0, 0, 3, SLICE("rest")); /* begins like a frame */
	script_frame(&t, REQUEST, 0, END_STREAM, 3, SLICE("s"));
	script_headers(&t, REQUEST, 0, 5, GET "|a=1");
	script_gap(&t, REQUEST, 100);
	script_bytes(&t, REQUEST, SLICE("no frame's beginning"));
	script_headers(&t, REQUEST, END_STREAM, 7, GET "|a=1"); /* only say where the next one begins */
	script_frame(&t, REQUEST, 8, 0, 0, SLICE("\0\0\1\0"));
	script_headers(&t, REQUEST, END_STREAM, 9, GET "|a=1");
	script_finish(&t);
	check("gaps over frames", &t, HTTP2_PREFACE,
	      GET_OUT("1") "R1 :status=200|R1!|R0HEADERS|"
			   "Q3 :method=GET|Q3 :scheme=http|Q3 :path=/a|Q3 :authority=h|Q3 a=1|Q3--|" OK_OUT(
				   "3") "R3.|Q3 x|Q1 y|Q1.|"
					"Q3 gap0|Q0PLACE|Q3 rests|Q3!|Q5 :method=GET|Q5 :scheme=http|Q5 "
					":path=/a|Q5-?|Q5 gap0|Q0PLACE|"
					"Q9 :method=GET|Q9 :scheme=http|Q9 :path=/a|Q9-?|Q9.|Q5!|R5!|R9!|");
}

/* Where the place is not certain, a block with fields that nobody sends is none: nothing is told of it. */
static void hardly_a_head(void)
{
	static const struct slice blocks[] = {
		{ (const uint8_t *)"\x81\x82", 2 },		      /* :authority without value */
		{ (const uint8_t *)"\x82\xaf", 2 },		      /* max-forwards without value */
		{ (const uint8_t *)"\x06\3h1t\x82", 6 },	      /* a scheme that is none */
		{ (const uint8_t *)"\x02\2G!\x86", 5 },	      /* a method that is none */
		{ (const uint8_t *)"\x04\1x\x82", 4 },	      /* a path that is none */
		{ (const uint8_t *)"\x08\0030x0\x82", 6 },	      /* a status that is none */
	};

	for (size_t i = 0; i < COUNT(blocks); i++) {
		struct script t;

		script_begin(&t);
		script_frame(&t, REQUEST, 1, END_HEADERS, 1, blocks[i]);
		script_finish(&t);
		check("no head midway", &t, HTTP2_MIDWAY,
		      i == 1 ? "Q1 :method=GET|Q1!|Q0HEADERS|Q0PLACE|R1!|" : "Q0HEADERS|Q0PLACE|");
	}
}

static void looks(void)
{
	ok(http2_preface(SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nx")) == 1, "preface");
	ok(http2_preface(SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r")) == -1 && http2_preface(SLICE("")) == -1,
	   "too few");
	ok(http2_preface(SLICE("PRI * HTTP/2.1")) == 0 && http2_preface(SLICE("POST")) == 0, "no preface");
	ok(http2_looks_like(SLICE("\0\0\1\1\5\0\0\0\1\x82")) == REQUEST, "a request");
	ok(http2_looks_like(SLICE("\0\0\0\4\1\0\0\0\0\0\0\7\1\x2c\0\0\0\1\0PPPP\x8a")) == -1,
	   "payload cut short");
	ok(http2_looks_like(SLICE("\0\0\0\4\1\0\0\0\0\0\0\x9\1\x2d\0\0\0\1\0PPPPP?\1\x8a")) == RESPONSE,
	   "a response, with padding, priority and a size of the table");
	ok(http2_looks_like(SLICE("\0\0\3\1\5\0\0\0\1\xc0\xc1\x84")) == REQUEST, "behind unknown fields");
	ok(http2_looks_like(SLICE("\0\0\5\5\4\0\0\0\1\0\0\0\2\x82")) == -1, "a promise is rather none");
	ok(http2_looks_like(SLICE("\0\0\1\1\5\0\0\0\2\x88")) == -1, "nor is a server's stream");
	ok(http2_looks_like(SLICE("GET / HTTP/1.1\r\n\r\n")) == -1, "HTTP/1");
	ok(http2_looks_like(SLICE("\0\0\4\0\0\0\0\0\1abcd")) == -1, "a body alone");
}

int main(void)
{
	simple();
	interleaved();
	forms();
	blocks_that_are_no_heads();
	push_and_reset();
	upgraded();
	table_sizes();
	broken_blocks();
	long_fields();
	long_blocks();
	many_streams();
	little_memory();
	midway();
	gaps();
	hardly_a_head();
	looks();
	return tap_done();
}
