#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/proto/tls/tls_hello.h"
#include "tests/lib/tap.h"

#define RANDOM_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* Fingerprints were computed by another program from the texts of JA3 and JA4. */
static const struct {
	const char *name, *version, *suites, *extensions; /* extensions NULL: no block */
	const char *ja3, *ja4;
} cases[] = {
	{ "browser", "0303",
	  "3a3a13011302c02b00ff",
	  "baba0000000000150013000010636861742e6578616d706c652e6f726700170000000a000a00082a2a11ec001d"
	  "0017000b000201000010000e000c02683208687474702f312e31000d00080006040308040401002b0007069a9a"
	  "0304030300330011000f2a2a00016b11ec00016b001d00016bfe0d000800000000000000001a1a000100",
	  "084d9aec64358d9399881672690bff39", "t13d0409h2_d71680ff791e_c1549603acd6" },
	{ "nothing but suites", "0301",
	  "002f0035",
	  NULL,
	  "dac4920d4335e769327dbf4e1b759e15", "t10i020000_f54dd463d39b_000000000000" },
	{ "no suites, an address instead of a name", "0303",
	  "",
	  "000d000400020401",
	  "b430610c9e4b511f4aef50c1aba54305", "t12i000100_000000000000_032c60bb0d32" },
	{ "GREASE alone", "0303",
	  "1a1a",
	  "2a2a0000",
	  "bddda940f9963577c41d7c28b1a5f65f", "t12i000000_000000000000_000000000000" },
	{ "ALPN of one letter", "0303",
	  "1301",
	  "0010000400020178002b0003020304",
	  "79df54cc919bc7c4ddd6219a82771e7e", "t13i0102xx_0f2cb44170f4_b9a491fefe05" },
	{ "ALPN of other bytes", "0303",
	  "1301",
	  "00100006000403abcdef002b0003020304",
	  "79df54cc919bc7c4ddd6219a82771e7e", "t13i0102af_0f2cb44170f4_b9a491fefe05" },
	{ "ALPN that ends oddly", "0303",
	  "1301",
	  "0010000600040368322d002b0003020304",
	  "79df54cc919bc7c4ddd6219a82771e7e", "t13i01026d_0f2cb44170f4_b9a491fefe05" },
	{ "the same extension twice", "0303",
	  "130213011301",
	  "0017000000050005010000000000170000",
	  "f3d2e95a5b7a3aed252fc4436f2e3301", "t12i030300_759c322dbfe4_d0790c3101e5" },
	{ "SSL 3.0", "0300",
	  "0005",
	  NULL,
	  "12e939a2a782d59885d7e40e6323f611", "ts3i010000_1ed8eb363bcd_000000000000" },
	{ "a draft", "0303",
	  "1301",
	  "002b0003027f1c",
	  "97eaea5f384969f5c4f9874d0bcbd240", "t00i010100_0f2cb44170f4_b9a491fefe05" },
	{ "many suites", "0303",
	  "1000100110021003100410051006100710081009100a100b100c100d100e100f10101011101210131014101510"
	  "16101710181019101a101b101c101d101e101f1020102110221023102410251026102710281029102a102b102c"
	  "102d102e102f1030103110321033103410351036103710381039103a103b103c103d103e103f10401041104210"
	  "43104410451046104710481049104a104b104c104d104e104f1050105110521053105410551056105710581059"
	  "105a105b105c105d105e105f1060106110621063106410651066106710681069106a106b106c106d106e106f10"
	  "701071107210731074107510761077",
	  "00000006000400000161",
	  "3291fa04d45434a8aefd7f44d2d1dfaa", "t12d990100_3ec5f12e055a_000000000000" },
};

struct bytes {
	uint8_t p[8192];
	size_t n;
};

static void add_hex(struct bytes *b, const char *hex)
{
	size_t n = strlen(hex) / 2;

	if (!hex_decode(slice_str(hex), b->p + b->n, n))
		abort();
	b->n += n;
}

static void add_length(struct bytes *b, size_t n)
{
	b->p[b->n++] = (uint8_t)(n >> 8);
	b->p[b->n++] = (uint8_t)n;
}

static void client_hello(struct bytes *b, const char *version, const char *suites, const char *extensions)
{
	b->n = 0;
	add_hex(b, version);
	add_hex(b, RANDOM_HEX);
	add_hex(b, "02beef");
	add_length(b, strlen(suites) / 2);
	add_hex(b, suites);
	add_hex(b, "0100");
	if (extensions == NULL)
		return;
	add_length(b, strlen(extensions) / 2);
	add_hex(b, extensions);
}

static void fingerprints(void)
{
	struct tls_hello h;
	struct bytes b;
	char name[120];

	for (size_t i = 0; i < COUNT(cases); i++) {
		client_hello(&b, cases[i].version, cases[i].suites, cases[i].extensions);
		ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && !h.damaged, cases[i].name);
		snprintf(name, sizeof name, "JA3: %s", cases[i].name);
		ok_str(h.ja3, cases[i].ja3, name);
		snprintf(name, sizeof name, "JA4: %s", cases[i].name);
		ok_str(h.ja4, cases[i].ja4, name);
	}
	client_hello(&b, cases[0].version, cases[0].suites, cases[0].extensions);
	tls_hello_client(slice_of(b.p, b.n), 'q', &h);
	ok(h.ja4[0] == 'q' && strcmp(h.ja4 + 1, cases[0].ja4 + 1) == 0, "JA4 of QUIC");
}

static void fields(void)
{
	struct tls_hello h;
	struct bytes b;

	client_hello(&b, cases[0].version, cases[0].suites, cases[0].extensions);
	tls_hello_client(slice_of(b.p, b.n), 't', &h);
	ok_str(h.sni, "chat.example.org", "SNI");
	ok_str(h.alpn, "h2,http/1.1", "ALPN");
	ok_int(h.alpn_first_n, 2, "the first of them");
	ok_int(h.version, 0x0304, "the highest version offered");
	ok_int(h.legacy_version, 0x0303, "legacy version");
	ok_int(h.group, 0x11ec, "key share, GREASE left out");
	ok_int(h.first_signature, 0x0403, "signature");
	ok_int(h.suites, 4, "suites, GREASE left out");
	ok_int(h.extensions, 9, "extensions, GREASE left out");
	ok(h.ech && !h.psk && !h.early_data, "ECH is marked");
	ok(h.random[31] == 0x1f && h.session_id_n == 2 && h.session_id[1] == 0xef, "random and session id");
	client_hello(&b, "0303", "1301", "002a0000" "0029000100" "002300020000");
	tls_hello_client(slice_of(b.p, b.n), 't', &h);
	ok(!h.ech && h.psk && h.early_data && h.ticket, "resumption with 0-RTT");
	ok_str(h.sni, "", "no SNI");
}

static void long_name(void)
{
	struct tls_hello h;
	struct bytes b;

	client_hello(&b, "0303", "1301", NULL);
	add_length(&b, 4 + 5 + 300);
	add_length(&b, 0);
	add_length(&b, 5 + 300);
	add_length(&b, 3 + 300);
	b.p[b.n++] = 0;
	add_length(&b, 300);
	memset(b.p + b.n, 'n', 300);
	b.n += 300;
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h), "a name of 300 bytes");
	ok(h.sni_cut && h.sni_n == TLS_NAME_MAX && strlen(h.sni) == TLS_NAME_MAX,
	   "is cut, and that is marked");
}

static void many_protocols(void)
{
	struct tls_hello h;
	struct bytes b;

	client_hello(&b, "0303", "1301", NULL);
	add_length(&b, 4 + 2 + 50 * 10);
	add_length(&b, 16);
	add_length(&b, 2 + 50 * 10);
	add_length(&b, 50 * 10);
	for (int i = 0; i < 50; i++)
		add_hex(&b, "09616161616161616161");
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && !h.damaged, "fifty protocols");
	ok(h.alpn_n <= TLS_ALPN_MAX && (h.alpn_n + 1) % 10 == 0, "as many as fit whole");
}

/* Cut anywhere, it is no hello or a damaged one, unless it ends before the block of extensions. */
static void truncated(void)
{
	struct tls_hello h;
	struct bytes b;
	int wrong = 0;

	client_hello(&b, cases[0].version, cases[0].suites, cases[0].extensions);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *exact = malloc(n + 1); /* so that a read behind it is seen */
		bool good;

		memcpy(exact, b.p, n);
		good = tls_hello_client(slice_of(exact, n), 't', &h) && !h.damaged;
		wrong += good && n != 2 + 32 + 3 + 2 + 10 + 2;
		wrong += !good && h.ja4[0] != 0;
		free(exact);
	}
	ok_int(wrong, 0, "a hello that was cut has no fingerprints");
	client_hello(&b, "0303", "1301", "00000005" "0003000001");
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && h.sni_n == 0,
	   "an SNI that contradicts itself is none");
	client_hello(&b, "0303", "1301", "0000000500" "03000000");
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && !h.damaged && h.sni_n == 0 && h.ja4[3] == 'd',
	   "an empty name");
	client_hello(&b, "0303", "1301", "00170005" "0000");
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && h.damaged,
	   "an extension that is longer than its block");
	client_hello(&b, "0303", "130113", NULL);
	ok(tls_hello_client(slice_of(b.p, b.n), 't', &h) && h.damaged && h.ja3[0] == 0, "half a suite");
}

static void server_hello(struct bytes *b, const char *random, const char *extensions)
{
	b->n = 0;
	add_hex(b, "0303");
	add_hex(b, random);
	add_hex(b, "01aa" "c02f" "00");
	if (extensions == NULL)
		return;
	add_length(b, strlen(extensions) / 2);
	add_hex(b, extensions);
}

static void server(void)
{
	struct tls_choice c;
	struct bytes b;

	server_hello(&b, RANDOM_HEX, NULL);
	ok(tls_hello_server(slice_of(b.p, b.n), &c), "a server's hello");
	ok(c.version == 0x0303 && c.suite == 0xc02f && !c.retry && !c.encrypt_then_mac && c.alpn_n == 0,
	   "without extensions");
	server_hello(&b, RANDOM_HEX, "00100005000302" "6832" "00160000");
	ok(tls_hello_server(slice_of(b.p, b.n), &c) && c.encrypt_then_mac, "encrypt-then-MAC");
	ok_str(c.alpn, "h2", "ALPN");
	server_hello(&b, RANDOM_HEX, "002b00020304" "00330006001d00020102");
	ok(tls_hello_server(slice_of(b.p, b.n), &c) && c.version == 0x0304 && c.group == 0x1d, "TLS 1.3");
	server_hello(&b, "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c",
		     "002b00020304"
		     "003300020018");
	ok(tls_hello_server(slice_of(b.p, b.n), &c) && c.retry && c.group == 0x18, "HelloRetryRequest");
	b.n = 0;
	add_hex(&b, "000b" "00100007000504" "68747470");
	ok(tls_hello_encrypted_extensions(slice_of(b.p, b.n), &c), "encrypted extensions");
	ok_str(c.alpn, "http", "and their ALPN");
	ok_int(c.version, 0x0304, "which leave the rest as it is");
}

int main(void)
{
	fingerprints();
	fields();
	long_name();
	many_protocols();
	truncated();
	server();
	return tap_done();
}
