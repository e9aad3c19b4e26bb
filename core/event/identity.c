#include "core/event/identity.h"

#include "core/base/hash.h"

void event_input_mask(struct slice input, uint32_t ordinal, uint8_t out[16])
{
	uint8_t text[512], hash[32];
	size_t n = input.n < sizeof text - 5 ? input.n : sizeof text - 5;

	memcpy(text, input.p == NULL ? (const uint8_t *)"" : input.p, n);
	text[n] = 0; /* no name holds NUL, so name and ordinal cannot run together */
	for (int i = 0; i < 4; i++)
		text[n + 1 + (size_t)i] = (uint8_t)(ordinal >> (8 * i));
	sha256_once(slice_of(text, n + 5), hash);
	memcpy(out, hash, 16);
}

void event_log_id(const uint8_t digest[16], struct slice input, uint32_t ordinal, uint8_t out[16])
{
	uint8_t mask[16];

	event_input_mask(input, ordinal, mask);
	xor16(digest, mask, out);
}
