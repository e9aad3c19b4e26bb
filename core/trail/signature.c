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

/* RFC 8032 7.1, TEST 1: of no bytes. */
static const uint8_t known_key[PUBLIC_LEN] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
					       0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
					       0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
					       0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };
static const uint8_t known_signature[SIGNATURE_LEN] = {
	0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
	0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
	0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
	0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b
};

int ed25519_check(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature)
{
	int rc;

	if (signature.n != SIGNATURE_LEN || !ed25519_key_sound(key))
		return TK_EMALFORMED;
	rc = check(key, message, signature);
	if (rc != TK_EMALFORMED)
		return rc;
	/* A mere "no" comes also where OpenSSL had no memory to look, or had none for SHA-512 once and then
	 * does without it for ever: only one who knows a good signature is believed, the second time. */
	return check(known_key, SLICE(""), slice_of(known_signature, SIGNATURE_LEN)) == TK_OK
		       ? check(key, message, signature)
		       : TK_ENOMEM;
}

bool ed25519_verify(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature)
{
	return ed25519_check(key, message, signature) == TK_OK;
}
