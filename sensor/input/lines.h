/* Lines out of arbitrary chunks of a stream. LF and CRLF end a line; a lone CR is a byte like any
 * other. Lines that a frame (gateway/framing.h) cut into pieces are one line, with LF between the pieces.
 * Nothing is copied while a line lies in one chunk. Memory: one line limit. Not for several threads. */
#ifndef TK_SENSOR_INPUT_LINES_H
#define TK_SENSOR_INPUT_LINES_H

#include "core/base/buf.h"
#include "core/event/wire.h"

#define LINE_LIMIT (1u << 20) /* bytes without its end; a longer line is REJECT_TOO_LONG */

struct line {
	struct slice text;    /* without LF or CRLF; of a line that is too long: its first LINE_LIMIT bytes */
	uint64_t offset, end; /* where it begins, and the first byte behind its LF, in the stream */
	uint64_t number;      /* from 1; of one in pieces: the last of them */
	uint8_t reject;       /* 0, REJECT_TOO_LONG or REJECT_NUL: not for a parser */
};

struct lines {
	struct slice chunk;   /* what is left of the bytes handed in */
	struct buf part;      /* the beginning of a line whose end was not seen yet */
	uint64_t offset;      /* where the next or unfinished line begins */
	uint64_t seen;        /* bytes of it seen so far, those not kept included */
	uint64_t number;      /* lines ended so far */
	size_t piece;         /* where in `part` its last piece begins */
	uint64_t feeds;       /* pieces before that one */
};

/* A stream that continues at `offset` with `number` lines before it. */
void lines_init(struct lines *l, uint64_t offset, uint64_t number);
void lines_free(struct lines *l); /* legal on a zeroed struct */
/* Hands in the next bytes, borrowed until lines_next says TK_AGAIN. */
void lines_feed(struct lines *l, struct slice chunk);
/* TK_OK; TK_AGAIN: the chunk is used up, feed the next; TK_ENOMEM. The line's text is valid until the next
 * call. */
int lines_next(struct lines *l, struct line *out);
/* At the end of a stream that will not grow: the line without LF, if there is one. TK_OK or TK_EEND. */
int lines_last(struct lines *l, struct line *out);
/* Position behind the last whole line and the number of lines before it: what may be committed. */
static inline uint64_t lines_position(const struct lines *l) { return l->offset; }
static inline uint64_t lines_count(const struct lines *l) { return l->number; }
/* Bytes of the unfinished line seen so far. */
static inline uint64_t lines_pending(const struct lines *l) { return l->seen; }

#endif
