/* What the readers of the two capture formats share (capture_file.c: bytes and pcap; capture_pcapng.c).
 * Nobody else includes this. */
#ifndef TK_SENSOR_INPUT_CAPTURE_STATE_H
#define TK_SENSOR_INPUT_CAPTURE_STATE_H

#include "sensor/input/capture_file.h"

#define INTERFACES_MAX 256               /* of a pcapng section; packets of further ones have no link type */
#define NO_LINK_TYPE UINT32_MAX
#define INTERFACE_BLOCK_MAX (64u << 10)  /* bytes; a longer one is damage */
#define KEPT_MAX (CAPTURE_PACKET_MAX + 64) /* a packet and what stands before it */

/* ns = units * mul / div >> shift, + offset */
struct capture_interface {
	uint32_t link_type;
	uint32_t snap;   /* 0: no limit */
	uint64_t mul, div;
	uint8_t shift;
	int64_t offset;  /* seconds */
};

struct capture_file {
	struct slice chunk;  /* what is left of the bytes handed in */
	uint8_t *kept;       /* the beginning of what a chunk's end cut; KEPT_MAX bytes, taken at birth */
	size_t kept_n;
	size_t peeked;       /* bytes that the last capture_peek found */
	uint64_t offset;     /* in the file, of the first byte that was not taken */
	uint64_t start;      /* and where the record or block begins that is being read */
	/* capture_file_next of the format, or of its header */
	int (*read)(struct capture_file *c, struct packet *p, struct err *e);
	bool big;            /* the file's or section's numbers are big-endian */
	struct err broken;   /* code not 0: what ended the file */

	/* pcap */
	uint32_t link_type;
	uint32_t fraction;   /* ns in a unit of the second number */

	/* pcapng */
	struct capture_interface *interfaces; /* INTERFACES_MAX, taken at birth */
	uint64_t interfaces_n; /* described in this section, those that are not held included */
	uint64_t skip;         /* bytes to pass over, up to the length at the block's end */
	uint32_t length;       /* of the block whose end is awaited; 0: a new one begins */
	int64_t last_ns;       /* of the packet before */
	void (*secrets)(void *ctx, struct slice key_log); /* NULL: nobody wants them */
	void *secrets_ctx;
};

/* The next n bytes of the file in one piece, n <= KEPT_MAX; NULL: they are not all there yet, and what there
 * is was kept. Valid until the next peek. */
const uint8_t *capture_peek(struct capture_file *c, size_t n);
/* Goes on behind what the last peek returned. */
void capture_take(struct capture_file *c);
/* TK_EMALFORMED, now and for ever: `what` is wrong with what begins at c->start. */
int capture_broken(struct capture_file *c, struct err *e, const char *what, ...) TK_PRINTF(3, 4);
/* For c->read, when the file begins with a section header block. */
int capture_pcapng_next(struct capture_file *c, struct packet *p, struct err *e);

static inline uint16_t capture_u16(const struct capture_file *c, const uint8_t *p)
{
	return (uint16_t)(c->big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static inline uint32_t capture_u32(const struct capture_file *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return c->big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? v : __builtin_bswap32(v);
}

static inline uint64_t capture_u64(const struct capture_file *c, const uint8_t *p)
{
	uint64_t first = capture_u32(c, p), second = capture_u32(c, p + 4);

	return c->big ? first << 32 | second : second << 32 | first;
}

#endif
