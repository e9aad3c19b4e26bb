/* Anchors: what others hold of a log's checkpoints. Reading takes any bytes. */
#ifndef TK_TRAIL_ANCHOR_H
#define TK_TRAIL_ANCHOR_H

#include "core/base/err.h"
#include "core/trail/head.h"

struct anchor {
	char source[128];	     /* for messages */
	char origin[ORIGIN_MAX + 1]; /* "": the anchor does not say */
	int64_t size;		     /* 0: not known (a code) */
	struct hash32 root;
	char code[SHORT_CODE_LEN + 1]; /* "": root decides */
};
/* A live head that a collector was told. */
struct head_anchor {
	char source[128];
	struct trail_said said; /* seq 0 or more */
};
struct heads {
	struct head_anchor *p; /* by seq */
	size_t n, cap;
};
struct anchors {
	struct anchor *p;
	size_t n, cap;
	struct heads heads;
	struct vkey witness[8];
	size_t n_witnesses;
};
void anchors_free(struct anchors *a);
/* A typed short code. TK_ECONFIG. */
int anchors_add_code(struct anchors *a, const char *code, struct err *e);
/* A file: an anchors.tsv, a checkpoint note, or lines of a collector with HEAD messages in them (other lines
 * are passed over). TK_EMALFORMED: none of them. */
int anchors_add_file(struct anchors *a, const char *path, struct err *e);
/* The checkpoints of an older copy of the log: its folder, or a checkpoint note. */
int anchors_add_copy(struct anchors *a, const char *path, struct err *e);
/* The verifier key of a witness: text, or a file that holds it. */
int anchors_add_witness(struct anchors *a, const char *key, struct err *e);

/* A checkpoint note's text. */
bool checkpoint_note_read(struct slice bytes, struct note *n, struct checkpoint *c, const char **why);
/* A table as the seal writes it. False with the line that is wrong. */
bool anchors_read_table(struct anchors *a, struct slice text, const char *source, int *line);

#endif
