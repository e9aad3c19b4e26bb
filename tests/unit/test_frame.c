/* Packets are built here byte by byte, out of layers given as hex. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/frame.h"
#include "tests/lib/tap.h"

#define ETH "020000000001 020000000002 "
/* 10.0.0.1:4096 -> 10.0.0.2:80, "hello!!" */
#define TAGS4 "8100 0001 8100 0002 8100 0003 8100 0004 "
#define IP4 "4500002f 00004000 40060000 0a000001 0a000002 "
#define TCP "10000050 01020304 05060708 50180100 00000000 "
#define TCP_OPTIONS "10000050 01020304 05060708 80180100 00000000 0101080a 00000001 00000002 "
#define DATA "68656c6c6f2121 "
#define WHOLE4 IP4 TCP DATA
#define TOLD4_AS "tcp 10.0.0.1:4096 10.0.0.2:80 16909060 84281096 18 "
#define TOLD4 TOLD4_AS "7/7 hello!!"
/* [2001:db8::1]:4096 -> [2001:db8::2]:80; length and next header are given */
#define IP6(length, next) "60000000 " length next "40 " \
	"20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define WHOLE6 IP6("001b", "06") TCP DATA
#define TOLD6_AS "tcp 2001:db8::1:4096 2001:db8::2:80 16909060 84281096 18 "
#define TOLD6 TOLD6_AS "7/7 hello!!"

static size_t unhex(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;

	while (*hex != 0) {
		unsigned v;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (n == max || sscanf(hex, "%2x", &v) != 1)
			abort();
		out[n++] = (uint8_t)v;
		hex += 2;
	}
	return n;
}

static void tell(enum frame_verdict v, const struct segment *s, struct buf *out)
{
	static const char *const names[] = { "tcp", "other", "fragment", "bad", "cut" };
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	buf_clear(out);
	buf_str(out, names[v]);
	if (v != FRAME_TCP)
		return;
	addr_format(&s->src, src);
	addr_format(&s->dst, dst);
	buf_fmt(out, " %s:%u %s:%u %u %u %x %zu/%u ", src, s->sport, dst, s->dport, s->seq, s->ack, s->flags,
		s->payload.n, s->payload_len);
	buf_add(out, s->payload);
}

/* From a block of exactly its size, so that the sanitizer sees a read behind it. */
static enum frame_verdict parse(uint32_t link, const uint8_t *p, size_t n, uint32_t wire, struct buf *told)
{
	uint8_t *exact = malloc(n == 0 ? 1 : n);
	enum frame_verdict v;
	struct segment s;

	if (exact == NULL)
		abort();
	memcpy(exact, p, n);
	memset(&s, 0xee, sizeof s);
	v = frame_parse(link, slice_of(exact, n), wire, &s);
	tell(v, &s, told);
	free(exact);
	return v;
}

static const struct {
	const char *name;
	uint32_t link;
	const char *hex;
	const char *want;
} cases[] = {
	{ "Ethernet, IPv4", 1, ETH "0800" WHOLE4, TOLD4 },
	{ "Ethernet, IPv6", 1, ETH "86dd" WHOLE6, TOLD6 },
	{ "802.1Q", 1, ETH "8100 0064 0800" WHOLE4, TOLD4 },
	{ "802.1Q priority tag", 1, ETH "8100 0000 0800" WHOLE4, TOLD4 },
	{ "802.1ad and 802.1Q", 1, ETH "88a8 0064 8100 00c8 86dd" WHOLE6, TOLD6 },
	{ "old QinQ", 1, ETH "9100 0064 9200 00c8 0800" WHOLE4, TOLD4 },
	{ "eight tags", 1, ETH TAGS4 TAGS4 "0800" WHOLE4, TOLD4 },
	{ "nine tags", 1, ETH TAGS4 TAGS4 "8100 0009 0800" WHOLE4, "bad" },
	{ "SNAP", 1, ETH "0037 aaaa03 000000 0800" WHOLE4, TOLD4 },
	{ "SNAP in a tag", 1, ETH "8100 0001 0037 aaaa03 000000 0800" WHOLE4, TOLD4 },
	{ "SNAP of a vendor", 1, ETH "0037 aaaa03 00000c 0800" WHOLE4, "other" },
	{ "spanning tree", 1, ETH "0003 424203", "other" },
	{ "neither length nor type", 1, ETH "05e0" WHOLE4, "other" },
	{ "ARP", 1, ETH "0806 0001", "other" },
	{ "MPLS", 1, ETH "8847 00000140" WHOLE4, "other" },
	{ "half an Ethernet header", 1, "0200000000010200", "bad" },
	{ "a tag and no more", 1, ETH "8100 00", "bad" },
	{ "SLL", 113, "0000 0001 0006 0200000000010000 0800" WHOLE4, TOLD4 },
	{ "SLL, IPv6", 113, "0000 0001 0006 0200000000010000 86dd" WHOLE6, TOLD6 },
	{ "SLL, tagged", 113, "0000 0001 0006 0200000000010000 8100 0005 0800" WHOLE4, TOLD4 },
	{ "SLL, LLC", 113, "0000 0001 0006 0200000000010000 0004 aaaa03 000000 0800" WHOLE4, TOLD4 },
	{ "SLL, CAN", 113, "0000 0118 0000 0000000000000000 000c" WHOLE4, "other" },
	{ "SLL, a kernel's own number that is no length", 113,
	  "0000 0001 0006 0200000000010000 0001 aaaa03 000000 0800" WHOLE4, "other" },
	{ "SLL2", 276, "0800 0000 00000002 0001 00 06 0200000000010000" WHOLE4, TOLD4 },
	{ "SLL2, IPv6", 276, "86dd 0000 00000002 0001 00 06 0200000000010000" WHOLE6, TOLD6 },
	{ "NULL, big-endian", 0, "00000002" WHOLE4, TOLD4 },
	{ "NULL, little-endian", 0, "02000000" WHOLE4, TOLD4 },
	{ "NULL, IPv6 of Linux", 0, "0a000000" WHOLE6, TOLD6 },
	{ "NULL, IPv6 of OpenBSD", 0, "00000018" WHOLE6, TOLD6 },
	{ "NULL, IPv6 of FreeBSD", 0, "1c000000" WHOLE6, TOLD6 },
	{ "NULL, IPv6 of macOS", 0, "1e000000" WHOLE6, TOLD6 },
	{ "NULL, OSI", 0, "07000000" WHOLE6, "other" },
	{ "NULL, a big number", 0, "00020002" WHOLE4, "other" },
	{ "LOOP", 108, "00000018" WHOLE6, TOLD6 },
	{ "RAW, IPv4", 101, WHOLE4, TOLD4 },
	{ "RAW, IPv6", 101, WHOLE6, TOLD6 },
	{ "RAW as 12", 12, WHOLE4, TOLD4 },
	{ "RAW as 14", 14, WHOLE6, TOLD6 },
	{ "RAW, neither", 101, "50" , "bad" },
	{ "RAW, nothing", 101, "", "bad" },
	{ "IPV4", 228, WHOLE4, TOLD4 },
	{ "IPV4 that is not", 228, WHOLE6, "bad" },
	{ "IPV6", 229, WHOLE6, TOLD6 },
	{ "IPV6 that is not", 229, WHOLE4, "bad" },
	{ "no such link type", 147, WHOLE4, "bad" },
	{ "no link type at all", UINT32_MAX, WHOLE4, "bad" },
	{ "IPv6 as IPv4", 1, ETH "0800" WHOLE6, "bad" },
	{ "IPv4 as IPv6", 1, ETH "86dd" WHOLE4, "bad" },

	{ "padding", 1, ETH "0800" WHOLE4 "00000000", TOLD4 },
	{ "padding, IPv6", 1, ETH "86dd" WHOLE6 "00000000", TOLD6 },
	{ "only padding", 1, ETH "0800 45000028 00004000 40060000 0a000001 0a000002" TCP "000000000000",
	  TOLD4_AS "0/0 " },
	{ "IPv4 options", 101, "46000033 00004000 40060000 0a000001 0a000002 01010101" TCP DATA, TOLD4 },
	{ "IPv4 header length of 16", 101, /* where TCP would be found */
	  "4400002f 00004000 40060000 0a000001 10000050 01020304 05060708 50180100 00000000 00000000 000000",
	  "bad" },
	{ "IPv4 header longer than the packet", 101,
	  "4f000020 00004000 40060000 0a000001 0a000002 10000050 01020304 05060708",
	  "bad" },
	{ "total length 0", 101, "45000000 00004000 40060000 0a000001 0a000002" TCP DATA, TOLD4 },
	{ "total length less than a header", 101,
	  "45000013 00004000 40060000 0a000001 0a000002" TCP DATA, "bad" },
	{ "total length more than was sent", 101, "45000030 00004000 40060000 0a000001 0a000002" TCP DATA,
	  TOLD4_AS "7/8 hello!!" },
	{ "sliced in the TCP header", 101, "4500002f 00004000 40060000 0a000001 0a000002 10000050", "cut" },
	{ "more fragments", 101, "4500002f 00012000 40060000 0a000001 0a000002" TCP DATA, "fragment" },
	{ "last fragment", 101, "4500002f 00010001 40060000 0a000001 0a000002" TCP DATA, "fragment" },
	{ "the reserved bit is no fragment", 101,
	  "4500002f 00018000 40060000 0a000001 0a000002" TCP DATA, TOLD4 },
	{ "UDP", 101, "4500001c 00000000 40110000 0a000001 0a000002 0035 0035 0008 0000", "other" },
	{ "UDP over IPv6", 101, IP6("0008", "11") "0035 0035 0008 0000", "other" },

	{ "hop-by-hop", 101, IP6("0023", "00") "0600010400000000" TCP DATA, TOLD6 },
	{ "hop-by-hop of 16 bytes", 101,
	  IP6("002b", "00") "0601010c00000000 0000000000000000" TCP DATA, TOLD6 },
	{ "routing", 101, IP6("0023", "2b") "0600000000000000" TCP DATA, TOLD6 },
	{ "destination options", 101, IP6("0023", "3c") "0600010400000000" TCP DATA, TOLD6 },
	{ "authentication", 101,
	  IP6("0033", "33") "0604000000000001 00000001 000000000000000000000000" TCP DATA, TOLD6 },
	{ "all of them", 101,
	  IP6("0053", "00") "3c00010400000000 2b00010400000000 2c00000000000000 3300000000000001"
	  "3c02000000000001 00000001 00000000 0600010400000000" TCP DATA, TOLD6 },
	{ "seven of a kind", 101,
	  IP6("0053", "3c") "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
	  "3c00010400000000 3c00010400000000 0600010400000000" TCP DATA, TOLD6 },
	{ "eight", 101,
	  IP6("005b", "3c") "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
	  "3c00010400000000 3c00010400000000 3c00010400000000 0600010400000000" TCP DATA, "bad" },
	{ "an atomic fragment", 101, IP6("0023", "2c") "0600000000000001" TCP DATA, TOLD6 },
	{ "first fragment", 101, IP6("0023", "2c") "0600000100000001" TCP DATA, "fragment" },
	{ "second fragment", 101, IP6("0023", "2c") "0600000800000001" TCP DATA, "fragment" },
	{ "an extension header longer than the packet", 101,
	  IP6("0023", "00") "06ff010400000000" TCP DATA, "bad" },
	{ "no next header", 101, IP6("0000", "3b"), "other" },
	{ "encrypted", 101, IP6("001b", "32") TCP DATA, "other" },
	{ "payload length 0", 101, IP6("0000", "06") TCP DATA, TOLD6 },
	{ "a jumbogram", 101, IP6("0000", "00") "0600c20400000023" TCP DATA, TOLD6 },
	{ "payload length more than was sent", 101, IP6("001c", "06") TCP DATA,
	  TOLD6_AS "7/8 hello!!" },
	{ "an IPv4 address over IPv6", 101, "60000000 001b0640 00000000000000000000ffff0a000001"
	  "20010db8000000000000000000000002" TCP DATA, "bad" },

	{ "TCP options", 101, "4500003b 00004000 40060000 0a000001 0a000002" TCP_OPTIONS DATA, TOLD4 },
	{ "data offset of 16", 101, IP4 "10000050 01020304 05060708 40180100 00000000" DATA, "bad" },
	{ "data offset behind the packet", 101,
	  IP4 "10000050 01020304 05060708 70180100 00000000" DATA, "bad" },
	{ "options and no data", 101,
	  "4500002c 00004000 40060000 0a000001 0a000002 10000050 01020304 00000000 60020100"
	  "00000000 020405b4", "tcp 10.0.0.1:4096 10.0.0.2:80 16909060 0 2 0/0 " },
	{ "half a TCP header", 101,
	  "4500001e 00004000 40060000 0a000001 0a000002 10000050 01020304 0506", "bad" },
};

/* Cut by the snap length anywhere, a packet says the same as whole, or that it was cut; and never more than
 * was captured. */
static void cut_anywhere(const char *name, uint32_t link, const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n == 0 ? 1 : n);
	struct segment whole, s;
	enum frame_verdict want = frame_parse(link, slice_of(p, n), (uint32_t)n, &whole), v;
	int bad = 0;

	for (size_t k = 0; k < n; k++) {
		memcpy(exact + n - k, p, k); /* ends where the block ends */
		v = frame_parse(link, slice_of(exact + n - k, k), (uint32_t)n, &s);
		bad += v != want && v != FRAME_CUT;
		if (v != FRAME_TCP || want != FRAME_TCP)
			continue;
		bad += s.seq != whole.seq || s.ack != whole.ack || s.flags != whole.flags ||
		       s.sport != whole.sport || s.dport != whole.dport || !addr_eq(&s.src, &whole.src) ||
		       !addr_eq(&s.dst, &whole.dst) || s.payload_len != whole.payload_len ||
		       s.payload.n > whole.payload.n || !slice_starts(whole.payload, s.payload);
	}
	free(exact);
	ok_int(bad, 0, name);
}

static void snapped(struct buf *told)
{
	uint8_t p[128];
	size_t n = unhex(ETH "0800" WHOLE4, p, sizeof p);

	parse(1, p, n - 3, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "4/7 hell"), "cut in the data");
	parse(1, p, 54, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "0/7 "), "cut before the data");
	ok_int(parse(1, p, 53, (uint32_t)n, told), FRAME_CUT, "cut in the TCP header");
	ok_int(parse(1, p, 20, (uint32_t)n, told), FRAME_CUT, "cut in the IP header");
	ok_int(parse(1, p, 13, (uint32_t)n, told), FRAME_CUT, "cut in the Ethernet header");
	ok_int(parse(1, p, 0, (uint32_t)n, told), FRAME_CUT, "nothing captured");
	parse(1, p, n, 5, told);
	ok_slice(buf_slice(told), SLICE(TOLD4), "sent less than captured: not believed");
	n = unhex("45000000 00004000 40060000 0a000001 0a000002" TCP DATA, p, sizeof p);
	parse(101, p, n, 5, told);
	ok_slice(buf_slice(told), SLICE(TOLD4), "nor where the total length is 0");
	n = unhex(ETH "0800 4500003b 00004000 40060000 0a000001 0a000002" TCP_OPTIONS DATA, p, sizeof p);
	parse(1, p, 60, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "0/7 "), "cut in the TCP options");
	n = unhex("45000000 00004000 40060000 0a000001 0a000002" TCP DATA, p, sizeof p);
	parse(101, p, n, 200000, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "7/199960 hello!!"),
		 "total length 0, cut: to the end of what was sent");
}

int main(void)
{
	struct buf told;
	uint8_t p[512];

	buf_init(&told, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = unhex(cases[i].hex, p, sizeof p);
		char name[128];

		parse(cases[i].link, p, n, (uint32_t)n, &told);
		ok_slice(buf_slice(&told), slice_str(cases[i].want), cases[i].name);
		snprintf(name, sizeof name, "%s, cut anywhere", cases[i].name);
		cut_anywhere(name, cases[i].link, p, n);
	}
	snapped(&told);
	buf_free(&told);
	return tap_done();
}
