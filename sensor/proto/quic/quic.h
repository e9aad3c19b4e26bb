/* QUIC connections as a listener sees them who has no keys (RFC 9000, RFC 9001, RFC 9369, and drafts:
 * quic_versions.def): who with whom, how much, and the ClientHello of the Initial packets, whose keys
 * everybody can derive. Coalesced packets, CRYPTO frames in any order over any number of datagrams, Retry,
 * Version Negotiation and changed connection ids are followed.
 *
 * A connection is told once, when it is over: silent for QUIC_IDLE_NS of packet time, followed by another one
 * between the same ports, pushed out, or the capture's end. It begins with an Initial; one that is met later
 * is passed over. A fixed pool; all memory is taken at birth; time is packet time. One thread. */
#ifndef TK_SENSOR_PROTO_QUIC_QUIC_H
#define TK_SENSOR_PROTO_QUIC_QUIC_H

#include "sensor/proto/packet/frame.h"
#include "sensor/proto/quic/quic_packet.h"
#include "sensor/proto/tls/tls_hello.h"

#define QUIC_IDLE_NS (INT64_C(60) * 1000000000)
#define QUIC_POOL_DEFAULT 4096

enum quic_side { QUIC_CLIENT, QUIC_SERVER };

enum quic_hello {
	QUIC_HELLO_UNREAD, /* no Initial of the client could be opened: not captured, cut, not the first */
	QUIC_HELLO_PART,   /* not all of it came */
	QUIC_HELLO_ODD,    /* what came is no ClientHello, or longer than QUIC_CRYPTO_MAX */
	QUIC_HELLO_WHOLE
};

enum quic_end {
	QUIC_IDLE,
	QUIC_FOLLOWED, /* by another one between the same addresses and ports */
	QUIC_EVICTED,  /* the pool was full, and no other was silent for longer */
	QUIC_FINISHED  /* the capture ended */
};

struct quic_connection {
	struct addr addr[2]; /* by enum quic_side */
	uint16_t port[2];
	bool sure;           /* an Initial of the client was opened; else the sides are a guess */
	bool retry;          /* the server answered with a Retry, whose tag is right */
	bool token;          /* the client had one: from a Retry, seen or not, or an earlier connection */
	bool negotiated;     /* the server answered with Version Negotiation */
	bool answered;       /* the server said something other than those */
	uint32_t version;    /* the server's, or before it answers the client's; see quic_version_text */
	uint8_t cid_n, cid[QUIC_CID_MAX]; /* what the client chose for the server at first: random */
	int64_t first_ns, last_ns;
	uint64_t datagrams[2], bytes[2]; /* by sender; UDP payload as sent */
	uint8_t hello_is;    /* enum quic_hello */
	struct tls_hello hello; /* holds with QUIC_HELLO_WHOLE */
};

struct quic_sink {
	void *ctx;
	/* Borrowed for the call. Must not call back into the pool. */
	void (*closed)(void *ctx, const struct quic_connection *c, enum quic_end how);
};

/* What could not be read, since birth. */
struct quic_counts {
	uint64_t unopened; /* Initials that no keys opened while a ClientHello was waited for */
	uint64_t cut;      /* the same, because the snap length took a part; not among `unopened` */
	uint64_t bad;      /* frames that have no place in an Initial, or lengths that make no sense */
	uint64_t odd;      /* CRYPTO streams that begin with no ClientHello, or too long a one */
	uint64_t foreign;  /* datagrams that open a connection of a version that is not known */
	uint64_t evicted;  /* connections: the pool was full */
	uint64_t crowded;  /* ClientHellos given up: too many were incomplete */
};

struct quic_pool;
/* Follows up to n connections at a time, at least 1. NULL: no memory, or OpenSSL lacks AES. */
struct quic_pool *quic_pool_new(uint32_t n);
void quic_pool_free(struct quic_pool *q); /* tells nothing; NULL is legal */
/* Any UDP datagram; what is no QUIC is refused by its first bytes. */
void quic_datagram(struct quic_pool *q, const struct segment *udp, int64_t ns, const struct quic_sink *sink);
/* Packet time has come this far. Called by quic_datagram itself. */
void quic_time(struct quic_pool *q, int64_t ns, const struct quic_sink *sink);
/* The capture is over: tells all that is left. */
void quic_finish(struct quic_pool *q, const struct quic_sink *sink);
const struct quic_counts *quic_counts(const struct quic_pool *q);
uint32_t quic_open_connections(const struct quic_pool *q);
uint32_t quic_blocks_used(const struct quic_pool *q); /* of the memory for incomplete ClientHellos */

#endif
