#include "sensor/proto/packet/layer.h"

#define EXTENSIONS_MAX 7 /* RFC 8200 4.1 knows no use for more */

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 }; /* of IANA */

/* The rest is a fragment's bytes; offset, bit `more` and the protocol stand in `frag` already. */
static enum frame_verdict fragment(const struct rest *r, struct fragment *frag)
{
	if (r->wire == 0 || frag->offset + (uint64_t)r->wire > FRAGMENT_END_MAX ||
	    (frag->more && r->wire % 8 != 0))
		return FRAME_BAD;
	if (r->n < r->wire)
		return FRAME_CUT;
	frag->bytes = slice_of(r->p, r->n);
	return FRAME_FRAGMENT;
}

/* RFC 791 3.1, 3.2. Of fragments those of a protocol that cannot hold TCP are nobody's business; one of
 * total length 0 would take padding for its end. */
enum frame_verdict ip_fragment_v4(const struct rest *at, struct fragment *frag)
{
	const uint8_t *p = at->p;
	struct rest r = *at;

	if (!tunnel_known(p[9]))
		return FRAME_OTHER;
	if (be16(p + 2) == 0)
		return FRAME_BAD;
	ip_put_v4(&frag->src, p + 12);
	ip_put_v4(&frag->dst, p + 16);
	frag->id = be16(p + 4);
	frag->protocol = p[9];
	frag->more = (p[6] & 0x20) != 0;
	frag->offset = (be16(p + 6) & 0x1fffu) * 8;
	rest_end(&r, be16(p + 2));
	rest_skip(&r, (p[0] & 15u) * 4);
	return fragment(&r, frag);
}

/* RFC 8200 4.5: an atomic fragment is whole (RFC 6946). In a datagram that was put together (no `frag`) no
 * other may stand. */
static enum frame_verdict take_fragment(struct rest *r, struct fragment *frag, uint8_t *protocol)
{
	enum frame_verdict v = rest_need(r, 8);
	const uint8_t *p = r->p;

	if (v != FRAME_SOUND)
		return v;
	rest_skip(r, 8);
	*protocol = p[0];
	if ((be16(p + 2) & 0xfff9) == 0)
		return FRAME_SOUND;
	if (frag == NULL)
		return FRAME_BAD;
	frag->id = be32(p + 4);
	frag->protocol = p[0];
	frag->more = (p[3] & 1) != 0;
	frag->offset = be16(p + 2) & 0xfff8;
	return fragment(r, frag);
}

/* A header that says its own length, in units of `unit` bytes beyond the first 8 (RFC 8200 4.3 to 4.6; RFC
 * 4302 2.2 counts words less two, which is the same with 4). */
static enum frame_verdict take_option(struct rest *r, uint8_t *protocol, uint32_t unit)
{
	enum frame_verdict v = rest_need(r, 2);

	if (v != FRAME_SOUND)
		return v;
	*protocol = r->p[0];
	return rest_take(r, 8 + r->p[1] * unit);
}

bool ip_is_extension(uint8_t protocol)
{
	return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT ||
	       protocol == AUTHENTICATION || protocol == DESTINATION;
}

/* RFC 8200 4.1 */
enum frame_verdict ip_extensions(struct rest *r, struct fragment *frag, uint8_t *protocol)
{
	enum frame_verdict v = FRAME_SOUND;

	for (int i = 0; i <= EXTENSIONS_MAX && v == FRAME_SOUND; i++)
		switch (*protocol) {
		case HOP_BY_HOP:
		case ROUTING:
		case DESTINATION:
			v = take_option(r, protocol, 8);
			break;
		case AUTHENTICATION:
			v = take_option(r, protocol, 4);
			break;
		case FRAGMENT:
			v = take_fragment(r, frag, protocol);
			break;
		default:
			return FRAME_SOUND;
		}
	return v == FRAME_SOUND ? FRAME_BAD : v;
}

/* RFC 8200 3. A payload length of 0 is a jumbogram (RFC 2675) or segmentation offload. */
enum frame_verdict ip_take_v6(struct rest *r, struct segment *out, struct fragment *frag, uint8_t *protocol)
{
	enum frame_verdict v = rest_need(r, 1);
	const uint8_t *p = r->p;
	uint32_t length;

	if (v == FRAME_SOUND && p[0] >> 4 != 6)
		return FRAME_BAD;
	v = rest_need(r, 40);
	if (v != FRAME_SOUND)
		return v;
	length = be16(p + 4) == 0 ? r->wire - 40 : be16(p + 4);
	memcpy(out->src.b, p + 8, 16);
	memcpy(out->dst.b, p + 24, 16);
	/* Such an address stands for an IPv4 host and never travels itself: nobody shall pass for one. */
	if (addr_is_v4(&out->src) || addr_is_v4(&out->dst))
		return FRAME_BAD;
	*protocol = p[6];
	rest_skip(r, 40);
	rest_end(r, length);
	v = ip_extensions(r, frag, protocol);
	if (v != FRAME_FRAGMENT)
		return v;
	frag->src = out->src;
	frag->dst = out->dst;
	return be16(p + 4) == 0 ? FRAME_BAD : FRAME_FRAGMENT;
}
