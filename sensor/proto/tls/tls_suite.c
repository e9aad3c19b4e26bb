#include "sensor/proto/tls/tls_suite.h"

#include <stdlib.h>

static const struct tls_cipher ciphers[] = {
#define CIPHER(id, name, mode, key, fixed, tag) { name, TLS_MODE_##mode, key, fixed, tag },
#include "sensor/proto/tls/tls_ciphers.def"
#undef CIPHER
};

static const struct tls_suite suites[] = {
#define SUITE(code, cipher, mac, hash) { code, TLS_CIPHER_##cipher, TLS_HASH_##mac, TLS_HASH_##hash },
#include "sensor/proto/tls/tls_suites.def"
#undef SUITE
};

static int by_code(const void *key, const void *row)
{
	return *(const uint16_t *)key - ((const struct tls_suite *)row)->code;
}

const struct tls_suite *tls_suite_find(uint16_t code)
{
	return bsearch(&code, suites, COUNT(suites), sizeof suites[0], by_code);
}

const struct tls_cipher *tls_cipher_of(uint8_t id)
{
	return &ciphers[id];
}
