#include "sensor/proto/packet/layer.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

enum ends { TO, BOTH };

/* Each reader takes its header off and says in *ether what follows. */

static enum frame_verdict ipv4(struct rest *r, uint16_t *ether)
{
	(void)r;
	*ether = ETHER_IPV4;
	return FRAME_SOUND;
}

static enum frame_verdict ipv6(struct rest *r, uint16_t *ether)
{
	(void)r;
	*ether = ETHER_IPV6;
	return FRAME_SOUND;
}

static enum frame_verdict mpls(struct rest *r, uint16_t *ether)
{
	(void)r;
	*ether = ETHER_MPLS;
	return FRAME_SOUND;
}

static enum frame_verdict etherip(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 2);

	if (v != FRAME_SOUND)
		return v;
	if (be16(r->p) != 0x3000)
		return FRAME_BAD;
	rest_skip(r, 2);
	*ether = ETHER_BRIDGED;
	return FRAME_SOUND;
}

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080 /* of version 1 */
};
#define GRE_ERSPAN 0x88be

/* PPTP (RFC 2637 4.1): the key's first half is the length of what follows. Without a sequence number there is
 * nothing but an acknowledgement. */
static enum frame_verdict pptp(struct rest *r, uint16_t *ether)
{
	uint32_t flags = be16(r->p), length;
	enum frame_verdict v = rest_need(r, 8);

	if (v != FRAME_SOUND)
		return v;
	if (be16(r->p + 2) != ETHER_PPP || (flags & GRE_KEY) == 0)
		return FRAME_BAD;
	if ((flags & GRE_SEQUENCE) == 0)
		return FRAME_OTHER;
	length = be16(r->p + 4);
	v = rest_take(r, (flags & GRE_ACK) != 0 ? 16 : 12);
	if (v != FRAME_SOUND)
		return v;
	rest_end(r, length);
	*ether = ETHER_PPP;
	return FRAME_SOUND;
}

/* RFC 2784 2.1, RFC 2890 2. ERSPAN without a sequence number is its type I, which has no header of its own.
 * Source routes (RFC 1701) are nobody's. */
static enum frame_verdict gre(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 4);
	uint32_t flags, header;

	if (v != FRAME_SOUND)
		return v;
	flags = be16(r->p);
	if ((flags & 7) == 1)
		return pptp(r, ether);
	if ((flags & 7) != 0)
		return FRAME_BAD;
	*ether = be16(r->p + 2);
	if ((flags & GRE_ROUTING) != 0 || *ether < ETHER_LEAST) /* a keepalive says 0 */
		return FRAME_OTHER;
	if (*ether == GRE_ERSPAN && (flags & GRE_SEQUENCE) == 0)
		*ether = ETHER_BRIDGED;
	header = 4;
	for (uint32_t f = GRE_SEQUENCE; f <= GRE_CHECKSUM; f *= 2)
		header += (flags & f) != 0 ? 4 : 0;
	return rest_take(r, header);
}

/* RFC 7348 5: the I flag alone; the first bit is that of group policies. */
static enum frame_verdict vxlan(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);

	if (v != FRAME_SOUND)
		return v;
	if ((r->p[0] & 0x7f) != 8 || r->p[7] != 0)
		return FRAME_UDP;
	rest_skip(r, 8);
	*ether = ETHER_BRIDGED;
	return FRAME_SOUND;
}

/* draft-ietf-nvo3-vxlan-gpe 3: version 0, the P flag and a number for what follows. */
static enum frame_verdict vxlan_gpe(struct rest *r, uint16_t *ether)
{
	static const uint16_t next[] = { 0, ETHER_IPV4, ETHER_IPV6, ETHER_BRIDGED, 0, ETHER_MPLS };
	enum frame_verdict v = rest_need(r, 8);

	if (v != FRAME_SOUND)
		return v;
	if ((r->p[0] & 0xfc) != 0x0c || r->p[3] >= COUNT(next) || next[r->p[3]] == 0)
		return FRAME_UDP;
	*ether = next[r->p[3]];
	rest_skip(r, 8);
	return FRAME_SOUND;
}

/* 3GPP TS 29.281 5.1, 5.2: version 1, a G-PDU. With any of its three flags there are four bytes more, the
 * last the type of the first extension header; each says its length in fours and ends in the type of the
 * next. */
static enum frame_verdict gtp(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);
	uint32_t flags, next = 0;

	if (v != FRAME_SOUND)
		return v;
	flags = r->p[0];
	if ((flags & 0xf8) != 0x30 || r->p[1] != 0xff || be16(r->p + 2) + 8u > r->wire)
		return FRAME_UDP;
	rest_end(r, be16(r->p + 2) + 8u);
	rest_skip(r, 8);
	if ((flags & 7) != 0) {
		v = rest_need(r, 4);
		if (v != FRAME_SOUND)
			return v;
		next = (flags & 4) != 0 ? r->p[3] : 0;
		rest_skip(r, 4);
	}
	while (next != 0) {
		uint32_t n;

		v = rest_need(r, 1);
		n = v == FRAME_SOUND ? r->p[0] * 4u : 0;
		if (v == FRAME_SOUND && n == 0)
			return FRAME_UDP;
		if (v == FRAME_SOUND)
			v = rest_need(r, n);
		if (v != FRAME_SOUND)
			return v;
		next = r->p[n - 1];
		rest_skip(r, n);
	}
	v = rest_need(r, 1);
	if (v != FRAME_SOUND)
		return v;
	*ether = r->p[0] >> 4 == 6 ? ETHER_IPV6 : ETHER_IPV4;
	return r->p[0] >> 4 == 4 || r->p[0] >> 4 == 6 ? FRAME_SOUND : FRAME_UDP;
}

/* RFC 8926 3.4 */
static enum frame_verdict geneve(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);

	if (v != FRAME_SOUND)
		return v;
	*ether = be16(r->p + 2);
	if (r->p[0] >> 6 != 0 || r->p[7] != 0 || *ether < ETHER_LEAST)
		return FRAME_UDP;
	return rest_take(r, 8 + (r->p[0] & 0x3fu) * 4);
}

static bool teredo_addr(const uint8_t *p)
{
	return be32(p) == 0x20010000;
}

static bool link_addr(const uint8_t *p)
{
	return (be16(p) & 0xffc0) == 0xfe80;
}

/* RFC 4380 5.1.1: an authentication and an origin indication may come first. What is not IPv6 with an
 * address of Teredo's, or of the link, is something else on that port. */
static enum frame_verdict teredo(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 4);

	if (v == FRAME_SOUND && be16(r->p) == 1)
		v = rest_take(r, 13u + r->p[2] + r->p[3]);
	if (v == FRAME_SOUND)
		v = rest_need(r, 2);
	if (v == FRAME_SOUND && be16(r->p) == 0)
		v = rest_take(r, 8);
	if (v == FRAME_SOUND)
		v = rest_need(r, 40);
	if (v != FRAME_SOUND)
		return v;
	if (r->p[0] >> 4 != 6 || (!teredo_addr(r->p + 8) && !teredo_addr(r->p + 24) && !link_addr(r->p + 8)))
		return FRAME_UDP;
	*ether = ETHER_IPV6;
	return FRAME_SOUND;
}

/* Teredo's peers and relays (RFC 4380 5.4) talk on any ports: IPv6 that is exactly as long as the datagram,
 * with an address of Teredo's. */
static enum frame_verdict teredo_peer(struct rest *r, uint16_t *ether)
{
	if (r->wire < 40 || (r->n > 0 && r->p[0] >> 4 != 6) || (r->n >= 6 && be16(r->p + 4) + 40u != r->wire))
		return FRAME_UDP;
	if (r->n < 40)
		return FRAME_CUT;
	*ether = ETHER_IPV6;
	return teredo_addr(r->p + 8) || teredo_addr(r->p + 24) ? FRAME_SOUND : FRAME_UDP;
}

typedef enum frame_verdict reader(struct rest *r, uint16_t *ether);

static reader *udp_carrier(uint16_t sport, uint16_t dport)
{
#define CARRIER(port, reader, ends) \
	if (dport == (port) || (sport == (port) && (ends) == BOTH)) \
		return reader;
#include "sensor/proto/packet/udp.def"
#undef CARRIER
	return NULL;
}

/* RFC 768. A length of 0 is a jumbogram (RFC 2675 4) or segmentation offload. */
static enum frame_verdict udp(struct rest *r, struct segment *out, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);
	uint32_t length;
	reader *carrier;

	if (v != FRAME_SOUND)
		return v;
	length = be16(r->p + 4) == 0 ? r->wire : be16(r->p + 4);
	if (length < 8 || length > r->wire)
		return FRAME_BAD;
	out->sport = be16(r->p);
	out->dport = be16(r->p + 2);
	out->seq = out->ack = 0;
	out->flags = 0;
	rest_end(r, length);
	rest_skip(r, 8);
	out->payload = slice_of(r->p, r->n);
	out->payload_len = r->wire;
	carrier = udp_carrier(out->sport, out->dport);
	v = (carrier == NULL ? teredo_peer : carrier)(r, ether);
	return v == FRAME_BAD ? FRAME_UDP : v;
}

enum frame_verdict tunnel_take(uint8_t protocol, struct rest *r, struct segment *out, uint16_t *ether)
{
	switch (protocol) {
#define CARRIER(number, reader) case number: return reader(r, ether);
#include "sensor/proto/packet/ip.def"
#undef CARRIER
	case PROTOCOL_UDP:
		return udp(r, out, ether);
	default:
		return FRAME_OTHER;
	}
}

bool tunnel_known(uint8_t protocol)
{
	switch (protocol) {
#define CARRIER(number, reader) case number:
#include "sensor/proto/packet/ip.def"
#undef CARRIER
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
		return true;
	default:
		return false;
	}
}

bool tunnel_may_hold_tcp(uint8_t protocol, struct slice start)
{
	if (protocol == PROTOCOL_UDP)
		return start.n >= 4 && udp_carrier(be16(start.p), be16(start.p + 2)) != NULL;
	return tunnel_known(protocol) || ip_is_extension(protocol);
}
