#include "sensor/proto/packet/layer.h"

#define STEPS_MAX 8     /* more tags on one packet are nobody's network */
#define LABELS_MAX 16   /* nor is a longer MPLS stack */
#define LENGTH_MAX 1500 /* IEEE 802.3 3.2.6: up to here the field is a length, and LLC follows */

/* Each reader takes its header off and says in *ether what follows. */

static enum frame_verdict bridged(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 14);

	if (v == FRAME_SOUND) {
		*ether = be16(r->p + 12);
		rest_skip(r, 14);
	}
	return v;
}

/* IEEE 802.1Q: two bytes of tag, then what follows. */
static enum frame_verdict vlan(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 4);

	if (v == FRAME_SOUND) {
		*ether = be16(r->p + 2);
		rest_skip(r, 4);
	}
	return v;
}

/* IEEE 802.2 LLC, of which SNAP with an EtherType is followed (RFC 1042). */
static enum frame_verdict llc(struct rest *r, uint16_t *ether)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0 };
	enum frame_verdict v = rest_need(r, 3);

	if (v != FRAME_SOUND)
		return v;
	if (memcmp(r->p, snap, 3) != 0)
		return FRAME_OTHER;
	v = rest_need(r, 8);
	if (v != FRAME_SOUND)
		return v;
	if (memcmp(r->p, snap, sizeof snap) != 0)
		return FRAME_OTHER;
	*ether = be16(r->p + 6);
	rest_skip(r, 8);
	return FRAME_SOUND;
}

/* A pseudowire's Ethernet frame (RFC 4448), with or without a control word: no label says which, so it is
 * one only where a type that is known stands in its place. */
static enum frame_verdict pseudowire(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 18);

	if (v != FRAME_SOUND)
		return v;
	*ether = ETHER_BRIDGED;
	if (r->p[0] >> 4 == 0 && ether_known(be16(r->p + 16))) {
		rest_skip(r, 4);
		return FRAME_SOUND;
	}
	return ether_known(be16(r->p + 12)) ? FRAME_SOUND : FRAME_OTHER;
}

/* RFC 3032 2.1. What the labels carry they do not say: IP shows its version (RFC 4928). */
static enum frame_verdict mpls(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v;
	bool bottom = false;

	for (int i = 0; !bottom; i++) {
		v = i == LABELS_MAX ? FRAME_BAD : rest_need(r, 4);
		if (v != FRAME_SOUND)
			return v;
		bottom = (r->p[2] & 1) != 0;
		rest_skip(r, 4);
	}
	v = rest_need(r, 1);
	if (v != FRAME_SOUND)
		return v;
	if (r->p[0] >> 4 == 4 || r->p[0] >> 4 == 6) {
		*ether = r->p[0] >> 4 == 4 ? ETHER_IPV4 : ETHER_IPV6;
		return FRAME_SOUND;
	}
	return pseudowire(r, ether);
}

/* RFC 1661 2, the protocol numbers of IANA. Address and control may be left out, and so may the first byte
 * of a protocol number below 256 (6.5, 6.6). */
enum frame_verdict ether_ppp(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 2);
	uint16_t protocol;

	if (v == FRAME_SOUND && be16(r->p) == 0xff03) {
		rest_skip(r, 2);
		v = rest_need(r, 2);
	}
	if (v != FRAME_SOUND)
		return v;
	protocol = (r->p[0] & 1) != 0 ? r->p[0] : be16(r->p);
	rest_skip(r, (r->p[0] & 1) != 0 ? 1 : 2);
	switch (protocol) {
	case 0x0021:
		*ether = ETHER_IPV4;
		return FRAME_SOUND;
	case 0x0057:
		*ether = ETHER_IPV6;
		return FRAME_SOUND;
	case 0x0281:
	case 0x0283:
		*ether = ETHER_MPLS;
		return FRAME_SOUND;
	default: /* link control, compressed headers */
		return FRAME_OTHER;
	}
}

/* RFC 2516 4: version and type 1, code 0 in a session. */
enum frame_verdict ether_pppoe(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 6);
	uint32_t length;

	if (v != FRAME_SOUND)
		return v;
	if (r->p[0] != 0x11)
		return FRAME_BAD;
	if (r->p[1] != 0)
		return FRAME_OTHER;
	length = be16(r->p + 4);
	rest_skip(r, 6);
	rest_end(r, length);
	*ether = ETHER_PPP;
	return FRAME_SOUND;
}

static enum frame_verdict erspan2(struct rest *r, uint16_t *ether)
{
	*ether = ETHER_BRIDGED;
	return rest_take(r, 8);
}

/* The last bit of the header says that a subheader of 8 bytes follows; five bits what is mirrored. */
static enum frame_verdict erspan3(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 12);
	unsigned type;

	if (v != FRAME_SOUND)
		return v;
	type = r->p[10] >> 2 & 31;
	if (type != 0 && type != 2)
		return FRAME_OTHER;
	v = rest_take(r, (r->p[11] & 1) != 0 ? 20 : 12);
	if (v == FRAME_SOUND)
		v = rest_need(r, 1);
	if (v != FRAME_SOUND)
		return v;
	*ether = type == 0 ? ETHER_BRIDGED : r->p[0] >> 4 == 4 ? ETHER_IPV4 : ETHER_IPV6;
	return FRAME_SOUND;
}

bool ether_known(uint16_t ether)
{
	switch (ether) {
	case ETHER_IPV4:
	case ETHER_IPV6:
#define ETHER(type, reader) case type:
#include "sensor/proto/packet/ether.def"
#undef ETHER
		return true;
	default:
		return false;
	}
}

static enum frame_verdict step(struct rest *r, uint16_t *ether)
{
	switch (*ether) {
#define ETHER(type, reader) case type: return reader(r, ether);
#include "sensor/proto/packet/ether.def"
#undef ETHER
	default:
		return *ether <= LENGTH_MAX ? llc(r, ether) : FRAME_OTHER;
	}
}

enum frame_verdict ether_take(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = FRAME_SOUND;

	for (int steps = 0; v == FRAME_SOUND && *ether != ETHER_IPV4 && *ether != ETHER_IPV6; steps++)
		v = steps == STEPS_MAX ? FRAME_BAD : step(r, ether);
	return v;
}
