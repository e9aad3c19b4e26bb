#include "core/trail/note.h"

#include "core/base/hash.h"
#include "core/base/safe.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a blank begin a signature line */

/* ---- verifier keys ---- */

/* Unicode's White_Space beyond ASCII, which a name must not hold (Go's unicode.IsSpace). */
static bool is_space(uint32_t c)
{
	return c <= 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_name(struct slice s)
{
	if (s.n == 0 || s.n > KEY_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_take(slice_from(s, i), &c);

		if (n == 0 || is_space(c) || c == '+' || c == 0x7f)
			return false;
		i += n;
	}
	return true;
}

static void key_id(struct vkey *k)
{
	uint8_t text[sizeof k->name + 2 + sizeof k->key], digest[32];
	size_t n = strlen(k->name);

	memcpy(text, k->name, n);
	text[n++] = '\n';
	text[n++] = k->algorithm;
	memcpy(text + n, k->key, sizeof k->key);
	sha256_once(slice_of(text, n + sizeof k->key), digest);
	memcpy(k->id, digest, sizeof k->id);
}

bool vkey_make(struct vkey *out, struct slice name, uint8_t algorithm, const uint8_t key[PUBLIC_LEN])
{
	memset(out, 0, sizeof *out);
	if (!is_name(name))
		return false;
	memcpy(out->name, name.p, name.n);
	out->algorithm = algorithm;
	memcpy(out->key, key, PUBLIC_LEN);
	key_id(out);
	return true;
}

bool vkey_read(struct slice text, struct vkey *out)
{
	const uint8_t *plus = text.n == 0 ? NULL : memchr(text.p, '+', text.n);
	struct slice name, rest, hex;
	uint8_t id[4], key[1 + PUBLIC_LEN];
	char lower[9];
	size_t n = sizeof key;

	if (plus == NULL)
		return false;
	name = slice_head(text, (size_t)(plus - text.p));
	rest = slice_from(text, name.n + 1);
	hex = slice_head(rest, 8);
	if (rest.n < 9 || rest.p[8] != '+' || !hex_decode(hex, id, sizeof id))
		return false;
	hex_encode(slice_of(id, sizeof id), lower);
	if (!slice_is(hex, lower) || !base64_read(slice_from(rest, 9), key, &n) || n != sizeof key)
		return false;
	return (key[0] == KEY_ED25519 || key[0] == KEY_COSIGNATURE) &&
	       vkey_make(out, name, key[0], key + 1) && memcmp(out->id, id, sizeof id) == 0 &&
	       ed25519_key_sound(out->key);
}

void put_vkey(struct buf *out, const struct vkey *k)
{
	uint8_t bytes[1 + PUBLIC_LEN] = { k->algorithm };

	memcpy(bytes + 1, k->key, PUBLIC_LEN);
	buf_str(out, k->name);
	buf_byte(out, '+');
	put_hex(out, slice_of(k->id, sizeof k->id));
	buf_byte(out, '+');
	put_base64(out, slice_of(bytes, sizeof bytes));
}

bool vkey_eq(const struct vkey *a, const struct vkey *b)
{
	return strcmp(a->name, b->name) == 0 && a->algorithm == b->algorithm &&
	       memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* ---- reading ---- */

static bool read_signature(struct slice line, struct note_signature *out)
{
	const uint8_t *blank;

	if (!slice_starts(line, SLICE(DASH)))
		return false;
	line = slice_from(line, sizeof DASH - 1);
	blank = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
	if (blank == NULL)
		return false;
	out->name = slice_head(line, (size_t)(blank - line.p));
	out->n = sizeof out->bytes;
	return is_name(out->name) && base64_read(slice_from(line, out->name.n + 1), out->bytes, &out->n) &&
	       out->n >= 5;
}

/* Signatures stand behind the last empty line. */
static bool find_text(struct slice bytes, struct slice *text)
{
	for (size_t i = bytes.n; i-- > 1;)
		if (bytes.p[i] == '\n' && bytes.p[i - 1] == '\n') {
			*text = slice_head(bytes, i);
			return true;
		}
	return false;
}

bool note_read(struct slice bytes, struct note *out, const char **why)
{
	struct slice rest, line;

	out->n_signatures = 0;
	*why = "larger than 64 KiB";
	if (bytes.n > NOTE_MAX)
		return false;
	*why = "holds a control character or bytes that are not UTF-8";
	if (!is_note_text(bytes))
		return false;
	*why = "has no empty line between text and signatures";
	if (!find_text(bytes, &out->text))
		return false;
	rest = slice_from(bytes, out->text.n + 1);
	*why = "has no signature";
	if (rest.n == 0)
		return false;
	*why = "has a signature line that is not one, or does not end with a line feed";
	while (rest.n > 0) {
		if (out->n_signatures == NOTE_SIGNATURES) {
			*why = "has more than 16 signatures";
			return false;
		}
		if (!take_line(&rest, &line) || !read_signature(line, &out->signature[out->n_signatures]))
			return false;
		out->n_signatures++;
	}
	*why = NULL;
	return true;
}

/* A witness signs the text under a head of two lines; its time stands before the signature. */
static int cosigned(struct slice text, const struct vkey *k, struct slice time_and_signature)
{
	struct buf b;
	uint64_t at = 0;
	int rc;

	if (time_and_signature.n != 8 + SIGNATURE_LEN)
		return TK_EMALFORMED;
	for (int i = 0; i < 8; i++)
		at = at << 8 | time_and_signature.p[i];
	buf_init(&b, NOTE_MAX + 64);
	buf_fmt(&b, "cosignature/v1\ntime %llu\n", (unsigned long long)at);
	buf_add(&b, text);
	rc = b.failed ? TK_ENOMEM : ed25519_check(k->key, buf_slice(&b), slice_from(time_and_signature, 8));
	buf_free(&b);
	return rc;
}

enum note_verdict note_signed_by(const struct note *n, const struct vkey *k)
{
	bool found = false;
	int rc;

	for (size_t i = 0; i < n->n_signatures; i++) {
		const struct note_signature *s = &n->signature[i];
		struct slice bytes = slice_of(s->bytes + 4, s->n - 4);

		if (!slice_is(s->name, k->name) || memcmp(s->bytes, k->id, 4) != 0)
			continue;
		found = true;
		rc = k->algorithm == KEY_COSIGNATURE ? cosigned(n->text, k, bytes)
						     : ed25519_check(k->key, n->text, bytes);
		if (rc != TK_OK)
			return rc == TK_ENOMEM ? NOTE_UNCHECKED : NOTE_BAD;
	}
	return found ? NOTE_GOOD : NOTE_UNSIGNED;
}

/* ---- writing ---- */

void note_begin(struct buf *out, struct slice text)
{
	buf_add(out, text);
	buf_byte(out, '\n');
}

bool note_sign(struct buf *out, struct slice text, struct slice name, const uint8_t seed[SEED_LEN])
{
	uint8_t public[PUBLIC_LEN], bytes[4 + SIGNATURE_LEN];
	struct vkey k;

	if (!ed25519_public(seed, public) || !vkey_make(&k, name, KEY_ED25519, public) ||
	    !ed25519_sign(seed, text, bytes + 4))
		return false;
	memcpy(bytes, k.id, 4);
	buf_fmt(out, DASH "%s ", k.name);
	put_base64(out, slice_of(bytes, sizeof bytes));
	buf_byte(out, '\n');
	return !out->failed;
}
