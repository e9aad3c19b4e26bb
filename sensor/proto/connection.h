/* One connection: what its bytes are (connection.c), the messages in them (http1_session.c), a request and its
 * response as one exchange (exchange_list.c). Private to the tap's thread. */
#ifndef TK_SENSOR_PROTO_CONNECTION_H
#define TK_SENSOR_PROTO_CONNECTION_H

#include "core/event/loss.h"
#include "sensor/proto/exchange.h"
#include "sensor/proto/http1.h"
#include "sensor/proto/stream.h"
#include "sensor/proto/tls_records.h"

#define PIPELINE_MAX 64 /* requests that wait for their response on one connection */

struct line_start { /* of the line that the last piece ended in */
	uint32_t seq;
	int64_t ns;
};

struct connection {
	struct stream_key key;
	struct http1 http[2];       /* by direction, once `client` is known */
	struct line_start line[2];
	int64_t last_ns[2];         /* packet time of the last bytes */
	struct tls_records tls[2];  /* by side */
	uint32_t first, last;       /* its exchanges, oldest first */
	uint32_t current[2];        /* the one whose request is being read, whose response */
	uint32_t waiting;           /* exchanges without a response */
	uint32_t swallow;           /* responses to requests that are not followed any more */
	uint8_t client;             /* the side that sends requests */
	bool from_start, settled;   /* settled: `client` is certain */
	bool seen[2];               /* by direction: bytes came */
	bool encrypted, tunnel, found; /* found: at least one message was */
	bool pipelined, response_lost, informational;
};

/* What the connections of a tap share. */
struct workshop {
	struct exchanges *exchanges;
	struct http1_lines *lines;
	const struct parse_context *fields;
	struct losses *losses;
	/* The exchange is over; it is given back after the call. */
	void (*done)(void *ctx, struct exchange *x, const struct exchange_ends *ends);
	void *ctx;
	/* The call under way. */
	struct connection *conn;
	struct slice piece;
	struct stream_at at;
};

void connection_open(struct connection *c, const struct stream_key *key, bool from_start);
void connection_data(struct workshop *w, struct connection *c, int side, struct slice bytes, const struct stream_at *at);
void connection_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes, const struct stream_at *at);
void connection_fin(struct workshop *w, struct connection *c, int side);
void connection_close(struct workshop *w, struct connection *c);

/* ---- exchange_list.c ---- */
/* A new exchange of this connection, its youngest. Where there is no room the oldest of all is given up. */
struct exchange *connection_exchange(struct workshop *w, struct connection *c);
/* It is over, whole or not: told, and given back. */
void connection_conclude(struct workshop *w, struct connection *c, struct exchange *x);
/* Room is needed: the exchange becomes an incomplete event now. */
void connection_give_up(struct workshop *w, struct exchange *x);

/* ---- http1_session.c ---- */
void http1_session_begin(struct connection *c);
/* Within a call of this connection: w->conn, w->piece and w->at are set. */
void http1_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes);
void http1_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes);
void http1_session_finish(struct workshop *w, struct connection *c, enum direction d, bool in_order);
void http1_session_end(struct workshop *w, struct connection *c);

#endif
