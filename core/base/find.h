/* The next byte of a kind, such as a quote of JSON or a line's end: where the time of reading what others
 * wrote goes. Sixteen bytes at a time by the compiler's vectors, which every machine has in some form. Pure;
 * no byte at or behind n is read. */
#ifndef TK_BASE_FIND_H
#define TK_BASE_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t find_bytes __attribute__((vector_size(16)));
typedef uint64_t find_words __attribute__((vector_size(16)));

/* All bits of a byte where it is one of the kind. */
typedef find_bytes find_kind(find_bytes b);

static inline find_bytes find_load(const uint8_t *p)
{
	find_bytes b;

	memcpy(&b, p, sizeof b);
	return b;
}

static inline bool find_any(find_bytes marks)
{
	find_words w = (find_words)marks;

	return (w[0] | w[1]) != 0;
}

/* Of eight marked bytes in memory order, of which there is one. */
static inline size_t find_first_of_word(uint64_t marks)
{
	return (size_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(marks)
								  : __builtin_clzll(marks)) /
	       8;
}

static inline size_t find_first(find_bytes marks)
{
	find_words w = (find_words)marks;

	return w[0] != 0 ? find_first_of_word(w[0]) : 8 + find_first_of_word(w[1]);
}

/* The first byte of the kind at or behind `at`, or n. Escapes stand close together (\u60a3\u8005), plain text
 * is long: sixteen bytes are asked first, then sixty-four at a time. */
static inline size_t find_byte(const uint8_t *p, size_t at, size_t n, find_kind *kind)
{
	find_bytes marks, tail = { 0 };

	while (n - at >= sizeof tail) {
		marks = kind(find_load(p + at));
		if (find_any(marks))
			return at + find_first(marks);
		for (at += 16; n - at >= 64; at += 64)
			if (find_any(kind(find_load(p + at)) | kind(find_load(p + at + 16)) |
				     kind(find_load(p + at + 32)) | kind(find_load(p + at + 48))))
				break;
	}
	memcpy(&tail, p + at, n - at);
	marks = kind(tail);
	return find_any(marks) ? at + find_first(marks) : n;
}

#endif
