/* Little-endian base-128 integers, and signed ones folded (zigzag), of the wire form and the chain's
 * row bytes. Reads are checked; a failed read leaves the slice as it was. */
#ifndef TK_EVENT_VARINT_H
#define TK_EVENT_VARINT_H

#include "core/base/buf.h"

#define VARINT_MAX 10

static inline size_t varint_write(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

static inline void put_varint(struct buf *out, uint64_t v)
{
	uint8_t *p = buf_room(out, VARINT_MAX);

	if (p != NULL)
		out->n += varint_write(p, v);
}

static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline void put_zigzag(struct buf *out, int64_t v)
{
	put_varint(out, zigzag(v));
}

static inline bool take_byte(struct slice *in, uint8_t *out)
{
	if (in->n == 0)
		return false;
	*out = *in->p++;
	in->n--;
	return true;
}

static inline bool take_varint(struct slice *in, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < in->n && i < VARINT_MAX; i++) {
		uint8_t c = in->p[i];

		if (i == VARINT_MAX - 1 && c > 1)
			return false;
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c < 0x80) {
			*out = v;
			in->p += i + 1;
			in->n -= i + 1;
			return true;
		}
	}
	return false;
}

static inline bool take_zigzag(struct slice *in, int64_t *out)
{
	uint64_t v;

	if (!take_varint(in, &v))
		return false;
	*out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
	return true;
}

#endif
