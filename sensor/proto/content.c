#include "sensor/proto/content.h"

#include <stdlib.h>
#include <zlib.h>

#include "sensor/proto/token.h"

#define PIECE 16384

enum coding { CODING_GZIP, CODING_DEFLATE };

enum phase {
	PHASE_FIRST,    /* nothing has come */
	PHASE_SECOND,   /* one byte waits */
	PHASE_PLAIN,    /* not coded, whatever the header says */
	PHASE_MEMBER,   /* in a gzip member (RFC 1952 2.2) */
	PHASE_STREAM,   /* in a zlib or deflate stream */
	PHASE_BEHIND,   /* behind a member: another one, or what is ignored */
	PHASE_BEHIND_2, /* one byte waits there */
	PHASE_OVER      /* the rest is ignored */
};

struct decoder {
	z_stream z;
	bool ready;       /* z was initialised; it is kept for the next body */
	uint64_t in, out; /* of this body, all members together */
	int32_t next;     /* free one */
};

struct content_pool {
	struct decoder *decoder;
	uint32_t n;
	int32_t free;
	uint8_t room[CONTENT_STACK][PIECE]; /* by stage: a piece is used up before the next is made */
};

struct content_pool *content_pool_new(uint32_t decoders)
{
	struct content_pool *p = calloc(1, sizeof *p);

	if (p == NULL || decoders > INT32_MAX)
		goto fail;
	p->decoder = calloc((size_t)decoders + 1, sizeof *p->decoder);
	if (p->decoder == NULL)
		goto fail;
	p->n = decoders;
	p->free = -1;
	for (uint32_t i = decoders; i-- > 0;) {
		p->decoder[i].next = p->free;
		p->free = (int32_t)i;
	}
	return p;
fail:
	content_pool_free(p);
	return NULL;
}

void content_pool_free(struct content_pool *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->decoder[i].ready)
			inflateEnd(&p->decoder[i].z);
	free(p->decoder);
	free(p);
}

/* ---- decoders ---- */

/* `bits` as inflateInit2 has it: 15 + 16 gzip, 15 zlib, -15 neither header. */
static bool take(struct content *c, int i, int bits)
{
	struct content_pool *p = c->pool;
	struct decoder *d;

	if (p->free < 0)
		return false;
	d = &p->decoder[p->free];
	if ((d->ready ? inflateReset2(&d->z, bits) : inflateInit2(&d->z, bits)) != Z_OK)
		return false;
	c->decoder[i] = p->free;
	p->free = d->next;
	d->ready = true;
	d->in = d->out = 0;
	return true;
}

static void give(struct content *c, int i)
{
	if (c->decoder[i] < 0)
		return;
	c->pool->decoder[c->decoder[i]].next = c->pool->free;
	c->pool->free = c->decoder[i];
	c->decoder[i] = -1;
}

/* Nothing more is decoded of this body. */
static void stop(struct content *c, enum content_state why)
{
	c->state = (uint8_t)why;
	for (int i = 0; i < c->n; i++)
		give(c, i);
}

/* ---- the header ---- */

static bool add_stage(struct content *c, struct slice name)
{
	if (token_same(name, "identity"))
		return true;
	if (c->n == CONTENT_STACK)
		return false;
	for (int i = c->n++; i > 0; i--)
		c->coding[i] = c->coding[i - 1];
	c->coding[0] = token_same(name, "deflate") ? CODING_DEFLATE : CODING_GZIP;
	return c->coding[0] == CODING_DEFLATE || token_same(name, "gzip") || token_same(name, "x-gzip");
}

void content_begin(struct content *c, struct content_pool *pool, struct slice coding)
{
	struct slice one;

	*c = (struct content){ .pool = pool };
	for (int i = 0; i < CONTENT_STACK; i++)
		c->decoder[i] = -1;
	while (c->state == CONTENT_OK && token_list(&coding, &one))
		if (!add_stage(c, token_of(one)))
			c->state = CONTENT_UNKNOWN;
}

/* ---- stages ---- */

struct run {
	struct content *c;
	content_out out;
	void *ctx;
};

static void feed(const struct run *r, int i, struct slice bytes);

/* What stage i made goes to the next one or out. Stages are CONTENT_STACK at most: so deep this goes. */
static void hand_on(const struct run *r, int i, struct slice plain)
{
	if (plain.n == 0)
		return;
	if (i + 1 < r->c->n) {
		feed(r, i + 1, plain);
		return;
	}
	r->c->out += plain.n;
	r->out(r->ctx, plain);
}

/* Looked at before a new piece: what was used and made is then the same however the coded bytes were cut. */
static bool too_much(const struct content *c, const struct decoder *d)
{
	uint64_t out = d->out > c->out ? d->out : c->out;

	return d->out >= CONTENT_OUT_MAX || c->out >= CONTENT_OUT_MAX ||
	       (out >= CONTENT_RATIO_FROM && out / CONTENT_RATIO_MAX > d->in);
}

/* One piece at most. Pieces end at multiples of PIECE. */
static int inflate_piece(const struct run *r, int i, struct slice *bytes)
{
	struct content *c = r->c;
	struct decoder *d = &c->pool->decoder[c->decoder[i]];
	uInt room = PIECE - (uInt)(d->out % PIECE), n = bytes->n < (1u << 30) ? (uInt)bytes->n : 1u << 30;
	int rc;

	if (room == PIECE && too_much(c, d)) {
		stop(c, CONTENT_CAPPED);
		return Z_STREAM_END;
	}
	d->z.next_in = (Bytef *)(uintptr_t)bytes->p;
	d->z.avail_in = n;
	d->z.next_out = c->pool->room[i];
	d->z.avail_out = room;
	rc = inflate(&d->z, Z_NO_FLUSH);
	*bytes = slice_from(*bytes, n - d->z.avail_in);
	d->in += n - d->z.avail_in;
	d->out += room - d->z.avail_out;
	if (rc == Z_STREAM_END)
		c->phase[i] = c->phase[i] == PHASE_MEMBER ? PHASE_BEHIND : PHASE_OVER;
	hand_on(r, i, slice_of(c->pool->room[i], room - d->z.avail_out));
	if (c->state != CONTENT_OK || rc == Z_STREAM_END)
		return Z_STREAM_END;
	if (rc == Z_OK || rc == Z_BUF_ERROR) /* the latter: the input is used up */
		return d->z.avail_out == 0 ? Z_OK : Z_BUF_ERROR;
	stop(c, rc == Z_MEM_ERROR ? CONTENT_NO_ROOM : CONTENT_DAMAGED);
	return rc;
}

/* Returns what is behind the end of the stream. */
static struct slice inflate_all(const struct run *r, int i, struct slice bytes)
{
	int rc;

	do
		rc = inflate_piece(r, i, &bytes);
	while (r->c->state == CONTENT_OK && (rc == Z_OK || (rc == Z_BUF_ERROR && bytes.n > 0)));
	return bytes;
}

static void begin_stream(const struct run *r, int i, enum phase phase, int bits, struct slice first)
{
	struct content *c = r->c;

	if (c->decoder[i] < 0 ? !take(c, i, bits) :
	    inflateReset2(&c->pool->decoder[c->decoder[i]].z, bits) != Z_OK) {
		stop(c, CONTENT_NO_ROOM);
		return;
	}
	c->phase[i] = (uint8_t)phase;
	inflate_all(r, i, first);
}

/* "deflate" is zlib's form (RFC 9110 8.4.1.2), but bare deflate is sent under that name too, and gzip. */
static bool zlib_header(uint8_t a, uint8_t b)
{
	return (a & 0x0f) == 8 && a >> 4 <= 7 && (a << 8 | b) % 31 == 0;
}

/* The first byte of a stage, and the second where the first does not decide. Returns whether it was used. */
static bool decide_first(const struct run *r, int i, uint8_t b)
{
	struct content *c = r->c;
	bool gzip = c->coding[i] == CODING_GZIP;
	uint8_t two[2] = { c->first[i], b };
	struct slice both = { two, 2 };

	if (c->phase[i] == PHASE_FIRST && (b == 0x1f || (!gzip && (b & 0x0f) == 8))) {
		c->first[i] = b;
		c->phase[i] = PHASE_SECOND;
		return true;
	}
	if (gzip && (c->phase[i] == PHASE_FIRST || b != 0x8b)) {
		if (c->phase[i] == PHASE_SECOND)
			hand_on(r, i, slice_head(both, 1));
		c->phase[i] = PHASE_PLAIN;
		return false;
	}
	if (c->phase[i] == PHASE_FIRST)
		begin_stream(r, i, PHASE_STREAM, -15, slice_from(both, 1));
	else if (two[0] == 0x1f && b == 0x8b)
		begin_stream(r, i, PHASE_MEMBER, 15 + 16, both);
	else
		begin_stream(r, i, PHASE_STREAM, zlib_header(two[0], b) ? 15 : -15, both);
	return true;
}

static void decide_behind(const struct run *r, int i, uint8_t b)
{
	struct content *c = r->c;

	if (c->phase[i] == PHASE_BEHIND)
		c->phase[i] = b == 0x1f ? PHASE_BEHIND_2 : PHASE_OVER;
	else if (b == 0x8b)
		begin_stream(r, i, PHASE_MEMBER, 15 + 16, SLICE("\x1f\x8b"));
	else
		c->phase[i] = PHASE_OVER;
}

static void feed(const struct run *r, int i, struct slice bytes)
{
	struct content *c = r->c;

	while (bytes.n > 0 && c->state == CONTENT_OK && c->phase[i] != PHASE_OVER)
		switch (c->phase[i]) {
		case PHASE_PLAIN:
			hand_on(r, i, bytes);
			return;
		case PHASE_MEMBER:
		case PHASE_STREAM:
			bytes = inflate_all(r, i, bytes);
			break;
		case PHASE_FIRST:
		case PHASE_SECOND:
			bytes = slice_from(bytes, decide_first(r, i, bytes.p[0]));
			break;
		default:
			decide_behind(r, i, bytes.p[0]);
			bytes = slice_from(bytes, 1);
		}
}

/* ---- the body ---- */

void content_data(struct content *c, struct slice bytes, content_out out, void *ctx)
{
	struct run r = { c, out, ctx };

	c->in += bytes.n;
	if (c->state != CONTENT_OK || bytes.n == 0)
		return;
	if (c->n > 0) {
		feed(&r, 0, bytes);
		return;
	}
	c->out += bytes.n;
	out(ctx, bytes);
}

enum content_state content_end(struct content *c)
{
	bool cut = false;

	for (int i = 0; i < c->n; i++)
		cut |= c->phase[i] == PHASE_SECOND || c->phase[i] == PHASE_MEMBER ||
		       c->phase[i] == PHASE_STREAM;
	if (c->n > 0 && c->state != CONTENT_UNKNOWN)
		stop(c, c->state == CONTENT_OK && cut ? CONTENT_CUT : (enum content_state)c->state);
	return (enum content_state)c->state;
}
