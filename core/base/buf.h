/* A byte buffer born with its maximum. Reaching it is sticky and is told once, at the end:
 * writers need no check after each call. Not for several threads. */
#ifndef TK_BASE_BUF_H
#define TK_BASE_BUF_H

#include "core/base/err.h"
#include "core/base/slice.h"

struct buf {
	uint8_t *p;
	size_t n, cap, max;
	bool failed; /* the maximum was reached or memory ran out; content is then worthless */
};

/* Nothing is allocated before the first byte. */
void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b); /* legal on a zeroed struct */
static inline void buf_clear(struct buf *b) { b->n = 0; b->failed = false; }
uint8_t *buf_grow(struct buf *b, size_t n); /* buf_room(), where there is not enough */
/* Room for n more bytes at the end, or NULL (then b->failed). Advance with b->n += used. */
static inline uint8_t *buf_room(struct buf *b, size_t n)
{
	return b->p != NULL && !b->failed && b->cap - b->n >= n ? b->p + b->n : buf_grow(b, n);
}

static inline void buf_add(struct buf *b, struct slice s)
{
	uint8_t *p = buf_room(b, s.n);

	if (p != NULL && s.n != 0) {
		memcpy(p, s.p, s.n);
		b->n += s.n;
	}
}

static inline void buf_byte(struct buf *b, uint8_t c)
{
	uint8_t *p = buf_room(b, 1);

	if (p != NULL) {
		*p = c;
		b->n++;
	}
}

void buf_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *fmt, ...) TK_PRINTF(2, 3);
void buf_i64(struct buf *b, int64_t v); /* decimal */
/* A NUL is put behind the bytes (not counted); NULL when failed. */
const char *buf_cstr(struct buf *b);
static inline struct slice buf_slice(const struct buf *b) { return slice_of(b->p, b->n); }

#endif
