/* Numbers and vectors of the TLS presentation language (RFC 8446 3), read within bounds. Pure. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_BYTES_H
#define TK_SENSOR_PROTO_TLS_TLS_BYTES_H

#include "core/base/slice.h"

static inline uint16_t tls_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t tls_u24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline void tls_put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

/* Takes n bytes off the front. False: there are fewer, nothing is taken. */
static inline bool tls_take(struct slice *s, size_t n, struct slice *out)
{
	if (s->n < n)
		return false;
	*out = slice_head(*s, n);
	*s = slice_from(*s, n);
	return true;
}

static inline bool tls_take_u16(struct slice *s, uint16_t *out)
{
	struct slice two;

	if (!tls_take(s, 2, &two))
		return false;
	*out = tls_u16(two.p);
	return true;
}

/* A vector with a length of `width` bytes, 1 or 2, before it. */
static inline bool tls_take_vector(struct slice *s, int width, struct slice *out)
{
	size_t n;

	if (s->n < (size_t)width)
		return false;
	n = width == 1 ? s->p[0] : tls_u16(s->p);
	if (s->n - (size_t)width < n)
		return false;
	*out = slice_head(slice_from(*s, (size_t)width), n);
	*s = slice_from(*s, (size_t)width + n);
	return true;
}

/* The next extension of a block. False: no whole one is left. */
static inline bool tls_extension(struct slice *block, uint16_t *type, struct slice *content)
{
	struct slice s = *block;

	if (!tls_take_u16(&s, type) || !tls_take_vector(&s, 2, content))
		return false;
	*block = s;
	return true;
}

#endif
