#include "sensor/proto/packet/layer.h"

#define SLL_LLC 4 /* cooked packets: LLC follows */

/* Each reader takes its header off and says in *ether what follows. */

static enum frame_verdict ethernet(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 14);

	if (v == FRAME_SOUND) {
		*ether = be16(r->p + 12);
		rest_skip(r, 14);
	}
	return v;
}

static enum frame_verdict raw(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 1);

	if (v != FRAME_SOUND)
		return v;
	*ether = r->p[0] >> 4 == 4 ? ETHER_IPV4 : ETHER_IPV6;
	return FRAME_SOUND; /* whoever reads IP looks at the version again */
}

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

/* The family is a small number: the byte order is the one that makes it small. */
static enum frame_verdict loopback(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 4);
	uint32_t family;

	if (v != FRAME_SOUND)
		return v;
	family = be32(r->p);
	if (family > 0xffff)
		family = (uint32_t)r->p[0] | (uint32_t)r->p[1] << 8;
	rest_skip(r, 4);
	switch (family) {
	case 2:
		*ether = ETHER_IPV4;
		return FRAME_SOUND;
	case 10: /* AF_INET6 of Linux */
	case 24: /* of NetBSD, OpenBSD and Npcap */
	case 28: /* of FreeBSD */
	case 30: /* of macOS */
		*ether = ETHER_IPV6;
		return FRAME_SOUND;
	default:
		return FRAME_OTHER;
	}
}

/* In cooked packets small protocol numbers are the kernel's own, not lengths. */
static enum frame_verdict cooked(struct rest *r, uint32_t header, uint32_t protocol_at, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, header);

	if (v != FRAME_SOUND)
		return v;
	*ether = be16(r->p + protocol_at);
	rest_skip(r, header);
	return *ether >= ETHER_LEAST || *ether == SLL_LLC ? FRAME_SOUND : FRAME_OTHER;
}

static enum frame_verdict sll(struct rest *r, uint16_t *ether)
{
	return cooked(r, 16, 14, ether);
}

static enum frame_verdict sll2(struct rest *r, uint16_t *ether)
{
	return cooked(r, 20, 0, ether);
}

/* RFC 1662 framing without its flags, or Cisco HDLC, as the first byte says. */
static enum frame_verdict hdlc(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 4);

	if (v != FRAME_SOUND)
		return v;
	if (r->p[0] != 0x0f && r->p[0] != 0x8f) { /* unicast and broadcast of Cisco's */
		*ether = ETHER_PPP;
		return FRAME_SOUND;
	}
	*ether = be16(r->p + 2);
	rest_skip(r, 4);
	return *ether >= ETHER_LEAST ? FRAME_SOUND : FRAME_OTHER;
}

static enum frame_verdict read_link(uint32_t link_type, struct rest *r, uint16_t *ether)
{
	switch (link_type) {
#define LINK(number, reader) case number: return reader(r, ether);
#include "sensor/proto/packet/link.def"
#undef LINK
	default:
		return FRAME_BAD;
	}
}

enum frame_verdict link_take(uint32_t link_type, struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = read_link(link_type, r, ether);

	if (v != FRAME_SOUND || *ether == ETHER_IPV4)
		return v;
	return ether_take(r, ether);
}
