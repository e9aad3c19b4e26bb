/* Content codings of a body (RFC 9110 8.4): identity, gzip and deflate (RFC 1950, 1951, 1952), br (RFC 7932)
 * and zstd (RFC 8878), see codings.def; stacked up to CONTENT_STACK. The decoded bytes are handed on in
 * pieces, some of them when the body is over (content_whole.c), and they do not depend on how the coded ones
 * were cut. Output and ratio are capped at each coding of a stack, and memory over all bodies. A pool of
 * decoders is taken at birth; what zlib allocates for one at its first use is kept. One thread. */
#ifndef TK_SENSOR_PROTO_HTTP_CONTENT_H
#define TK_SENSOR_PROTO_HTTP_CONTENT_H

#include "core/base/slice.h"

#define CONTENT_STACK 4
#define CONTENT_FIRST_MAX 5 /* bytes that tell whether a body is coded at all */
#define CONTENT_OUT_MAX (UINT64_C(256) << 20) /* of one body; behind it nothing is decoded */
#define CONTENT_RATIO_MAX 1000                /* decoded over coded bytes, once CONTENT_RATIO_FROM came out */
#define CONTENT_RATIO_FROM (UINT64_C(1) << 20)
#define CONTENT_HELD_MAX (UINT64_C(48) << 20) /* of memory for br and zstd, over all bodies */

enum content_state {
	CONTENT_OK,       /* whole so far */
	CONTENT_CUT,      /* content_end: the coded data was not over */
	CONTENT_UNKNOWN,  /* a coding that is not read (compress, dcb, ...): nothing came out */
	CONTENT_DAMAGED,  /* what was sound came out */
	CONTENT_CAPPED,   /* a cap was reached: output, ratio, or the window that a zstd body needs; or a br
			   * body ended before what its window holds could be within the ratio */
	CONTENT_NO_ROOM   /* no decoder was free, or no memory: nothing (more) came out */
};

/* Decoded pieces are 256 KiB at most; those of a plain body are as they came. Borrowed for the call. */
typedef void (*content_out)(void *ctx, struct slice plain);

struct content_pool;
/* NULL: no memory. A decoder that was used for gzip holds about 40 KiB; see also CONTENT_HELD_MAX. */
struct content_pool *content_pool_new(uint32_t decoders);
void content_pool_free(struct content_pool *p);

/* A short coded body waits until it is whole. */
struct content_wait {
	uint16_t place, n; /* in the pool; bytes */
	bool waits;
};

struct content_coding;
struct content { /* stages in the order in which they are undone: the last coding of the header first */
	struct content_pool *pool;
	const struct content_coding *coding[CONTENT_STACK];
	int32_t decoder[CONTENT_STACK];  /* numbers in the pool; -1: none */
	uint8_t n, state;                /* state: enum content_state */
	uint8_t phase[CONTENT_STACK];
	uint8_t first[CONTENT_STACK][CONTENT_FIRST_MAX]; /* bytes that wait for the next ones, which decide */
	uint8_t first_n[CONTENT_STACK];
	struct content_wait wait;
	uint64_t in, out;                /* bytes so far, coded and handed on */
};

/* `coding` is the value of Content-Encoding, or empty. A body that says gzip and cannot be that by its
 * first bytes is identity: recorders and proxies undo the coding and leave the header. A stack deeper than
 * CONTENT_STACK is a coding that is not read. */
void content_begin(struct content *c, struct content_pool *pool, struct slice coding);
void content_data(struct content *c, struct slice bytes, content_out out, void *ctx);
/* Hands on what is left. */
enum content_state content_end(struct content *c, content_out out, void *ctx);
/* Gives the decoders back: of a body whose end is of no interest. Legal on a zeroed struct, and after
 * content_end. */
void content_drop(struct content *c);

#endif
