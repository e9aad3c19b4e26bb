/* The scalars of notes and record lines (audit-trail.md 3.3), each with one spelling only: what could be
 * written otherwise is refused, so that equal meaning is equal bytes. Pure functions; any thread. */
#ifndef TK_TRAIL_SCALAR_H
#define TK_TRAIL_SCALAR_H

#include "core/base/buf.h"
#include "core/base/slice.h"

struct hash32 {
	uint8_t b[32];
};

static inline bool hash_eq(const struct hash32 *a, const struct hash32 *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}
static inline struct slice hash_slice(const struct hash32 *h)
{
	return slice_of(h->b, sizeof h->b);
}

/* Decimal, no sign, no leading zero, at most 2^53 - 1. */
bool scalar_number(struct slice text, int64_t *out);
/* 64 lower-case hexadecimal digits. */
bool scalar_hex32(struct slice text, struct hash32 *out);
void put_hex(struct buf *out, struct slice bytes);
/* Base64 (RFC 4648 4) with its padding and zero pad bits; *n is the room in `out` and then the bytes. */
bool base64_read(struct slice text, uint8_t *out, size_t *n);
void put_base64(struct buf *out, struct slice bytes);
bool scalar_base64_32(struct slice text, struct hash32 *out);
/* Base64url without padding (RFC 4648 5). */
void put_base64url(struct buf *out, struct slice bytes);
bool base64url_16_read(struct slice text, uint8_t out[16]);
bool is_base64url_16(struct slice text); /* 22 characters, the last with zero pad bits */
/* RFC 3339 in whole seconds with Z, UTC seconds out. */
bool scalar_utc(struct slice text, int64_t *seconds);
void put_utc(struct buf *out, int64_t seconds);

/* The short code of a checkpoint: the first 100 bits of a hash in Crockford's base32, five groups of four. */
#define SHORT_CODE_LEN 24
void short_code(const struct hash32 *h, char out[SHORT_CODE_LEN + 1]);
/* As a person types it: case, O for 0, I and L for 1, blanks and hyphens do not matter. Canonical out. */
bool short_code_read(struct slice typed, char out[SHORT_CODE_LEN + 1]);

/* Takes the next line off *text, without its LF. False: nothing left, or no LF. */
bool take_line(struct slice *text, struct slice *line);
/* A note's text (C2SP signed-note): UTF-8 without control characters but LF. */
bool is_note_text(struct slice text);

#endif
