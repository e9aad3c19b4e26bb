/* One connection: what its bytes are (connection.c), decrypted where they can be (tls_session.c), the
 * messages in them (http1_session.c, http2_session.c), a request and its response as one exchange
 * (exchange_list.c). Private to the tap's thread. */
#ifndef TK_SENSOR_PROTO_CONNECTION_H
#define TK_SENSOR_PROTO_CONNECTION_H

#include "core/event/loss.h"
#include "sensor/proto/exchange.h"
#include "sensor/proto/greeting.h"
#include "sensor/proto/http/http1.h"
#include "sensor/proto/http/http2.h"
#include "sensor/proto/tcp/stream.h"
#include "sensor/proto/tls/tls.h"

#define PIPELINE_MAX 64 /* requests that wait for their response on one connection */

struct line_start { /* of the line that the last piece ended in */
	uint32_t seq;
	int64_t ns;
};

struct connection {
	struct stream_key key;
	int64_t first_ns, last_ns[2]; /* packet times of the first bytes, and of the last by direction */
	uint32_t first_seq;	      /* of the client's first bytes */

	struct tls *tls; /* NULL: what comes is not encrypted */
	struct greeting *greeting;
	uint64_t tls_told, tls_damaged_told; /* records that are counted among the losses already */

	struct http2 *http2; /* NULL: HTTP/1 */
	struct http1 http[2];
	struct line_start line[2];
	uint32_t first, last; /* its exchanges, oldest first */
	uint32_t current[2];  /* HTTP/1: the one whose request is being read, whose response */
	uint32_t waiting;     /* exchanges without a response */
	uint32_t swallow;     /* responses to requests that are not followed any more ... */
	uint64_t swallow_head; /* ... by bit from the next one on: to HEAD */
	struct stream_at preface_at, head_at;
	uint8_t head[4], head_n, head_side; /* midway: a side's first bytes, perhaps of a TLS record's head */
	uint8_t preface_n;	  /* bytes that came and may be the beginning of an HTTP/2 preface */
	uint8_t client;		  /* the side that sends requests */
	bool from_start, settled; /* settled: `client` is certain */
	bool seen[2];		  /* by direction: bytes came */
	bool found;		  /* at least one message was */
	bool ended[2];		  /* by direction: its end came while secrets were waited for */
	bool opaque;		  /* encrypted, and there was no room to look closer */
	bool tunnel;		  /* HTTP is over; what comes may be TLS, if it is the first that comes */
	uint8_t spoke;		  /* HTTP/1: a bit, of the direction that came last; 0: none did */
	bool apart[2];		  /* its place was lost with missing bytes, or is not found yet */
	bool missed[2];		  /* some may be missing since it was clear who answers whom */
	bool torn;		  /* something was missing at any time */
	bool pipelined;		  /* the client does not wait for each answer */
	bool unpaired;		  /* both: nobody can tell who answers whom */
	uint8_t doubt; /* a request may be missing: how often the client is still to be seen waiting */
	bool paired;   /* an answer came since it was */
	bool informational;	  /* the response that is being read comes before another */
	bool interim;		  /* so did the last one */
	bool bodiless;		  /* of one that is not followed: its head is all of it */
	bool doubtful; /* HTTP/2: something may be missing */
};

/* What the connections of a tap share. */
struct workshop {
	struct exchanges *exchanges;
	struct http1_lines *lines;
	struct http2_pool *http2;
	struct tls_pool *tls;
	struct greetings *greetings;
	struct key_log *keys; /* NULL: there are none */
	const struct parse_context *fields;
	struct losses *losses;
	/* The exchange is over; it is given back after the call. */
	void (*done)(void *ctx, struct exchange *x, const struct exchange_ends *ends);
	/* An encrypted connection is over that could not be read, and whose greeting was seen. */
	void (*sealed)(void *ctx, const struct connection *c, const struct exchange_ends *ends);
	void *ctx;
	/* The call under way. */
	struct connection *conn;
	struct slice piece;
	struct stream_at at; /* of the piece's first byte */
	int64_t until;	     /* packet time of its last */
};

void connection_open(struct connection *c, const struct stream_key *key, bool from_start);
void connection_data(struct workshop *w, struct connection *c, int side, struct slice bytes,
		     const struct stream_at *at);
void connection_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes,
		    const struct stream_at *at);
void connection_fin(struct workshop *w, struct connection *c, int side);
/* Does it wait for secrets? Also of one that is not in use. */
bool connection_waits(const struct connection *c);
/* The key log has grown. */
void connection_retry(struct workshop *w, struct connection *c);
void connection_close(struct workshop *w, struct connection *c);
/* For tls_session.c: the same for what is inside. */
void connection_plain(struct workshop *w, struct connection *c, enum direction d, struct slice bytes,
		      const struct stream_at *at, int64_t until);
void connection_plain_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes,
			  const struct stream_at *at);

/* ---- exchange_list.c ---- */
struct exchange_ends connection_ends(const struct connection *c);
/* A new exchange of this connection, its youngest. Where there is no room the oldest of all is given up. */
struct exchange *connection_exchange(struct workshop *w, struct connection *c);
/* It is over, whole or not: told, and given back. */
void connection_conclude(struct workshop *w, struct connection *c, struct exchange *x);
/* HTTP/1: its response will be passed over, the exchange being over. */
void connection_swallow(struct connection *c, const struct exchange *x);
/* Room is needed: the exchange becomes an incomplete event now. */
void connection_give_up(struct workshop *w, struct exchange *x);

/* ---- tls_session.c ---- */
/* False: there is no room. */
bool tls_session_begin(struct workshop *w, struct connection *c);
void tls_session_data(struct workshop *w, struct connection *c, int side, struct slice bytes,
		      const struct stream_at *at);
void tls_session_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes,
		     const struct stream_at *at);
void tls_session_fin(struct workshop *w, struct connection *c, int side);
void tls_session_end(struct workshop *w, struct connection *c);

/* ---- http1_session.c, http2_session.c ---- */
/* Data, gap and finish come within a call of this connection: w->conn, piece, at and until are set. */
void http1_session_begin(struct connection *c, bool from_start);
void http1_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes);
void http1_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes);
void http1_session_finish(struct workshop *w, struct connection *c, enum direction d, bool in_order);
void http1_session_end(struct workshop *w, struct connection *c);
/* False: there is no room. */
bool http2_session_begin(struct workshop *w, struct connection *c, enum http2_begin how);
void http2_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes);
void http2_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes);
void http2_session_finish(struct workshop *w, struct connection *c, enum direction d);
void http2_session_end(struct connection *c);

#endif
