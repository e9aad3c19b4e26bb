/* What a generator decides, out of a seed or out of a fuzzer's bytes (and then a fixed sequence when these
 * are used up). */
#ifndef TK_TESTS_CHOICE_H
#define TK_TESTS_CHOICE_H

#include "core/base/slice.h"

struct choice {
	struct slice bytes;
	uint64_t state;
};

static inline struct choice choice_seed(uint64_t seed)
{
	return (struct choice){ .state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) };
}

static inline struct choice choice_bytes(struct slice bytes)
{
	return (struct choice){ .bytes = bytes, .state = 1 };
}

/* 0 to n - 1; n is not 0. */
static inline uint32_t choose(struct choice *c, uint32_t n)
{
	uint32_t v = 0;

	if (c->bytes.n > 0) {
		for (uint32_t most = n - 1; most > 0; most >>= 8) {
			v = v << 8 | (c->bytes.n > 0 ? c->bytes.p[0] : 0);
			c->bytes = slice_from(c->bytes, 1);
		}
		return v % n;
	}
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return (uint32_t)(c->state >> 20) % n;
}

/* Once in n times. */
static inline bool once_in(struct choice *c, uint32_t n)
{
	return choose(c, n) == n - 1;
}

#endif
