/* The next byte that matters in a stretch of JSON: where the time of reading bodies goes. Sixteen bytes at a
 * time by the compiler's vectors, which every machine has in some form. Pure; no byte at or behind n is read.
 */
#ifndef TK_SENSOR_LLM_JSON_FIND_H
#define TK_SENSOR_LLM_JSON_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t json_bytes __attribute__((vector_size(16)));
typedef uint64_t json_words __attribute__((vector_size(16)));

/* All bits of a byte where it is one of the kind. */
typedef json_bytes json_kind(json_bytes b);

static inline json_bytes json_quotes(json_bytes b)
{
	return (json_bytes)(b == '"') | (json_bytes)(b == '\\');
}

/* Brackets differ from braces in one bit only. */
static inline json_bytes json_brackets(json_bytes b)
{
	json_bytes braces = b | 0x20;

	return (json_bytes)(b == '"') | (json_bytes)(braces == '{') | (json_bytes)(braces == '}');
}

static inline json_bytes json_load(const uint8_t *p)
{
	json_bytes b;

	memcpy(&b, p, sizeof b);
	return b;
}

static inline bool json_any(json_bytes marks)
{
	json_words w = (json_words)marks;

	return (w[0] | w[1]) != 0;
}

/* Of eight marked bytes in memory order, of which there is one. */
static inline size_t json_first_of_word(uint64_t marks)
{
	return (size_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(marks)
								  : __builtin_clzll(marks)) /
	       8;
}

static inline size_t json_first(json_bytes marks)
{
	json_words w = (json_words)marks;

	return w[0] != 0 ? json_first_of_word(w[0]) : 8 + json_first_of_word(w[1]);
}

/* The first byte of the kind at or behind `at`, or n. Escapes stand close together (\u60a3\u8005), plain text
 * is long: sixteen bytes are asked first, then sixty-four at a time. */
static inline size_t json_find(const uint8_t *p, size_t at, size_t n, json_kind *kind)
{
	json_bytes marks, tail = { 0 };

	while (n - at >= sizeof tail) {
		marks = kind(json_load(p + at));
		if (json_any(marks))
			return at + json_first(marks);
		for (at += 16; n - at >= 64; at += 64)
			if (json_any(kind(json_load(p + at)) | kind(json_load(p + at + 16)) |
				     kind(json_load(p + at + 32)) | kind(json_load(p + at + 48))))
				break;
	}
	memcpy(&tail, p + at, n - at);
	marks = kind(tail);
	return json_any(marks) ? at + json_first(marks) : n;
}

#endif
