/* A conversation in HTTP/2 as a script: what each side sends, what is missing of it, and the calls that it
 * leads to. A record is 1 byte (direction + 2 * what), 2 bytes of length, most significant first, and for
 * bytes these. */
#ifndef TK_TESTS_HTTP2_WIRE_H
#define TK_TESTS_HTTP2_WIRE_H

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/http/http2.h"

enum script_what { SCRIPT_BYTES, SCRIPT_GAP, SCRIPT_FINISH };

#define END_STREAM 0x1
#define END_HEADERS 0x4
#define PADDED 0x8
#define PRIORITY 0x20

struct script {
	struct buf b;
	nghttp2_hd_deflater *hd[2];
};

static inline void script_begin(struct script *s)
{
	buf_init(&s->b, 1 << 26);
	for (int d = 0; d < 2; d++)
		if (nghttp2_hd_deflate_new(&s->hd[d], 4096) != 0)
			abort();
}

static inline void script_end(struct script *s)
{
	buf_free(&s->b);
	for (int d = 0; d < 2; d++)
		nghttp2_hd_deflate_del(s->hd[d]);
}

static inline void script_record(struct script *s, enum direction d, enum script_what what, size_t n)
{
	buf_byte(&s->b, (uint8_t)(d + 2 * what));
	buf_byte(&s->b, (uint8_t)(n >> 8));
	buf_byte(&s->b, (uint8_t)n);
}

static inline void script_bytes(struct script *s, enum direction d, struct slice bytes)
{
	while (bytes.n > 0) {
		struct slice some = slice_head(bytes, 65535);

		script_record(s, d, SCRIPT_BYTES, some.n);
		buf_add(&s->b, some);
		bytes = slice_from(bytes, some.n);
	}
}

static inline void script_gap(struct script *s, enum direction d, size_t n)
{
	script_record(s, d, SCRIPT_GAP, n);
}

static inline void script_finish(struct script *s)
{
	script_record(s, REQUEST, SCRIPT_FINISH, 0);
	script_record(s, RESPONSE, SCRIPT_FINISH, 0);
}

static inline void script_frame(struct script *s, enum direction d, uint8_t type, uint8_t flags,
				uint32_t stream, struct slice payload)
{
	uint8_t h[9] = { (uint8_t)(payload.n >> 16),
			 (uint8_t)(payload.n >> 8),
			 (uint8_t)payload.n,
			 type,
			 flags,
			 (uint8_t)(stream >> 24),
			 (uint8_t)(stream >> 16),
			 (uint8_t)(stream >> 8),
			 (uint8_t)stream };
	struct buf b;

	buf_init(&b, 1 << 25);
	buf_add(&b, slice_of(h, sizeof h));
	buf_add(&b, payload);
	script_bytes(s, d, buf_slice(&b));
	buf_free(&b);
}

static inline void script_preface(struct script *s)
{
	script_bytes(s, REQUEST, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	script_frame(s, REQUEST, 4, 0, 0, slice_of(NULL, 0));
	script_frame(s, RESPONSE, 4, 0, 0, slice_of(NULL, 0));
}

/* "name=value|name=value" as a header block, from that side's encoder. */
static inline void script_block(struct script *s, enum direction d, const char *fields, struct buf *out)
{
	nghttp2_nv nv[64];
	size_t n = 0;
	struct slice rest = slice_str(fields);

	while (rest.n > 0) {
		const uint8_t *bar = memchr(rest.p, '|', rest.n);
		struct slice one = bar == NULL ? rest : slice_head(rest, (size_t)(bar - rest.p));
		const uint8_t *eq = memchr(one.p, '=', one.n);
		size_t name = (size_t)(eq - one.p);

		nv[n++] = (nghttp2_nv){ (uint8_t *)one.p, (uint8_t *)eq + 1, name, one.n - name - 1, 0 };
		rest = slice_from(rest, one.n + 1);
	}
	out->n += (size_t)nghttp2_hd_deflate_hd(s->hd[d], buf_room(out, 200000), 200000, nv, n);
}

static inline void script_headers(struct script *s, enum direction d, uint8_t flags, uint32_t stream,
				  const char *fields)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	script_block(s, d, fields, &b);
	script_frame(s, d, 1, flags | END_HEADERS, stream, buf_slice(&b));
	buf_free(&b);
}

/* ---- playing ---- */

/* The records in pieces as `piece` says, each from a block of its own, so that a read behind it is seen. */
static inline void script_play(struct slice in, struct http2 *h, size_t (*piece)(void *ctx, size_t n),
			       void *ctx, const struct http2_sink *sink)
{
	while (in.n >= 3) {
		enum direction d = (enum direction)(in.p[0] & 1);
		unsigned what = (in.p[0] >> 1) % 3;
		size_t n = (size_t)in.p[1] << 8 | in.p[2];
		struct slice bytes;

		in = slice_from(in, 3);
		if (what == SCRIPT_GAP)
			http2_gap(h, d, n, sink);
		else if (what == SCRIPT_FINISH)
			http2_finish(h, d, sink);
		if (what != SCRIPT_BYTES)
			continue;
		bytes = slice_head(in, n);
		in = slice_from(in, n);
		while (bytes.n > 0) {
			size_t k = piece(ctx, bytes.n);
			uint8_t *block = malloc(k);

			memcpy(block, bytes.p, k);
			http2_data(h, d, slice_of(block, k), sink);
			free(block);
			bytes = slice_from(bytes, k);
		}
	}
}

#endif
