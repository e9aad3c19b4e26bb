/* The roof of the room: captured packets in, access events out. Frame, stream, HTTP, bodies, usage; one
 * thread. Whose packets they are, and where the events go, is the caller's. */
#ifndef TK_SENSOR_PROTO_TAP_H
#define TK_SENSOR_PROTO_TAP_H

#include "core/event/event.h"
#include "core/event/loss.h"
#include "sensor/fields/context.h"
#include "sensor/proto/tcp/stream.h"

struct tap_limits {
	struct stream_limits streams;
	uint32_t exchanges;	   /* under way at a time */
	uint32_t decoders;	   /* compressed bodies under way at a time */
	uint32_t lines;		   /* header lines cut by a segment's end at a time */
	uint32_t tls, http2, quic; /* connections at a time */
	size_t tls_bytes;	   /* of encrypted connections whose secrets are waited for */
	size_t http2_bytes;	   /* that HPACK may hold */
};
#define TAP_LIMITS_DEFAULT                                                                                   \
	{                                                                                                    \
		STREAM_LIMITS_DEFAULT, 4096, 1024, 1024, 16384, 4096, 4096, 16u << 20, 32u << 20             \
	}

struct tap_sink {
	void *ctx;
	/* In order of completion, as far as the packets came. Borrowed for the call; ev->digest is the
	 * identity of the exchange: 4-tuple, absolute sequence number of the request's first byte, minute of
	 * its packet time. */
	void (*event)(void *ctx, struct access_event *ev);
};

struct tap;
/* NULL: no memory. The context's key, cache and networks are borrowed; its scratch is not used. */
struct tap *tap_new(const struct tap_limits *limits, const struct parse_context *fields,
		    const struct tap_sink *sink);
void tap_free(struct tap *t);
/* Secrets of TLS connections; borrowed until the end, and may grow. Before the first packet. */
struct key_log;
void tap_use_keys(struct tap *t, struct key_log *keys);
void tap_packet(struct tap *t, int64_t ns, uint32_t link_type, struct slice bytes, uint32_t wire_len);
/* No packet came until then (a live capture's clock). */
void tap_time(struct tap *t, int64_t ns);
/* The key log has grown, and packets may not come: what waits for its secrets is read if it can be. */
void tap_retry(struct tap *t);
/* Secrets may come so much later than the packets (a live key log): a connection that ends without them is
 * over only then. Before the first packet; false: no memory. */
bool tap_linger(struct tap *t, int64_t ns);
/* The capture is over: what is under way becomes incomplete events. */
void tap_finish(struct tap *t);
/* Exchanges under way. */
size_t tap_in_flight(const struct tap *t);
/* What was lost since the last call; `out` is overwritten, the counts begin anew. */
void tap_losses(struct tap *t, struct losses *out);
uint64_t tap_packets(const struct tap *t);

#endif
