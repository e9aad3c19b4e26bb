/* What a verification under way holds. Private to the verify files. */
#ifndef TK_TRAIL_VERIFY_STATE_H
#define TK_TRAIL_VERIFY_STATE_H

#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/verify.h"

#define EPOCHS_MAX 9999

/* One segment whose manifest is there, in ascending order of number. */
struct sealed {
	int64_t segment, first_seq, last_seq, size, opened, closed;
	struct hash32 leaf_root, last_hash, sha256, manifest;
	struct hash32 root, checkpoint; /* of the log tree with this segment as its last */
	struct vkey *log_key;		/* of its epoch */
	uint8_t next_key[PUBLIC_LEN];
	char file[FILE_LEN + 1];
	bool follows; /* the segment before it is there too */
	bool in_tree; /* no manifest before it is missing: root and checkpoint are known */
	bool gone;    /* its file is not there */
};

struct epoch_entry {
	struct epoch e;
	struct hash32 hash;
};

/* An erase record that allows what it says. */
struct erasure {
	size_t at; /* of the sealed one */
	int64_t first, last, seq;
	bool whole;
	struct hash32 sha256; /* of the file with stubs; !whole */
};

/* Stubs that were found: seq first to last of one segment. */
struct stubs {
	size_t at;
	int64_t first, last, offset;
	struct hash32 sha256; /* of the whole file */
};

struct verify {
	const struct verify_options *o;
	struct verify_result *r;
	struct err *e;
	int folder;
	struct sha256 *hash;
	struct buf note; /* the note under way */
	struct vkey site_key;
	struct epoch_entry *epoch;
	size_t n_epochs;
	struct sealed *sealed;
	size_t n_sealed;
	int64_t end; /* number behind the last segment */
	struct erasure *erasure;
	size_t n_erasures, cap_erasures;
	struct stubs *stubs;
	size_t n_stubs, cap_stubs;
	int64_t last_heartbeat; /* ns; 0: none that the next must follow */
	size_t next_head;	/* of the anchors' live heads: the first whose record is still to come */
	int64_t heads_agree;
	bool told_other_heads; /* that there are some of another log */
	int unable;	       /* TK_OK, or why something could not be read or checked, told in e */
};

struct place {
	int64_t segment, seq, offset;
	const char *file;
};
#define NOWHERE ((struct place){ -1, -1, -1, NULL })
static inline struct place in_segment(int64_t segment, const char *file)
{
	return (struct place){ segment, -1, -1, file };
}
/* verify.c: tells a finding and counts it into the verdicts. */
void found(struct verify *v, enum trail_finding_id id, struct place at, const char *fmt, ...) TK_PRINTF(4, 5);
/* The sealed segment of that number, or NULL. */
struct sealed *sealed_at(struct verify *v, int64_t segment);
/* Where this is no verdict about the trail but a disk that does not read, or a lack of memory: keeps it, and
 * true. The verification ends with it, for what was not looked at must not be called altered. */
bool verify_unable(struct verify *v, int rc, const char *why);
/* Did it sign? Also true where that could not be found out (verify_unable). */
bool verify_signed(struct verify *v, const struct note *n, const struct vkey *k);
/* Room for one more; false: no memory, told in v->e. */
bool verify_grow(struct verify *v, void **p, size_t n, size_t *cap, size_t each);

/* verify_notes.c: epochs, manifests, checkpoints; fills `sealed`. */
int verify_notes(struct verify *v);
/* A note of the folder into v->note; false: told as a finding, unless it is not there (*missing). */
bool verify_read_note(struct verify *v, const char *file, struct note *n, struct place at, bool *missing);
bool verify_seal_under_way(struct verify *v); /* the writer's plan lies in the folder */
/* verify_segment.c: every segment file, and what is not sealed yet. */
int verify_segments(struct verify *v);
int verify_open_segment(struct verify *v);
/* verify_erase.c */
int verify_take_erase(struct verify *v, const struct record *r, struct slice line, struct place at);
void verify_erasures(struct verify *v);
/* verify_anchor.c */
int verify_stamps(struct verify *v);
int verify_anchors(struct verify *v);
bool verify_rewound(const struct verify *v, int64_t size);
/* verify_actors.c: is its actor one of those who may be there? */
void verify_actor(struct verify *v, struct slice line, struct place at);
/* verify_heads.c: a line of the record at.seq, with its hash; a segment whose file is not there; and in the
 * end, when every record was seen. */
void verify_head_line(struct verify *v, struct place at, const struct hash32 *hash);
void verify_heads_of_gone(struct verify *v, const struct sealed *s);
void verify_heads(struct verify *v);
/* verify_strays.c: what lies in the folder and belongs to no segment. */
int verify_strays(struct verify *v);
/* A segment behind the last one that was there when the verification began is sealed now; waits, up to ten
 * seconds, while a seal is under way. */
bool verify_sealed_meanwhile(struct verify *v, int64_t segment);

#endif
