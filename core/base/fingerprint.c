#include "core/base/fingerprint.h"

#include "core/base/hash.h"

bool fingerprint_next(struct slice later, uint8_t fingerprint[FINGERPRINT_BYTES])
{
	char hex[FINGERPRINT_TEXT + 1];
	uint8_t mac[32];

	for (; later.n >= FINGERPRINT_KEY_BYTES; later = slice_from(later, FINGERPRINT_KEY_BYTES)) {
		hex_encode(slice_of(fingerprint, FINGERPRINT_BYTES), hex);
		if (!hmac_sha256(slice_head(later, FINGERPRINT_KEY_BYTES), slice_of(hex, FINGERPRINT_TEXT),
				 mac))
			return false;
		memcpy(fingerprint, mac, FINGERPRINT_BYTES);
	}
	return true;
}

bool fingerprint_make(struct slice chain, struct slice secret, uint8_t out[FINGERPRINT_BYTES])
{
	uint8_t mac[32];

	if (chain.n < FINGERPRINT_KEY_BYTES ||
	    !hmac_sha256(slice_head(chain, FINGERPRINT_KEY_BYTES), secret, mac))
		return false;
	memcpy(out, mac, FINGERPRINT_BYTES);
	return fingerprint_next(slice_from(chain, FINGERPRINT_KEY_BYTES), out);
}

bool fingerprint_next_text(struct slice later, char fingerprint[FINGERPRINT_TEXT + 1])
{
	uint8_t bytes[FINGERPRINT_BYTES];

	if (!hex_decode(slice_of(fingerprint, strlen(fingerprint)), bytes, sizeof bytes) ||
	    strlen(fingerprint) != FINGERPRINT_TEXT || !fingerprint_next(later, bytes))
		return false;
	hex_encode(slice_of(bytes, sizeof bytes), fingerprint);
	return true;
}
