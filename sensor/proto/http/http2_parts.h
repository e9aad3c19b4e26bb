/* What the files of the HTTP/2 reader share; private to them. */
#ifndef TK_SENSOR_PROTO_HTTP_HTTP2_PARTS_H
#define TK_SENSOR_PROTO_HTTP_HTTP2_PARTS_H

#include "sensor/proto/http/http2.h"

enum http2_type { /* RFC 9113 6 */
	H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST_STREAM, H2_SETTINGS,
	H2_PUSH_PROMISE, H2_PING, H2_GOAWAY, H2_WINDOW_UPDATE, H2_CONTINUATION
};

enum http2_flag { H2_END_STREAM = 0x1, H2_END_HEADERS = 0x4, H2_PADDED = 0x8, H2_WITH_PRIORITY = 0x20 };

#define H2_HEADER 9       /* bytes of a frame's header */
#define H2_MAX_FRAME 16384 /* the longest frame, unless SETTINGS_MAX_FRAME_SIZE says more */

struct http2_frame {
	uint32_t length, stream;
	uint8_t type, flags;
};

uint32_t http2_stream_number(const uint8_t *bytes); /* of 4 bytes; the reserved bit is ignored */
struct http2_frame http2_frame_of(const uint8_t *header);

/* ---- one direction ---- */

enum http2_state {
	H2_AT_PREFACE,
	H2_AT_HEADER,
	H2_AT_PREFIX,  /* pad length, priority, promised stream */
	H2_AT_CONTENT,
	H2_AT_PADDING,
	H2_RESYNC,     /* the place is lost */
	H2_OVER
};

enum http2_block_kind {
	H2_NO_BLOCK,
	H2_UNDECIDED, /* the first known field will tell what it is */
	H2_HEAD,
	H2_PASSED,    /* trailers, an informational response, of nobody: undone for the table's sake */
	H2_CUT        /* not undone any more, its end is awaited */
};

struct http2_block { /* HEADERS or PUSH_PROMISE with what continues it */
	uint32_t stream, on; /* the message's stream; the frames' (another for a promised request) */
	uint32_t bytes, told;
	uint8_t kind;        /* enum http2_block_kind */
	uint8_t d;           /* of the message */
	bool end_stream, unknown;
};

struct http2_fields { /* the representation under way (RFC 7541 6), and the table */
	struct nghttp2_hd_inflater *hd; /* NULL: the table is empty and of its first size */
	uint8_t state, op, raw_n, raw[6];
	uint32_t number, left;
};

#define H2_CANDIDATES 8

struct http2_candidate { /* so many likely frames in a row, and where the next begins */
	uint64_t next;
	uint8_t frames;
};

struct http2_side {
	uint8_t state;
	uint8_t have, buf[H2_HEADER]; /* of a frame's header, prefix, or setting; H2_RESYNC: the last bytes */
	uint8_t doubt;                /* frames that must look like ones before the place is trusted */
	bool fresh;                   /* H2_RESYNC: at the first bytes, which may well begin a frame */
	struct http2_frame frame;
	uint32_t left, padding;       /* of the frame */
	uint32_t max_frame;
	struct http2_block block;
	struct http2_fields fields;
	uint64_t at;                  /* H2_RESYNC: bytes so far */
	struct http2_candidate candidate[H2_CANDIDATES];
	uint8_t candidates;
};

/* Does it look like a frame's header? strong: so much that bodies rarely have one. */
bool http2_plausible(const uint8_t *header, uint32_t max_frame, bool strong);
void http2_sync_begin(struct http2_side *s);
/* One more byte; true: with it the header of a frame is complete, in s->buf. */
bool http2_sync_byte(struct http2_side *s, uint8_t c);

/* Of `doubt`: the frame under way cannot be one; its end is the next place to look at. */
#define NO_FRAME UINT8_MAX

/* ---- the connection ---- */

enum http2_stream_flag { /* shifted by 4 for the response */
	H2_S_HEAD = 1,
	H2_S_ENDED = 2,
	H2_S_BROKEN = 4,
	H2_S_CANCELLED = 8 /* of the request alone: the client has reset it, the server may not know yet */
};

struct http2 {
	struct http2_pool *pool;
	uint32_t next_free;
	struct http2_side side[2];
	/* The streams that are open, as they were met. */
	uint32_t n, clock;
	uint32_t id[HTTP2_STREAMS];
	uint32_t used[HTTP2_STREAMS];  /* when last, by `clock` */
	uint32_t since[HTTP2_STREAMS]; /* when the client opened or cancelled it; 0: it did neither */
	uint8_t flags[HTTP2_STREAMS];
	/* By parity: between these numbers every stream that was opened was seen; so one that is not open
	 * is over. */
	uint32_t low[2], high[2];
};

struct http2_run { /* a call from outside */
	struct http2 *h;
	struct http2_side *side;
	enum direction d;
	const struct http2_sink *sink;
};

/* ---- HPACK (http2.c) ---- */

/* Part of a header block: its fields go to http2_field. False: it is broken, or memory is short. */
bool http2_fields_data(const struct http2_run *r, struct slice bytes);
/* The block is over; false: in the middle of a field. */
bool http2_fields_end(struct http2_fields *f);
/* Forget the table. */
void http2_fields_reset(struct http2_fields *f);

/* ---- streams and their messages (http2_stream.c) ---- */

void http2_add_stream(struct http2 *h, uint32_t stream, uint8_t flags);
void http2_block_begin(const struct http2_run *r, uint32_t stream, uint32_t on, enum direction d,
		       bool end_stream);
/* A field of the block under way; name.n 0: one that is not known. False: this is no header block. */
bool http2_field(const struct http2_run *r, struct slice name, struct slice value);
void http2_block_end(const struct http2_run *r);
/* The rest of the block cannot be undone. */
void http2_block_cut(const struct http2_run *r);
/* Part of a body; p NULL: it was not captured. */
void http2_body(const struct http2_run *r, uint32_t stream, struct slice bytes);
void http2_end(const struct http2_run *r, uint32_t stream);
void http2_reset_stream(const struct http2_run *r, uint32_t stream);
/* Frames of this direction are missing. */
void http2_streams_broken(const struct http2_run *r);
void http2_streams_finish(const struct http2_run *r);

#endif
