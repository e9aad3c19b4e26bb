/* Takes the protection off Initial packets, whose keys everybody can derive (RFC 9001 5, RFC 9369 3.3), and
 * tells a true Retry from a forged one. OpenSSL computes the ciphers. No packet needs memory. One thread. */
#ifndef TK_SENSOR_PROTO_QUIC_QUIC_KEYS_H
#define TK_SENSOR_PROTO_QUIC_QUIC_KEYS_H

#include <openssl/evp.h>

#include "sensor/proto/quic/quic_packet.h"

struct quic_keys { /* of what one side sends */
	uint8_t key[16], iv[12], hp[16];
};

struct quic_opener {
	EVP_CIPHER *gcm, *ecb;
	EVP_CIPHER_CTX *aead, *mask;
	uint8_t *plain;
};
/* False: no memory, or OpenSSL lacks AES; free it all the same. */
bool quic_opener_init(struct quic_opener *o);
void quic_opener_free(struct quic_opener *o); /* legal on a zeroed one */

/* `cid` is the Destination Connection ID of the client's first Initial. */
void quic_keys_client(const struct quic_version *v, struct slice cid, struct quic_keys *k);
/* Of an Initial that was captured whole. `next` is one more than the largest packet number so far, 0 at
 * first; it is moved on. `plain` lies in the opener until the next call. False: not with these keys, `next`
 * is as before. */
bool quic_open(struct quic_opener *o, const struct quic_keys *k, const struct quic_packet *p, uint64_t *next,
	       struct slice *plain);
/* Does this Retry answer an Initial with that Destination Connection ID? (RFC 9001 5.8) */
bool quic_retry_answers(struct quic_opener *o, const struct quic_packet *retry, struct slice cid);

#endif
