/* Frames in any pieces (RFC 9113 4, 6): what stands in them goes to the header blocks, the streams, or
 * nowhere. */
#include "sensor/proto/http/http2_parts.h"

#define DOUBT 4 /* frames that are looked at twice */

/* ---- the place is lost ---- */

static void cut_block(const struct http2_run *r)
{
	if (r->side->block.kind != H2_NO_BLOCK && r->side->block.kind != H2_CUT)
		http2_block_cut(r);
	http2_fields_reset(&r->side->fields);
}

static void lose(const struct http2_run *r)
{
	cut_block(r);
	r->side->block.kind = H2_NO_BLOCK;
	http2_streams_broken(r);
	http2_sync_begin(r->side);
	r->sink->lost(r->sink->ctx, r->d, HTTP2_LOST_PLACE);
}

/* What the rest of the block adds to the table is not known. */
static void lose_headers(const struct http2_run *r)
{
	cut_block(r);
	r->sink->lost(r->sink->ctx, r->d, HTTP2_LOST_HEADERS);
}

/* ---- header blocks ---- */

static void block_data(const struct http2_run *r, struct slice bytes)
{
	struct http2_side *s = r->side;
	struct slice some;

	if (s->block.kind == H2_NO_BLOCK || s->block.kind == H2_CUT)
		return;
	some = slice_head(bytes, HTTP2_BLOCK_MAX - s->block.bytes);
	s->block.bytes += (uint32_t)some.n;
	if (http2_fields_data(r, some) && some.n == bytes.n)
		return;
	lose_headers(r);
	if (s->doubt > 0)
		s->doubt = NO_FRAME;
}

static void block_over(const struct http2_run *r)
{
	struct http2_side *s = r->side;

	if (s->block.kind == H2_NO_BLOCK)
		return;
	if (s->block.kind != H2_CUT && !http2_fields_end(&s->fields))
		lose_headers(r);
	http2_block_end(r);
}

/* ---- frames ---- */

static void frame_over(const struct http2_run *r)
{
	struct http2_side *s = r->side;
	const struct http2_frame *f = &s->frame;

	s->state = H2_AT_HEADER;
	s->have = 0;
	if (s->doubt == NO_FRAME) {
		lose(r);
		return;
	}
	switch (f->type) {
	case H2_HEADERS:
	case H2_PUSH_PROMISE:
	case H2_CONTINUATION:
		if ((f->flags & H2_END_HEADERS) != 0)
			block_over(r);
		break;
	case H2_DATA:
		if ((f->flags & H2_END_STREAM) != 0)
			http2_end(r, f->stream);
		break;
	case H2_RST_STREAM:
		http2_reset_stream(r, f->stream);
		break;
	default:
		break;
	}
}

static uint8_t prefix_length(const struct http2_frame *f)
{
	bool padded = (f->flags & H2_PADDED) != 0;

	switch (f->type) {
	case H2_DATA:
		return padded;
	case H2_HEADERS:
		return (uint8_t)(padded + ((f->flags & H2_WITH_PRIORITY) != 0 ? 5 : 0));
	case H2_PUSH_PROMISE:
		return (uint8_t)(padded + 4);
	default:
		return 0;
	}
}

/* The prefix is complete; all that is left of the frame is content and padding. */
static void content_begin(const struct http2_run *r)
{
	struct http2_side *s = r->side;
	const struct http2_frame *f = &s->frame;
	uint8_t prefix = s->have;
	const uint8_t *promised = s->buf + ((f->flags & H2_PADDED) != 0);

	s->left = f->length - prefix;
	s->padding = prefix > 0 && (f->flags & H2_PADDED) != 0 ? s->buf[0] : 0;
	if (s->padding > s->left)
		s->padding = s->left;
	s->left -= s->padding;
	s->state = H2_AT_CONTENT;
	s->have = 0;
	if (f->type == H2_HEADERS)
		http2_block_begin(r, f->stream, f->stream, r->d, (f->flags & H2_END_STREAM) != 0);
	else if (f->type == H2_PUSH_PROMISE && prefix == prefix_length(f))
		http2_block_begin(r, http2_stream_number(promised), f->stream, REQUEST, true);
	if (s->left == 0 && s->padding == 0)
		frame_over(r);
}

/* Nothing may come between the frames of a header block (RFC 9113 4.3). */
static bool continues(const struct http2_side *s)
{
	return s->frame.type == H2_CONTINUATION && s->block.kind != H2_NO_BLOCK &&
	       s->frame.stream == s->block.on;
}

static void frame_begin(const struct http2_run *r)
{
	struct http2_side *s = r->side;

	s->frame = http2_frame_of(s->buf);
	s->have = 0;
	s->state = H2_AT_PREFIX;
	if (!continues(s)) {
		if (s->block.kind != H2_NO_BLOCK || s->frame.type == H2_CONTINUATION)
			lose_headers(r);
		s->block.kind = H2_NO_BLOCK;
	}
	if (prefix_length(&s->frame) == 0 || s->frame.length == 0)
		content_begin(r);
}

static void header_step(const struct http2_run *r, struct slice *bytes)
{
	struct http2_side *s = r->side;
	struct slice some = slice_head(*bytes, (size_t)(H2_HEADER - s->have));

	memcpy(s->buf + s->have, some.p, some.n);
	s->have += (uint8_t)some.n;
	*bytes = slice_from(*bytes, some.n);
	if (s->have < H2_HEADER)
		return;
	if (s->doubt > 0 && !http2_plausible(s->buf, s->max_frame, false)) {
		lose(r);
		return;
	}
	s->doubt -= s->doubt > 0;
	frame_begin(r);
}

static void prefix_step(const struct http2_run *r, struct slice *bytes)
{
	struct http2_side *s = r->side;
	uint8_t want = prefix_length(&s->frame);
	struct slice some;

	if (want > s->frame.length)
		want = (uint8_t)s->frame.length;
	some = slice_head(*bytes, (size_t)(want - s->have));
	memcpy(s->buf + s->have, some.p, some.n);
	s->have += (uint8_t)some.n;
	*bytes = slice_from(*bytes, some.n);
	if (s->have == want)
		content_begin(r);
}

/* Of the settings only the length of frames matters, to whoever looks for frames that come back. */
static void settings_data(const struct http2_run *r, struct slice bytes)
{
	struct http2_side *s = r->side;

	for (size_t i = 0; i < bytes.n; i++) {
		uint32_t value;

		s->buf[s->have++] = bytes.p[i];
		if (s->have < 6)
			continue;
		s->have = 0;
		value = (uint32_t)s->buf[3] << 16 | (uint32_t)s->buf[4] << 8 | s->buf[5];
		if (s->buf[0] == 0 && s->buf[1] == 5 && s->buf[2] == 0 && value > r->h->side[!r->d].max_frame)
			r->h->side[!r->d].max_frame = value;
	}
}

static void content_data(const struct http2_run *r, struct slice bytes)
{
	switch (r->side->frame.type) {
	case H2_DATA:
		http2_body(r, r->side->frame.stream, bytes);
		break;
	case H2_HEADERS:
	case H2_PUSH_PROMISE:
	case H2_CONTINUATION:
		block_data(r, bytes);
		break;
	case H2_SETTINGS:
		settings_data(r, bytes);
		break;
	default:
		break;
	}
}

static void content_step(const struct http2_run *r, struct slice *bytes)
{
	struct http2_side *s = r->side;
	struct slice some = slice_head(*bytes, s->left);

	*bytes = slice_from(*bytes, some.n);
	s->left -= (uint32_t)some.n;
	content_data(r, some);
	if (s->state != H2_AT_CONTENT || s->left > 0)
		return;
	s->state = H2_AT_PADDING;
	if (s->padding == 0)
		frame_over(r);
}

static void padding_step(const struct http2_run *r, struct slice *bytes)
{
	struct slice some = slice_head(*bytes, r->side->padding);

	*bytes = slice_from(*bytes, some.n);
	r->side->padding -= (uint32_t)some.n;
	if (r->side->padding == 0)
		frame_over(r);
}

/* ---- looking for the place ---- */

static void preface_step(const struct http2_run *r, struct slice *bytes)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	if (bytes->p[0] != (uint8_t)preface[r->side->have]) {
		lose(r);
		return;
	}
	*bytes = slice_from(*bytes, 1);
	if (preface[++r->side->have] != '\0')
		return;
	r->side->state = H2_AT_HEADER;
	r->side->have = 0;
}

static void resync_step(const struct http2_run *r, struct slice *bytes)
{
	uint8_t c = bytes->p[0];

	*bytes = slice_from(*bytes, 1);
	if (!http2_sync_byte(r->side, c))
		return;
	r->side->doubt = DOUBT;
	frame_begin(r);
}

/* ---- from outside ---- */

static struct http2_run run_of(struct http2 *h, enum direction d, const struct http2_sink *sink)
{
	return (struct http2_run){ h, &h->side[d], d, sink };
}

void http2_data(struct http2 *h, enum direction d, struct slice bytes, const struct http2_sink *sink)
{
	struct http2_run r = run_of(h, d, sink);

	while (bytes.n > 0) {
		switch (r.side->state) {
		case H2_AT_PREFACE:
			preface_step(&r, &bytes);
			break;
		case H2_AT_HEADER:
			header_step(&r, &bytes);
			break;
		case H2_AT_PREFIX:
			prefix_step(&r, &bytes);
			break;
		case H2_AT_CONTENT:
			content_step(&r, &bytes);
			break;
		case H2_AT_PADDING:
			padding_step(&r, &bytes);
			break;
		case H2_RESYNC:
			resync_step(&r, &bytes);
			break;
		default:
			return;
		}
	}
}

/* A gap that lies inside of the frame under way, or reaches to its end. */
static void gap_inside(const struct http2_run *r, uint64_t bytes)
{
	struct http2_side *s = r->side;
	uint32_t content = bytes < s->left ? (uint32_t)bytes : s->left;
	bool headers = s->block.kind != H2_NO_BLOCK;

	if (content > 0 && s->frame.type == H2_DATA)
		http2_body(r, s->frame.stream, slice_of(NULL, content));
	else if (content > 0 && headers)
		lose_headers(r);
	if (s->frame.type == H2_SETTINGS)
		s->frame.type = H2_PING; /* the rest is not read */
	s->left -= content;
	s->padding -= (uint32_t)(bytes - content);
	s->state = s->left > 0 ? H2_AT_CONTENT : H2_AT_PADDING;
	if (s->left == 0 && s->padding == 0)
		frame_over(r);
}

void http2_gap(struct http2 *h, enum direction d, uint64_t bytes, const struct http2_sink *sink)
{
	struct http2_run r = run_of(h, d, sink);
	struct http2_side *s = r.side;
	bool inside = s->state == H2_AT_CONTENT || s->state == H2_AT_PADDING;

	if (bytes == 0 || s->state == H2_OVER)
		return;
	if (s->state == H2_RESYNC) {
		http2_sync_begin(s);
	} else if (inside && bytes <= (uint64_t)s->left + s->padding) {
		gap_inside(&r, bytes);
	} else {
		if (inside && s->frame.type == H2_DATA)
			http2_body(&r, s->frame.stream, slice_of(NULL, s->left));
		lose(&r);
	}
}

void http2_finish(struct http2 *h, enum direction d, const struct http2_sink *sink)
{
	struct http2_run r = run_of(h, d, sink);

	if (r.side->state == H2_OVER)
		return;
	cut_block(&r);
	r.side->block.kind = H2_NO_BLOCK;
	http2_streams_finish(&r);
	r.side->state = H2_OVER;
}
