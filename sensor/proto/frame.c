#include "sensor/proto/frame.h"
#include "sensor/proto/link.h"

#define EXTENSIONS_MAX 7 /* RFC 8200 4.1 knows no use for more */

/* Protocol and next header numbers (IANA). */
enum { HOP_BY_HOP = 0, TCP = 6, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 };

static void put_v4(struct addr *a, const uint8_t *p)
{
	memset(a->b, 0, 10);
	a->b[10] = a->b[11] = 0xff;
	memcpy(a->b + 12, p, 4);
}

/* RFC 791 3.1 */
static enum frame_verdict take_ipv4(struct rest *r, struct segment *out, uint8_t *next)
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
		return FRAME_FRAGMENT;
	*next = p[9];
	put_v4(&out->src, p + 12);
	put_v4(&out->dst, p + 16);
	rest_end(r, total);
	rest_skip(r, header);
	return FRAME_SOUND;
}

/* RFC 8200 4.5: an atomic fragment is whole (RFC 6946). */
static enum frame_verdict take_fragment(struct rest *r, uint8_t *next)
{
	enum frame_verdict v = rest_need(r, 8);

	if (v != FRAME_SOUND)
		return v;
	if ((be16(r->p + 2) & 0xfff9) != 0)
		return FRAME_FRAGMENT;
	*next = r->p[0];
	rest_skip(r, 8);
	return FRAME_SOUND;
}

/* A header that says its own length, in units of `unit` bytes beyond the first 8 (RFC 8200 4.3 to 4.6; RFC
 * 4302 2.2 counts words less two, which is the same with 4). */
static enum frame_verdict take_option(struct rest *r, uint8_t *next, uint32_t unit)
{
	enum frame_verdict v = rest_need(r, 2);
	uint32_t length;

	if (v != FRAME_SOUND)
		return v;
	length = 8 + r->p[1] * unit;
	*next = r->p[0];
	v = rest_need(r, length);
	if (v == FRAME_SOUND)
		rest_skip(r, length);
	return v;
}

/* RFC 8200 4.1 */
static enum frame_verdict take_extensions(struct rest *r, uint8_t *next)
{
	enum frame_verdict v = FRAME_SOUND;

	for (int i = 0; i <= EXTENSIONS_MAX && v == FRAME_SOUND; i++)
		switch (*next) {
		case HOP_BY_HOP:
		case ROUTING:
		case DESTINATION:
			v = take_option(r, next, 8);
			break;
		case AUTHENTICATION:
			v = take_option(r, next, 4);
			break;
		case FRAGMENT:
			v = take_fragment(r, next);
			break;
		default:
			return FRAME_SOUND;
		}
	return v == FRAME_SOUND ? FRAME_BAD : v;
}

/* RFC 8200 3. A payload length of 0 is a jumbogram (RFC 2675) or segmentation offload. */
static enum frame_verdict take_ipv6(struct rest *r, struct segment *out, uint8_t *next)
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
	*next = p[6];
	rest_skip(r, 40);
	rest_end(r, length);
	return take_extensions(r, next);
}

/* RFC 9293 3.1. Without its options a segment still says all that is asked for. */
static enum frame_verdict take_tcp(struct rest *r, struct segment *out)
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

enum frame_verdict frame_parse(uint32_t link_type, struct slice captured, uint32_t wire_len,
			       struct segment *out)
{
	struct rest r = { .p = captured.p };
	enum frame_verdict v;
	uint16_t ether = 0;
	uint8_t next = 0;

	r.n = captured.n > UINT32_MAX ? UINT32_MAX : (uint32_t)captured.n;
	r.wire = wire_len < r.n ? r.n : wire_len;
	v = link_take(link_type, &r, &ether);
	if (v == FRAME_SOUND)
		v = ether == ETHER_IPV4 ? take_ipv4(&r, out, &next) : take_ipv6(&r, out, &next);
	if (v == FRAME_SOUND)
		v = next == TCP ? take_tcp(&r, out) : FRAME_OTHER;
	return v;
}
