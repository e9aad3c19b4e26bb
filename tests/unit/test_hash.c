/* Hashes against published vectors. */
#include "core/base/hash.h"
#include "tests/lib/tap.h"

static void hex_is(const uint8_t got[32], const char *want, const char *name)
{
	char text[65];

	hex_encode(slice_of(got, 32), text);
	ok_str(text, want, name);
}

static void test_sha256(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	struct sha256 *s = sha256_new();
	uint8_t out[32];

	if (!ok(s != NULL, "a context"))
		return;
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			sha256_of(s, slice_str(rows[i].in), out);
			hex_is(out, rows[i].out, "FIPS 180-4 vector");
		}
	sha256_begin(s);
	sha256_add(s, SLICE("dropped"));
	sha256_begin(s);
	sha256_add(s, SLICE("a"));
	sha256_add(s, slice_of(NULL, 0));
	sha256_add(s, SLICE("bc"));
	sha256_end(s, out);
	hex_is(out, rows[1].out, "in pieces, after a beginning that was given up");
	sha256_free(s);
	sha256_free(NULL);
}

static void test_hmac(void)
{
	static const char big[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t key[131], out[32];

	memset(key, 0x0b, 20);
	ok(hmac_sha256(slice_of(key, 20), SLICE("Hi There"), out), "RFC 4231 case 1");
	hex_is(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "RFC 4231 case 1");
	ok(hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), out), "RFC 4231 case 2");
	hex_is(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231 case 2");
	memset(key, 0xaa, sizeof key);
	ok(hmac_sha256(slice_of(key, sizeof key), slice_str(big), out), "RFC 4231 case 6");
	hex_is(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231 case 6");
	ok(hmac_sha256(slice_of(NULL, 0), slice_of(NULL, 0), out), "nothing at all");
	hex_is(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "nothing at all");
}

static void test_hash64(void)
{
	uint8_t text[64] = { 0 };
	uint64_t seen[65];
	int low[16] = { 0 }, flips = 0, most = 0;
	bool differ = true;

	for (size_t n = 0; n <= sizeof text; n++) {
		seen[n] = hash64(slice_of(text, n), 1);
		for (size_t k = 0; k < n; k++)
			if (seen[k] == seen[n])
				differ = false;
	}
	ok(differ, "runs of zero bytes of every length differ");
	ok(hash64(SLICE("abc"), 1) == hash64(SLICE("abc"), 1), "the same bytes and seed give the same");
	ok(hash64(SLICE("abc"), 1) != hash64(SLICE("abc"), 2), "another seed another");
	for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		flips += __builtin_popcountll(hash64(slice_of(text, sizeof text), 7) ^
					      hash64(slice_of(text, 63), 7));
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ok(flips > 512 * 30 && flips < 512 * 34, "about half of the bits change");
	for (uint32_t i = 0; i < 16000; i++)
		low[hash64(slice_of(&i, sizeof i), 9) & 15]++;
	for (int i = 0; i < 16; i++)
		most = low[i] > most ? low[i] : most;
	ok(most < 1150, "the low bits spread evenly");
}

static bool same(struct hash128 x, struct hash128 y)
{
	return x.a == y.a && x.b == y.b;
}

static void test_hash128(void)
{
	const uint64_t seed[] = { 1, 2 }, other[] = { 1, 3 };
	struct hash128 a = hash128(SLICE("a"), seed), b = hash128(SLICE("b"), seed), none = { 0 };
	uint8_t text[64] = { 0 };
	int flips[2] = { 0 };

	ok(same(a, hash128(SLICE("a"), seed)) && !same(a, b), "128 bits: the same of the same bytes");
	ok(a.a != hash128(SLICE("a"), other).a && a.b != hash128(SLICE("a"), other).b, "another seed");
	for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
		struct hash128 h;

		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		h = hash128(slice_of(text, sizeof text), seed);
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		flips[0] += __builtin_popcountll(h.a ^ hash128(slice_of(text, sizeof text), seed).a);
		flips[1] += __builtin_popcountll(h.b ^ h.a);
	}
	ok(flips[0] > 512 * 30 && flips[0] < 512 * 34, "about half of the bits change");
	ok(flips[1] > 512 * 30 && flips[1] < 512 * 34, "the halves have nothing to do with each other");
	ok(same(hash128_join(none, a), a), "a list of one is that one");
	ok(!same(hash128_join(a, b), hash128_join(b, a)), "a list has an order");
	ok(!same(hash128_join(a, a), hash128_join(b, b)), "twice the same is not nothing");
}

static void test_hex(void)
{
	uint8_t out[4];
	char text[9];

	ok(hex_decode(SLICE("00fFaB10"), out, 4) && memcmp(out, "\x00\xff\xab\x10", 4) == 0, "hex in");
	hex_encode(slice_of(out, 4), text);
	ok_str(text, "00ffab10", "hex out");
	ok(!hex_decode(SLICE("00ffab1"), out, 4), "too short");
	ok(!hex_decode(SLICE("00ffab1g"), out, 4), "no digit");
	ok(!hex_decode(SLICE("00ffab1000"), out, 4), "too long");
}

static void test_random(void)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	ok(random_bytes(a, sizeof a) && random_bytes(b, sizeof b) && memcmp(a, b, sizeof a) != 0,
	   "random bytes come and differ");
}

int main(void)
{
	test_sha256();
	test_hmac();
	test_hash64();
	test_hash128();
	test_hex();
	test_random();
	return tap_done();
}
