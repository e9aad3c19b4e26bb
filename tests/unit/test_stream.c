/* Streams put together: order, copies, beginnings, gates. */
#include "tests/lib/stream_rig.h"

static void in_order(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "GET");
	put(&r, 2, S, A, 500, 103, "200");
	ok(r.at.ns == START + 2 * MS && r.at.seq == 500, "place and time of what is delivered");
	put(&r, 3, C, A, 103, 503, "PUT");
	put(&r, 4, S, A, 503, 106, "201");
	put(&r, 5, C, A | TCP_FIN, 106, 506, "");
	put(&r, 6, S, A | TCP_FIN, 506, 107, "");
	put(&r, 7, C, A, 107, 507, "");
	ok_int((int64_t)streams_open(r.s), 0, "closed by both ends");
	ok_int(r.fin_ns, START + 6 * MS, "time of the end");
	rig_done(&r, "[c:GET s:200 c:PUT s:201 c. s. F] ", "in order");
}

static void out_of_order(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 106, 500, "ghi");
	put(&r, 2, C, A, 103, 500, "def");
	put(&r, 3, C, A, 109, 500, "jkl");
	ok_int((int64_t)streams_waiting(r.s), 3, "three blocks wait");
	put(&r, 4, C, A, 100, 500, "abc");
	ok_int(r.at.ns, START + 3 * MS, "what waited keeps its time");
	ok_int(r.at.seq, 109, "and its number");
	ok_int((int64_t)streams_waiting(r.s), 0, "none wait");
	rig_done(&r, "[c:abcdefghijkl ", "out of order");
}

static void duplicates(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "abc");
	put(&r, 2, C, A, 100, 500, "abc");
	put(&r, 3, C, A, 99, 500, "x"); /* a keep-alive probe */
	put(&r, 4, C, A, 106, 500, "ghi");
	put(&r, 4, C, A, 106, 500, "ghi");
	put(&r, 5, C, A, 101, 500, "bcdef");
	put(&r, 6, C, A, 100, 500, "abcdefghi");
	put(&r, 7, C, TCP_SYN, 99, 0, "");
	ok_int((int64_t)r.losses.of[LOSS_OVERLAP].n, 0, "nothing differs");
	rig_done(&r, "[c:abcdefghi ", "duplicates");
}

static void overlaps(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 102, 500, "cd");
	put(&r, 1, C, A, 106, 500, "gh");
	put(&r, 2, C, A, 101, 500, "bcdefghij");
	put(&r, 3, C, A, 100, 500, "abcdefghijk");
	ok_int((int64_t)r.losses.of[LOSS_OVERLAP].n, 0, "the same bytes");
	rig_done(&r, "[c:abcdefghijk ", "overlaps of the same bytes");

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 102, 500, "CD");
	put(&r, 2, C, A, 101, 500, "bxDe");
	put(&r, 3, C, A, 100, 500, "aBcd");
	ok_int((int64_t)r.losses.of[LOSS_OVERLAP].n, 3, "segments that differ");
	ok_int((int64_t)r.losses.of[LOSS_OVERLAP].bytes, 4, "bytes that differ");
	rig_done(&r, "[c:abCDe ", "overlaps that differ: the first captured wins");
}

static void wraparound(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 0xfffffffe, 0xffffffff);
	put(&r, 1, S, A, 0xffffffff, 2, "wxyz"); /* before its request */
	put(&r, 2, C, A, 1, 0xffffffff, "d");
	put(&r, 3, C, A, 0xfffffffe, 0xffffffff, "abc");
	put(&r, 4, C, A | TCP_FIN, 2, 3, "ef");
	put(&r, 5, S, A | TCP_FIN, 3, 5, "");
	rig_done(&r, "[c:abcd s:wxyz c:ef c. s. F] ", "numbers that wrap");

	rig_init(&r);
	put(&r, 1, C, TCP_SYN, 0xffffffff, 0, "");
	put(&r, 2, S, TCP_SYN | A, 0xffffffff, 0, "");
	put(&r, 3, C, A, 0, 0, "ab");
	put(&r, 4, C, TCP_SYN, 0xffffffff, 0, "");
	rig_done(&r, "[c:ab ", "first byte 0");
}

/* More than 4 GiB, so that the same numbers come again. */
static void long_stream(void)
{
	enum { N = 1 << 26 };
	struct rig r;
	uint8_t *p = calloc(1, N);
	uint32_t seq = 77;

	rig_init(&r);
	shake(&r, 77, 500);
	r.quiet = true;
	for (int i = 0; i < 80; i++) {
		struct segment g = make(&r, C, A, seq, 500, slice_of(p, N));

		streams_segment(r.s, &g, START);
		seq += N;
	}
	ok(r.heard[C] == UINT64_C(80) * N && r.losses.of[LOSS_STREAM_GAP].n == 0, "5 GiB in one stream");
	free(p);
	r.quiet = false;
	rig_done(&r, "[", "and nothing else");
}

static void midway(void)
{
	struct rig r;

	rig_init(&r);
	put(&r, 1, C, A, 90, 500, ""); /* tells nothing yet */
	ok_int((int64_t)r.opened, 0, "an acknowledgement opens nothing");
	put(&r, 2, C, A, 100, 500, "GET");
	put(&r, 3, S, A, 503, 103, "!!");
	put(&r, 4, S, A, 500, 103, "200");
	put(&r, 5, C, A, 103, 505, "ok");
	rig_done(&r, "(c:GET s:200!! c:ok ", "met midway");

	rig_init(&r);
	put(&r, 1, S, A, 500, 103, "200");
	put(&r, 2, C, A, 105, 503, "T");
	put(&r, 3, C, A, 100, 500, "old"); /* acknowledged before */
	put(&r, 4, C, A, 103, 503, "PU");
	ok(r.key.port[0] == r.port && r.key.port[1] == 8080, "the lower port looks like a server's");
	rig_done(&r, "(s:200 c:PUT ", "met midway with an answer");

	rig_init(&r);
	r.port = 80;
	r.server = 443;
	put(&r, 1, C, A, 100, 500, "GET");
	ok(r.key.port[0] == 80, "a known port the other side: the sender of the first bytes");
	rig_done(&r, "(c:GET ", "met midway, both ports known");

	rig_init(&r);
	put(&r, 1, S, TCP_SYN | A, 499, 100, "");
	put(&r, 2, S, A, 500, 103, "200"); /* the client was not captured so far */
	put(&r, 2, C, A, 100, 500, "GET");
	put(&r, 3, C, TCP_SYN, 99, 0, "");
	ok(r.key.port[0] == r.port, "who answers a SYN is the server");
	rig_done(&r, "[s:200 c:GET ", "met with SYN and ACK");
}

static void put_zeros(struct rig *r, int ms, int side, uint8_t flags, uint32_t seq, uint32_t ack, size_t n)
{
	struct segment g = make(r, side, flags, seq, ack, slice_of((const uint8_t[8]){ 0 }, n));

	streams_segment(r->s, &g, START + ms * MS);
}

static void put_zero(struct rig *r, int ms, int side, uint8_t flags, uint32_t seq, uint32_t ack)
{
	put_zeros(r, ms, side, flags, seq, ack, 1);
}

/* One byte met midway: the probe's is none of the stream, any other is. */
static void keep_alive_or_byte(void)
{
	struct rig r;

	rig_init(&r);
	put_zero(&r, 1, C, A, 99, 500);
	put_zero(&r, 2, S, A, 499, 100);
	ok_int((int64_t)r.opened, 0, "a probe opens nothing");
	put(&r, 3, C, A, 100, 500, "GET");
	put_zero(&r, 4, S, A, 499, 103);
	put(&r, 5, S, A, 500, 103, "200");
	rig_done(&r, "(c:GET s:200 ", "probes before the first bytes");

	rig_init(&r);
	put(&r, 1, C, A, 100, 500, "G");
	put(&r, 2, C, A, 101, 500, "E");
	put(&r, 3, S, A, 500, 102, "2");
	put(&r, 4, S, A, 501, 102, "00");
	rig_done(&r, "(c:GE s:200 ", "one byte is the first");

	rig_init(&r);
	put_zero(&r, 1, C, A | TCP_PSH, 100, 500);
	put(&r, 2, C, A, 101, 500, "ab");
	ok_int((int64_t)r.heard[0], 3, "a zero that was pushed is of the stream");
	put_zero(&r, 3, C, A, 103, 500);
	put(&r, 4, C, A, 104, 500, "c");
	ok_int((int64_t)r.heard[0], 5, "and so is one that others follow");
	streams_free(r.s);
	buf_free(&r.log);

	rig_init(&r);
	put(&r, 0, C, TCP_SYN, 99, 0, "");
	put(&r, 1, S, A, 500, 103, "abc");
	put_zero(&r, 2, S, A, 499, 103);
	put(&r, 3, C, A, 100, 500, "GET");
	rig_done(&r, "[c:GET s:abc ", "a probe does not move a guessed beginning");
}

/* Zeros in an acknowledgement: Ethernet's padding, which some device counts as payload, or bytes of the
 * stream. */
static void padding(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put_zeros(&r, 1, C, A, 100, 500, 6);
	put(&r, 2, C, A, 100, 500, "GET");
	put_zeros(&r, 3, S, A, 500, 103, 2);
	put_zeros(&r, 4, S, A, 500, 103, 6);
	put(&r, 5, S, A, 500, 103, "200 OK!");
	put_zeros(&r, 6, C, A, 103, 507, 6);
	streams_time(r.s, START + 1006 * MS);
	put(&r, 2000, C, A, 103, 507, "PUT");
	ok_int((int64_t)r.losses.of[LOSS_OVERLAP].n + (int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0,
	       "padding is no overlap, and no gap");
	rig_done(&r, "[c:GET s:200 OK! c:PUT ", "padding is none of the stream");

	rig_init(&r);
	shake(&r, 100, 500);
	put_zeros(&r, 1, C, A, 100, 500, 6);
	ok_int((int64_t)r.heard[0], 0, "zeros wait");
	put(&r, 2, S, A, 500, 106, "");
	ok_int((int64_t)r.heard[0], 6, "until the other side has them");
	put_zeros(&r, 3, C, A, 106, 500, 7);
	ok_int((int64_t)r.heard[0], 13, "more of them are no padding");
	put_zeros(&r, 4, C, A, 113, 500, 2);
	put(&r, 5, C, A | TCP_FIN, 115, 500, "");
	ok_int((int64_t)r.heard[0], 15, "an end follows as well as bytes");
	put_zeros(&r, 6, S, A, 500, 116, 2);
	finish(&r, 7);
	ok_int((int64_t)r.heard[1], 2, "at the capture's end nothing waits any more");
	streams_free(r.s);
	buf_free(&r.log);

	rig_limits(&r, 2, 64, 1); /* where there is no room to wait */
	shake(&r, 100, 500);
	put(&r, 1, C, A, 104, 500, "e");
	put_zeros(&r, 2, C, A, 100, 500, 4);
	ok_int((int64_t)r.heard[0], 5, "without room they are believed");
	streams_free(r.s);
	buf_free(&r.log);
}

/* The beginning is guessed, and moves back as long as nothing was delivered. */
static void guessed_beginning(void)
{
	struct rig r;

	rig_init(&r);
	put(&r, 0, C, TCP_SYN, 99, 0, "");
	put(&r, 1, S, A, 503, 103, "de"); /* before the SYN of its side and before its request */
	put(&r, 2, S, A, 500, 103, "abc");
	put(&r, 3, S, TCP_SYN | A, 497, 100, "");
	put(&r, 4, S, A, 498, 103, "XY");
	put(&r, 5, C, A, 100, 498, "GET");
	rig_done(&r, "[c:GET s:XYabcde ", "guessed beginning");

	rig_init(&r);
	put(&r, 0, C, TCP_SYN, 99, 0, "");
	put(&r, 1, S, A, 1, 103, "bc");
	put(&r, 2, S, A, 0xfffffffe, 103, "xya");
	put(&r, 3, C, A, 100, 0xfffffffe, "GET");
	rig_done(&r, "[c:GET s:xyabc ", "guessed beginning, before 0");

	rig_init(&r);
	put(&r, 0, C, TCP_SYN, 99, 0, "");
	put(&r, 1, S, A, 498, 103, "??abc");
	put(&r, 3, S, TCP_SYN | A, 499, 100, "");
	put(&r, 5, C, A, 100, 500, "GET");
	rig_done(&r, "[c:GET s:abc ", "bytes before the beginning");
}

/* 200,000 segments of one direction, its other side neither captured nor waited for. */
static void one_sided(void)
{
	struct rig r;
	size_t most = 0;
	uint32_t seq = 500;

	rig_limits(&r, 2, 4, 2);
	r.quiet = true;
	for (uint32_t i = 0; i < 200000; i++, seq += 8) {
		put(&r, (int)(i / 100), S, A, seq, 100 + i * 20000, "8 bytes.");
		if (streams_waiting(r.s) > most)
			most = streams_waiting(r.s);
	}
	ok_int((int64_t)most, 0, "one-sided: nothing waits");
	ok_int((int64_t)r.heard[1], 1600000, "one-sided: everything is delivered");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0, "one-sided: no gap where nothing is captured");
	r.quiet = false;
	put(&r, 2000, S, A, seq + 2, 100, "late");
	put(&r, 2999, S, A, seq + 6, 100, "r");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0, "one-sided: its own hole is waited for");
	put(&r, 3000, S, A, seq + 7, 100, "!");
	rig_done(&r, "s-2 s:later! ", "one-sided: a hole");
}

static void gate(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, S, A, 500, 106, "200");
	put(&r, 2, C, A, 103, 500, "GET");
	put(&r, 3, C, A, 106, 503, "PUT");
	put(&r, 4, S, A, 503, 109, "201");
	put(&r, 4, S, A | TCP_FIN, 506, 110, "");
	put(&r, 4, C, A | TCP_FIN, 109, 503, "");
	put(&r, 5, C, A, 100, 500, "abc");
	rig_done(&r, "[c:abcGET s:200 c:PUT c. s:201 s. F] ", "an answer captured before its request");

	/* captured the other way round: the original tells that its sender had seen less than the copy's */
	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, S, A, 500, 106, "200");
	put(&r, 2, S, A, 500, 103, "200");
	put(&r, 3, C, A, 103, 503, "PUT");
	put(&r, 4, C, A, 100, 500, "GET");
	rig_done(&r, "[c:GET s:200 c:PUT ", "a copy with a later acknowledgement");

	/* the original was not captured: each waits for the other */
	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "GET");
	put(&r, 2, C, A, 103, 503, "PUT");
	put(&r, 3, S, A, 500, 106, "200");
	put(&r, 1001, C, A, 106, 503, "");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0, "nothing is missing");
	put(&r, 1002, C, A, 106, 503, "");
	put(&r, 1003, C, A, 106, 503, "");
	rig_done(&r, "[c:GETPUT s:200 ", "two that wait for each other");
}

int main(void)
{
	in_order();
	out_of_order();
	duplicates();
	overlaps();
	wraparound();
	long_stream();
	midway();
	keep_alive_or_byte();
	padding();
	guessed_beginning();
	one_sided();
	gate();
	return tap_done();
}
