/* What carries packets in packets: each tunnel around the same segment, in each other, and without end. */
#include "tests/lib/packets.h"

/* An outer IPv4 packet of total length 0, as offloading leaves it: so that it fits around everything. */
#define OUT4(protocol) "45000000 00000000 40" protocol "0000 c0000201 c0000202 "
#define OUT6(next) "60000000 0000" next "40 " \
	"20010db8000000000000000000000011 20010db8000000000000000000000012 "
#define UDP(sport, dport) sport dport "0000 0000 "
#define ETH4 ETH "0800" WHOLE4
#define ETH6 ETH "86dd" WHOLE6
#define IPIP OUT4("04")
#define TEREDO6 "60000000 001b0640 20010000000000000000000000000001 20010db8000000000000000000000002 " \
	TCP DATA
#define TOLD_TEREDO "tcp 2001::1:4096 2001:db8::2:80 16909060 84281096 18 7/7 hello!!"
#define UDP_AS(what) "udp 192.0.2.1:" what " 0 0 0 "

static const struct packet_case cases[] = {
	{ "MPLS, IPv4", 1, ETH "8847 00001140" WHOLE4, TOLD4 },
	{ "MPLS, three labels, IPv6", 1, ETH "8847 00001040 00002040 00003140" WHOLE6, TOLD6 },
	{ "MPLS, multicast, in a tag", 1, ETH "8100 0001 8848 00001140" WHOLE4, TOLD4 },
	{ "MPLS, pseudowire with control word", 1, ETH "8847 00001140 00000000" ETH4, TOLD4 },
	{ "MPLS, pseudowire without", 1, ETH "8847 00001140" ETH4, TOLD4 },
	{ "MPLS, pseudowire from a vendor's address", 1,
	  ETH "8847 00001140 a20000000001 a20000000002 8100 0005 86dd" WHOLE6, TOLD6 },
	{ "MPLS, pseudowire of what nobody knows", 1,
	  ETH "8847 00001140 00000000" ETH "0806 00010002", "other" },
	{ "MPLS, 16 labels", 1,
	  ETH "8847 00001040 00001040 00001040 00001040 00001040 00001040 00001040 00001040"
	  "00001040 00001040 00001040 00001040 00001040 00001040 00001040 00001140" WHOLE4, TOLD4 },
	{ "MPLS, 17 labels", 1,
	  ETH "8847 00001040 00001040 00001040 00001040 00001040 00001040 00001040 00001040"
	  "00001040 00001040 00001040 00001040 00001040 00001040 00001040 00001040 00001140" WHOLE4, "bad" },
	{ "MPLS without a bottom", 1, ETH "8847 00001040", "bad" },
	{ "PPPoE, IPv4, padded", 1, ETH "8864 1100 0001 0031 0021" WHOLE4 "0000", TOLD4 },
	{ "PPPoE, IPv6", 1, ETH "8864 1100 0001 0045 0057" WHOLE6, TOLD6 },
	{ "PPPoE, link control", 1, ETH "8864 1100 0001 000a c021 0901 0008 00000000", "other" },
	{ "PPPoE discovery", 1, ETH "8863 1109 0000 0004 01010000", "other" },
	{ "PPPoE, a code of discovery", 1, ETH "8864 11a7 0001 0031 0021" WHOLE4, "other" },
	{ "PPPoE of another version", 1, ETH "8864 2100 0001 0031 0021" WHOLE4, "bad" },

	{ "IPIP", 101, IPIP WHOLE4, TOLD4 },
	{ "6in4", 101, OUT4("29") WHOLE6, TOLD6 },
	{ "4in6", 101, OUT6("04") WHOLE4, TOLD4 },
	{ "6in6", 101, OUT6("29") WHOLE6, TOLD6 },
	{ "IPIP that holds IPv6", 101, IPIP WHOLE6, "bad" },
	{ "IPIP seven times", 101, IPIP IPIP IPIP IPIP IPIP IPIP IPIP WHOLE4, TOLD4 },
	{ "IPIP eight times", 101, IPIP IPIP IPIP IPIP IPIP IPIP IPIP IPIP WHOLE4, "bad" },
	{ "EtherIP", 101, OUT4("61") "3000" ETH4, TOLD4 },
	{ "EtherIP of another version", 101, OUT4("61") "4000" ETH4, "bad" },
	{ "MPLS in IP", 101, OUT4("89") "00001140" WHOLE6, TOLD6 },

	{ "GRE, IPv4", 101, OUT4("2f") "0000 0800" WHOLE4, TOLD4 },
	{ "GRE, IPv6, checksum", 101, OUT4("2f") "8000 86dd ffff0000" WHOLE6, TOLD6 },
	{ "GRE, checksum, key, sequence", 101,
	  OUT6("2f") "b000 0800 ffff0000 00000007 00000001" WHOLE4, TOLD4 },
	{ "GRE, Ethernet, key", 101, OUT4("2f") "2000 6558 00000007" ETH6, TOLD6 },
	{ "GRE, 802.1Q", 101, OUT4("2f") "0000 8100 0005 0800" WHOLE4, TOLD4 },
	{ "GRE, MPLS", 101, OUT4("2f") "0000 8847 00001140" WHOLE4, TOLD4 },
	{ "GRE, PPP", 101, OUT4("2f") "0000 880b ff03 0021" WHOLE4, TOLD4 },
	{ "GRE, keepalive", 101, OUT4("2f") "0000 0000", "other" },
	{ "GRE, routed", 101, OUT4("2f") "4000 0800 00000000 00000000" WHOLE4, "other" },
	{ "GRE, version 2", 101, OUT4("2f") "0002 0800" WHOLE4, "bad" },
	{ "PPTP", 101, OUT4("2f") "3001 880b 0033 0001 00000001 ff03 0021" WHOLE4 "0000", TOLD4 },
	{ "PPTP, acknowledging, short header", 101,
	  OUT4("2f") "3081 880b 0030 0001 00000001 00000001 21" WHOLE4, TOLD4 },
	{ "PPTP, acknowledging alone", 101, OUT4("2f") "2081 880b 0000 0001 00000001", "other" },
	{ "PPTP without a key", 101, OUT4("2f") "1001 880b 0033 0001 00000001 ff03 0021" WHOLE4, "bad" },
	{ "ERSPAN I", 101, OUT4("2f") "0000 88be" ETH4, TOLD4 },
	{ "ERSPAN II", 101, OUT4("2f") "1000 88be 00000001 1001 0001 00000000" ETH4, TOLD4 },
	{ "ERSPAN III", 101,
	  OUT4("2f") "1000 22eb 00000001 2001 0001 00000000 0000 0000" ETH "8100 0005 0800" WHOLE4,
	  TOLD4 },
	{ "ERSPAN III with a subheader", 101,
	  OUT4("2f") "1000 22eb 00000001 2001 0001 00000000 0000 0001 0000000000000000" ETH6, TOLD6 },
	{ "ERSPAN III, IP alone", 101,
	  OUT4("2f") "1000 22eb 00000001 2001 0001 00000000 0000 0800" WHOLE6, TOLD6 },
	{ "ERSPAN III, something else", 101,
	  OUT4("2f") "1000 22eb 00000001 2001 0001 00000000 0000 0400" WHOLE6, "other" },

	{ "VXLAN", 101, OUT4("11") UDP("c000", "12b5") "08000000 00000100" ETH4, TOLD4 },
	{ "VXLAN on its old port, with a policy", 101,
	  OUT6("11") UDP("c000", "2118") "88000001 00000100" ETH6, TOLD6 },
	{ "VXLAN, ARP", 101, OUT4("11") UDP("c000", "12b5") "08000000 00000100" ETH "0806 0001", "other" },
	{ "not VXLAN", 101, OUT4("11") UDP("1000", "12b5") "6162636465666768",
	  UDP_AS("4096 192.0.2.2:4789") "8/8 abcdefgh" },
	{ "too short for VXLAN", 101, OUT4("11") UDP("1000", "12b5") "61626364",
	  UDP_AS("4096 192.0.2.2:4789") "4/4 abcd" },
	{ "an answer from VXLAN's port", 101, OUT4("11") UDP("12b5", "1000") "6162",
	  UDP_AS("4789 192.0.2.2:4096") "2/2 ab" },
	{ "VXLAN-GPE, IPv4", 101, OUT4("11") UDP("c000", "12b6") "0c000001 00000100" WHOLE4, TOLD4 },
	{ "VXLAN-GPE, IPv6", 101, OUT4("11") UDP("c000", "12b6") "0c000002 00000100" WHOLE6, TOLD6 },
	{ "VXLAN-GPE, Ethernet", 101, OUT4("11") UDP("c000", "12b6") "0c000003 00000100" ETH4, TOLD4 },
	{ "Geneve, Ethernet", 101, OUT4("11") UDP("c000", "17c1") "0000 6558 00000100" ETH4, TOLD4 },
	{ "Geneve, IPv6, options", 101,
	  OUT4("11") UDP("c000", "17c1") "0240 86dd 00000100 0102030004050607" WHOLE6, TOLD6 },
	{ "not Geneve", 101, OUT4("11") UDP("1000", "17c1") "6162636465666768",
	  UDP_AS("4096 192.0.2.2:6081") "8/8 abcdefgh" },
	{ "GTP-U, IPv4", 101, OUT4("11") UDP("0868", "0868") "30ff 002f 00000007" WHOLE4, TOLD4 },
	{ "GTP-U, sequence number", 101,
	  OUT4("11") UDP("c000", "0868") "32ff 0033 00000007 00010000" WHOLE4, TOLD4 },
	{ "GTP-U, two extension headers, IPv6", 101,
	  OUT4("11") UDP("0868", "c000") "34ff 0053 00000007 00000085 01000085 02000000 00000000" WHOLE6,
	  TOLD6 },
	{ "GTP-U, a flag and no extension", 101,
	  OUT4("11") UDP("c000", "0868") "34ff 0033 00000007 00000000" WHOLE4, TOLD4 },
	{ "Teredo", 101, OUT4("11") UDP("c000", "0dd8") TEREDO6, TOLD_TEREDO },
	{ "Teredo, from the server", 101, OUT4("11") UDP("0dd8", "c000") TEREDO6, TOLD_TEREDO },
	{ "Teredo, origin", 101, OUT4("11") UDP("0dd8", "c000") "0000 1234 01020304" TEREDO6, TOLD_TEREDO },
	{ "Teredo, authentication and origin", 101, OUT4("11") UDP("0dd8", "c000")
	  "0001 02 03 6162 636465 0000000000000000 00" "0000 1234 01020304" TEREDO6, TOLD_TEREDO },
	{ "Teredo between peers", 101, OUT4("11") UDP("c000", "8084") TEREDO6, TOLD_TEREDO },
	{ "40 bytes on Teredo's port that begin as IPv6 does", 101, OUT4("11") UDP("1000", "0dd8")
	  "61616161616161616161 61616161616161616161 61616161616161616161 61616161616161616161",
	  UDP_AS("4096 192.0.2.2:3544") "40/40 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "not Teredo", 101,
	  OUT4("11") UDP("1000", "0dd8") "616263", UDP_AS("4096 192.0.2.2:3544") "3/3 abc" },
	{ "GRE in UDP", 101, OUT4("11") UDP("c000", "1292") "0000 0800" WHOLE4, TOLD4 },
	{ "MPLS in UDP", 101, OUT4("11") UDP("c000", "19eb") "00001140" WHOLE4, TOLD4 },

	{ "VXLAN in VXLAN in GRE in MPLS in a tag", 1, ETH "8100 0007 8847 00001140" OUT4("2f") "0000 0800"
	  OUT4("11") UDP("c000", "12b5") "08000000 00000100" ETH "86dd" OUT6("11") UDP("c000", "12b5")
	  "08000000 00000200" ETH4, TOLD4 },
	{ "a fragment in VXLAN", 101, OUT4("11") UDP("c000", "12b5") "08000000 00000100" ETH
	  "0800 4500001c 00012000 40060000 0a000001 0a000002 3031323334353637",
	  "fragment 10.0.0.1 10.0.0.2 1/6 0+8 more 01234567" },
	{ "a fragment of GRE", 101, "4500001c 00012000 402f0000 0a000001 0a000002 3031323334353637",
	  "fragment 10.0.0.1 10.0.0.2 1/47 0+8 more 01234567" },
};

/* What looks like a tunnel and is none; its bytes are no text. */
struct lookalike {
	const char *name, *hex;
};

static void lookalikes(void)
{
	static const struct lookalike none[] = {
		{ "VXLAN's I flag among others", OUT4("11") UDP("c000", "12b5") "28000000 00000100" ETH4 },
		{ "VXLAN with a reserved byte", OUT4("11") UDP("c000", "12b5") "08000000 00000101" ETH4 },
		{ "VXLAN on the sender's port", OUT4("11") UDP("12b5", "c000") "08000000 00000100" ETH4 },
		{ "VXLAN-GPE without P", OUT4("11") UDP("c000", "12b6") "08000001 00000100" WHOLE4 },
		{ "VXLAN-GPE, next 4", OUT4("11") UDP("c000", "12b6") "0c000004 00000100" WHOLE4 },
		{ "GTP-U, an echo", OUT4("11") UDP("0868", "0868") "3001 002f 00000007" WHOLE4 },
		{ "GTP' of charging", OUT4("11") UDP("0868", "0868") "20ff 002f 00000007" WHOLE4 },
		{ "GTP-U with a bit that is spare",
		  OUT4("11") UDP("0868", "0868") "38ff 002f 00000007" WHOLE4 },
		{ "GTP of version 2", OUT4("11") UDP("0868", "0868") "50ff 002f 00000007" WHOLE4 },
		{ "GTP-U, longer than its datagram",
		  OUT4("11") UDP("0868", "0868") "30ff 0030 00000007" WHOLE4 },
		{ "GTP-U, an extension without length",
		  OUT4("11") UDP("0868", "0868") "34ff 0037 00000007 00000085 00000000" WHOLE4 },
		{ "GTP-U that holds no IP", OUT4("11") UDP("0868", "0868") "30ff 0004 00000007 f5000000" },
		{ "Geneve, version 1", OUT4("11") UDP("c000", "17c1") "4000 6558 00000100" ETH4 },
		{ "a peer of Teredo's, longer than it says", OUT4("11") UDP("c000", "8084") TEREDO6 "00" },
		{ "a peer of Teredo's without its addresses", OUT4("11") UDP("c000", "8084") WHOLE6 },
		{ "Teredo without its addresses", OUT4("11") UDP("c000", "0dd8") WHOLE6 },
	};
	struct fragment f;
	struct segment seg;
	uint8_t p[256];

	for (size_t i = 0; i < COUNT(none); i++) {
		size_t n = packet_unhex(none[i].hex, p, sizeof p);

		ok_int(frame_parse(101, slice_of(p, n), 0, &seg, &f), FRAME_UDP, none[i].name);
	}
}

int main(void)
{
	struct buf told;

	buf_init(&told, 4096);
	for (size_t i = 0; i < COUNT(cases); i++)
		packet_check(&cases[i], &told);
	lookalikes();
	buf_free(&told);
	return tap_done();
}
