/* Text without case: simple case folding, one code point to one (sigma-digest.md 5, D-FOLD).
 * Pure functions; any thread. */
#ifndef TK_RULES_FOLD_H
#define TK_RULES_FOLD_H

#include "core/base/slice.h"

/* Bytes of the code point at the front of s (s.n > 0); a byte that begins no valid UTF-8
 * sequence (RFC 3629) counts as one and is itself. */
size_t utf8_unit(struct slice s, uint32_t *code);
/* Writes a code point as UTF-8; 1..4 bytes. */
size_t utf8_put(uint32_t code, uint8_t out[4]);

/* True when folding would change nothing: then no copy is needed. */
bool fold_is_identity(struct slice s);
/* Room that the folded text of n bytes may need. */
static inline size_t fold_room(size_t n)
{
	return n + n / 2 + 4;
}
/* Folds s into out (fold_room(s.n) bytes); returns its length. Invalid bytes stay as they are. */
size_t fold_text(struct slice s, uint8_t *out);

#endif
