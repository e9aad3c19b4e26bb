#include "sensor/proto/packet/frame.h"
#include "sensor/proto/packet/layer.h"

#define IPS_MAX 8 /* one IP packet in another; more is nobody's network */

#define PROTOCOL_TCP 6

/* RFC 791 3.1 */
static inline enum frame_verdict take_v4(struct rest *r, struct segment *out, struct fragment *frag,
					 uint8_t *protocol)
{
	enum frame_verdict v = rest_need(r, 1);
	uint32_t header, total;
	const uint8_t *p = r->p;

	if (v == FRAME_SOUND && p[0] >> 4 != 4)
		return FRAME_BAD;
	v = rest_need(r, 20);
	if (v != FRAME_SOUND)
		return v;
	header = (p[0] & 15u) * 4;
	total = be16(p + 2) == 0 ? r->wire : be16(p + 2);
	if (header < 20 || total < header)
		return FRAME_BAD;
	if ((be16(p + 6) & 0x3fff) != 0) /* more fragments, or an offset */
		return ip_fragment_v4(r, frag);
	*protocol = p[9];
	ip_put_v4(&out->src, p + 12);
	ip_put_v4(&out->dst, p + 16);
	rest_end(r, total);
	rest_skip(r, header);
	return FRAME_SOUND;
}

static inline enum frame_verdict take_ip(uint16_t ether, struct rest *r, struct segment *out,
					 struct fragment *frag,
					 uint8_t *protocol)
{
	return ether == ETHER_IPV4 ? take_v4(r, out, frag, protocol) : ip_take_v6(r, out, frag, protocol);
}

/* RFC 9293 3.1. Without its options a segment still says all that is asked for. */
static inline enum frame_verdict take_tcp(struct rest *r, struct segment *out)
{
	enum frame_verdict v = rest_need(r, 20);
	const uint8_t *p = r->p;
	uint32_t header;

	if (v != FRAME_SOUND)
		return v;
	header = (p[12] >> 4) * 4u;
	if (header < 20 || header > r->wire)
		return FRAME_BAD;
	out->sport = be16(p);
	out->dport = be16(p + 2);
	out->seq = be32(p + 4);
	out->ack = be32(p + 8);
	out->flags = p[13];
	rest_skip(r, header);
	out->payload = slice_of(r->p, r->n);
	out->payload_len = r->wire;
	return FRAME_TCP;
}

/* From behind an IP header to the end, through as many tunnels as there are. */
static enum frame_verdict parse_upper(struct rest *r, uint8_t protocol, struct segment *out,
				      struct fragment *frag)
{
	enum frame_verdict v;
	uint16_t ether = 0;

	for (int ips = 1; protocol != PROTOCOL_TCP; ips++) {
		v = tunnel_take(protocol, r, out, &ether);
		if (v == FRAME_SOUND && ips == IPS_MAX)
			v = FRAME_BAD;
		if (v == FRAME_SOUND)
			v = ether_take(r, &ether);
		if (v == FRAME_SOUND)
			v = take_ip(ether, r, out, frag, &protocol);
		if (v != FRAME_SOUND)
			return v;
	}
	return take_tcp(r, out);
}

enum frame_verdict frame_parse(uint32_t link_type, struct slice captured, uint32_t wire_len,
			       struct segment *out,
			       struct fragment *frag)
{
	struct rest r = { .p = captured.p };
	enum frame_verdict v;
	uint16_t ether = 0;
	uint8_t protocol = 0;

	r.n = captured.n > UINT32_MAX ? UINT32_MAX : (uint32_t)captured.n;
	r.wire = wire_len < r.n ? r.n : wire_len;
	v = link_take(link_type, &r, &ether);
	if (v == FRAME_SOUND)
		v = take_ip(ether, &r, out, frag, &protocol);
	if (v != FRAME_SOUND)
		return v;
	return protocol == PROTOCOL_TCP ? take_tcp(&r, out) : parse_upper(&r, protocol, out, frag);
}

enum frame_verdict frame_parse_whole(const struct fragment *whole, struct segment *out, struct fragment *frag)
{
	struct rest r = { whole->bytes.p, (uint32_t)whole->bytes.n, (uint32_t)whole->bytes.n };
	uint8_t protocol = whole->protocol;
	enum frame_verdict v = FRAME_SOUND;

	out->src = whole->src;
	out->dst = whole->dst;
	if (!addr_is_v4(&out->src))
		v = ip_extensions(&r, NULL, &protocol);
	return v == FRAME_SOUND ? parse_upper(&r, protocol, out, frag) : v;
}
