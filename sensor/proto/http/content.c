#include <stdlib.h>

#include "sensor/proto/http/content_parts.h"
#include "sensor/proto/http/token.h"

#define PIECE 16384

enum phase {
	PHASE_FIRST,  /* its first bytes are not enough to tell whether it is coded */
	PHASE_PLAIN,  /* not coded, whatever the header says */
	PHASE_STREAM, /* in a member or stream */
	PHASE_BEHIND, /* behind a member: another one, or what is ignored */
	PHASE_OVER    /* the rest is ignored */
};

static const struct {
	const char *name;
	const struct content_coding *family;
} codings[] = {
#define CODING(name, family) { name, &family },
#include "sensor/proto/http/codings.def"
#undef CODING
};

static const struct content_coding *const families[] = { &content_gzip, &content_brotli, &content_zstd };

struct content_pool {
	struct content_decoder *decoder;
	uint32_t n;
	int32_t free;
	uint64_t held; /* of all decoders, as accounted */
	struct content_whole *whole;
	uint8_t room[CONTENT_STACK][PIECE]; /* by stage: a piece is used up before the next is made */
};

struct content_pool *content_pool_new(uint32_t decoders)
{
	struct content_pool *p = calloc(1, sizeof *p);

	if (p == NULL || decoders > INT32_MAX)
		goto fail;
	p->decoder = calloc((size_t)decoders + 1, sizeof *p->decoder);
	p->whole = content_whole_new(decoders);
	if (p->decoder == NULL || p->whole == NULL)
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
		for (size_t f = 0; f < COUNT(families); f++)
			families[f]->drop(&p->decoder[i]);
	content_whole_free(p->whole);
	free(p->decoder);
	free(p);
}

/* ---- decoders ---- */

static bool take(struct content *c, int i)
{
	struct content_pool *p = c->pool;
	struct content_decoder *d;

	if (p->free < 0)
		return false;
	d = &p->decoder[p->free];
	c->decoder[i] = p->free;
	p->free = d->next;
	d->in = d->out = d->held = 0;
	d->waits = false;
	return true;
}

static void give(struct content *c, int i)
{
	struct content_decoder *d;

	if (c->decoder[i] < 0)
		return;
	d = &c->pool->decoder[c->decoder[i]];
	if (!c->coding[i]->kept)
		c->coding[i]->drop(d);
	c->pool->held -= d->held;
	d->next = c->pool->free;
	c->pool->free = c->decoder[i];
	c->decoder[i] = -1;
}

/* Accounts for what the decoder has come to hold: of a window only what was put out is touched. False: the
 * pool's memory is used up. */
static bool hold(struct content_pool *p, struct content_decoder *d, const struct content_coding *coding)
{
	uint64_t now = coding->base + (d->out < coding->window ? d->out : coding->window);

	if (now <= d->held)
		return true;
	if (p->held + (now - d->held) > CONTENT_HELD_MAX)
		return false;
	p->held += now - d->held;
	d->held = now;
	return true;
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
	size_t which = 0;

	if (token_same(name, "identity"))
		return true;
	while (which < COUNT(codings) && !token_same(name, codings[which].name))
		which++;
	if (which == COUNT(codings) || c->n == CONTENT_STACK)
		return false;
	for (int i = c->n++; i > 0; i--)
		c->coding[i] = c->coding[i - 1];
	c->coding[0] = codings[which].family;
	return true;
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
	if (c->state == CONTENT_OK && c->n == 1 && c->coding[0]->whole != NULL)
		content_whole_take(pool->whole, &c->wait);
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
static bool too_much(const struct content *c, const struct content_decoder *d)
{
	uint64_t out = d->out > c->out ? d->out : c->out;

	return d->out >= CONTENT_OUT_MAX || c->out >= CONTENT_OUT_MAX ||
	       (out >= CONTENT_RATIO_FROM && out / CONTENT_RATIO_MAX > d->in);
}

/* One piece at most. Pieces end at multiples of PIECE. True: there may be more in the decoder. */
static bool decode_piece(const struct run *r, int i, struct slice *bytes)
{
	struct content *c = r->c;
	struct content_decoder *d = &c->pool->decoder[c->decoder[i]];
	struct content_room room = { c->pool->room[i], PIECE - (size_t)(d->out % PIECE) };
	size_t n = bytes->n, space = room.n;
	enum content_step step;

	if (space == PIECE && too_much(c, d)) {
		stop(c, CONTENT_CAPPED);
		return false;
	}
	if (space == PIECE && !hold(c->pool, d, c->coding[i])) {
		stop(c, CONTENT_NO_ROOM);
		return false;
	}
	step = c->coding[i]->step(d, bytes, &room);
	d->in += n - bytes->n;
	d->out += space - room.n;
	if (step == STEP_MEMBER || step == STEP_OVER)
		c->phase[i] = step == STEP_MEMBER ? PHASE_BEHIND : PHASE_OVER;
	hand_on(r, i, slice_of(c->pool->room[i], space - room.n));
	if (c->state != CONTENT_OK)
		return false;
	if (step >= STEP_DAMAGED)
		stop(c, step == STEP_DAMAGED  ? CONTENT_DAMAGED
			: step == STEP_WINDOW ? CONTENT_CAPPED
					      : CONTENT_NO_ROOM);
	return step == STEP_ROOM;
}

/* Returns what is behind the end of the stream. */
static struct slice decode_all(const struct run *r, int i, struct slice bytes)
{
	bool more;

	do
		more = decode_piece(r, i, &bytes);
	while (r->c->state == CONTENT_OK && r->c->phase[i] == PHASE_STREAM && (more || bytes.n > 0));
	return bytes;
}

static void begin_stream(const struct run *r, int i, enum content_begins how, struct slice first)
{
	struct content *c = r->c;

	if ((c->decoder[i] < 0 && !take(c, i)) ||
	    !c->coding[i]->begin(&c->pool->decoder[c->decoder[i]], how)) {
		stop(c, CONTENT_NO_ROOM);
		return;
	}
	c->phase[i] = PHASE_STREAM;
	decode_all(r, i, first);
}

/* A byte of a body's or member's beginning. */
static void decide(const struct run *r, int i, uint8_t b)
{
	struct content *c = r->c;
	bool behind = c->phase[i] == PHASE_BEHIND;
	struct slice first;
	enum content_begins how;

	c->first[i][c->first_n[i]++] = b;
	first = slice_of(c->first[i], c->first_n[i]);
	how = c->coding[i]->begins(first, behind);
	if (how == BEGINS_MORE)
		return;
	c->first_n[i] = 0;
	if (how != BEGINS_NOT) {
		begin_stream(r, i, how, first);
	} else if (behind) {
		c->phase[i] = PHASE_OVER;
	} else {
		c->phase[i] = PHASE_PLAIN;
		hand_on(r, i, first);
	}
}

static void feed(const struct run *r, int i, struct slice bytes)
{
	struct content *c = r->c;

	while (bytes.n > 0 && c->state == CONTENT_OK && c->phase[i] != PHASE_OVER)
		switch (c->phase[i]) {
		case PHASE_PLAIN:
			hand_on(r, i, bytes);
			return;
		case PHASE_STREAM:
			bytes = decode_all(r, i, bytes);
			break;
		default:
			decide(r, i, bytes.p[0]);
			bytes = slice_from(bytes, 1);
		}
}

/* ---- the body ---- */

/* What waited goes the usual way. */
static void wait_no_more(const struct run *r)
{
	struct slice waited = content_whole_give(r->c->pool->whole, &r->c->wait);

	feed(r, 0, waited);
}

void content_data(struct content *c, struct slice bytes, content_out out, void *ctx)
{
	struct run r = { c, out, ctx };

	c->in += bytes.n;
	if (c->state != CONTENT_OK || bytes.n == 0)
		return;
	if (c->n == 0) {
		c->out += bytes.n;
		out(ctx, bytes);
		return;
	}
	if (c->wait.waits) {
		if (content_whole_add(c->pool->whole, &c->wait, bytes))
			return;
		wait_no_more(&r);
	}
	feed(&r, 0, bytes);
}

/* True: what waited was a whole body, and was handed on. */
static bool end_whole(const struct run *r)
{
	struct content *c = r->c;
	struct slice waited = content_whole_give(c->pool->whole, &c->wait), plain;

	if (!content_whole_decode(c->pool->whole, c->coding[0], waited, &plain)) {
		feed(r, 0, waited);
		return false;
	}
	hand_on(r, 0, plain);
	return true;
}

enum content_state content_end(struct content *c, content_out out, void *ctx)
{
	struct run r = { c, out, ctx };
	enum content_state over = CONTENT_OK;

	if (c->wait.waits && end_whole(&r))
		return CONTENT_OK;
	for (int i = 0; i < c->n; i++) {
		if (c->decoder[i] >= 0 && c->pool->decoder[c->decoder[i]].waits)
			over = CONTENT_CAPPED;
		else if (over == CONTENT_OK && (c->phase[i] == PHASE_STREAM ||
						(c->phase[i] == PHASE_FIRST && c->first_n[i] > 0)))
			over = CONTENT_CUT;
	}
	if (c->n > 0 && c->state != CONTENT_UNKNOWN)
		stop(c, c->state == CONTENT_OK ? over : (enum content_state)c->state);
	return (enum content_state)c->state;
}

void content_drop(struct content *c)
{
	if (c->wait.waits)
		content_whole_give(c->pool->whole, &c->wait);
	for (int i = 0; i < c->n; i++)
		give(c, i);
}
