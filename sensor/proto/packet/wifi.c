/* Wireless frames, as far as they are in the clear. What was captured through the air is mostly encrypted,
 * and then sound and nothing to read. */
#include "sensor/proto/packet/layer.h"

#define LLC_LENGTH 4 /* any length: LLC follows (ether.c) */

static uint32_t le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

/* IEEE 802.11 9.2.3, 9.3.2: data frames that carry something. A fourth address when it goes from one access
 * point to another, QoS control with the subtypes from 8 on, HT control when such a frame sets the order
 * bit. Fragments, encrypted frames and aggregates of several are not followed. */
enum frame_verdict link_wifi(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 24);
	uint32_t header = 24;
	uint8_t kind, flags;
	bool qos;

	if (v != FRAME_SOUND)
		return v;
	kind = r->p[0];
	flags = r->p[1];
	if ((kind & 3) != 0)
		return FRAME_BAD; /* another version of the protocol */
	if ((kind & 0x4c) != 8 || (flags & 0x44) != 0 || (le16(r->p + 22) & 15) != 0)
		return FRAME_OTHER;
	header += (flags & 3) == 3 ? 6 : 0;
	qos = (kind & 0x80) != 0;
	v = rest_need(r, header + 2);
	if (v != FRAME_SOUND)
		return v;
	if (qos && (r->p[header] & 0x80) != 0)
		return FRAME_OTHER;
	header += qos ? (flags & 0x80) != 0 ? 6 : 2 : 0;
	*ether = LLC_LENGTH;
	return rest_take(r, header);
}

/* radiotap.org: a length that counts the whole header, little-endian. A checksum at the frame's end is left
 * out by IP's own length; the padding that a few cards leave before the data is not looked for. */
enum frame_verdict link_radiotap(struct rest *r, uint16_t *ether)
{
	enum frame_verdict v = rest_need(r, 8);
	uint32_t length;

	if (v != FRAME_SOUND)
		return v;
	length = le16(r->p + 2);
	if (r->p[0] != 0 || length < 8)
		return FRAME_BAD;
	v = rest_take(r, length);
	return v == FRAME_SOUND ? link_wifi(r, ether) : v;
}
