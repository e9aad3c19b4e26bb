/* QUIC as it lies on the wire: versions, packets, frames, keys, CRYPTO streams. test_quic_connection.c has
 * what is made of them. */
#include "core/base/hash.h"
#include "sensor/proto/quic/quic_crypto.h"
#include "sensor/proto/quic/quic_keys.h"
#include "tests/lib/packets.h"
#include "tests/lib/quic_seal.h"

#define CID "\x83\x94\xc8\xf0\x3e\x51\x57\x08" /* of the examples of RFC 9001 A and RFC 9369 A */

static struct slice unhex(const char *hex)
{
	static uint8_t out[2048];

	return slice_of(out, packet_unhex(hex, out, sizeof out));
}

/* ---- versions ---- */

static void versions(void)
{
	static const struct {
		uint32_t version;
		const char *text;
	} cases[] = {
		{ 1, "1" }, { 0x6b3343cf, "2" }, { 0xff00001d, "draft-29" }, { 0xff00001b, "draft-27" },
		{ 0xff000016, "draft-22" }, { 0xff000022, "draft-34" }, { 0x54303531, "T051" },
		{ 0xff000015, "0xff000015" }, { 0, "0x00000000" }, { 0x51303436, "0x51303436" },
	};
	char text[QUIC_VERSION_TEXT];

	for (size_t i = 0; i < COUNT(cases); i++) {
		quic_version_text(cases[i].version, text);
		ok_str(text, cases[i].text, "version");
		ok((quic_version_find(cases[i].version) == NULL) == (text[0] == '0'), "known or not");
	}
}

/* ---- numbers (RFC 9000 A.1) ---- */

static void varints(void)
{
	static const struct {
		const char *hex;
		uint64_t want;
	} cases[] = {
		{ "c2197c5eff14e88c", UINT64_C(151288809941952652) }, { "9d7f3e7d", 494878333 },
		{ "7bbd", 15293 }, { "25", 37 }, { "4025", 37 }, { "c000000000000000", 0 },
		{ "ffffffffffffffff", (UINT64_C(1) << 62) - 1 }, { "00", 0 }, { "3f", 63 },
	};
	uint64_t v;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = unhex(cases[i].hex), s = in;
		int bad = 0;

		ok(quic_varint(&s, &v) && v == cases[i].want && s.n == 0, cases[i].hex);
		for (size_t n = 0; n < in.n; n++) {
			s = slice_head(in, n);
			bad += quic_varint(&s, &v) || s.n != n;
		}
		ok_int(bad, 0, "never a part of one");
	}
}

/* ---- packets ---- */

static const struct {
	const char *name, *hex;
	size_t missing;
	enum quic_taken want;
	int type, dcid, scid, token;
	size_t left;
} heads[] = {
	{ "Initial", "c000000001 02aaaa 01bb 01cc 04 11223344 ee", 0, QUIC_TAKEN, QUIC_INITIAL, 2, 1, 1, 1 },
	{ "Initial of version 2", "d06b3343cf 00 00 00 01 11", 0, QUIC_TAKEN, QUIC_INITIAL, 0, 0, 0, 0 },
	{ "Retry of version 2", "c06b3343cf 00 00 00 01 11", 0, QUIC_TAKEN, QUIC_RETRY, 0, 0, 0, 0 },
	{ "Handshake", "e000000001 00 00 01 11", 0, QUIC_TAKEN, QUIC_HANDSHAKE, 0, 0, 0, 0 },
	{ "0-RTT, length in 8 bytes", "d000000001 00 00 c000000000000001 11 aa", 0, QUIC_TAKEN, QUIC_ZERO_RTT,
	  0, 0, 0, 1 },
	{ "Retry", "f000000001 00 01bb 778899", 0, QUIC_TAKEN, QUIC_RETRY, 0, 1, 0, 0 },
	{ "Version Negotiation", "8000000000 01aa 01bb 00000001", 0, QUIC_TAKEN, QUIC_NEGOTIATION,
	  1, 1, 0, 0 },
	{ "fixed bit cleared", "8000000001 00 00 00 01 11", 0, QUIC_TAKEN, QUIC_INITIAL, 0, 0, 0, 0 },
	{ "empty", "c000000001 00 00 00 00", 0, QUIC_TAKEN, QUIC_INITIAL, 0, 0, 0, 0 },
	{ "cut", "c000000001 00 00 00 05 1122", 3, QUIC_CUT, QUIC_INITIAL, 0, 0, 0, 0 },
	{ "longer than was sent", "c000000001 00 00 00 05 1122", 2, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "endless", "c000000001 00 00 00 ffffffffffffffff 1122", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "endless, and cut", "c000000001 00 00 00 ffffffffffffffff 1122", 9, QUIC_NOTHING, -1, 0, 0, 0,
	  0 },
	{ "token longer than all", "c000000001 00 00 05 11223344", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "endless token", "c000000001 00 00 ffffffffffffffff 11223344", 0, QUIC_NOTHING, -1, 0, 0, 0,
	  0 },
	{ "id longer than all", "c000000001 05 aabb", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "id of 21 bytes", "c000000001 15 0102030405060708090a0b0c0d0e0f101112131415 00 00 01 11", 0,
	  QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "id of 20 bytes", "c000000001 14 0102030405060708090a0b0c0d0e0f1011121314 00 00 01 11", 0,
	  QUIC_TAKEN, QUIC_INITIAL, 20, 0, 0, 0 },
	{ "unknown version", "c051303436 01aa 01bb 1122", 0, QUIC_FOREIGN, -1, 1, 1, 0, 0 },
	{ "short header", "4000000001 00 00 00 01 11", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "nothing", "", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
	{ "four bytes", "c0000000", 0, QUIC_NOTHING, -1, 0, 0, 0, 0 },
};

static void packet_heads(void)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct slice in = unhex(heads[i].hex), s = in;
		struct quic_packet p;
		enum quic_taken t = quic_packet_take(&s, heads[i].missing, &p);

		ok(t == heads[i].want && (heads[i].type < 0 || p.type == heads[i].type), heads[i].name);
		if (t == QUIC_NOTHING)
			continue;
		ok(p.dcid.n == (size_t)heads[i].dcid && p.scid.n == (size_t)heads[i].scid &&
		   p.token.n == (size_t)heads[i].token, "ids and token");
		ok(t == QUIC_FOREIGN || (s.n == heads[i].left && p.whole.n == in.n - s.n), "its length");
		ok(p.protected_at <= p.whole.n && p.rest_at <= p.whole.n, "within bounds");
	}
}

/* ---- frames ---- */

/* "offset+length,", then "." for the end or "!" for what is wrong. */
static void tell_frames(uint32_t version, struct slice plain, struct buf *out)
{
	enum quic_frames f;
	struct slice data;
	uint64_t offset;

	buf_clear(out);
	while ((f = quic_frame_crypto(version, &plain, &offset, &data)) == QUIC_CRYPTO)
		buf_fmt(out, "%llu+%zu,", (unsigned long long)offset, data.n);
	buf_byte(out, f == QUIC_FRAMES_END ? '.' : '!');
}

static void frames(void)
{
	static const struct {
		const char *name, *hex, *want;
	} cases[] = {
		{ "nothing", "", "." },
		{ "padding and pings", "000001000100", "." },
		{ "CRYPTO", "06 00 02 aabb", "0+2," "." },
		{ "CRYPTO, numbers of all sizes",
		  "06 4001 01 aa 06 80000002 4001 bb 06 c000000000000003 80000001 cc", "1+1,2+1,3+1,." },
		{ "an empty one", "06 05 00 00", "5+0,." },
		{ "ACK", "02 05 00 00 00 06 00 01 aa", "0+1,." },
		{ "ACK of three ranges", "02 4105 00 02 00 01 02 4003 04 06 00 01 aa", "0+1,." },
		{ "ACK with ECN", "03 05 00 00 00 01 02 03 06 00 01 aa", "0+1,." },
		{ "CONNECTION_CLOSE", "1c 0a 06 03 616263 06 00 01 aa", "0+1,." },
		{ "among all others", "01 06 00 01 aa 00 00 02 00 00 00 00 06 01 01 bb 00", "0+1,1+1,." },
		{ "longer than all", "06 00 03 aabb", "!" },
		{ "offset over the end", "06 ffffffffffffffff 01 aa", "!" },
		{ "the last byte that can be", "06 fffffffffffffffe 01 aa", "4611686018427387902+1,." },
		{ "endless ACK", "02 05 00 ffffffffffffffff 00 00", "!" },
		{ "ACK, cut", "02 05 00 01 00 00", "!" },
		{ "CLOSE, longer than all", "1c 0a 06 04 616263", "!" },
		{ "CLOSE of the application", "1d 0a 00", "!" },
		{ "STREAM", "06 00 01 aa 08 00 01", "0+1,!" },
		{ "type in two bytes", "4006 00 01 aa", "!" },
	};
	struct buf told;

	buf_init(&told, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		tell_frames(1, unhex(cases[i].hex), &told);
		ok_slice(buf_slice(&told), slice_str(cases[i].want), cases[i].name);
	}
	for (uint32_t version = 0x54303530; version <= 0x54303531; version++) {
		tell_frames(version, unhex("08 00 02 aabb 00 08 02 01 cc"), &told);
		ok_slice(buf_slice(&told), SLICE("0+2,2+1,."), "CRYPTO of T050 and T051");
	}
	tell_frames(1, unhex("08 00 02 aabb"), &told);
	ok_slice(buf_slice(&told), SLICE("!"), "and nobody else's");
	buf_free(&told);
}

/* ---- keys, against the examples of the RFCs ---- */

static void derived(uint32_t version, const char *key, const char *iv, const char *hp, const char *name)
{
	struct quic_keys k;

	quic_keys_client(quic_version_find(version), SLICE(CID), &k);
	ok_slice(slice_of(k.key, 16), unhex(key), name);
	ok_slice(slice_of(k.iv, 12), unhex(iv), "iv");
	ok_slice(slice_of(k.hp, 16), unhex(hp), "header protection");
}

/* The 245 bytes of RFC 9001 A.2 and RFC 9369 A.2. */
#define EXAMPLE \
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c" \
	"00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017" \
	"001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba" \
	"753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806" \
	"002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075" \
	"300901100f088394c8f03e51570806048000ffff"

/* The whole example is not repeated here: its beginning and the tag over all of it say that it is it. */
static void opened(struct quic_opener *o, uint32_t version, const char *begin, const char *end,
		   const char *name)
{
	const struct seal s = { .version = version, .keys_of = SLICE(CID), .dcid = SLICE(CID), .number = 2,
				.number_size = 4, .datagram = 1200 };
	static struct wire w;
	static uint8_t example[2048];
	size_t n = packet_unhex(EXAMPLE, example, sizeof example);
	struct slice datagram, plain, want;
	struct quic_packet p;
	struct quic_keys k;
	uint64_t next = 0;

	w.n = 0;
	seal(&w, &s, slice_of(example, n));
	datagram = slice_of(w.b, w.n);
	want = unhex(begin);
	ok(w.n == 1200 && slice_starts(datagram, want), name);
	want = unhex(end);
	ok(slice_ends(datagram, want), "to its end");
	quic_keys_client(quic_version_find(version), SLICE(CID), &k);
	ok(quic_packet_take(&datagram, 0, &p) == QUIC_TAKEN && quic_open(o, &k, &p, &next, &plain), "opens");
	ok(plain.n == 1162 && slice_starts(plain, slice_of(example, n)) && next == 3, "to what was sealed");
	for (size_t i = 0; i < w.n; i += 7) {
		w.b[i] ^= 4;
		datagram = slice_of(w.b, w.n);
		if (quic_packet_take(&datagram, 0, &p) == QUIC_TAKEN && p.type == QUIC_INITIAL &&
		    datagram.n == 0 && quic_open(o, &k, &p, &next, &plain))
			break;
		w.b[i] ^= 4;
		n = i;
	}
	ok(n >= 1190, "and with no byte changed");
}

static void retries(struct quic_opener *o)
{
	static const char *const examples[] = { /* RFC 9001 A.4, RFC 9369 A.4, draft 29 */
		"ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
		"cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
		"ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49",
		"ffff0000180008f067a5502a4262b5088394c8f03e515708746f6b656e"
	};
	struct quic_packet p;
	struct slice s;
	uint8_t *exact;

	for (size_t i = 0; i < COUNT(examples); i++) {
		s = unhex(examples[i]);
		ok(quic_packet_take(&s, 0, &p) == QUIC_TAKEN && p.type == QUIC_RETRY, examples[i]);
		ok(quic_retry_answers(o, &p, SLICE(CID)), "is true");
		ok(!quic_retry_answers(o, &p, SLICE("\x83\x94\xc8\xf0\x3e\x51\x57\x09")), "not for another");
		((uint8_t *)(uintptr_t)p.whole.p)[i == 3 ? 20 : 16] ^= 1;
		ok(!quic_retry_answers(o, &p, SLICE(CID)), "not when it was changed");
	}
	exact = malloc(8);
	seal_must(exact != NULL);
	memcpy(exact, "\xf0\0\0\0\1\0\0z", 8);
	s = slice_of(exact, 8);
	ok(quic_packet_take(&s, 0, &p) == QUIC_TAKEN && !quic_retry_answers(o, &p, SLICE("")),
	   "not without a tag");
	free(exact);
}

/* ---- packet numbers ---- */

static void numbers(struct quic_opener *o)
{
	static const struct {
		uint64_t sent, next;
		int size;
		bool opens;
	} cases[] = {
		{ 0, 0, 1, true }, { 255, 0, 1, true }, { 256, 255, 1, true }, { 255, 256, 1, true },
		{ 300, 400, 1, true },
		{ 0xa82f9b32, 0xa82f30eb, 2, true }, { 100, 200, 1, true }, { 1, 200, 1, false },
		{ 77, 77, 4, true },
		{ UINT64_C(0xffffffffff), UINT64_C(0xfffffffffe), 3, true }, { 5000, 0, 1, false },
		{ 0xffffff, 0, 3, true }, { 0x100000001, 0xfffffff0, 4, true },
	};
	static struct wire w;
	struct quic_packet p;
	struct quic_keys k;

	quic_keys_client(quic_version_find(1), SLICE(CID), &k);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct seal s = { .version = 1, .keys_of = SLICE(CID), .dcid = SLICE(CID),
				  .number = cases[i].sent, .number_size = cases[i].size };
		uint64_t next = cases[i].next;
		struct slice datagram, plain;
		char name[64];

		w.n = 0;
		seal(&w, &s, SLICE("\1"));
		datagram = slice_of(w.b, w.n);
		seal_must(quic_packet_take(&datagram, 0, &p) == QUIC_TAKEN);
		snprintf(name, sizeof name, "number %llx after %llx", (unsigned long long)cases[i].sent,
			 (unsigned long long)cases[i].next);
		ok(quic_open(o, &k, &p, &next, &plain) == cases[i].opens, name);
		if (!cases[i].opens || cases[i].sent < cases[i].next)
			ok(next == cases[i].next, "the next one as before");
		else
			ok(next == cases[i].sent + 1, "the next one");
	}
}

static void short_packets(struct quic_opener *o)
{
	static uint8_t b[64] = { 0xc0, 0, 0, 0, 1, 0, 0, 0, 0x40, 0 };
	struct quic_packet p;
	struct quic_keys k = { .key = { 1 } };
	int bad = 0;

	for (uint8_t n = 0; n < 40; n++) {
		uint8_t *exact = malloc(10u + n);
		struct slice s = slice_of(exact, 10u + n), plain;
		uint64_t next = 0;

		b[9] = n;
		memcpy(exact, b, 10u + n);
		bad += quic_packet_take(&s, 0, &p) != QUIC_TAKEN || quic_open(o, &k, &p, &next, &plain);
		free(exact);
	}
	ok_int(bad, 0, "packets too short to be sealed");
}

/* ---- CRYPTO streams ---- */

static void crypto(void)
{
	struct quic_blocks b;
	struct quic_crypto c = { .ready = 0 }, d = { .ready = 0 };
	uint8_t text[QUIC_CRYPTO_MAX], out[QUIC_CRYPTO_MAX];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 31 + (i >> 8));
	seal_must(quic_blocks_init(&b, 5));
	for (size_t i = 0; i < sizeof text; i++) {
		size_t at = i * 4099 % QUIC_CRYPTO_MAX; /* a prime, so each comes once */

		if (at != 77)
			seal_must(quic_crypto_add(&b, &c, at, slice_of(text + at, 1)));
	}
	ok_int(c.ready, 77, "every byte alone, one missing");
	ok(quic_crypto_add(&b, &c, 70, SLICE("aaaaaaaabbbb")) && c.ready == QUIC_CRYPTO_MAX, "the last hole");
	quic_crypto_copy(&b, &c, out, sizeof out);
	text[77] = 'a';
	ok(memcmp(text, out, sizeof out) == 0, "the first that came wins");
	ok(quic_crypto_add(&b, &c, QUIC_CRYPTO_MAX - 1, SLICE("xyz")) &&
	   quic_crypto_add(&b, &c, UINT64_C(1) << 61, SLICE("xyz")), "what is behind is left out");
	ok(quic_crypto_add(&b, &d, QUIC_BLOCK - 1, SLICE("x")) &&
	   !quic_crypto_add(&b, &d, QUIC_BLOCK - 1, SLICE("xy")), "no block is left");
	ok(b.used == 5 && quic_crypto_holds(&d), "all in use");
	quic_crypto_drop(&b, &c);
	ok(b.used == 1 && c.ready == 0 && !quic_crypto_holds(&c), "given back");
	ok(quic_crypto_add(&b, &d, 0, slice_of(text, QUIC_BLOCK + 1)), "room again");
	ok_int(d.ready, QUIC_BLOCK + 1, "and all of it is there");
	quic_crypto_drop(&b, &d);
	quic_blocks_free(&b);
}

int main(void)
{
	struct quic_opener o;

	versions();
	varints();
	packet_heads();
	frames();
	derived(SEAL_V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
		"9f50449e04a0e810283a1e9933adedd2", "keys of RFC 9001 A.1");
	derived(SEAL_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
		"45b95e15235d6f45a6b19cbcb0294ba9", "keys of RFC 9369 A.1");
	seal_must(quic_opener_init(&o));
	opened(&o, SEAL_V1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
	       "e221af44860018ab0856972e194cd934", "RFC 9001 A.2");
	opened(&o, SEAL_V2, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
	       "a18b2faa745b6fe189cf772a9f84cbfc", "RFC 9369 A.2");
	retries(&o);
	numbers(&o);
	short_packets(&o);
	quic_opener_free(&o);
	crypto();
	return tap_done();
}
