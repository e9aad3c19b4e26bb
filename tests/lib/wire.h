/* A TCP conversation as packets, for tests: raw IPv4, no checksums. */
#ifndef TK_TESTS_WIRE_H
#define TK_TESTS_WIRE_H

#include <stdint.h>
#include <string.h>

#include "core/base/slice.h"
#include "sensor/proto/packet/frame.h"

#define WIRE_LINK 101 /* LINKTYPE_RAW */
#define WIRE_MAX 2048

struct wire {
	uint8_t address[2]; /* last byte of 10.0.0.x */
	uint16_t port[2];
	uint32_t seq[2]; /* next to send */
	int64_t ns;	 /* of the next packet; a millisecond passes with each */
	void (*packet)(void *ctx, int64_t ns, struct slice bytes);
	void *ctx;
};

static inline void wire_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wire_put32(uint8_t *p, uint32_t v)
{
	wire_put16(p, v >> 16);
	wire_put16(p + 2, v & 0xffff);
}

/* One packet from `side` as it stands, moving nothing. */
static inline void wire_raw(struct wire *w, int side, uint32_t seq, uint32_t ack, uint8_t flags,
			    struct slice data)
{
	uint8_t b[WIRE_MAX] = { 0 };
	size_t n = 40 + data.n;

	b[0] = 0x45;
	wire_put16(b + 2, (unsigned)n);
	b[9] = 6;
	b[12] = b[16] = 10;
	b[15] = w->address[side];
	b[19] = w->address[!side];
	wire_put16(b + 20, w->port[side]);
	wire_put16(b + 22, w->port[!side]);
	wire_put32(b + 24, seq);
	wire_put32(b + 28, flags & TCP_ACK ? ack : 0);
	b[32] = 5 << 4;
	b[33] = flags;
	memcpy(b + 40, data.p == NULL ? b : data.p, data.n);
	w->packet(w->ctx, w->ns, slice_of(b, n));
	w->ns += 1000000;
}

static inline void wire_open(struct wire *w)
{
	wire_raw(w, 0, w->seq[0]++, 0, TCP_SYN, slice_of(NULL, 0));
	wire_raw(w, 1, w->seq[1]++, w->seq[0], TCP_SYN | TCP_ACK, slice_of(NULL, 0));
	wire_raw(w, 0, w->seq[0], w->seq[1], TCP_ACK, slice_of(NULL, 0));
}

static inline void wire_say(struct wire *w, int side, struct slice data)
{
	while (data.n > 0) {
		struct slice piece = slice_head(data, 1400);

		wire_raw(w, side, w->seq[side], w->seq[!side], TCP_ACK, piece);
		w->seq[side] += (uint32_t)piece.n;
		data = slice_from(data, piece.n);
	}
}

/* Sent, and not captured. */
static inline void wire_lose(struct wire *w, int side, size_t n)
{
	w->seq[side] += (uint32_t)n;
}

static inline void wire_close(struct wire *w)
{
	for (int side = 1; side >= 0; side--)
		wire_raw(w, side, w->seq[side]++, w->seq[!side], TCP_FIN | TCP_ACK, slice_of(NULL, 0));
	wire_raw(w, 1, w->seq[1], w->seq[0], TCP_ACK, slice_of(NULL, 0));
}

#endif
