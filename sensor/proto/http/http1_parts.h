/* What the files of the HTTP/1 parser share; private to them. */
#ifndef TK_SENSOR_PROTO_HTTP_HTTP1_PARTS_H
#define TK_SENSOR_PROTO_HTTP_HTTP1_PARTS_H

#include "sensor/proto/http/http1.h"

enum http1_state {
	H1_START,       /* at the beginning of a start line, or in it */
	H1_RESYNC,      /* the place is lost; at the beginning of a line, or in it */
	H1_HEAD,
	H1_BODY,        /* `left` bytes of it */
	H1_UNTIL_CLOSE,
	H1_CHUNK_SIZE,
	H1_CHUNK_EXTENSION,
	H1_CHUNK_DATA,  /* `left` bytes of it */
	H1_CHUNK_CR,    /* behind a chunk's data */
	H1_CHUNK_LF,
	H1_TRAILER,
	H1_ASTRAY,      /* behind broken framing of a request; at the beginning of a line, or in it */
	H1_TUNNEL
};

enum http1_flag {
	H1_SKIP = 1,        /* the rest of the line is passed over */
	H1_HELD = 2,        /* the line buffer holds a header line and its LF: the next may continue it */
	H1_BROKEN = 4,      /* the message cannot be whole any more */
	H1_LENGTH = 8,      /* a Content-Length was read */
	H1_LENGTH_BAD = 16, /* one that is no number, or several that differ */
	H1_CODED = 32,      /* a Transfer-Encoding was */
	H1_CHUNKED = 64,    /* whose last coding is chunked */
	H1_DIGIT = 128,     /* the chunk's size has begun */
	H1_CLOSE = 256,     /* Connection: close */
	H1_TOLD = 512       /* astray: there is nothing more to look for */
};

/* ---- lines (http1_line.c) ---- */

enum http1_found {
	H1_MORE,    /* all bytes belong to the line and it goes on; they were kept */
	H1_WHOLE,
	H1_CUT,     /* it is longer than HTTP1_LINE_MAX; this is its beginning */
	H1_NO_ROOM  /* no line buffer is free */
};

/* The next line, or with `folds` the next header line with what continues it (RFC 9112 5.2); empty lines are
 * never continued. `text` is raw, with line ends, in the piece or in the parser's buffer; *used bytes of the
 * piece belong to it. A line with its end fits into HTTP1_LINE_MAX bytes or is cut there. */
enum http1_found http1_line(struct http1 *p, struct http1_lines *l, struct slice bytes, bool folds,
			    size_t *used, struct slice *text);
/* Gives the buffer back, if there is one. */
void http1_line_done(struct http1 *p, struct http1_lines *l);
/* Undoes the folding of a line from http1_line; it is then in the parser's buffer. False: none is free. */
bool http1_line_unfold(struct http1 *p, struct http1_lines *l, struct slice *text);

/* ---- start lines (http1_start.c) ---- */

enum http1_shape { H1_NOT, H1_FULL, H1_SIMPLE /* HTTP/0.9: no head follows */ };

/* As tolerant as can be where a start line must stand. `cut`: it was longer than HTTP1_LINE_MAX. */
enum http1_shape http1_start_line(enum http1_kind kind, struct slice text, bool cut, struct http1_start *out);
/* As strict as can be where anything may stand: do the bytes begin with a start line? 1 yes, 0 no, -1 too few
 * to tell. Without a line end 1 says: so far. Never 0 for the beginning of what is 1 as a whole. */
int http1_strict(enum http1_kind kind, struct slice bytes);

/* ---- framing (http1_frame.c) ---- */

/* A header of the head; looks at Content-Length, Transfer-Encoding and Connection. */
void http1_frame_header(struct http1 *p, struct slice name, struct slice value);
/* The head is over: into the state that its body needs. */
void http1_frame_begin(struct http1 *p);

enum http1_chunk {
	H1_CHUNK_GOES_ON,
	H1_CHUNK_OVER,
	H1_CHUNK_BROKEN,
	H1_CHUNK_NONE   /* there are no chunks: the byte was not taken, and is the body's */
};

/* What stands between chunks as nearly everybody writes it, at once: CR LF, or a size and CR LF. How many
 * bytes that was; 0: it is written otherwise, or not whole, and goes byte by byte. */
size_t http1_frame_usual(struct http1 *p, struct slice bytes);
/* One byte of a chunked body that is not data. */
enum http1_chunk http1_frame_chunk(struct http1 *p, uint8_t c);

#endif
