/* Streams with holes, under limits, and how they end. */
#include "tests/lib/stream_rig.h"

static void lost_waits_a_second(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 10, C, A, 103, 500, "def");
	put(&r, 500, C, A, 109, 500, "jkl");
	put(&r, 1009, C, A, 112, 500, "m");
	ok_int((int64_t)r.heard[0], 0, "not yet");
	streams_time(r.s, START + 1010 * MS);
	ok_int((int64_t)r.heard[0], 3, "the first hole after its second");
	streams_time(r.s, START + 1499 * MS);
	ok_int((int64_t)r.heard[0], 3, "the second has its own");
	streams_time(r.s, START + 1500 * MS);
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 2, "two gaps");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].bytes, 6, "of six bytes");
	put(&r, 1501, C, A, 100, 500, "abc");
	rig_done(&r, "[c-3 c:def c-3 c:jklm ", "a lost segment");

	/* the answer waits as long as its request, and not before it */
	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 10, S, A, 500, 103, "200");
	streams_time(r.s, START + 1009 * MS);
	ok_int((int64_t)r.heard[1], 0, "an answer waits for its request");
	streams_time(r.s, START + 1010 * MS);
	rig_done(&r, "[c-3 s:200 ", "a lost request");
}

static void lost_with_nothing_behind(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "GET");
	put(&r, 2, C, A, 103, 510, "");
	streams_time(r.s, START + 1001 * MS);
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0, "not yet");
	streams_time(r.s, START + 1002 * MS);
	ok(r.at.ns == START + 1002 * MS && r.at.seq == 500, "time and number of a gap");
	rig_done(&r, "[c:GET s-10 ", "lost and acknowledged, nothing behind it");

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 2, C, A, 100, 510, "");
	put(&r, 3, S, A, 500, 100, "tenletters"); /* it had only changed places */
	streams_time(r.s, START + 2000 * MS);
	rig_done(&r, "[s:tenletters ", "acknowledged before it was captured");
}

static void limits(void)
{
	struct rig r;

	rig_limits(&r, 2, 64, 3);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 101, 500, "b");
	put(&r, 1, C, A, 103, 500, "d");
	put(&r, 1, C, A, 107, 500, "h");
	put(&r, 1, C, A, 105, 500, "f");
	ok_int((int64_t)r.losses.of[LOSS_SEGMENT_LIMIT].n, 1, "a half that holds too much");
	put(&r, 1, C, A, 104, 500, "e");
	ok_int((int64_t)r.losses.of[LOSS_SEGMENT_LIMIT].n, 2, "and again");
	rig_done(&r, "[c-1 c:b c-1 c:def ", "limit of a half");

	/* what comes is itself the first that waits */
	rig_limits(&r, 2, 64, 1);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 104, 500, "e");
	put(&r, 1, C, A, 102, 500, "c");
	put(&r, 1, C, A, 103, 500, "d");
	rig_done(&r, "[c-2 c:cde ", "limit of a half, from the front");

	rig_limits(&r, 2, 64, 1);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 102, 500, "c");
	put(&r, 1, C, A, 104, 500, "e");
	put(&r, 1, C, A, 103, 500, "d");
	rig_done(&r, "[c-2 c:cde ", "limit of a half, one after the other");

	rig_limits(&r, 2, 1, 1);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 102, 500, "c");
	put(&r, 1, S, A, 502, 100, "c");
	rig_done(&r, "[c-2 c:c ", "limit of all: of two sides the longest wait");

	rig_limits(&r, 2, 1, 1);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 101, 500, "b");
	r.port++;
	shake(&r, 100, 500);
	put(&r, 2, C, A, 102, 500, "C");
	put(&r, 2, C, A, 100, 500, "AB");
	rig_done(&r, "[[c-1 c:bABC ", "limit of all: the longest wait is given up");

	rig_limits(&r, 2, 4, 4);
	shake(&r, 100, 500);
	for (int i = 0; i < 3; i++)
		put(&r, 1, S, A, 500 + 2 * (uint32_t)i, 103, "ab");
	put(&r, 1, C, A, 102, 500, "T");
	put(&r, 1, S, A, 506, 103, "ab");
	rig_done(&r, "[c-2 c:T s:abababab ", "limit of all: the hole moves, not what waits for it");
}

/* An answer that alone is more than may wait, of a request that was lost. */
static void limit_and_gate(void)
{
	char text[3 * STREAM_BLOCK + 1];
	struct rig r;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	rig_limits(&r, 2, 64, 1);
	shake(&r, 100, 500);
	put(&r, 1, S, A, 500, 103, text);
	ok_int((int64_t)r.heard[S], 3 * STREAM_BLOCK, "a large answer goes on");
	ok(slice_starts(buf_slice(&r.log), SLICE("[c-3 s:xxx")), "behind the gap that was its request");
	r.log.n = 0;
	rig_done(&r, " ", "and nothing else");

	rig_limits(&r, 2, 64, 1);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "GET");
	put(&r, 2, S, A, 503, 103, "!!");
	put(&r, 3, S, A, 500, 106, "200");
	rig_done(&r, "[c:GET c-3 s:200!! ", "room for the first that waits");
}

static void ends_of_capture(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, S, A | TCP_FIN, 503, 104, "b");
	put(&r, 2, C, A, 102, 500, "c");
	finish(&r, 3);
	put(&r, 4, C, A, 103, 500, "new");
	rig_done(&r, "[c-2 c:c c-1 s-3 s:b s. L] (c:new ", "gaps when the capture ends");

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A | TCP_FIN, 101, 500, "b");
	put(&r, 2, S, A | TCP_FIN, 500, 103, "");
	finish(&r, 3);
	rig_done(&r, "[c-1 c:b c. s. F] ", "both ends waited");

	rig_init(&r);
	shake(&r, 100, 500);
	r.port++;
	shake(&r, 100, 500);
	put(&r, 2, C, A, 101, 500, "2");
	r.port--;
	put(&r, 1, C, A, 101, 500, "1");
	finish(&r, 3);
	rig_done(&r, "[[c-1 c:1 L] c-1 c:2 L] ", "in the order of their opening");
}

static void cut(void)
{
	struct rig r;
	struct segment g;

	rig_init(&r);
	shake(&r, 100, 500);
	g = make(&r, C, A, 100, 500, SLICE("abc"));
	g.payload_len = 10;
	streams_segment(r.s, &g, START);
	put(&r, 1, C, A, 110, 500, "k");
	g.seq = 113;
	g.flags |= TCP_FIN;
	streams_segment(r.s, &g, START);
	put(&r, 2, C, A, 111, 500, "lm");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].bytes, 14, "what was cut is missing");
	g.payload_len = UINT32_MAX;
	streams_segment(r.s, &g, START);
	rig_done(&r, "[c:abc c-7 c:klmabc c-7 c. ", "cut by the snap length");
}

static void fin_before_data(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A | TCP_FIN, 103, 500, "");
	put(&r, 2, S, A | TCP_FIN, 500, 104, "");
	put(&r, 3, C, A, 104, 500, "behind the end");
	put(&r, 3, C, A, 100, 500, "abc");
	rig_done(&r, "[c:abc c. s. F] ", "an end before its data");
}

static void reset(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 102, 500, "c");
	put(&r, 1, S, A, 501, 103, "x");
	put(&r, 2, S, TCP_RST, 500 + (UINT32_C(3) << 29), 0, ""); /* far from all that can be */
	put(&r, 3, C, A, 103, 500, "d");
	put(&r, 3, S, TCP_RST | A, 502, 104, "");
	put(&r, 4, C, A, 104, 502, "more");
	put(&r, 5, S, TCP_RST, 502, 0, "");
	rig_done(&r, "[c-2 c:cd s-1 s:x R] ", "reset");

	rig_init(&r);
	put(&r, 1, S, TCP_RST, 502, 0, "");
	put(&r, 1, C, TCP_SYN, 99, 0, "");
	put(&r, 2, S, TCP_RST | A, 0, 100, "");
	put(&r, 3, S, TCP_SYN, 7000, 0, ""); /* the other way round */
	rig_done(&r, "[R] [", "refused");
}

static void reuse(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 101, 500, "b");
	put(&r, 2, C, TCP_SYN, 7000, 0, "");
	put(&r, 2, S, TCP_SYN | A, 8000, 7001, "");
	put(&r, 3, C, A, 7001, 8001, "new");
	put(&r, 4, C, A, 102, 500, "old");
	rig_done(&r, "[c-1 c:b L] [c:new ", "ports used again");

	rig_init(&r);
	put(&r, 1, S, A, 500, 103, "200");
	put(&r, 2, C, TCP_SYN, 7000, 0, "fast"); /* data in a SYN (RFC 7413) */
	put(&r, 3, C, TCP_SYN, 7000, 0, "fast");
	put(&r, 3, S, TCP_SYN | A, 8000, 7005, "");
	put(&r, 3, S, A, 8001, 7005, "er");
	rig_done(&r, "(s:200 L] [c:fast s:er ", "ports used again after a meeting midway");
}

static void after_the_close(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A | TCP_FIN, 100, 500, "ab");
	put(&r, 2, S, A | TCP_FIN, 500, 103, "cd");
	put(&r, 3, C, A | TCP_FIN, 100, 500, "ab");
	put(&r, 3, S, A | TCP_FIN, 500, 103, "cd");
	put(&r, 3, C, A, 103, 503, "");
	shake(&r, 100, 500);
	put(&r, 4, C, A, 100, 500, "ab");
	ok_int((int64_t)r.opened, 1, "late copies open nothing");
	shake(&r, 9000, 9500);
	put(&r, 5, C, A, 9000, 9500, "ef");
	put(&r, 6, C, A | TCP_FIN, 9002, 9500, "");
	put(&r, 6, S, A | TCP_FIN, 9500, 9003, "");
	put(&r, 60005, C, A, 100, 500, "xx");
	ok_int((int64_t)r.opened, 2, "a minute later: not yet");
	put(&r, 60006, C, A, 100, 500, "yy");
	rig_done(&r, "[c:ab c. s:cd s. F] [c:ef c. s. F] (c:yy ", "after the close");
}

static void flow_limit(void)
{
	struct rig r;

	rig_limits(&r, 3, 8, 8);
	for (int i = 0; i < 3; i++, r.port++)
		put(&r, i, C, TCP_SYN, 99, 0, "");
	r.port = 40000;
	put(&r, 4, C, A, 102, 500, "c"); /* the first is heard of again */
	r.port = 40003;
	put(&r, 5, C, TCP_SYN, 99, 0, "");
	r.port = 40001;
	put(&r, 6, C, A, 100, 500, "again");
	ok_int((int64_t)r.losses.of[LOSS_FLOW_LIMIT].n, 2, "two were let go");
	ok_int((int64_t)streams_open(r.s), 3, "three are open");
	r.port = 40000;
	put(&r, 7, C, TCP_RST, 100, 500, "");
	r.port = 40009;
	put(&r, 8, C, TCP_SYN, 99, 0, "");
	ok_int((int64_t)r.losses.of[LOSS_FLOW_LIMIT].n, 2, "one that is closed makes room first");
	rig_done(&r, "[[[L] [L] (c:again c-2 c:c R] [", "too many connections");
}

static void idle(void)
{
	struct rig r;

	rig_init(&r);
	put(&r, 0, C, TCP_SYN, 99, 0, "");
	r.port++;
	put(&r, 1000, C, TCP_SYN, 99, 0, "");
	streams_time(r.s, START + STREAM_IDLE_NS - 1);
	ok_int((int64_t)r.closed, 0, "not yet");
	streams_time(r.s, START + STREAM_IDLE_NS);
	ok_int((int64_t)r.closed, 1, "an hour of silence");
	put(&r, -1000000, C, A, 101, 0, "b"); /* another clock: a file of the day before */
	streams_time(r.s, INT64_MIN);
	ok_int((int64_t)r.heard[0], 0, "a clock that jumps back stands");
	streams_time(r.s, INT64_MIN + SEC);
	ok_int((int64_t)r.heard[0], 1, "and goes on");
	streams_time(r.s, INT64_MAX);
	rig_done(&r, "[[L] c-1 c:b L] ", "idle");
}

/* The one that was heard last is forgotten, and its ports speak again. */
static void forgotten(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500, "abc");
	streams_time(r.s, START + 2 * STREAM_IDLE_NS);
	put(&r, 2 * STREAM_IDLE_NS / MS, C, A, 9000, 500, "hello");
	rig_done(&r, "[c:abc L] (c:hello ", "forgotten, and met again");
}

static void forged(void)
{
	struct rig r;

	rig_init(&r);
	shake(&r, 100, 500);
	put(&r, 1, C, A, 100, 500 + (UINT32_C(3) << 29), "");
	put(&r, 2, C, A, 100, 500 + (UINT32_C(3) << 29), "GET");
	put(&r, 3, S, A, 500 + (UINT32_C(3) << 29), 103, "far");
	put(&r, 4, S, A, 500, 103, "200");
	streams_time(r.s, START + 5000 * MS);
	rig_done(&r, "[c:GET s:200 ", "absurd numbers");
}

static void deaf(void)
{
	struct rig r;

	rig_init(&r);
	r.deaf = true;
	shake(&r, 100, 500);
	put(&r, 1, C, A, 103, 500, "def");
	put(&r, 2, S, A, 505, 109, "def");
	ok_int((int64_t)streams_waiting(r.s), 0, "for nobody nothing is kept");
	put(&r, 3, C, A | TCP_FIN, 106, 500, "");
	put(&r, 4, S, A | TCP_FIN, 508, 107, "");
	shake(&r, 7000, 8000);
	put(&r, 5, S, TCP_RST, 7, 0, "");
	put(&r, 6, C, TCP_SYN, 30, 0, "");
	put(&r, 7, C, TCP_SYN, 40, 0, "");
	ok_int((int64_t)r.losses.of[LOSS_STREAM_GAP].n, 0, "and nothing is missing");
	rig_done(&r, "[F] [R] [L] [", "nobody listens");

	rig_init(&r);
	r.deaf = true;
	put(&r, 1, C, A, 100, 500, "GET");
	put(&r, 2, C, TCP_SYN, 7000, 0, "");
	rig_done(&r, "(L] [", "nobody listens midway");
}

static void syn_flood(void)
{
	struct rig r;

	rig_limits(&r, 1000, 8, 8);
	r.quiet = true;
	for (uint32_t i = 0; i < 1000000; i++) {
		struct segment g = make(&r, C, TCP_SYN, i, 0, SLICE(""));

		memcpy(g.src.b + 12, &i, 4);
		streams_segment(r.s, &g, START + i);
	}
	ok_int((int64_t)r.opened, 1000000, "a million SYNs open as many");
	ok_int((int64_t)streams_open(r.s), 1000, "and a thousand stay");
	ok_int((int64_t)r.losses.of[LOSS_FLOW_LIMIT].n, 999000, "the others are counted");
	finish(&r, 100000);
	r.quiet = false;
	rig_done(&r, "", "a flood of SYNs");
}

int main(void)
{
	lost_waits_a_second();
	lost_with_nothing_behind();
	limits();
	limit_and_gate();
	ends_of_capture();
	cut();
	fin_before_data();
	reset();
	reuse();
	after_the_close();
	flow_limit();
	idle();
	forgotten();
	forged();
	deaf();
	syn_flood();
	return tap_done();
}
