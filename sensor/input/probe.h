/* Which generation is a compressed file? Its plain bytes must pass by once to be compared with every
 * generation that it may be; in steps, so that live logs do not wait. Not for several threads. */
#ifndef TK_SENSOR_INPUT_PROBE_H
#define TK_SENSOR_INPUT_PROBE_H

#include "sensor/input/codec.h"
#include "sensor/input/generation.h"

enum probe_result {
	PROBE_MORE,    /* call again */
	PROBE_SOUND,   /* looked through; best and total are the answer */
	PROBE_CUT,     /* ends inside a member: cut off, or still being written */
	PROBE_DAMAGED, /* not what a codec expects: best and total tell of what came before; text says more */
};

struct probe {
	struct codec_reader *reader; /* NULL: not running */
	struct gen_track track;
	int64_t best;                /* number in the book, -1: none of them */
	uint64_t total;              /* plain bytes */
};

/* TK_ENOMEM. The descriptor stays the caller's. */
int probe_begin(struct probe *p, int fd);
void probe_end(struct probe *p); /* legal on one that is not running */
/* Looks at some of the file. `buf` of `cap` bytes, more than GENERATION_PREFIX, is working room. */
enum probe_result probe_step(struct probe *p, const struct gen_book *book, const struct gen_query *q,
			     struct sha256 *sha, uint8_t *buf, size_t cap, struct err *e);

#endif
