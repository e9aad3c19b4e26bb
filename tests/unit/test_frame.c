/* Link layers, IP, TCP, UDP and the snap length. Tunnels: test_tunnel.c. */
#include "tests/lib/packets.h"

#define TAGS4 "8100 0001 8100 0002 8100 0003 8100 0004 "
#define WIFI(control, sequence) control "0000 020000000001 020000000002 020000000003" sequence
#define SNAP4 "aaaa03 000000 0800"
#define TCP_OPTIONS "10000050 01020304 05060708 80180100 00000000 0101080a 00000001 00000002 "

static const struct packet_case cases[] = {
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
	{ "PPP", 9, "ff03 0021" WHOLE4, TOLD4 },
	{ "PPP without address and control", 9, "0057" WHOLE6, TOLD6 },
	{ "PPP, protocol in a byte", 9, "ff03 21" WHOLE4, TOLD4 },
	{ "PPP, MPLS", 9, "ff03 0281 00001140" WHOLE4, TOLD4 },
	{ "PPP, link control", 9, "ff03 c021 01010004", "other" },
	{ "PPP_HDLC, PPP", 50, "ff03 0021" WHOLE4, TOLD4 },
	{ "PPP_HDLC, Cisco", 50, "8f00 86dd" WHOLE6, TOLD6 },
	{ "C_HDLC", 104, "0f00 0800" WHOLE4, TOLD4 },
	{ "C_HDLC, keepalive", 104, "8f00 8035 00000002", "other" },
	{ "C_HDLC, a number that is no type", 104, "0f00 0037 aaaa03 000000 0800" WHOLE4, "other" },
	{ "PPP_ETHER", 51, "1100 0001 0031 0021" WHOLE4, TOLD4 },
	{ "802.11", 105, WIFI("0802", "0000") SNAP4 WHOLE4 "01020304", TOLD4 },
	{ "802.11, QoS", 105, WIFI("8801", "0010") "0000" SNAP4 WHOLE4, TOLD4 },
	{ "802.11, QoS and HT control", 105, WIFI("8881", "0010") "0000 00000000" SNAP4 WHOLE4, TOLD4 },
	{ "802.11, four addresses", 105, WIFI("0803", "0010") "020000000004" SNAP4 WHOLE4, TOLD4 },
	{ "802.11, aggregate", 105, WIFI("8801", "0010") "8000" SNAP4 WHOLE4, "other" },
	{ "802.11, encrypted", 105, WIFI("0842", "0000") SNAP4 WHOLE4, "other" },
	{ "802.11, more fragments", 105, WIFI("0806", "0000") SNAP4 WHOLE4, "other" },
	{ "802.11, a later fragment", 105, WIFI("0802", "0100") SNAP4 WHOLE4, "other" },
	{ "802.11, beacon", 105, WIFI("8000", "0000") SNAP4 WHOLE4, "other" },
	{ "802.11, no data", 105, WIFI("4801", "0000") SNAP4 WHOLE4, "other" },
	{ "802.11, another version", 105, WIFI("0902", "0000") SNAP4 WHOLE4, "bad" },
	{ "radiotap", 127, "0000 0c00 00000000 00000000" WIFI("0802", "0000") SNAP4 WHOLE4, TOLD4 },
	{ "radiotap of another version", 127, "0100 0800 00000000" WIFI("0802", "0000") SNAP4 WHOLE4, "bad" },
	{ "radiotap shorter than itself", 127,
	  "0000 0700 00000000" WIFI("0802", "0000") SNAP4 WHOLE4, "bad" },
	{ "NFLOG, little-endian", 239, "02000001 05000a00 78000000 33000900" WHOLE4 "00", TOLD4 },
	{ "NFLOG, big-endian", 239, "0a000001 00080001 00000000 0047 0009" WHOLE6 "00", TOLD6 },
	{ "NFLOG without a packet", 239, "02000001 08000100 00000000", "bad" },
	{ "NFLOG, an attribute of no length", 239, "02000001 00000100" WHOLE4, "bad" },
	{ "NFLOG of a bridge", 239, "07000001 33000900" WHOLE4, "other" },
	{ "NFLOG of another version", 239, "02010001 33000900" WHOLE4, "bad" },
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
	{ "more fragments", 101, "4500001c 00012000 40060000 0a000001 0a000002 3031323334353637",
	  "fragment 10.0.0.1 10.0.0.2 1/6 0+8 more 01234567" },
	{ "more fragments, padded", 101, "4500001c abcd2002 40060000 0a000001 0a000002 3031323334353637 0000",
	  "fragment 10.0.0.1 10.0.0.2 abcd/6 16+8 more 01234567" },
	{ "more fragments, with options", 101,
	  "46000020 00012000 40060000 0a000001 0a000002 01010101 3031323334353637",
	  "fragment 10.0.0.1 10.0.0.2 1/6 0+8 more 01234567" },
	{ "last fragment", 101, "45000019 0001 0003 40060000 0a000001 0a000002 3031323334",
	  "fragment 10.0.0.1 10.0.0.2 1/6 24+5 01234" },
	{ "a fragment that ends behind the longest datagram", 101,
	  "4500001c 0001 1fff 40060000 0a000001 0a000002 3031323334353637", "bad" },
	{ "a fragment that ends with it", 101,
	  "4500001b 0001 1fff 40060000 0a000001 0a000002 30313233343536",
	  "fragment 10.0.0.1 10.0.0.2 1/6 65528+7 0123456" },
	{ "seven bytes and more to come", 101,
	  "4500001b 00012000 40060000 0a000001 0a000002 30313233343536", "bad" },
	{ "a fragment of nothing", 101, "45000014 00012000 40060000 0a000001 0a000002", "bad" },
	{ "a fragment of total length 0", 101,
	  "45000000 00012000 40060000 0a000001 0a000002 3031323334353637", "bad" },
	{ "a fragment longer than was sent", 101,
	  "45000024 00012000 40060000 0a000001 0a000002 3031323334353637",
	  "cut" },
	{ "a fragment of ICMP", 101,
	  "4500001c 00012000 40010000 0a000001 0a000002 3031323334353637", "other" },
	{ "a fragment of UDP", 101, "4500001c 00012000 40110000 0a000001 0a000002 3031323334353637",
	  "fragment 10.0.0.1 10.0.0.2 1/17 0+8 more 01234567" },
	{ "the reserved bit is no fragment", 101,
	  "4500002f 00018000 40060000 0a000001 0a000002" TCP DATA, TOLD4 },
	{ "UDP", 101, "4500001f 00000000 40110000 0a000001 0a000002 1000 0035 000b 0000 616263",
	  "udp 10.0.0.1:4096 10.0.0.2:53 0 0 0 3/3 abc" },
	{ "UDP, empty", 101, "4500001c 00000000 40110000 0a000001 0a000002 1000 0035 0008 0000",
	  "udp 10.0.0.1:4096 10.0.0.2:53 0 0 0 0/0 " },
	{ "UDP shorter than its packet", 101,
	  "4500001f 00000000 40110000 0a000001 0a000002 1000 0035 0009 0000 616263",
	  "udp 10.0.0.1:4096 10.0.0.2:53 0 0 0 1/1 a" },
	{ "UDP longer than its packet", 101,
	  "4500001f 00000000 40110000 0a000001 0a000002 1000 0035 000c 0000 616263",
	  "bad" },
	{ "UDP shorter than its header", 101,
	  "4500001f 00000000 40110000 0a000001 0a000002 1000 0035 0007 0000 616263",
	  "bad" },
	{ "UDP of length 0", 101, IP6("000b", "11") "1000 0035 0000 0000 616263",
	  "udp 2001:db8::1:4096 2001:db8::2:53 0 0 0 3/3 abc" },
	{ "ICMP", 101, "4500001c 00000000 40010000 0a000001 0a000002 0000 0000 0000 0000", "other" },

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
	{ "first fragment", 101, IP6("0010", "2c") "0600000100abcdef 3031323334353637",
	  "fragment 2001:db8::1 2001:db8::2 abcdef/6 0+8 more 01234567" },
	{ "second fragment", 101, IP6("000d", "2c") "0600000800000001 3031323334",
	  "fragment 2001:db8::1 2001:db8::2 1/6 8+5 01234" },
	{ "a fragment behind routing", 101,
	  IP6("0018", "2b") "2c00000000000000 0600000100000001 3031323334353637",
	  "fragment 2001:db8::1 2001:db8::2 1/6 0+8 more 01234567" },
	{ "seven bytes and more to come, IPv6", 101,
	  IP6("000f", "2c") "0600000100000001 30313233343536", "bad" },
	{ "a fragment of payload length 0", 101,
	  IP6("0000", "2c") "0600000100000001 3031323334353637", "bad" },
	{ "a fragment of nothing, IPv6", 101, IP6("0008", "2c") "0600000800000001", "bad" },
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

static void snapped(struct buf *told)
{
	uint8_t p[128];
	size_t n = packet_unhex(ETH "0800" WHOLE4, p, sizeof p);

	packet_parse(1, p, n - 3, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "4/7 hell"), "cut in the data");
	packet_parse(1, p, 54, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "0/7 "), "cut before the data");
	ok_int(packet_parse(1, p, 53, (uint32_t)n, told), FRAME_CUT, "cut in the TCP header");
	ok_int(packet_parse(1, p, 20, (uint32_t)n, told), FRAME_CUT, "cut in the IP header");
	ok_int(packet_parse(1, p, 13, (uint32_t)n, told), FRAME_CUT, "cut in the Ethernet header");
	ok_int(packet_parse(1, p, 0, (uint32_t)n, told), FRAME_CUT, "nothing captured");
	packet_parse(1, p, n, 5, told);
	ok_slice(buf_slice(told), SLICE(TOLD4), "sent less than captured: not believed");
	n = packet_unhex("45000000 00004000 40060000 0a000001 0a000002" TCP DATA, p, sizeof p);
	packet_parse(101, p, n, 5, told);
	ok_slice(buf_slice(told), SLICE(TOLD4), "nor where the total length is 0");
	n = packet_unhex(ETH "0800 4500003b 00004000 40060000 0a000001 0a000002" TCP_OPTIONS DATA, p,
			 sizeof p);
	packet_parse(1, p, 60, (uint32_t)n, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "0/7 "), "cut in the TCP options");
	n = packet_unhex("45000000 00004000 40060000 0a000001 0a000002" TCP DATA, p, sizeof p);
	packet_parse(101, p, n, 200000, told);
	ok_slice(buf_slice(told), SLICE(TOLD4_AS "7/199960 hello!!"),
		 "total length 0, cut: to the end of what was sent");
}

int main(void)
{
	struct buf told;

	buf_init(&told, 4096);
	for (size_t i = 0; i < COUNT(cases); i++)
		packet_check(&cases[i], &told);
	snapped(&told);
	buf_free(&told);
	return tap_done();
}
