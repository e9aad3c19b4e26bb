/* Content codings of a body (RFC 9110 8.4): identity, gzip, deflate (RFC 1950, 1951, 1952, by zlib), stacked
 * up to CONTENT_STACK; the decoded bytes are handed on in pieces, nothing is kept. Output and ratio are
 * capped at each coding of a stack. A pool of decoders is taken at birth; what zlib allocates for one at its
 * first use is kept. One thread. */
#ifndef TK_SENSOR_PROTO_CONTENT_H
#define TK_SENSOR_PROTO_CONTENT_H

#include "core/base/slice.h"

#define CONTENT_STACK 4
#define CONTENT_OUT_MAX (UINT64_C(256) << 20) /* of one body; behind it nothing is decoded */
#define CONTENT_RATIO_MAX 1000                /* decoded over coded bytes, once CONTENT_RATIO_FROM came out */
#define CONTENT_RATIO_FROM (UINT64_C(4) << 20)

enum content_state {
	CONTENT_OK,       /* whole so far */
	CONTENT_CUT,      /* content_end: the coded data was not over */
	CONTENT_UNKNOWN,  /* a coding that is not read (br, zstd, ...): nothing came out */
	CONTENT_DAMAGED,  /* what was sound came out */
	CONTENT_CAPPED,   /* the cap was reached */
	CONTENT_NO_ROOM   /* no decoder was free: nothing came out */
};

/* Decoded pieces are 16 KiB at most; those of a plain body are as they came. Borrowed for the call. */
typedef void (*content_out)(void *ctx, struct slice plain);

struct content_pool;
/* NULL: no memory. A decoder that was used holds about 40 KiB. */
struct content_pool *content_pool_new(uint32_t decoders);
void content_pool_free(struct content_pool *p);

struct content { /* stages in the order in which they are undone: the last coding of the header first */
	struct content_pool *pool;
	int32_t decoder[CONTENT_STACK];  /* numbers in the pool; -1: none */
	uint8_t coding[CONTENT_STACK], n;
	uint8_t phase[CONTENT_STACK];
	uint8_t first[CONTENT_STACK];    /* a byte that waits for the second one, which decides */
	uint8_t state;                   /* enum content_state */
	uint64_t in, out;                /* bytes so far, coded and handed on */
};

/* `coding` is the value of Content-Encoding, or empty. A body that says gzip and does not begin like one is
 * identity: recorders and proxies undo the coding and leave the header (the first bytes decide). A stack
 * deeper than CONTENT_STACK is a coding that is not read. */
void content_begin(struct content *c, struct content_pool *pool, struct slice coding);
void content_data(struct content *c, struct slice bytes, content_out out, void *ctx);
/* Gives the decoders back. Legal on a zeroed struct, and again. */
enum content_state content_end(struct content *c);

#endif
