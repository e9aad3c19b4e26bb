/* NFLOG (tcpdump.org/linktypes/LINKTYPE_NFLOG.html): a header, then attributes as Linux's netlink has them,
 * one of them the packet. Their lengths and types are in the byte order of the machine that wrote them. */
#include "sensor/proto/packet/layer.h"

#define ATTRIBUTES_MAX 32
#define PAYLOAD 9

static uint32_t get16(const uint8_t *p, bool little)
{
	return little ? p[0] | (uint32_t)p[1] << 8 : be16(p);
}

enum frame_verdict link_nflog(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);
	uint32_t length = 0;
	bool little, found = false;

	if (v != FRAME_SOUND)
		return v;
	if (r->p[1] != 0)
		return FRAME_BAD;
	if (r->p[0] != 2 && r->p[0] != 10) /* the address families of Linux */
		return FRAME_OTHER;
	*ether = r->p[0] == 2 ? ETHER_IPV4 : ETHER_IPV6;
	little = r->p[6] != 0; /* the first attribute's type is never 0, and less than 256 */
	rest_skip(r, 4);
	for (int i = 0; i < ATTRIBUTES_MAX && !found; i++) {
		v = rest_need(r, 4);
		if (v != FRAME_SOUND)
			return v;
		length = get16(r->p, little);
		found = get16(r->p + 2, little) == PAYLOAD;
		if (length < 4)
			return FRAME_BAD;
		v = rest_take(r, found ? 4 : (length + 3) & ~3u);
		if (v != FRAME_SOUND)
			return v;
	}
	rest_end(r, length - 4);
	return found ? FRAME_SOUND : FRAME_BAD;
}
