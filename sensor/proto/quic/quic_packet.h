/* The packets of a UDP datagram and the frames of an Initial as they lie there (RFC 8999, RFC 9000 12, 17 and
 * 19, RFC 9369). Pure: bounded reads, nothing is kept, everything borrows. */
#ifndef TK_SENSOR_PROTO_QUIC_QUIC_PACKET_H
#define TK_SENSOR_PROTO_QUIC_QUIC_PACKET_H

#include "core/base/slice.h"

#define QUIC_CID_MAX 20 /* RFC 9000 17.2 */
#define QUIC_LONG 0x80  /* first byte: a long header follows */
#define QUIC_FIXED 0x40 /* first byte: set, unless the peer allowed it to be cleared (RFC 9287) */

enum quic_type { /* the numbers of version 1 */
	QUIC_INITIAL,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION /* Version Negotiation, of no version */
};

struct quic_version {
	uint32_t first, last;
	const char *name;
	uint8_t kind;                      /* 1 or 2: whose labels and packet types it has */
	uint8_t salt[20];
	bool tagged;                       /* its Retry ends in a tag */
	uint8_t retry_key[16], retry_nonce[12];
};
const struct quic_version *quic_version_find(uint32_t version); /* NULL: not known */
/* "1", "2", "draft-29"; one that is not known in hex. With NUL. */
#define QUIC_VERSION_TEXT 16
void quic_version_text(uint32_t version, char out[QUIC_VERSION_TEXT]);

struct quic_packet {
	uint8_t type;              /* enum quic_type */
	uint32_t number;           /* of the version */
	const struct quic_version *version; /* NULL with QUIC_NEGOTIATION */
	struct slice dcid, scid;   /* at most QUIC_CID_MAX bytes */
	struct slice token;        /* of an Initial */
	struct slice whole;        /* all of it */
	size_t protected_at;       /* Initial: where in `whole` its packet number begins */
	size_t rest_at;            /* Retry: where in `whole` that begins which follows the ids */
};

enum quic_taken {
	QUIC_TAKEN,
	QUIC_CUT,     /* sound, but not all of it was captured; `whole` is what was */
	QUIC_FOREIGN, /* a long header of an unknown version; only `number`, `dcid` and `scid` hold */
	QUIC_NOTHING  /* no long header, or lengths that make no sense */
};
/* Takes the next packet off a datagram of which `missing` bytes were sent and not captured. */
enum quic_taken quic_packet_take(struct slice *datagram, size_t missing, struct quic_packet *out);

enum quic_frames {
	QUIC_CRYPTO,
	QUIC_FRAMES_END,
	QUIC_FRAMES_BAD /* one that has no place in an Initial, or lengths that make no sense */
};
/* Goes on to the next CRYPTO frame of what an Initial of that version holds, past all others. `data` may be
 * empty; offset + data.n does not overflow. */
enum quic_frames quic_frame_crypto(uint32_t version, struct slice *plain, uint64_t *offset,
				   struct slice *data);

/* RFC 9000 16. False: not all of it is there, nothing is taken. */
bool quic_varint(struct slice *s, uint64_t *out);

#endif
