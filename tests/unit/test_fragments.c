/* Datagrams put back together: any order, copies, overlaps, limits and time. */
#include "core/base/buf.h"
#include "sensor/proto/packet/fragments.h"
#include "tests/lib/packets.h"

#define SECOND INT64_C(1000000000)
#define TCP_NUMBER 6
#define UDP_NUMBER 17
#define GRE_NUMBER 47

struct bench {
	struct fragments *f;
	struct losses losses;
	struct fragment whole;
	int64_t ns;
};

static void begin(struct bench *b, uint32_t datagrams, uint32_t blocks)
{
	const struct fragments_limits limits = { datagrams, blocks };

	memset(b, 0, sizeof *b);
	b->f = fragments_new(&limits, &b->losses);
	b->ns = INT64_C(1800000000) * SECOND;
}

static void end(struct bench *b, uint64_t lost, uint64_t overlaps, const char *name)
{
	char line[128];

	fragments_finish(b->f);
	snprintf(line, sizeof line, "%s: fragments lost", name);
	ok_int((int64_t)b->losses.of[LOSS_FRAGMENT].n, (int64_t)lost, line);
	snprintf(line, sizeof line, "%s: overlaps", name);
	ok_int((int64_t)b->losses.of[LOSS_OVERLAP].n, (int64_t)overlaps, line);
	snprintf(line, sizeof line, "%s: nothing is left", name);
	ok(fragments_waiting(b->f) == 0 && fragments_blocks(b->f) == 0, line);
	fragments_free(b->f);
}

static struct fragment make(bool v4, uint32_t id, uint32_t offset, bool more, const char *text)
{
	struct fragment g = { .id = id, .protocol = TCP_NUMBER, .more = more, .offset = offset };

	addr_parse(slice_str(v4 ? "10.0.0.1" : "2001:db8::1"), &g.src);
	addr_parse(slice_str(v4 ? "10.0.0.2" : "2001:db8::2"), &g.dst);
	g.bytes = slice_str(text);
	return g;
}

static bool add(struct bench *b, struct fragment g)
{
	return fragments_add(b->f, &g, b->ns, &b->whole);
}

static bool say(struct bench *b, bool v4, uint32_t id, uint32_t offset, bool more, const char *text)
{
	return add(b, make(v4, id, offset, more, text));
}

static void plain(bool v4)
{
	struct bench b;

	begin(&b, 8, 64);
	ok(!say(&b, v4, 1, 0, true, "abcdefgh"), "the first fragment makes nothing whole");
	ok(!say(&b, v4, 2, 8, false, "BBB"), "nor does one of another datagram");
	ok_int((int64_t)fragments_waiting(b.f), 2, "two wait");
	ok(say(&b, v4, 1, 8, false, "ijk"), "the last one does");
	ok_slice(b.whole.bytes, SLICE("abcdefghijk"), "in order");
	ok(!b.whole.more && b.whole.offset == 0, "it is whole");
	ok(b.whole.protocol == TCP_NUMBER && b.whole.id == 1, "what it is");
	ok(say(&b, v4, 2, 0, true, "AAAAAAAA"), "the other one, last fragment first");
	ok_slice(b.whole.bytes, SLICE("AAAAAAAABBB"), "in order as well");
	end(&b, 0, 0, "plain");
}

static void names(void)
{
	struct bench b;
	struct fragment g;

	begin(&b, 8, 64);
	say(&b, true, 1, 0, true, "abcdefgh");
	g = make(true, 1, 8, false, "i");
	g.protocol = GRE_NUMBER;
	ok(!add(&b, g), "IPv4: another protocol is another datagram");
	g = make(true, 1, 8, false, "i");
	g.src.b[15]++;
	ok(!add(&b, g), "so is another sender");
	g = make(true, 1, 8, false, "i");
	g.dst.b[15]++;
	ok(!add(&b, g), "or receiver");
	end(&b, 4, 0, "names");

	begin(&b, 8, 64);
	g = make(false, 1, 8, false, "i");
	g.protocol = UDP_NUMBER;
	add(&b, g);
	ok(say(&b, false, 1, 0, true, "abcdefgh"), "IPv6: the protocol is no part of the name");
	ok_int(b.whole.protocol, TCP_NUMBER, "the first fragment says it");
	end(&b, 0, 0, "names of IPv6");
}

static void copies(bool v4)
{
	struct bench b;

	begin(&b, 8, 64);
	say(&b, v4, 1, 0, true, "abcdefgh");
	ok(!say(&b, v4, 1, 0, true, "abcdefgh"), "a copy changes nothing");
	ok(say(&b, v4, 1, 8, false, "ijk"), "the datagram becomes whole");
	ok(!say(&b, v4, 1, 8, false, "ijk"), "a copy behind it opens nothing");
	ok(!say(&b, v4, 1, 0, true, "abcdefgh"), "nor does another");
	ok_int((int64_t)fragments_waiting(b.f), 0, "none waits");
	b.ns += FRAGMENTS_ECHO_NS + 1;
	say(&b, v4, 1, 0, true, "ABCDEFGH");
	ok(say(&b, v4, 1, 8, false, "IJK"), "later the number serves again");
	ok_slice(b.whole.bytes, SLICE("ABCDEFGHIJK"), "with nothing of what was");
	b.ns += FRAGMENTS_ECHO_NS + 1;
	say(&b, v4, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, v4, 1, 0, true, "abcdefghABCDEFGH");
	ok(say(&b, v4, 1, 16, false, "q"), "a copy is known where other bounds were before");
	end(&b, 0, 0, "copies");
}

static void overlaps_v4(void)
{
	struct bench b;

	begin(&b, 8, 64);
	say(&b, true, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, true, 1, 8, true, "xxxxxxxxijklmnop");
	ok(say(&b, true, 1, 24, false, "q"), "IPv4: overlaps are put together");
	ok_slice(b.whole.bytes, SLICE("abcdefghABCDEFGHijklmnopq"), "the first wins");
	ok_int((int64_t)b.losses.of[LOSS_OVERLAP].bytes, 8, "what was refused is counted");
	end(&b, 0, 1, "IPv4 overlap");

	begin(&b, 8, 64);
	say(&b, true, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, true, 1, 8, true, "ABCDEFGHijklmnop");
	ok(say(&b, true, 1, 24, false, "q"), "the same bytes cut in another way");
	end(&b, 0, 0, "IPv4, cut anew");

	begin(&b, 8, 64);
	say(&b, true, 1, 8, false, "ijk");
	say(&b, true, 1, 8, false, "ij");
	say(&b, true, 1, 8, true, "ijklmnop");
	say(&b, true, 1, 16, false, "q");
	ok(say(&b, true, 1, 0, true, "abcdefgh"), "a datagram has one end");
	ok_slice(b.whole.bytes, SLICE("abcdefghijk"), "the first one told");
	end(&b, 0, 3, "IPv4, other ends");

	begin(&b, 8, 64);
	say(&b, true, 1, 8, true, "ijklmnop");
	ok(!say(&b, true, 1, 0, false, "abcdefgh"), "an end before what has come");
	ok(!say(&b, true, 1, 8, false, "ijklmnop"), "an end where more was to come");
	say(&b, true, 1, 16, false, "q");
	ok(say(&b, true, 1, 0, true, "abcdefgh"), "neither is taken");
	end(&b, 0, 2, "IPv4, ends that cannot be");
}

static void overlaps_v6(void)
{
	struct bench b;

	begin(&b, 8, 64);
	say(&b, false, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, false, 1, 8, true, "ABCDEFGHijklmnop");
	ok_int((int64_t)fragments_blocks(b.f), 0, "IPv6: an overlap drops the datagram");
	ok(!say(&b, false, 1, 24, false, "q"), "and what comes of it later");
	ok(!say(&b, false, 1, 0, true, "abcdefghABCDEFGHijklmnop"), "all of it");
	end(&b, 4, 0, "IPv6 overlap");

	begin(&b, 8, 64);
	say(&b, false, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, false, 1, 0, true, "abcdefgh");
	ok(!say(&b, false, 1, 16, false, "q"), "IPv6: a part of a fragment is no copy");
	end(&b, 3, 0, "IPv6, head");

	begin(&b, 8, 64);
	say(&b, false, 1, 0, true, "abcdefghABCDEFGH");
	say(&b, false, 1, 8, true, "ABCDEFGH");
	ok(!say(&b, false, 1, 16, false, "q"), "nor its tail");
	end(&b, 3, 0, "IPv6, tail");

	begin(&b, 8, 64);
	say(&b, false, 1, 0, true, "abcdefgh");
	say(&b, false, 1, 8, true, "ABCDEFGH");
	say(&b, false, 1, 0, true, "abcdefghABCDEFGH");
	ok(!say(&b, false, 1, 16, false, "q"), "nor two of them together");
	end(&b, 4, 0, "IPv6, both");

	begin(&b, 8, 64);
	say(&b, false, 1, 8, false, "i");
	say(&b, false, 1, 16, false, "q");
	ok(!say(&b, false, 1, 0, true, "abcdefgh"), "IPv6: two ends drop it");
	end(&b, 3, 0, "IPv6, two ends");
}

static void time_passes(void)
{
	struct bench b;

	begin(&b, 8, 64);
	say(&b, true, 1, 0, true, "abcdefgh");
	b.ns += FRAGMENTS_WAIT_NS;
	fragments_time(b.f, b.ns);
	ok_int((int64_t)fragments_waiting(b.f), 1, "it waits as long as it may");
	b.ns++;
	fragments_time(b.f, b.ns);
	ok_int((int64_t)fragments_waiting(b.f), 0, "and no longer");
	ok_int((int64_t)b.losses.of[LOSS_FRAGMENT].bytes, 8, "its bytes are counted");
	ok(!say(&b, true, 1, 8, false, "ijk"), "what comes too late finds nothing");
	ok(say(&b, true, 1, 0, true, "ABCDEFGH"), "but may begin anew");
	say(&b, true, 2, 0, true, "abcdefgh");
	b.ns -= 3600 * SECOND;
	fragments_time(b.f, b.ns);
	b.ns += 20 * SECOND;
	ok(say(&b, true, 2, 8, false, "ijk"), "time that jumps back spoils nothing");
	end(&b, 1, 0, "time");
}

static void limits(void)
{
	static const char block[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct bench b;

	begin(&b, 3, 64);
	for (uint32_t id = 1; id <= 4; id++)
		say(&b, true, id, 0, true, "abcdefgh");
	ok_int((int64_t)b.losses.of[LOSS_FRAGMENT].n, 1, "one too many: the oldest goes");
	ok(!say(&b, true, 1, 8, false, "i"), "the first is gone");
	ok(say(&b, true, 3, 8, false, "i"), "the third is there");
	end(&b, 4, 0, "datagrams"); /* 1, 2 for the second 1, and that one and 4 at the end */

	begin(&b, 80, 64);
	for (uint32_t id = 1; id <= 40; id++)
		for (uint32_t at = 0; at < 2; at++)
			say(&b, true, id, at * FRAGMENTS_BLOCK, true, block);
	ok_int((int64_t)fragments_waiting(b.f), 32, "as many wait as there are blocks for");
	ok_int((int64_t)fragments_blocks(b.f), 64, "all in use");
	ok_int((int64_t)b.losses.of[LOSS_FRAGMENT].n, 16, "the oldest are given up");
	end(&b, 80, 0, "blocks");

	begin(&b, 2, 1);
	say(&b, true, 1, 0, true, block);
	for (uint32_t at = 0; at < 64; at++)
		say(&b, true, 2, at * FRAGMENTS_BLOCK, true, block);
	ok_int((int64_t)fragments_waiting(b.f), 1, "one datagram may take all");
	end(&b, 65, 0, "one takes all");

	begin(&b, 3, 64);
	for (uint32_t at = 0; at < 63; at++)
		say(&b, true, 1, at * FRAGMENTS_BLOCK, true, block);
	say(&b, true, 2, 0, true, block);
	say(&b, true, 1, 63 * FRAGMENTS_BLOCK, true, block);
	ok_int((int64_t)b.losses.of[LOSS_FRAGMENT].n, 1, "the one that asks is not given up itself");
	end(&b, 65, 0, "the oldest asks");
}

static void interest(void)
{
	struct bench b;
	struct fragment g;

	begin(&b, 8, 64);
	g = make(true, 1, 0, true, "abcdefgh");
	g.protocol = UDP_NUMBER;
	add(&b, g);
	g = make(true, 2, 8, true, "abcdefgh");
	g.protocol = UDP_NUMBER;
	add(&b, g);
	g = make(true, 3, 0, true, "ab\x12\xb5""efgh"); /* 4789 */
	g.protocol = UDP_NUMBER;
	add(&b, g);
	g = make(true, 4, 8, true, "abcdefgh");
	g.protocol = GRE_NUMBER;
	add(&b, g);
	g = make(false, 5, 8, true, "abcdefgh");
	g.protocol = 60;
	add(&b, g);
	end(&b, 3, 0, "what may have held TCP");
}

/* Any order of any fragments of a datagram, some of them twice, gives the datagram, and once. */
static void any_order(bool v4, uint32_t seed)
{
	static uint8_t text[FRAGMENT_END_MAX];
	struct fragment g[256], swap;
	uint32_t length = seed % 3 == 0 ? FRAGMENT_END_MAX : 1 + seed * 7919 % 20000;
	uint32_t n = 0, at = 0, wholes = 0;
	struct bench b;

	begin(&b, 4, 64);
	for (uint32_t i = 0; i < length; i++)
		text[i] = (uint8_t)(i * 31 + (i >> 8) + seed);
	while (at < length) {
		uint32_t step, left = length - at;

		seed = seed * 1103515245 + 12345;
		step = 8 * (1 + seed / 65536 % 180);
		if (n > 200)
			step = FRAGMENT_END_MAX + 1;
		g[n] = make(v4, 9, at, step < left, "");
		g[n++].bytes = slice_of(text + at, step < left ? step : left);
		at += step < left ? step : left;
		if (seed / 65536 % 8 == 0 && n < 250) { /* and a copy */
			g[n] = g[n - 1];
			n++;
		}
	}
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (seed = seed * 1103515245 + 12345) / 65536 % i;

		swap = g[i - 1];
		g[i - 1] = g[k];
		g[k] = swap;
	}
	for (uint32_t i = 0; i < n; i++)
		if (add(&b, g[i])) {
			wholes++;
			ok_slice(b.whole.bytes, slice_of(text, length), "any order gives the datagram");
		}
	ok_int(wholes, 1, "once");
	end(&b, 0, 0, "any order");
}

/* A datagram in fragments, in a tunnel that is fragmented itself: as the sensor puts it together. */
static void nested(void)
{
	static const char *const inner[] = {
		"45000024 00012000 40060000 0a000001 0a000002 10000050 01020304 05060708 50180100",
		"4500001f 00010002 40060000 0a000001 0a000002 00000000 68656c6c6f2121",
	};
	struct bench b;
	struct buf told;
	struct segment s;
	struct fragment f = { 0 };
	int wholes = 0;

	begin(&b, 8, 64);
	buf_init(&told, 4096);
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t p[64];
		size_t n = packet_unhex(inner[i], p, sizeof p);

		for (int part = 0; part < 2; part++) {
			enum frame_verdict v = FRAME_FRAGMENT;

			f = make(true, 100 + i, part == 0 ? 0 : 8, part == 0, "");
			f.protocol = 4;
			f.bytes = part == 0 ? slice_of(p, 8) : slice_of(p + 8, n - 8);
			while (v == FRAME_FRAGMENT && fragments_add(b.f, &f, b.ns, &f))
				v = frame_parse_whole(&f, &s, &f);
			if (v == FRAME_FRAGMENT)
				continue;
			packet_tell(v, &s, &f, &told);
			wholes++;
		}
	}
	ok_int(wholes, 1, "fragments of fragments give one segment");
	ok_slice(buf_slice(&told), SLICE(TOLD4), "and the right one");
	buf_free(&told);
	end(&b, 0, 0, "nested");
}

static void whole_v6(void)
{
	struct fragment whole = make(false, 1, 0, false, ""), f;
	struct segment s;
	struct buf told;
	uint8_t p[128];

	buf_init(&told, 4096);
	whole.protocol = 60;
	whole.bytes = slice_of(p, packet_unhex("0600010400000000" TCP DATA, p, sizeof p));
	packet_tell(frame_parse_whole(&whole, &s, &f), &s, &f, &told);
	ok_slice(buf_slice(&told), SLICE(TOLD6), "extension headers behind the fragment header");
	whole.bytes = slice_of(p, packet_unhex("2c00010400000000 0600000100000001 3031323334353637", p, 24));
	ok_int(frame_parse_whole(&whole, &s, &f), FRAME_BAD, "a fragment in what was put together");
	whole.bytes = slice_of(p, packet_unhex("06000104", p, sizeof p));
	ok_int(frame_parse_whole(&whole, &s, &f), FRAME_BAD, "half an extension header");
	buf_free(&told);
}

int main(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		plain(v4 != 0);
		copies(v4 != 0);
		for (uint32_t seed = 1; seed <= 24; seed++)
			any_order(v4 != 0, seed);
	}
	names();
	overlaps_v4();
	overlaps_v6();
	time_passes();
	limits();
	interest();
	nested();
	whole_v6();
	return tap_done();
}
