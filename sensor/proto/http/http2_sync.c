/* Where do frames begin? For what is met midway, and behind a gap.
 *
 * What comes first, there, is often the beginning of a segment and so of a frame: it is believed if it
 * looks much like one. Else every byte may begin a frame; each likely one says where the next begins, and
 * the third in a row is believed. That takes no memory for what is passed over, and does not depend on how
 * bytes were cut. */
#include "sensor/proto/http/http2_parts.h"

uint32_t http2_stream_number(const uint8_t *b)
{
	return (uint32_t)(b[0] & 127) << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

struct http2_frame http2_frame_of(const uint8_t *b)
{
	return (struct http2_frame){
		.length = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2],
		.type = b[3],
		.flags = b[4],
		.stream = http2_stream_number(b + 5),
	};
}

enum on_stream { ON_CONNECTION, ON_STREAM, ON_ANY };

struct shape { /* of a frame's header */
	uint8_t flags, on;
	uint32_t least, most; /* bytes of payload */
};

static const struct shape *shape_of(uint8_t type)
{
	static const struct shape known[] = {
		[H2_DATA] = { H2_END_STREAM | H2_PADDED, ON_STREAM, 0, UINT32_MAX },
		[H2_HEADERS] = { H2_END_STREAM | H2_END_HEADERS | H2_PADDED | H2_WITH_PRIORITY, ON_STREAM, 1,
				 UINT32_MAX },
		[H2_PRIORITY] = { 0, ON_STREAM, 5, 5 },
		[H2_RST_STREAM] = { 0, ON_STREAM, 4, 4 },
		[H2_SETTINGS] = { 1, ON_CONNECTION, 0, 192 },
		[H2_PING] = { 1, ON_CONNECTION, 8, 8 },
		[H2_GOAWAY] = { 0, ON_CONNECTION, 8, UINT32_MAX },
		[H2_WINDOW_UPDATE] = { 0, ON_ANY, 4, 4 },
		[H2_CONTINUATION] = { H2_END_HEADERS, ON_STREAM, 0, UINT32_MAX },
	};
	static const struct shape altsvc = { 0, ON_ANY, 2, UINT32_MAX };       /* RFC 7838 4, type 10 */
	static const struct shape origin = { 0, ON_CONNECTION, 0, UINT32_MAX }; /* RFC 8336 2, type 12 */
	static const struct shape update = { 0, ON_CONNECTION, 4, 256 };       /* RFC 9218 7.1, type 16 */

	if (type < COUNT(known))
		return &known[type];
	return type == 10 ? &altsvc : type == 12 ? &origin : type == 16 ? &update : NULL;
}

/* Of a number that connections reach, and of a client's: servers hardly push any more, and what looks like a
 * promise (RFC 9113 6.6) is rather part of a body. */
static bool is_usual_stream(const struct http2_frame *f)
{
	return f->stream == 0 || (f->stream % 2 == 1 && f->stream < 1u << 24);
}

/* Bodies are full of zeros and small numbers: what is made of these alone is no sign. */
static bool is_strong(const struct http2_frame *f)
{
	if (f->type > H2_WINDOW_UPDATE || (f->length == 0 && f->type != H2_SETTINGS))
		return false;
	return f->type != H2_HEADERS || (f->flags & H2_END_HEADERS) != 0;
}

bool http2_plausible(const uint8_t *header, uint32_t max_frame, bool strong)
{
	struct http2_frame f = http2_frame_of(header);
	const struct shape *s = shape_of(f.type);

	if (s == NULL || f.length > max_frame || f.length < s->least || f.length > s->most)
		return false;
	if (!is_usual_stream(&f) || (header[5] & 128) != 0 || f.type == H2_PUSH_PROMISE)
		return false;
	if ((f.flags & ~s->flags) != 0 || (s->on == ON_STREAM && f.stream == 0) ||
	    (s->on == ON_CONNECTION && f.stream != 0))
		return false;
	if (f.type == H2_SETTINGS && (f.length % 6 != 0 || ((f.flags & 1) != 0) != (f.length == 0)))
		return false;
	return !strong || is_strong(&f);
}

void http2_sync_begin(struct http2_side *s)
{
	s->state = H2_RESYNC;
	s->have = 0;
	s->fresh = true;
	s->at = 0;
	s->candidates = 0;
}

/* How many likely frames in a row lead to these bytes. */
static uint8_t frames_before(struct http2_side *s)
{
	uint8_t most = 0;

	for (unsigned i = s->candidates; i > 0; i--) {
		struct http2_candidate *c = &s->candidate[i - 1];

		if (c->next + H2_HEADER != s->at)
			continue;
		most = c->frames > most ? c->frames : most;
		*c = s->candidate[--s->candidates];
	}
	return most;
}

#define ENOUGH 3 /* frames in a row, the last being the one that begins */

bool http2_sync_byte(struct http2_side *s, uint8_t c)
{
	bool fresh;
	uint8_t frames;

	if (s->have == H2_HEADER)
		memmove(s->buf, s->buf + 1, --s->have);
	s->buf[s->have++] = c;
	s->at++;
	if (s->have < H2_HEADER)
		return false;
	fresh = s->fresh;
	s->fresh = false;
	frames = frames_before(s);
	if (!http2_plausible(s->buf, s->max_frame, true))
		return false;
	if (fresh || frames + 1 >= ENOUGH)
		return true;
	if (s->candidates < H2_CANDIDATES)
		s->candidate[s->candidates++] = (struct http2_candidate){
			s->at + http2_frame_of(s->buf).length, (uint8_t)(frames + 1)
		};
	return false;
}

/* ---- first looks ---- */

int http2_preface(struct slice bytes)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	struct slice want = SLICE(preface);

	if (!slice_starts(want, slice_head(bytes, want.n)))
		return 0;
	return bytes.n >= want.n ? 1 : -1;
}

/* Pseudo headers come first in a block, and those of requests and responses differ in the static table. */
static int side_of_block(struct slice block)
{
	for (size_t i = 0; i < block.n; i++) {
		uint8_t c = block.p[i];
		uint8_t index = (c & 0x80) != 0 ? c & 0x7f : (c & 0x40) != 0 ? c & 0x3f : c & 0x0f;

		if ((c & 0xe0) == 0x20) { /* a new size of the table */
			while ((c & 0x1f) == 0x1f && i + 1 < block.n && (block.p[i + 1] & 0x80) != 0)
				i++;
			i += (c & 0x1f) == 0x1f;
		} else if (index >= 1 && index <= 14) {
			return index <= 7 ? REQUEST : RESPONSE;
		} else if ((c & 0x80) == 0 || index == 0x7f) {
			return -1;
		}
	}
	return -1;
}

static int side_of_frame(const struct http2_frame *f, struct slice payload)
{
	size_t prefix = 0;

	if (f->type != H2_HEADERS)
		return -1;
	if ((f->flags & H2_PADDED) != 0)
		prefix++;
	if ((f->flags & H2_WITH_PRIORITY) != 0)
		prefix += 5;
	return side_of_block(slice_from(payload, prefix));
}

int http2_looks_like(struct slice bytes)
{
	int side = http2_preface(bytes) == 1 ? REQUEST : -1;

	for (bool first = true; side < 0 && bytes.n >= H2_HEADER; first = false) {
		struct http2_frame f = http2_frame_of(bytes.p);

		if (!http2_plausible(bytes.p, H2_MAX_FRAME, first))
			break;
		side = side_of_frame(&f, slice_head(slice_from(bytes, H2_HEADER), f.length));
		bytes = slice_from(bytes, H2_HEADER + (size_t)f.length);
	}
	return side;
}
