/* Identity of a log event (architecture.md 5): the line's digest, its input and, among identical lines
 * of that input, its ordinal. The same input yields the same id on every run. Pure; any thread. */
#ifndef TK_EVENT_IDENTITY_H
#define TK_EVENT_IDENTITY_H

#include "core/base/slice.h"

/* id = digest XOR SHA-256(input, ordinal)[0..16). Ordinals count from 1. XOR with a constant keeps the
 * digest's collision resistance and costs nothing for the ordinary first line. */
void event_log_id(const uint8_t digest[16], struct slice input, uint32_t ordinal, uint8_t out[16]);
/* The constant alone, to be kept by a caller that has many lines of one input. */
void event_input_mask(struct slice input, uint32_t ordinal, uint8_t out[16]);

static inline void xor16(const uint8_t a[16], const uint8_t b[16], uint8_t out[16])
{
	uint64_t x[2], y[2];

	memcpy(x, a, 16);
	memcpy(y, b, 16);
	x[0] ^= y[0];
	x[1] ^= y[1];
	memcpy(out, x, 16);
}

#endif
