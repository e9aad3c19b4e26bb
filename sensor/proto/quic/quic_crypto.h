/* The beginning of a CRYPTO stream (RFC 9000 19.6) put together from pieces in any order, in blocks of a
 * fixed pool. Where pieces overlap with different content the first that came wins. */
#ifndef TK_SENSOR_PROTO_QUIC_QUIC_CRYPTO_H
#define TK_SENSOR_PROTO_QUIC_QUIC_CRYPTO_H

#include "core/base/slice.h"

#define QUIC_CRYPTO_MAX 16384 /* bytes of a stream; what is behind is left out */
#define QUIC_BLOCK 4096
#define QUIC_BLOCKS_EACH (QUIC_CRYPTO_MAX / QUIC_BLOCK)

struct quic_block;
struct quic_blocks {
	struct quic_block *of; /* [0] is nobody */
	uint32_t limit, fresh, free, used;
};
bool quic_blocks_init(struct quic_blocks *b, uint32_t blocks); /* false: no memory; free it all the same */
void quic_blocks_free(struct quic_blocks *b);

/* A zeroed one is empty. */
struct quic_crypto {
	uint32_t block[QUIC_BLOCKS_EACH]; /* 0: nothing of it came yet */
	uint32_t ready; /* how many bytes from the start on are there */
};
/* False: no block is left; what found room stays. Moves `ready` on. */
bool quic_crypto_add(struct quic_blocks *b, struct quic_crypto *c, uint64_t offset, struct slice data);
/* The first n bytes, which are ready. */
void quic_crypto_copy(const struct quic_blocks *b, const struct quic_crypto *c, uint8_t *out, size_t n);
bool quic_crypto_holds(const struct quic_crypto *c); /* any block? */
/* Gives its blocks back and empties it. */
void quic_crypto_drop(struct quic_blocks *b, struct quic_crypto *c);

#endif
