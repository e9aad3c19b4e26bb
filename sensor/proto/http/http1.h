/* HTTP/1.0 and 1.1 messages of one direction of a connection (RFC 9110, RFC 9112), read passively: framing is
 * followed, never enforced, and what cannot be followed is said. Bytes come in any pieces; the calls of the
 * sink do not depend on how they were cut, but for the size of body pieces. A parser owns a line buffer only
 * while a line is cut by the end of a piece. One thread. */
#ifndef TK_SENSOR_PROTO_HTTP_HTTP1_H
#define TK_SENSOR_PROTO_HTTP_HTTP1_H

#include "core/base/slice.h"
#include "sensor/proto/http/anomaly.h"

#define HTTP1_LINE_MAX 16384   /* a longer start line or header line is cut there: the rest is passed over */
#define HTTP1_HEAD_MAX 262144  /* a longer head is no head: the place in the stream is lost */

enum http1_kind { HTTP1_REQUEST, HTTP1_RESPONSE };

/* What follows a head, as the owner decides: it knows the method that a response answers. */
enum http1_body {
	HTTP1_BODY_FRAMED, /* by Transfer-Encoding, Content-Length, or (responses) the end of the connection
			    */
	HTTP1_BODY_NONE,   /* HEAD, 1xx, 204, 304 (RFC 9112 6.3) */
	HTTP1_BODY_TUNNEL  /* CONNECT that succeeded, 101: HTTP is over in this direction */
};

struct http1_start {
	struct slice method, target; /* requests */
	uint16_t status;             /* responses; 0: not a number of three digits */
	struct slice version;        /* "1.1"; empty: a request without (HTTP/0.9 and others) */
};

/* Slices are borrowed for the call. A sink must not call the parser. */
struct http1_sink {
	void *ctx;
	void (*start)(void *ctx, const struct http1_start *start);
	/* Name as sent; value trimmed, obsolete folding (RFC 9112 5.2) is one blank. Trailers are not told.
	 */
	void (*header)(void *ctx, struct slice name, struct slice value);
	enum http1_body (*head)(void *ctx);
	/* Taken out of its chunks. Another transfer coding (gzip, chunked) is left on: the header tells. */
	void (*body)(void *ctx, struct slice bytes);
	/* Part of the body was not captured. */
	void (*body_gap)(void *ctx, uint64_t bytes);
	/* The message is over. whole: false where bytes are missing, it was cut off, or its framing broken. A
	 * request whose framing broke has no end that can be known: it lasts until the connection's. */
	void (*end)(void *ctx, bool whole);
	/* The place in the stream was lost; everything is passed over until a start line is found. */
	void (*lost)(void *ctx);
};

struct http1_lines; /* a fixed number of line buffers, shared by the parsers of a thread */
struct http1_lines *http1_lines_new(uint32_t n); /* NULL: no memory */
void http1_lines_free(struct http1_lines *l);

struct http1 { /* its members are the parser's; an owner may look at the line buffer's, and at `odd` */
	uint8_t kind, state;
	uint16_t flags;
	uint32_t head_bytes; /* of the head, or of the trailers */
	int32_t line;        /* number of its line buffer, or -1 */
	uint32_t line_n;     /* bytes in it: the line that is under way, from its first byte */
	uint64_t left;       /* of the body or chunk; in a head the Content-Length */
	uint32_t odd;        /* bits of enum anomaly: of this message, or the last one */
};

void http1_init(struct http1 *p, enum http1_kind kind);
/* The first bytes that will come may be from anywhere in the stream. Right after http1_init or http1_reset.
 */
void http1_midway(struct http1 *p);
/* As after http1_init. Gives the line buffer back. */
void http1_reset(struct http1 *p, struct http1_lines *l);
/* The next bytes. At the beginning of a connection and behind a message a start line is expected, and nothing
 * else; a parser that begins midway, or lost its place, passes over every line that is not surely one.
 * Returns how many of the bytes were taken: all, or those before HTTP was over. */
size_t http1_data(struct http1 *p, struct http1_lines *l, struct slice bytes, const struct http1_sink *sink);
/* That many bytes were not captured. Where the body is known to reach behind them, only they are lost. */
void http1_gap(struct http1 *p, struct http1_lines *l, uint64_t bytes, const struct http1_sink *sink);
/* No more bytes will come; in_order: the connection was closed by FIN (a body without length is then whole).
 * The parser is then as after http1_reset. */
void http1_finish(struct http1 *p, struct http1_lines *l, bool in_order, const struct http1_sink *sink);
/* Between two messages. */
bool http1_idle(const struct http1 *p);
/* It looks for a start line, and is not in the middle of what may be one. */
bool http1_lost(const struct http1 *p);
/* In a body that ends with the connection. */
bool http1_open_ended(const struct http1 *p);
/* Do these bytes surely begin with the kind's start line? 1 yes (so far), 0 no, -1 too few. Pure. */
int http1_begins(enum http1_kind kind, struct slice bytes);
/* Do they begin with a whole line that is a request, of a registered method and with a version, whatever its
 * target is (a scanner's "GET . HTTP/1.0")? Pure. */
bool http1_asks(struct slice bytes);
/* Do these first bytes of a direction look like the kind's start line? 1 yes, 0 no, -1 too few. Pure. */
int http1_looks_like(enum http1_kind kind, struct slice bytes);

#endif
