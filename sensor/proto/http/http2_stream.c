/* The streams of a connection, and the messages on them. */
#include "sensor/proto/http/http2_parts.h"

static uint8_t flag(enum http2_stream_flag f, enum direction d)
{
	return (uint8_t)(d == REQUEST ? f : f << 4);
}

static bool has(const struct http2 *h, uint32_t i, enum http2_stream_flag f, enum direction d)
{
	return (h->flags[i] & flag(f, d)) != 0;
}

/* Its place, or HTTP2_STREAMS. */
static uint32_t find(const struct http2 *h, uint32_t stream)
{
	for (uint32_t i = 0; i < h->n; i++)
		if (h->id[i] == stream)
			return i;
	return HTTP2_STREAMS;
}

void http2_add_stream(struct http2 *h, uint32_t stream, uint8_t flags)
{
	h->id[h->n] = stream;
	h->flags[h->n] = flags;
	h->since[h->n] = 0;
	h->used[h->n++] = ++h->clock;
}

static void remove_stream(struct http2 *h, uint32_t i)
{
	size_t behind = --h->n - i;

	memmove(&h->id[i], &h->id[i + 1], behind * sizeof h->id[0]);
	memmove(&h->flags[i], &h->flags[i + 1], behind * sizeof h->flags[0]);
	memmove(&h->used[i], &h->used[i + 1], behind * sizeof h->used[0]);
	memmove(&h->since[i], &h->since[i + 1], behind * sizeof h->since[0]);
}

/* ---- ends ---- */

static void tell_end(const struct http2_run *r, uint32_t i, enum direction d, bool whole)
{
	struct http2 *h = r->h;

	if (has(h, i, H2_S_ENDED, d))
		return;
	h->flags[i] |= flag(H2_S_ENDED, d);
	whole = whole && has(h, i, H2_S_HEAD, d) && !has(h, i, H2_S_BROKEN, d);
	for (int side = 0; side < 2; side++) { /* the other side may end it in the middle of its head */
		struct http2_block *b = &h->side[side].block;

		if (b->kind == H2_HEAD && b->stream == h->id[i] && b->d == d)
			b->kind = H2_PASSED;
	}
	r->sink->end(r->sink->ctx, h->id[i], d, whole);
}

static void end_stream(const struct http2_run *r, uint32_t i, enum direction d, bool whole)
{
	tell_end(r, i, d, whole);
	if (has(r->h, i, H2_S_ENDED, REQUEST) && has(r->h, i, H2_S_ENDED, RESPONSE))
		remove_stream(r->h, i);
}

static void drop_stream(const struct http2_run *r, uint32_t i)
{
	tell_end(r, i, REQUEST, false);
	tell_end(r, i, RESPONSE, false);
	remove_stream(r->h, i);
}

void http2_end(const struct http2_run *r, uint32_t stream)
{
	uint32_t i = find(r->h, stream);

	if (i < HTTP2_STREAMS)
		end_stream(r, i, r->d, true);
}

void http2_reset_stream(const struct http2_run *r, uint32_t stream)
{
	struct http2 *h = r->h;
	uint32_t i = find(h, stream);

	if (i == HTTP2_STREAMS)
		return;
	if (r->d == RESPONSE || has(h, i, H2_S_ENDED, RESPONSE)) {
		drop_stream(r, i);
		return;
	}
	/* The response may be on its way, and then it is whole: it was made and sent. */
	tell_end(r, i, REQUEST, false);
	h->flags[i] |= flag(H2_S_CANCELLED, REQUEST);
	h->since[i] = h->clock;
}

/* The server answers what the client opened at that time: it knows what the client had cancelled before. */
static void drop_cancelled(const struct http2_run *r, uint32_t before)
{
	struct http2 *h = r->h;

	for (uint32_t i = 0; i < h->n;)
		if (has(h, i, H2_S_CANCELLED, REQUEST) && h->since[i] < before)
			drop_stream(r, i);
		else
			i++;
}

void http2_streams_broken(const struct http2_run *r)
{
	struct http2 *h = r->h;
	unsigned parity = r->d == REQUEST;

	h->low[parity] = h->high[parity] = 0;
	for (uint32_t i = 0; i < h->n; i++) {
		if (!has(h, i, H2_S_HEAD, r->d) || has(h, i, H2_S_ENDED, r->d))
			continue;
		h->flags[i] |= flag(H2_S_BROKEN, r->d);
		r->sink->body_gap(r->sink->ctx, h->id[i], r->d, 0);
	}
}

void http2_streams_finish(const struct http2_run *r)
{
	for (uint32_t i = 0; i < r->h->n;) {
		uint32_t n = r->h->n;

		end_stream(r, i, r->d, false);
		i += r->h->n == n;
	}
}

/* ---- beginnings ---- */

static void give_up_one(const struct http2_run *r)
{
	struct http2 *h = r->h;
	uint32_t worst = 0;
	bool cancelled = has(h, 0, H2_S_CANCELLED, REQUEST);

	for (uint32_t i = 1; i < h->n; i++) {
		bool other = has(h, i, H2_S_CANCELLED, REQUEST);

		if (other > cancelled || (other == cancelled && h->used[i] < h->used[worst])) {
			worst = i;
			cancelled = other;
		}
	}
	drop_stream(r, worst);
	if (!cancelled)
		r->sink->lost(r->sink->ctx, r->d, HTTP2_LOST_STREAM);
}

/* A message begins. False: its stream is over; what comes was sent before the other side knew. */
static bool open_stream(const struct http2_run *r, uint32_t stream, enum direction d)
{
	struct http2 *h = r->h;
	uint32_t *low = &h->low[stream & 1], *high = &h->high[stream & 1];

	if (find(h, stream) < HTTP2_STREAMS)
		return true;
	if (*low != 0 && stream >= *low && stream <= *high)
		return false;
	if (h->n == HTTP2_STREAMS)
		give_up_one(r);
	http2_add_stream(h, stream, d == REQUEST ? 0 : flag(H2_S_ENDED, REQUEST));
	if (r->d == REQUEST)
		h->since[h->n - 1] = h->clock;
	if (d == REQUEST && *low == 0)
		*low = stream;
	if (d == REQUEST && stream > *high)
		*high = stream;
	return true;
}

/* ---- header blocks ---- */

void http2_block_begin(const struct http2_run *r, uint32_t stream, uint32_t on, enum direction d,
		       bool end_stream)
{
	uint32_t i = find(r->h, stream);
	bool passed = stream == 0;

	if (i < HTTP2_STREAMS) {
		r->h->used[i] = ++r->h->clock;
		passed = has(r->h, i, H2_S_HEAD, d) || has(r->h, i, H2_S_ENDED, d);
	}
	r->side->block = (struct http2_block){
		.stream = stream, .on = on, .d = (uint8_t)d, .end_stream = end_stream,
		.kind = passed ? H2_PASSED : H2_UNDECIDED,
	};
}

static bool is_informational(struct slice status)
{
	return status.n == 3 && status.p[0] == '1' && !slice_is(status, "101");
}

/* Only a message's head has pseudo headers, and they come first (RFC 9113 8.3). */
static bool begins_head(const struct http2_run *r, const struct http2_block *b, struct slice name,
			struct slice value)
{
	bool status = slice_is(name, ":status");

	if (name.p[0] != ':' || status != (b->d == RESPONSE) || (status && is_informational(value)))
		return false;
	if (!open_stream(r, b->stream, b->d))
		return false;
	if (b->d == RESPONSE && !has(r->h, find(r->h, b->stream), H2_S_CANCELLED, REQUEST))
		drop_cancelled(r, r->h->since[find(r->h, b->stream)]);
	return true;
}

/* Does the value of a pseudo header look as it always does (RFC 9113 8.3)? */
static bool is_usual(struct slice name, struct slice value)
{
	bool letters = true, digits = true;

	for (size_t i = 0; i < value.n; i++) {
		letters &= (value.p[i] | 0x20) >= 'a' && (value.p[i] | 0x20) <= 'z';
		digits &= value.p[i] >= '0' && value.p[i] <= '9';
	}
	if (slice_is(name, ":status"))
		return value.n == 3 && digits;
	if (slice_is(name, ":method") || slice_is(name, ":scheme"))
		return letters;
	return !slice_is(name, ":path") || value.p[0] == '/' || value.p[0] == '*';
}

/* Where a frame may be none: what is hardly a field of a message (RFC 9113 8.2.1). Bodies taken for header
 * blocks are full of entries of the static table without value. */
static bool is_junk(struct slice name, struct slice value)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 127 || (name.p[i] >= 'A' && name.p[i] <= 'Z'))
			return true;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' && value.p[i] != '\t')
			return true;
	return value.n == 0 || (name.p[0] == ':' && !is_usual(name, value));
}

bool http2_field(const struct http2_run *r, struct slice name, struct slice value)
{
	struct http2_block *b = &r->side->block;

	if (name.n == 0) {
		b->unknown = true;
		return true;
	}
	if (r->side->doubt > 0 && is_junk(name, value))
		return false;
	if (b->kind == H2_UNDECIDED)
		b->kind = begins_head(r, b, name, value) ? H2_HEAD : H2_PASSED;
	if (b->kind != H2_HEAD)
		return true;
	if (name.n + value.n > HTTP2_BLOCK_MAX - b->told) {
		b->unknown = true;
		return true;
	}
	b->told += (uint32_t)(name.n + value.n);
	r->sink->header(r->sink->ctx, b->stream, b->d, slice_head(name, HTTP2_VALUE_MAX),
			slice_head(value, HTTP2_VALUE_MAX));
	return true;
}

void http2_block_end(const struct http2_run *r)
{
	struct http2_block b = r->side->block;
	uint32_t i = find(r->h, b.stream);

	r->side->block.kind = H2_NO_BLOCK;
	if (i == HTTP2_STREAMS)
		return;
	if (b.kind == H2_HEAD) {
		r->h->flags[i] |= flag(H2_S_HEAD, b.d);
		r->sink->head(r->sink->ctx, b.stream, b.d, !b.unknown);
	}
	if (b.end_stream)
		end_stream(r, i, b.d, b.kind != H2_CUT);
}

void http2_block_cut(const struct http2_run *r)
{
	struct http2_block *b = &r->side->block;
	uint32_t i = find(r->h, b->stream);

	if (i < HTTP2_STREAMS && (b->kind == H2_HEAD || b->end_stream))
		end_stream(r, i, b->d, false);
	b->kind = H2_CUT;
}

/* ---- bodies ---- */

void http2_body(const struct http2_run *r, uint32_t stream, struct slice bytes)
{
	struct http2 *h = r->h;
	uint32_t i = find(h, stream);

	if (i == HTTP2_STREAMS)
		return;
	h->used[i] = ++h->clock;
	if (!has(h, i, H2_S_HEAD, r->d) || has(h, i, H2_S_ENDED, r->d) || bytes.n == 0)
		return;
	if (bytes.p != NULL) {
		r->sink->body(r->sink->ctx, stream, r->d, bytes);
		return;
	}
	h->flags[i] |= flag(H2_S_BROKEN, r->d);
	r->sink->body_gap(r->sink->ctx, stream, r->d, bytes.n);
}
