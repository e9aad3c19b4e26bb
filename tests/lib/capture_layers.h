/* A TCP segment as the packets that a capture holds of it: IPv4 or IPv6, in fragments, in a tunnel, on a
 * link; with true lengths and checksums. */
#ifndef TK_TESTS_CAPTURE_LAYERS_H
#define TK_TESTS_CAPTURE_LAYERS_H

#include <string.h>

#include "tests/lib/choice.h"

#define LAYERS_MAX 66000
#define LAYERS_ROOM 512

struct layers { /* bytes, to which headers are added in front */
	uint8_t b[LAYERS_MAX];
	size_t at;
};

static inline void layers_begin(struct layers *p, struct slice payload)
{
	p->at = LAYERS_MAX - payload.n;
	if (payload.n > 0)
		memcpy(p->b + p->at, payload.p, payload.n);
}

static inline size_t layers_n(const struct layers *p)
{
	return LAYERS_MAX - p->at;
}

static inline struct slice layers_slice(const struct layers *p)
{
	return slice_of(p->b + p->at, layers_n(p));
}

static inline uint8_t *layers_front(struct layers *p, size_t n)
{
	p->at -= n;
	return memset(p->b + p->at, 0, n);
}

static inline void layers_add(struct layers *p, struct slice header)
{
	memcpy(layers_front(p, header.n), header.p, header.n);
}

static inline void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return sum;
}

static inline void put_checksum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(at, ~sum & 0xffff);
}

/* ---- IP ---- */

struct ends { /* 10.0.a.b or 2001:db8::a.b */
	bool v6;
	uint8_t from[2], to[2];
	uint16_t from_port, to_port;
};

static inline void ip_address(uint8_t *out, bool v6, const uint8_t host[2])
{
	if (v6)
		memcpy(out, "\x20\x01\x0d\xb8", 4);
	else
		out[0] = 10;
	memcpy(out + (v6 ? 14 : 2), host, 2);
}

struct piece { /* of a fragmented packet; whole: 0 and not more */
	uint32_t id;
	size_t offset;
	bool more;
};

static inline void ip_add(struct layers *p, const struct ends *e, uint8_t protocol, const struct piece *f)
{
	bool part = f->offset > 0 || f->more;
	uint8_t *h;
	size_t n;

	if (e->v6) {
		if (part) {
			h = layers_front(p, 8);
			h[0] = protocol;
			put16(h + 2, f->offset | f->more);
			put32(h + 4, f->id);
			protocol = 44;
		}
		n = layers_n(p);
		h = layers_front(p, 40);
		h[0] = 0x60;
		put16(h + 4, n);
		h[6] = protocol;
		h[7] = 64;
		ip_address(h + 8, true, e->from);
		ip_address(h + 24, true, e->to);
		return;
	}
	n = layers_n(p) + 20;
	h = layers_front(p, 20);
	h[0] = 0x45;
	put16(h + 2, n);
	put16(h + 4, f->id & 0xffff);
	put16(h + 6, f->offset / 8 | (f->more ? 0x2000u : 0));
	h[8] = 64;
	h[9] = protocol;
	ip_address(h + 12, false, e->from);
	ip_address(h + 16, false, e->to);
	put_checksum(h + 10, sum16(0, h, 20));
}

static inline void tcp_add(struct layers *p, const struct ends *e, uint32_t seq, uint32_t ack, uint8_t flags)
{
	uint8_t *h = layers_front(p, 20), address[16];
	size_t n = layers_n(p), a = e->v6 ? 16 : 4;
	uint32_t sum;

	put16(h, e->from_port);
	put16(h + 2, e->to_port);
	put32(h + 4, seq);
	put32(h + 8, ack);
	h[12] = 5 << 4;
	h[13] = flags;
	put16(h + 14, 65000);
	sum = sum16((uint32_t)n + 6, h, n);
	for (int i = 0; i < 2; i++) {
		memset(address, 0, sizeof address);
		ip_address(address, e->v6, i == 0 ? e->from : e->to);
		sum = sum16(sum, address, a);
	}
	put_checksum(h + 16, sum);
}

/* ---- tunnels ---- */

enum tunnel { TUNNEL_NONE, TUNNEL_IP, TUNNEL_GRE, TUNNEL_BRIDGED, TUNNEL_VXLAN, TUNNEL_GENEVE, TUNNELS };

static inline void ethernet_add(struct layers *p, bool v6)
{
	layers_add(p,
		   v6 ? SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x86\xdd") : SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"));
}

static inline void tunnel_add(struct layers *p, enum tunnel tunnel, bool v6)
{
	static const struct piece whole = { 1, 0, false };
	struct ends outer = { false, { 9, 1 }, { 9, 2 }, 0, 0 };
	uint8_t protocol = 47, *udp;

	switch (tunnel) {
	case TUNNEL_IP:
		protocol = v6 ? 41 : 4;
		break;
	case TUNNEL_GRE:
		layers_add(p, v6 ? SLICE("\0\0\x86\xdd") : SLICE("\0\0\x08\0"));
		break;
	case TUNNEL_BRIDGED:
		ethernet_add(p, v6);
		layers_add(p, SLICE("\x20\0\x65\x58\0\0\0\7"));
		break;
	case TUNNEL_VXLAN:
	case TUNNEL_GENEVE:
		ethernet_add(p, v6);
		layers_add(p, tunnel == TUNNEL_VXLAN ? SLICE("\x08\0\0\0\0\0\7\0")
						     : SLICE("\0\0\x65\x58\0\0\7\0"));
		udp = layers_front(p, 8);
		put16(udp, 50000);
		put16(udp + 2, tunnel == TUNNEL_VXLAN ? 4789 : 6081);
		put16(udp + 4, layers_n(p));
		protocol = 17;
		break;
	default:
		return;
	}
	ip_add(p, &outer, protocol, &whole);
}

/* ---- links ---- */

enum link_layer {
	LINK_ETHERNET,
	LINK_VLAN,
	LINK_QINQ,
	LINK_MPLS,
	LINK_PPPOE,
	LINK_RAW,
	LINK_SLL,
	LINK_SLL2,
	LINK_LOOP,
	LINKS
};

/* Its LINKTYPE_ number. */
static inline uint32_t link_number(enum link_layer link)
{
	static const uint32_t number[LINKS] = { 1, 1, 1, 1, 1, 101, 113, 276, 108 };

	return number[link];
}

/* In front of IP. */
static inline void link_add(struct layers *p, enum link_layer link)
{
	bool v6 = p->b[p->at] >> 4 == 6;
	size_t n = layers_n(p);
	uint8_t *h;

	switch (link) {
	case LINK_RAW:
		return;
	case LINK_SLL:
		h = layers_front(p, 16);
		put16(h + 14, v6 ? 0x86dd : 0x800);
		return;
	case LINK_SLL2:
		h = layers_front(p, 20);
		put16(h, v6 ? 0x86dd : 0x800);
		return;
	case LINK_LOOP:
		h = layers_front(p, 4);
		h[3] = v6 ? 24 : 2;
		return;
	case LINK_PPPOE:
		h = layers_front(p, 8);
		h[0] = 0x11;
		put16(h + 4, n + 2);
		put16(h + 6, v6 ? 0x57 : 0x21);
		layers_add(p, SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x88\x64"));
		return;
	case LINK_MPLS:
		layers_add(p, SLICE("\0\x10\1\x40")); /* the last label */
		layers_add(p, SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x88\x47"));
		return;
	default:
		break;
	}
	ethernet_add(p, v6);
	for (int tags = link == LINK_QINQ ? 2 : link == LINK_VLAN; tags > 0; tags--) {
		p->at -= 4;
		memmove(p->b + p->at, p->b + p->at + 4, 12);
		put16(p->b + p->at + 12, 0x8100);
		put16(p->b + p->at + 14, 7);
	}
}

#endif
