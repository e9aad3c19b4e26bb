/* A slice: bytes and their number, borrowed, never ending in NUL.
 * All bytes from outside travel as slices; whoever holds one reads at most n bytes. */
#ifndef TK_BASE_SLICE_H
#define TK_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *p;
	size_t n;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Only for string literals and char arrays that end in NUL. */
#define SLICE(lit) ((struct slice){ (const uint8_t *)(lit), sizeof(lit) - 1 })

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return s == NULL ? (struct slice){ NULL, 0 } : (struct slice){ (const uint8_t *)s, strlen(s) };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

static inline bool slice_starts(struct slice a, struct slice prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends(struct slice a, struct slice suffix)
{
	return a.n >= suffix.n && (suffix.n == 0 || memcmp(a.p + (a.n - suffix.n), suffix.p, suffix.n) == 0);
}

/* What is left after the first k bytes; empty when there are fewer. */
static inline struct slice slice_from(struct slice a, size_t k)
{
	return k >= a.n ? (struct slice){ NULL, 0 } : (struct slice){ a.p + k, a.n - k };
}

/* At most the first k bytes. */
static inline struct slice slice_head(struct slice a, size_t k)
{
	return (struct slice){ a.p, a.n < k ? a.n : k };
}

static inline int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

#endif
