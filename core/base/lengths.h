/* A table of names, looked up by length first: a column of lengths beside it tells at one look that most
 * names are of no row. Pure; any thread. */
#ifndef TK_BASE_LENGTHS_H
#define TK_BASE_LENGTHS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first row at or behind `from` whose name has n bytes, or `rows`. */
static inline size_t lengths_next(const uint8_t *lengths, size_t rows, size_t from, size_t n)
{
	const uint8_t *at = n > UINT8_MAX ? NULL : memchr(lengths + from, (int)n, rows - from);

	return at == NULL ? rows : (size_t)(at - lengths);
}

/* for (size_t i; ...): each row of that length in its order. */
#define LENGTHS_EACH(i, lengths, n)                                                                          \
	size_t i = lengths_next(lengths, sizeof(lengths), 0, n);                                             \
	i < sizeof(lengths);                                                                                 \
	i = lengths_next(lengths, sizeof(lengths), i + 1, n)

#endif
