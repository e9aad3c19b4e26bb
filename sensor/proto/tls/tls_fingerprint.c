/* As in core/base/hash.c: EVP costs more than the hash itself, and needs memory. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sensor/proto/tls/tls_fingerprint.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/md5.h>
#include <openssl/sha.h>

#include "core/base/hash.h"
#include "sensor/proto/tls/tls_bytes.h"

#define SORTED_MAX 1024 /* values of one list; real ones have less than 200 */
#define SERVER_NAME 0
#define ALPN 16

/* ---- JA3 ---- */

struct ja3 {
	MD5_CTX md5;
	bool first;
};

static void ja3_text(struct ja3 *j, const char *text, size_t n)
{
	MD5_Update(&j->md5, text, n);
}

static void ja3_number(struct ja3 *j, uint16_t v)
{
	char text[8];
	int n = snprintf(text, sizeof text, "%s%u", j->first ? "" : "-", v);

	ja3_text(j, text, (size_t)n);
	j->first = false;
}

static void ja3_next(struct ja3 *j)
{
	ja3_text(j, ",", 1);
	j->first = true;
}

static void ja3_list(struct ja3 *j, struct slice list)
{
	ja3_next(j);
	for (; list.n >= 2; list = slice_from(list, 2))
		if (!tls_is_grease(tls_u16(list.p)))
			ja3_number(j, tls_u16(list.p));
}

static void ja3_extensions(struct ja3 *j, struct slice block)
{
	struct slice content;
	uint16_t type;

	ja3_next(j);
	while (tls_extension(&block, &type, &content))
		if (!tls_is_grease(type))
			ja3_number(j, type);
}

static void ja3(const struct tls_lists *l, struct tls_hello *h)
{
	struct ja3 j = { .first = true };
	uint8_t sum[MD5_DIGEST_LENGTH];

	MD5_Init(&j.md5);
	ja3_number(&j, h->legacy_version);
	ja3_list(&j, l->suites);
	ja3_extensions(&j, l->extensions);
	ja3_list(&j, l->groups);
	ja3_next(&j);
	for (size_t i = 0; i < l->formats.n; i++)
		ja3_number(&j, l->formats.p[i]);
	MD5_Final(sum, &j.md5);
	hex_encode(slice_of(sum, sizeof sum), h->ja3);
}

/* ---- JA4 ---- */

static const char *ja4_version(uint16_t v)
{
	switch (v) {
	case 0x0304: return "13";
	case 0x0303: return "12";
	case 0x0302: return "11";
	case 0x0301: return "10";
	case 0x0300: return "s3";
	case 0x0002: return "s2";
	case 0xfeff: return "d1";
	case 0xfefd: return "d2";
	case 0xfefc: return "d3";
	default: return "00";
	}
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol; where one is no letter or digit, those of its hex. */
static void ja4_alpn(struct slice alpn, char out[2])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t a, b;

	out[0] = out[1] = '0';
	if (alpn.n == 0)
		return;
	a = alpn.p[0];
	b = alpn.p[alpn.n - 1];
	out[0] = is_alnum(a) && is_alnum(b) ? (char)a : hex[a >> 4];
	out[1] = is_alnum(a) && is_alnum(b) ? (char)b : hex[b & 15];
}

static int by_value(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void ja4_add(SHA256_CTX *sha, uint16_t v, const char *before)
{
	char text[8];
	int n = snprintf(text, sizeof text, "%s%04x", before, v);

	SHA256_Update(sha, text, (size_t)n);
}

/* Of the values in order, and of `tail` in its own order. Twelve zeros for no values. */
static void ja4_hash(uint16_t *v, size_t n, struct slice tail, char out[13])
{
	uint8_t sum[SHA256_DIGEST_LENGTH];
	SHA256_CTX sha;
	const char *before = "_";

	memcpy(out, "000000000000", 13);
	if (n == 0)
		return;
	qsort(v, n, sizeof *v, by_value);
	SHA256_Init(&sha);
	for (size_t i = 0; i < n; i++)
		ja4_add(&sha, v[i], i == 0 ? "" : ",");
	for (; tail.n >= 2; tail = slice_from(tail, 2))
		if (!tls_is_grease(tls_u16(tail.p))) {
			ja4_add(&sha, tls_u16(tail.p), before);
			before = ",";
		}
	SHA256_Final(sum, &sha);
	hex_encode(slice_of(sum, 6), out);
}

static size_t two_digits(size_t n)
{
	return n < 99 ? n : 99;
}

static void ja4(const struct tls_lists *l, char transport, struct tls_hello *h)
{
	uint16_t values[SORTED_MAX], type;
	struct slice rest = l->extensions, content;
	char suites[13], extensions[13], alpn[2];
	size_t n = 0;

	for (struct slice s = l->suites; s.n >= 2; s = slice_from(s, 2))
		if (!tls_is_grease(tls_u16(s.p)))
			values[n++] = tls_u16(s.p);
	ja4_hash(values, n, (struct slice){ NULL, 0 }, suites);
	n = 0;
	while (tls_extension(&rest, &type, &content))
		if (!tls_is_grease(type) && type != SERVER_NAME && type != ALPN)
			values[n++] = type;
	ja4_hash(values, n, l->signatures, extensions);
	ja4_alpn(l->alpn, alpn);
	snprintf(h->ja4, sizeof h->ja4, "%c%.2s%c%02zu%02zu%c%c_%.12s_%.12s", transport,
		 ja4_version(h->version), l->sni ? 'd' : 'i', two_digits(h->suites),
		 two_digits(h->extensions), alpn[0], alpn[1], suites, extensions);
}

void tls_fingerprints(const struct tls_lists *l, char transport, struct tls_hello *h)
{
	ja3(l, h);
	if (h->suites <= SORTED_MAX && h->extensions <= SORTED_MAX)
		ja4(l, transport, h);
}
