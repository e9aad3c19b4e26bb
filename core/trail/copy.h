/* A copy of a trail that may be written meanwhile: notes, segments and public keys, no private key. Whole by
 * itself: it says nothing of what came later. */
#ifndef TK_TRAIL_COPY_H
#define TK_TRAIL_COPY_H

#include <stdint.h>

#include "core/base/err.h"

struct trail_part {
	int64_t first;	/* segment: files of those before it are left out, their notes are not */
	int64_t sealed; /* number of segments */
	int64_t end; /* the seq behind the last record of the copy; what is not sealed comes as open.jsonl */
};
/* to: a folder, made if it is missing. */
int trail_copy(const char *from, const char *to, const struct trail_part *part, struct err *e);
/* Of a sealed segment: UTC seconds of its closing, and its last record. */
int trail_segment_end(const char *folder, int64_t segment, int64_t *closed, int64_t *last_seq, struct err *e);

#endif
