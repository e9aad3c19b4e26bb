/* The texts of the three kinds of note (audit-trail.md 3.3): exactly these lines in this order, one spelling
 * each. A text that is read and written again is the same bytes. Pure functions; any thread. */
#ifndef TK_TRAIL_TEXTS_H
#define TK_TRAIL_TEXTS_H

#include "core/trail/note.h"

#define ORIGIN_MAX (KEY_NAME_MAX - 5) /* "/site" follows it in a key's name */
#define ZONE_MAX 63
#define FILE_LEN 29 /* 2026/11/000412-20261122.jsonl */
#define SEGMENT_MAX 999999

struct maybe_hash {
	struct hash32 hash;
	bool none;
};

enum epoch_reason { EPOCH_INIT, EPOCH_ROTATE, EPOCH_RECOVER };
struct epoch {
	char origin[ORIGIN_MAX + 1];
	int64_t number, reason; /* enum epoch_reason */
	int64_t start_segment;
	struct maybe_hash prev_epoch, prev_checkpoint;
	struct vkey first_key, log_key;
	int64_t created; /* UTC seconds */
};

enum clock_state { CLOCK_SYNCED, CLOCK_UNSYNCED, CLOCK_UNKNOWN };
struct clock {
	int64_t state, offset_ms; /* enum clock_state; the largest offset of the segment's time */
};
struct manifest {
	char origin[ORIGIN_MAX + 1];
	int64_t segment;
	struct hash32 prev;
	int64_t records, first_seq, last_seq;
	struct hash32 leaf_root, last_hash;
	char file[FILE_LEN + 1];
	int64_t size;
	struct hash32 sha256;
	int64_t opened, closed; /* UTC seconds */
	char zone[ZONE_MAX + 1];
	struct clock clock;
	int64_t dropped;
	struct vkey next_key;
};

struct checkpoint {
	char origin[ORIGIN_MAX + 1];
	int64_t size;
	struct hash32 root;
};

/* False with `why` and the line (from 1) that is not as it must be. */
struct text_error {
	const char *why;
	int line;
};
bool epoch_read(struct slice text, struct epoch *out, struct text_error *why);
bool manifest_read(struct slice text, struct manifest *out, struct text_error *why);
bool checkpoint_read(struct slice text, struct checkpoint *out, struct text_error *why);
void put_epoch(struct buf *out, const struct epoch *e);
void put_manifest(struct buf *out, const struct manifest *m);
void put_checkpoint(struct buf *out, const struct checkpoint *c);

/* A segment's place under segments/: its number, and the local date of its closing minus one second. */
bool segment_file_read(struct slice text, int64_t *segment);

#endif
