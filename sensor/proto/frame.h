/* One captured packet down to its TCP segment: link layer, VLAN tags, IPv4 or IPv6 with extension headers,
 * TCP. Pure; never reads behind the captured bytes. */
#ifndef TK_SENSOR_PROTO_FRAME_H
#define TK_SENSOR_PROTO_FRAME_H

#include "core/base/addr.h"

/* Link types are the LINKTYPE_ numbers of tcpdump.org/linktypes.html; link.def lists those that are read. */
enum frame_verdict {
	FRAME_TCP,
	FRAME_OTHER,    /* sound, and not TCP over IP */
	FRAME_FRAGMENT, /* an IP fragment (RFC 791 3.2, RFC 8200 4.5) that is not whole by itself */
	FRAME_BAD,      /* lengths or versions that make no sense, or an unknown link type */
	FRAME_CUT       /* the snap length took the headers away */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct segment { /* RFC 9293 3.1 */
	struct addr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;     /* ack holds only with TCP_ACK */
	uint8_t flags;
	struct slice payload;  /* what was captured of it; borrows the packet */
	uint32_t payload_len;  /* what was sent; more than payload.n where the snap length cut it */
};

/* `wire_len` is the packet's length before the snap length; less than was captured is not believed. An IP
 * length of 0 (segmentation offload, jumbograms) is taken to reach to the packet's end; padding behind the IP
 * packet is left out. An IP length of more than `wire_len` says that the packet was sliced on its way, as
 * packet brokers do: it counts like the snap length. `out` holds with FRAME_TCP alone. */
enum frame_verdict frame_parse(uint32_t link_type, struct slice captured, uint32_t wire_len,
			       struct segment *out);

#endif
