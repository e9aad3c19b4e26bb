/* What a trail under way holds. Private to the writer's files. */
#ifndef TK_TRAIL_WRITER_STATE_H
#define TK_TRAIL_WRITER_STATE_H

#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"
#include "core/trail/writer.h"

struct trail {
	char folder[TRAIL_PATH_MAX], keys[TRAIL_PATH_MAX], zone[ZONE_MAX + 1];
	struct sha256 *hash, *file_hash; /* file_hash: over the open segment so far */
	struct renderer *renderer;
	struct buf line, out; /* out: lines not yet written */
	int fd;		      /* of the open segment */

	struct epoch epoch;
	struct hash32 epoch_hash;
	uint8_t day[SEED_LEN], log[SEED_LEN], nonce_key[32], nonces[32];
	int64_t nonces_of; /* which pair of records they are for */

	/* the sealed segments */
	int64_t segments;	/* how many; also the number of the open one */
	struct hash32 manifest; /* SHA-256 of the last manifest's text (segment 0: of the epoch's) */
	struct vkey expected;	/* the key that signs the open segment */
	int64_t closed;		/* of the last; segment 0: the epoch's beginning */
	struct merkle log_tree;
	struct hash32 checkpoint; /* SHA-256 of the last checkpoint's text */

	/* the open segment */
	int64_t first_seq, records, bytes;
	struct hash32 last; /* SHA-256 of the last line; before the first of a segment, the one before it */
	struct merkle leaves;
};

/* writer_open.c */
int trail_new(struct trail **out, const struct trail_place *place, struct err *e); /* nothing read yet */
int trail_read_notes(struct trail *t, struct err *e); /* TK_ENOTFOUND: there is no epoch note */
void trail_path(const struct trail *t, char out[TRAIL_PATH_MAX], const char *fmt, ...) TK_PRINTF(3, 4);
void trail_key_path(const struct trail *t, char out[TRAIL_PATH_MAX], const char *fmt, ...) TK_PRINTF(3, 4);
int trail_open_segment(struct trail *t, struct err *e); /* reads what is there; a torn line is cut off */
int trail_use_day_key(struct trail *t, struct err *e);
/* A manifest as one more leaf. */
void trail_take_manifest(struct trail *t, struct slice text, const struct manifest *m);
/* writer_epoch.c */
int trail_init(struct trail *t, const char *site_name, int64_t now_ns, struct err *e);
/* The site's public key, where a crash came between it and the epoch note. */
int trail_complete_public(struct trail *t, struct err *e);
/* writer.c */
void trail_take_line(struct trail *t, struct slice line);
/* writer_seal.c */
int trail_finish_seal(struct trail *t, struct err *e); /* nothing to do when none was begun */

#endif
