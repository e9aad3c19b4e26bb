/* One captured packet down to its TCP segment or UDP datagram: link layer, tags, labels and tunnels, IPv4 or
 * IPv6 with extension headers, TCP or UDP. Pure; never reads behind the captured bytes.
 *
 * Link types are the LINKTYPE_ numbers of tcpdump.org/linktypes.html; link.def lists those that are read,
 * ether.def what may stand between link and IP, ip.def and udp.def what carries packets over IP. A tunnel's
 * inner packet counts, its outer one says nothing. Inner addresses are taken as they are, whatever tunnel or
 * tag they came in. */
#ifndef TK_SENSOR_PROTO_PACKET_FRAME_H
#define TK_SENSOR_PROTO_PACKET_FRAME_H

#include "core/base/addr.h"

enum frame_verdict {
	FRAME_TCP,
	FRAME_UDP,
	FRAME_OTHER,    /* sound, and neither TCP nor UDP over IP */
	FRAME_FRAGMENT, /* an IP fragment (RFC 791 3.2, RFC 8200 4.5) that is not whole by itself */
	FRAME_BAD,      /* lengths or versions that make no sense, too many layers, or an unknown link type */
	FRAME_CUT       /* the snap length took the headers away, or a part of a fragment */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

struct segment { /* RFC 9293 3.1; a UDP datagram (RFC 768) with seq, ack and flags 0 */
	struct addr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;     /* ack holds only with TCP_ACK */
	uint8_t flags;
	struct slice payload;  /* what was captured of it; borrows the packet */
	uint32_t payload_len;  /* what was sent; more than payload.n where the snap length cut it */
};

/* A part of what IP carries; with offset 0 and nothing more to come it is the whole. */
struct fragment {
	struct addr src, dst;
	uint32_t id;        /* 16 bits in IPv4 */
	uint8_t protocol;   /* what the whole begins with, as this fragment has it */
	bool more;          /* it is not the last one; then its length is a multiple of 8 */
	uint32_t offset;    /* a multiple of 8; offset + bytes.n is at most FRAGMENT_END_MAX */
	struct slice bytes; /* never empty; borrows the packet */
};
#define FRAGMENT_END_MAX 65535

/* `wire_len` is the packet's length before the snap length; less than was captured is not believed. An IP
 * length of 0 (segmentation offload, jumbograms) is taken to reach to the packet's end; padding behind the
 * IP packet is left out. An IP length of more than `wire_len` says that the packet was sliced on its way, as
 * packet brokers do: it counts like the snap length. `out` holds with FRAME_TCP and FRAME_UDP alone, `frag`
 * with FRAME_FRAGMENT alone. */
enum frame_verdict frame_parse(uint32_t link_type, struct slice captured, uint32_t wire_len,
			       struct segment *out,
			       struct fragment *frag);
/* The same for what was put together from fragments. It may carry fragments itself; `frag` may be `whole`. */
enum frame_verdict frame_parse_whole(const struct fragment *whole, struct segment *out,
				     struct fragment *frag);

#endif
