/* The note that seals an evidence pack: the day key of the open segment signs the digest of the pack's
 * SHA256SUMS. Its first line keeps it apart from every other note (audit-trail.md 3.3).
 *
 *   tochoku.dev/pack@v1
 *   origin <origin>
 *   segments <how many the log has, all of them sealed>
 *   sha256 <hex of SHA256SUMS>
 *
 * The key is the one that the last of these segments names as next-key. Pure but for pack_verify. */
#ifndef TK_TRAIL_PACK_H
#define TK_TRAIL_PACK_H

#include "core/trail/writer.h"

struct pack_seal {
	char origin[ORIGIN_MAX + 1];
	int64_t segments;
	struct hash32 sums;
};
void put_pack_seal(struct buf *out, const struct pack_seal *p);
bool pack_seal_read(struct slice text, struct pack_seal *out);

/* Appends the note, signed with the key of the open segment. */
int trail_sign_pack(struct trail *t, const struct hash32 *sums, struct buf *note, struct err *e);
/* Is the note (of `sums`) signed by the key that the last segment of the trail in this folder names?
 * TK_EMALFORMED: no, and why. */
int pack_verify(const char *trail_folder, struct slice note, const struct hash32 *sums, struct err *e);

#endif
