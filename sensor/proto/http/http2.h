/* HTTP/2 (RFC 9113), both directions of one connection, read passively: framing is followed, never
 * enforced, and nothing is ever answered. Header blocks are undone by nghttp2's HPACK inflater (RFC 7541).
 * Bytes come in any pieces; the calls of the sink do not depend on how they were cut, but for the size of
 * body pieces.
 *
 * What was not seen is unknown, never wrong. HPACK counts its table from the newest entry, so that an
 * index means the same in every table that saw the same additions: where the connection is met midway, or
 * bytes are missing, the table begins empty, and what points behind it is unknown. So is an entry whose
 * name was.
 *
 * The size of a table follows the updates inside of the header blocks alone: an encoder must tell every
 * change there (RFC 7541 4.2), so SETTINGS_HEADER_TABLE_SIZE, its acknowledgement, and HTTP2-Settings of
 * an upgrade add nothing. One thread. */
#ifndef TK_SENSOR_PROTO_HTTP_HTTP2_H
#define TK_SENSOR_PROTO_HTTP_HTTP2_H

#include "core/base/slice.h"
#include "sensor/proto/http/direction.h"

#define HTTP2_VALUE_MAX 8192    /* a longer name or value of a field is cut there */
#define HTTP2_BLOCK_MAX 262144  /* a header block, and what is told of it; a longer one is lost */
#define HTTP2_STREAMS 256       /* of a connection at a time; then the one silent the longest is given up */
#define HTTP2_TABLE_MAX 65536   /* of HPACK's table; what an encoder keeps beyond is unknown */

enum http2_lost {
	HTTP2_LOST_PLACE,   /* everything is passed over until frames are found */
	HTTP2_LOST_HEADERS, /* a header block could not be undone: the table is unknown from here on */
	HTTP2_LOST_STREAM   /* a stream was given up: there are too many */
};

/* Of a stream and direction come, in this order: header..., head, body and body_gap..., end. A stream of
 * which anything was told gets its end in that direction, at the latest from http2_finish; end(false) may
 * come without head. The request of a stream whose first sign was its response gets none; a response that
 * never began gets its end alone. Slices are borrowed for the call. A sink must not call the reader. */
struct http2_sink {
	void *ctx;
	/* Pseudo headers, too, and first: ":method", ":status". Fields of trailers and of informational
	 * responses (RFC 9110 15.2) are not told, nor is the rest of such a block. The request that a
	 * server promises is told on the promised stream. */
	void (*header)(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value);
	/* all: false where fields are missing above, because they are unknown or too much. */
	void (*head)(void *ctx, uint32_t stream, enum direction d, bool all);
	/* Without padding. Bodies whose head was not told are passed over. */
	void (*body)(void *ctx, uint32_t stream, enum direction d, struct slice bytes);
	/* Part of the body was not captured, or 0: an unknown part, perhaps none. */
	void (*body_gap)(void *ctx, uint32_t stream, enum direction d, uint64_t bytes);
	/* whole: ended by END_STREAM, with nothing missing of the body. false: reset, given up, cut off. A
	 * response whose stream the client has reset goes on for as long as the server may not know: its
	 * end comes late. */
	void (*end)(void *ctx, uint32_t stream, enum direction d, bool whole);
	void (*lost)(void *ctx, enum direction d, enum http2_lost what);
};

enum http2_begin {
	HTTP2_PREFACE,  /* the client's first bytes are the preface */
	HTTP2_UPGRADED, /* the same behind HTTP/1.1 with 101: stream 1 has its request already */
	HTTP2_MIDWAY    /* the first bytes may be from anywhere */
};

struct http2_pool;
/* A connection takes 4 KiB at birth. `memory`: bytes that HPACK may hold at a time, all connections
 * together; a direction holds 1 to 5 KiB as a rule, at most 33 KiB with a table of the usual 4096 bytes,
 * 520 KiB with one of HTTP2_TABLE_MAX. What finds no room is HTTP2_LOST_HEADERS. NULL: no memory. */
struct http2_pool *http2_pool_new(uint32_t connections, size_t memory);
void http2_pool_free(struct http2_pool *p);
size_t http2_pool_memory(const struct http2_pool *p); /* held by HPACK now */

struct http2;
struct http2 *http2_open(struct http2_pool *p, enum http2_begin how); /* NULL: all are in use */
void http2_data(struct http2 *h, enum direction d, struct slice bytes, const struct http2_sink *sink);
/* That many bytes were not captured. Where they lie inside of a frame whose end is known, only they are
 * lost. */
void http2_gap(struct http2 *h, enum direction d, uint64_t bytes, const struct http2_sink *sink);
/* No more bytes will come from that side. */
void http2_finish(struct http2 *h, enum direction d, const struct http2_sink *sink);
void http2_close(struct http2 *h); /* tells nothing: finish both directions before */

/* Do these bytes begin with the client's preface (RFC 9113 3.4)? 1 yes, 0 no, -1 too few. Pure. */
int http2_preface(struct slice bytes);
/* Bytes from the middle of a connection: if they begin with a frame, and who sent them can be told:
 * REQUEST or RESPONSE; else -1. Pure. */
int http2_looks_like(struct slice bytes);

#endif
