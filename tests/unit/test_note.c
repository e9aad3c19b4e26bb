/* Signed notes, verifier keys, the three texts and their scalars: one spelling each. */
#include <stdio.h>

#include "core/base/hash.h"
#include "core/trail/signature.h"
#include "core/trail/texts.h"
#include "tests/lib/tap.h"

/* C2SP signed-note's own example. */
static const char example_key[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static void test_rfc8032(void)
{
	uint8_t seed[32], public[32], want[64], got[64];

	hex_decode(SLICE("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"), seed, 32);
	hex_decode(SLICE("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"), want, 32);
	ok(ed25519_public(seed, public) && memcmp(public, want, 32) == 0, "RFC 8032 test 3: the key");
	hex_decode(SLICE("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
			 "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
		   want, 64);
	ok(ed25519_sign(seed, SLICE("\xaf\x82"), got) && memcmp(got, want, 64) == 0, "the signature");
	ok(ed25519_verify(public, SLICE("\xaf\x82"), slice_of(got, 64)), "it verifies");
	ok(!ed25519_verify(public, SLICE("\xaf\x83"), slice_of(got, 64)), "not for another message");
	ok(!ed25519_verify(public, SLICE("\xaf\x82"), slice_of(got, 63)), "nor cut short");
	/* S + L: the same signature in a second spelling */
	hex_decode(SLICE("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"), want, 32);
	for (int i = 0, carry = 0; i < 32; i++) {
		carry += got[32 + i] + want[i];
		got[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ok(!ed25519_verify(public, SLICE("\xaf\x82"), slice_of(got, 64)), "S + L is refused");
}

static void test_small_order(void)
{
	uint8_t key[32] = { 1 }, nothing[64] = { 1 };

	/* the neutral element signs every message with R = itself and S = 0 */
	ok(!ed25519_verify(key, SLICE("any"), slice_of(nothing, 64)), "the neutral element is no key");
	key[31] = 0x80;
	ok(!ed25519_key_sound(key), "nor with its sign bit");
	memset(key, 0xff, 32);
	key[0] = 0xee;
	key[31] = 0x7f;
	ok(!ed25519_key_sound(key), "1 written as p + 1 is not canonical");
	key[0] = 0xeb;
	ok(ed25519_key_sound(key), "p - 2 is a y like others");
}

static void test_vkey(void)
{
	static const char *const bad[] = {
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another id */
		"example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=",
		"example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"",
		"a+b",
		"a",
	};
	const char *why;
	struct note n;
	struct vkey k;
	struct buf b;

	buf_init(&b, 1000);
	ok(vkey_read(slice_str(example_key), &k), "C2SP's key");
	put_vkey(&b, &k);
	ok_slice(buf_slice(&b), slice_str(example_key), "and written again");
	ok(note_read(SLICE("This is an example message.\n\n\xe2\x80\x94 example.com/foo "
			   "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfX"
			   "ppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"),
		     &n, &why) &&
		   note_signed_by(&n, &k) == NOTE_GOOD,
	   "C2SP's note is signed by it");
	for (size_t i = 0; i < COUNT(bad); i++)
		ok(!vkey_read(slice_str(bad[i]), &k), bad[i]);
	buf_free(&b);
}

/* A note of two signers. */
struct scene {
	uint8_t seed[2][32];
	struct vkey key[2];
	struct buf note;
	struct note n;
	const char *why;
};

static void sign_scene(struct scene *s, const char *text)
{
	static const char *const names[] = { "one", "two" };

	buf_init(&s->note, NOTE_MAX * 2);
	note_begin(&s->note, slice_str(text));
	for (int i = 0; i < 2; i++) {
		uint8_t public[32];

		memset(s->seed[i], 7 + i, 32);
		ed25519_public(s->seed[i], public);
		vkey_make(&s->key[i], slice_str(names[i]), KEY_ED25519, public);
		note_sign(&s->note, slice_str(text), slice_str(names[i]), s->seed[i]);
	}
}

static bool reads(struct scene *s)
{
	return note_read(buf_slice(&s->note), &s->n, &s->why);
}

static void test_note(void)
{
	struct scene s = { 0 };
	struct vkey stranger;
	uint8_t public[32];
	size_t whole;

	sign_scene(&s, "a text\n\nof three lines\n");
	whole = s.note.n;
	ok(reads(&s) && s.n.n_signatures == 2, "two signatures");
	ok_slice(s.n.text, SLICE("a text\n\nof three lines\n"), "the text ends at the last empty line");
	ok_int(note_signed_by(&s.n, &s.key[0]), NOTE_GOOD, "the first signed it");
	ok_int(note_signed_by(&s.n, &s.key[1]), NOTE_GOOD, "so did the second");
	ed25519_public((uint8_t[32]){ 9 }, public);
	vkey_make(&stranger, SLICE("one"), KEY_ED25519, public);
	ok_int(note_signed_by(&s.n, &stranger), NOTE_UNSIGNED,
	       "a key of the same name and another id did not");
	buf_str(&s.note, "\xe2\x80\x94 witness AAAAAAAA\n");
	ok(reads(&s) && note_signed_by(&s.n, &s.key[0]) == NOTE_GOOD, "a witness's line does not matter");
	s.note.p[0] = 'A';
	ok(reads(&s) && note_signed_by(&s.n, &s.key[0]) == NOTE_BAD,
	   "another text: a known key's signature is bad");
	s.note.p[0] = 'a';
	/* a second, wrong line of the first key beside the good one */
	buf_str(&s.note, "\xe2\x80\x94 one ");
	{
		uint8_t bytes[68] = { 0 };

		memcpy(bytes, s.key[0].id, 4);
		put_base64(&s.note, slice_of(bytes, sizeof bytes));
	}
	buf_str(&s.note, "\n");
	ok(reads(&s) && note_signed_by(&s.n, &s.key[0]) == NOTE_BAD,
	   "a bad signature beside a good one fails");
	s.note.n = whole;
	ok(reads(&s), "whole again");
	s.note.n--;
	ok(!reads(&s), "without the last line feed it is none");
	s.note.n = whole;
	for (int i = 0; i < 15; i++)
		buf_str(&s.note, "\xe2\x80\x94 w AAAAAAAA\n");
	ok(!reads(&s), "seventeen signatures");
	s.note.n = whole;
	s.note.p[3] = '\r';
	ok(!reads(&s), "a carriage return");
	s.note.p[3] = 0xc0;
	ok(!reads(&s), "bytes that are not UTF-8");
	s.note.p[3] = 'e';
	while (s.note.n <= NOTE_MAX)
		buf_str(&s.note, "\xe2\x80\x94 w AAAAAAAA\n");
	ok(!reads(&s), "beyond 64 KiB");
	buf_free(&s.note);
}

static void test_cosignature(void)
{
	static const char text[] = "tochoku/x/00000000\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	uint8_t seed[32] = { 3 }, public[32], bytes[4 + 8 + 64] = { 0 };
	struct vkey k;
	struct note n;
	struct buf b, message;
	const char *why;

	buf_init(&b, 4096);
	buf_init(&message, 4096);
	ed25519_public(seed, public);
	vkey_make(&k, SLICE("witness.example/w"), KEY_COSIGNATURE, public);
	buf_fmt(&message, "cosignature/v1\ntime 1700000000\n%s", text);
	memcpy(bytes, k.id, 4);
	for (int i = 0; i < 8; i++)
		bytes[4 + i] = (uint8_t)(INT64_C(1700000000) >> (56 - 8 * i));
	ed25519_sign(seed, buf_slice(&message), bytes + 12);
	buf_fmt(&b, "%s\n\xe2\x80\x94 witness.example/w ", text);
	put_base64(&b, slice_of(bytes, sizeof bytes));
	buf_byte(&b, '\n');
	ok(note_read(buf_slice(&b), &n, &why) && note_signed_by(&n, &k) == NOTE_GOOD,
	   "a witness's cosignature");
	n.signature[0].bytes[11] ^= 1;
	ok_int(note_signed_by(&n, &k), NOTE_BAD, "its time is signed too");
	buf_free(&b);
	buf_free(&message);
}

static void test_texts(void)
{
	static const char good[] =
		"tochoku.dev/segment@v1\norigin tochoku/s/1\nsegment 3\n"
		"prev 0000000000000000000000000000000000000000000000000000000000000000\nrecords 2\nfirst-seq "
		"7\n"
		"last-seq 8\nleaf-root AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		"last-hash 0000000000000000000000000000000000000000000000000000000000000000\n"
		"file 2026/11/000003-20261122.jsonl\nsize 5\n"
		"sha256 0000000000000000000000000000000000000000000000000000000000000000\n"
		"opened 2026-11-22T15:00:00Z\nclosed 2038-01-19T03:14:08Z\nzone Asia/Tokyo\nclock synced 4\n"
		"dropped 0\nnext-key example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n";
	static const struct {
		const char *from, *to;
	} bad[] = {
		{ "segment 3", "segment 03" },
		{ "segment 3", "segment +3" },
		{ "segment 3", "segment  3" },
		{ "segment 3", "segment 3 " },
		{ "segment 3", "segment -3" },
		{ "records 2", "records 0" },
		{ "records 2", "records 3" },
		{ "size 5", "size 9007199254740993" },
		{ "size 5", "size 18446744073709551621" },
		{ "prev 00", "prev A0" },
		{ "AAA=\n", "AAB=\n" },
		{ "AAA=\n", "AAA\n" },
		{ "file 2026", "file ../6" },
		{ "/11/000003", "/12/000003" },
		{ "20261122.", "20261131." },
		{ ":08Z", ":08+00:00" },
		{ ":08Z", ":08.0Z" },
		{ "Asia/Tokyo", "Asia Tokyo" },
		{ "synced 4", "good 4" },
		{ "synced 4", "synced" },
		{ "origin tochoku/s/1", "origin tochoku /s/1" },
		{ "+530d903a", "+530d903b" },
		{ "dropped 0\n", "" },
		{ "dropped 0\n", "dropped 0\ndropped 0\n" },
		{ "zone Asia/Tokyo\nclock synced 4\n", "clock synced 4\nzone Asia/Tokyo\n" },
	};
	struct text_error why;
	struct manifest m;
	struct buf b;

	buf_init(&b, 8192);
	ok(manifest_read(slice_str(good), &m, &why), "a manifest");
	ok_int(m.closed, INT64_C(2147483648), "beyond 2038");
	put_manifest(&b, &m);
	ok_slice(buf_slice(&b), slice_str(good), "written again: the same bytes");
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *at = strstr(good, bad[i].from);
		char name[100];

		buf_clear(&b);
		buf_add(&b, slice_of(good, (size_t)(at - good)));
		buf_str(&b, bad[i].to);
		buf_str(&b, at + strlen(bad[i].from));
		snprintf(name, sizeof name, "refused: %.*s", (int)strcspn(bad[i].to, "\n"), bad[i].to);
		ok(!manifest_read(buf_slice(&b), &m, &why), name);
	}
	buf_clear(&b);
	buf_str(&b, good);
	buf_str(&b, "x\n");
	ok(!manifest_read(buf_slice(&b), &m, &why) && why.line == 19, "a line too many");
	buf_free(&b);
}

static void test_codes(void)
{
	char out[SHORT_CODE_LEN + 1];
	struct hash32 h;

	scalar_hex32(SLICE("7ffaa049719489e5dbfd09e1588142bf6e40a7ee488e33522c14cef6b1d10dfe"), &h);
	short_code(&h, out);
	ok_str(out, "FZXA-0JBH-JJ4Y-BPZX-17GN", "the sample's short code");
	ok(short_code_read(SLICE("fzxa ojbh jj4y bpzx i7gn"), out) &&
		   strcmp(out, "FZXA-0JBH-JJ4Y-BPZX-17GN") == 0,
	   "as a person types it");
	ok(!short_code_read(SLICE("FZXA-0JBH-JJ4Y-BPZX-17G"), out), "a digit too few");
	ok(!short_code_read(SLICE("FZXA-0JBH-JJ4Y-BPZX-17GNN"), out), "a digit too many");
	ok(!short_code_read(SLICE("FZXA-0JBH-JJ4Y-BPZX-17GU"), out), "U is no digit");
	ok(is_base64url_16(SLICE("Dp_sg7UOaD8LVg6BibizmA")), "16 bytes in base64url");
	ok(!is_base64url_16(SLICE("Dp_sg7UOaD8LVg6BibizmB")), "pad bits are zero");
	ok(!is_base64url_16(SLICE("Dp/sg7UOaD8LVg6BibizmA")), "base64 is another alphabet");
}

int main(void)
{
	test_rfc8032();
	test_small_order();
	test_vkey();
	test_note();
	test_cosignature();
	test_texts();
	test_codes();
	return tap_done();
}
