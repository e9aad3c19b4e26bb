/* Signed notes and verifier keys, byte for byte C2SP signed-note; cosignatures of witnesses by C2SP
 * tlog-cosignature. Reading is pure and takes any bytes. */
#ifndef TK_TRAIL_NOTE_H
#define TK_TRAIL_NOTE_H

#include "core/base/buf.h"
#include "core/trail/scalar.h"
#include "core/trail/signature.h"

#define NOTE_MAX 65536
#define NOTE_SIGNATURES 16
#define KEY_NAME_MAX 200

enum key_algorithm { KEY_ED25519 = 1, KEY_COSIGNATURE = 4 };

/* A verifier key: whose signature is believed. */
struct vkey {
	char name[KEY_NAME_MAX + 1]; /* UTF-8, no blank, no plus sign */
	uint8_t algorithm;
	uint8_t id[4]; /* SHA-256(name || LF || algorithm || key)[0:4] */
	uint8_t key[PUBLIC_LEN];
};
/* False: the name is not one. */
bool vkey_make(struct vkey *out, struct slice name, uint8_t algorithm, const uint8_t key[PUBLIC_LEN]);
/* "name+hex+base64": split at the first two plus signs; the id must be the one that the key has. */
bool vkey_read(struct slice text, struct vkey *out);
void put_vkey(struct buf *out, const struct vkey *k);
bool vkey_eq(const struct vkey *a, const struct vkey *b);

struct note_signature {
	struct slice name;
	uint8_t bytes[256]; /* key id and signature */
	size_t n;
};
struct note {
	struct slice text; /* with its last LF; borrows the bytes read, as the names do */
	struct note_signature signature[NOTE_SIGNATURES];
	size_t n_signatures;
};
/* False with `why`: not a note. Signatures are not looked at. */
bool note_read(struct slice bytes, struct note *out, const char **why);

enum note_verdict { NOTE_GOOD, NOTE_UNSIGNED, NOTE_BAD, NOTE_UNCHECKED };
/* NOTE_GOOD: the key signed it. NOTE_UNSIGNED: no signature of this key is there. NOTE_BAD: one is there and
 * is wrong. NOTE_UNCHECKED: no memory to look. Signatures of other keys do not matter. */
enum note_verdict note_signed_by(const struct note *n, const struct vkey *k);

/* The text and the empty line, to be followed by signatures. */
void note_begin(struct buf *out, struct slice text);
/* False when OpenSSL refuses. */
bool note_sign(struct buf *out, struct slice text, struct slice name, const uint8_t seed[SEED_LEN]);

#endif
