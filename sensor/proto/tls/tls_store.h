/* Blocks of bytes shared by all TLS connections of a thread, and chains of them: for records and messages
 * that are cut by the end of a packet, and for what waits until its keys are known. All memory is taken at
 * birth. Private to tls*.c. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_STORE_H
#define TK_SENSOR_PROTO_TLS_TLS_STORE_H

#include "core/base/slice.h"

#define TLS_BLOCK 2032

struct tls_block {
	uint32_t next; /* 0: none */
	uint16_t n;
	uint8_t bytes[TLS_BLOCK];
};

struct tls_store {
	struct tls_block *blocks; /* from 1 */
	uint32_t free, fresh, limit, used;
};

/* A zeroed one is empty. */
struct tls_chain {
	uint32_t first, last;
	uint32_t n;    /* bytes in it */
	uint16_t gone; /* bytes of the first block that were taken */
};

bool tls_store_init(struct tls_store *s, size_t bytes);
void tls_store_free(struct tls_store *s); /* wiped; legal on a zeroed struct */
/* Is there room to add n bytes to the chain? */
bool tls_store_has(const struct tls_store *s, const struct tls_chain *c, size_t n);
/* There is room. */
void tls_chain_add(struct tls_store *s, struct tls_chain *c, struct slice bytes);
/* The first bytes, as many as lie together; empty at the end. */
struct slice tls_chain_front(const struct tls_store *s, const struct tls_chain *c);
/* Takes n bytes, at most c->n, off the front, to `out` if that is not NULL. */
void tls_chain_take(struct tls_store *s, struct tls_chain *c, size_t n, uint8_t *out);
void tls_chain_clear(struct tls_store *s, struct tls_chain *c);

#endif
