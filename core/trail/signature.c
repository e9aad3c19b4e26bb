#include "core/trail/signature.h"

#include <openssl/evp.h>

bool ed25519_public(const uint8_t seed[SEED_LEN], uint8_t out[PUBLIC_LEN])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_LEN);
	size_t n = PUBLIC_LEN;
	bool good = k != NULL && EVP_PKEY_get_raw_public_key(k, out, &n) == 1 && n == PUBLIC_LEN;

	EVP_PKEY_free(k);
	return good;
}

bool ed25519_sign(const uint8_t seed[SEED_LEN], struct slice message, uint8_t out[SIGNATURE_LEN])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_LEN);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = SIGNATURE_LEN;
	bool good = k != NULL && c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, k) == 1 &&
		    EVP_DigestSign(c, out, &n, message.p, message.n) == 1 && n == SIGNATURE_LEN;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return good;
}

/* y < 2^255 - 19, and not one of the y of the eight points whose order divides 8. */
bool ed25519_key_sound(const uint8_t key[PUBLIC_LEN])
{
	static const uint8_t small[][32] = {
		{ 0 },
		{ 1 },
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
		  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
		  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
		  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
		  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
		{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	};
	uint8_t y[32];
	bool high = true; /* bytes 1 to 31 are those of 2^255 - 1 */

	memcpy(y, key, 32);
	y[31] &= 0x7f;
	for (size_t i = 0; i < COUNT(small); i++)
		if (memcmp(y, small[i], 32) == 0)
			return false;
	for (int i = 1; i < 32; i++)
		high &= y[i] == (i == 31 ? 0x7f : 0xff);
	return !(high && y[0] >= 0xed);
}

static int check(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, PUBLIC_LEN);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ready = k != NULL && c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1;
	bool good = ready && EVP_DigestVerify(c, signature.p, signature.n, message.p, message.n) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return good ? TK_OK : ready ? TK_EMALFORMED : TK_ENOMEM;
}

int ed25519_check(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature)
{
	int rc;

	if (signature.n != SIGNATURE_LEN || !ed25519_key_sound(key))
		return TK_EMALFORMED;
	/* OpenSSL says a mere "no" also where it had no memory to look: only a second one counts. */
	rc = check(key, message, signature);
	return rc == TK_EMALFORMED ? check(key, message, signature) : rc;
}

bool ed25519_verify(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature)
{
	return ed25519_check(key, message, signature) == TK_OK;
}
