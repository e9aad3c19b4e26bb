/* What the readers of layers share: link.c, wifi.c and nflog.c take off what a capture begins with, ether.c
 * what stands between link and IP, ip.c the headers of IPv6 and fragments, tunnel.c what carries packets
 * over IP. What most packets are, IPv4 and TCP, frame.c reads itself. For these; nobody else includes this,
 * fragments.c apart.
 *
 * What carries something names it by its EtherType, whatever numbers it has itself (PPP, VXLAN-GPE): so
 * every carrier can hold everything, and a new one is a reader and a row in its table. */
#ifndef TK_SENSOR_PROTO_PACKET_LAYER_H
#define TK_SENSOR_PROTO_PACKET_LAYER_H

#include "sensor/proto/packet/frame.h"

#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd
#define ETHER_MPLS 0x8847
#define ETHER_BRIDGED 0x6558 /* a whole Ethernet frame follows (RFC 1701) */
#define ETHER_PPP 0x880b

#define ETHER_LEAST 0x0600 /* IEEE 802.3 3.2.6: from here on the field is a type */

/* FRAME_TCP stands for "sound so far" until the end is reached. */
#define FRAME_SOUND FRAME_TCP

/* A packet from some header on; never less sent than captured. */
struct rest {
	const uint8_t *p;
	uint32_t n;    /* captured */
	uint32_t wire; /* sent */
};

/* Are n bytes there? If not: FRAME_CUT when they were sent, FRAME_BAD when they never were. */
static inline enum frame_verdict rest_need(const struct rest *r, uint32_t n)
{
	return r->n >= n ? FRAME_SOUND : r->wire >= n ? FRAME_CUT : FRAME_BAD;
}

/* Goes n bytes on, of which no more than what was sent; a cut packet has then nothing left. */
static inline void rest_skip(struct rest *r, uint32_t n)
{
	uint32_t have = n < r->n ? n : r->n;

	r->p += have;
	r->n -= have;
	r->wire -= n;
}

/* n bytes were sent from here on, as the packet itself says: what is captured behind them is padding. More
 * than was known of: something before the capture sliced the packet. */
static inline void rest_end(struct rest *r, uint32_t n)
{
	r->wire = n;
	if (r->n > n)
		r->n = n;
}

/* Takes a header off whose length is known and that says nothing more. */
static inline enum frame_verdict rest_take(struct rest *r, uint32_t n)
{
	enum frame_verdict v = rest_need(r, n);

	if (v == FRAME_SOUND)
		rest_skip(r, n);
	return v;
}

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static inline void ip_put_v4(struct addr *a, const uint8_t *p)
{
	memset(a->b, 0, 10);
	a->b[10] = a->b[11] = 0xff;
	memcpy(a->b + 12, p, 4);
}

/* Each takes headers off and returns FRAME_SOUND, or says why there is nothing more to read. */

/* All below IP. *ether says what the rest is, ETHER_IPV4 or ETHER_IPV6. */
enum frame_verdict link_take(uint32_t link_type, struct rest *r, uint16_t *ether);
/* What *ether says and all that follows it, down to IP. */
enum frame_verdict ether_take(struct rest *r, uint16_t *ether);
/* Does a reader know this EtherType? */
bool ether_known(uint16_t ether);
/* IPv6 with its extension headers. *protocol says what follows; FRAME_FRAGMENT: `frag` is filled in. */
enum frame_verdict ip_take_v6(struct rest *r, struct segment *out, struct fragment *frag, uint8_t *protocol);
/* A fragment of IPv4 from its header on, which is sound and captured, options apart. Never FRAME_SOUND. */
enum frame_verdict ip_fragment_v4(const struct rest *r, struct fragment *frag);
/* The extension headers of IPv6, where they begin. */
enum frame_verdict ip_extensions(struct rest *r, struct fragment *frag, uint8_t *protocol);
bool ip_is_extension(uint8_t protocol);
/* What carries packets over IP. FRAME_SOUND: *ether says what; FRAME_UDP: nothing that is known, and `out`
 * holds. */
enum frame_verdict tunnel_take(uint8_t protocol, struct rest *r, struct segment *out, uint16_t *ether);
/* TCP, UDP or what carries packets. */
bool tunnel_known(uint8_t protocol);
/* May TCP be in it? `start` is as much as is known of it, for the ports of UDP. */
bool tunnel_may_hold_tcp(uint8_t protocol, struct slice start);

/* Readers of more than one table. */
enum frame_verdict ether_ppp(struct rest *r, uint16_t *ether);
enum frame_verdict ether_pppoe(struct rest *r, uint16_t *ether);
enum frame_verdict link_wifi(struct rest *r, uint16_t *ether);
enum frame_verdict link_radiotap(struct rest *r, uint16_t *ether);
enum frame_verdict link_nflog(struct rest *r, uint16_t *ether);

#endif
