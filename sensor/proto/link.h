/* What stands below IP: link headers (link.def) and tags. For frame.c; nobody else includes this. */
#ifndef TK_SENSOR_PROTO_LINK_H
#define TK_SENSOR_PROTO_LINK_H

#include "sensor/proto/frame.h"

/* IEEE 802 numbers, what a link layer says it carries. */
#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd

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

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* Takes all below IP off. FRAME_SOUND: *ether says what the rest is, ETHER_IPV4 or ETHER_IPV6. */
enum frame_verdict link_take(uint32_t link_type, struct rest *r, uint16_t *ether);

#endif
