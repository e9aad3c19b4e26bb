#include "core/event/wire.h"

#include "core/event/wire_form.h"

const char *reject_name(enum reject_reason r)
{
	static const char *const names[REJECT_COUNT] = {
		[REJECT_MALFORMED] = "malformed",
		[REJECT_TIME] = "time",
		[REJECT_TOO_LONG] = "too_long",
		[REJECT_NUL] = "nul_bytes",
		[REJECT_OTHER] = "no_call",
	};

	return r > 0 && r < REJECT_COUNT ? names[r] : "unknown";
}

void put_bytes(struct buf *out, struct slice s)
{
	if (s.n > WIRE_STRING_MAX)
		s.n = WIRE_STRING_MAX;
	put_varint(out, s.n);
	buf_add(out, s);
}

bool take_bytes(struct slice *in, struct slice *out)
{
	uint64_t n;

	if (!take_varint(in, &n) || n > WIRE_STRING_MAX || n > in->n)
		return false;
	*out = slice_head(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return true;
}

bool take_hash(struct slice *in, uint8_t out[16])
{
	if (in->n < 16)
		return false;
	memcpy(out, in->p, 16);
	*in = slice_from(*in, 16);
	return true;
}

bool take_u32(struct slice *in, uint32_t *out)
{
	uint64_t v;

	if (!take_varint(in, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

bool take_generation(struct slice *in, struct generation *g)
{
	uint8_t finished;
	bool good = take_varint(in, &g->token) && take_varint(in, &g->dev) && take_varint(in, &g->ino) &&
		    take_varint(in, &g->position) && take_varint(in, &g->line) &&
		    take_u32(in, &g->prefix_len) && take_u32(in, &g->tail_len) &&
		    take_hash(in, g->prefix_hash) && take_hash(in, g->tail_hash) && take_byte(in, &finished);

	if (good)
		g->finished = finished != 0;
	return good && g->prefix_len <= GENERATION_PREFIX && g->tail_len <= GENERATION_TAIL &&
	       g->position <= INT64_MAX && g->line <= INT64_MAX;
}

void put_generation(struct buf *out, const struct generation *g)
{
	put_varint(out, g->token);
	put_varint(out, g->dev);
	put_varint(out, g->ino);
	put_varint(out, g->position);
	put_varint(out, g->line);
	put_varint(out, g->prefix_len);
	put_varint(out, g->tail_len);
	buf_add(out, slice_of(g->prefix_hash, sizeof g->prefix_hash));
	buf_add(out, slice_of(g->tail_hash, sizeof g->tail_hash));
	buf_byte(out, g->finished);
}

void ack_encode(const struct batch_ack *a, struct buf *out)
{
	put_varint(out, a->token);
	put_varint(out, a->position);
	buf_byte(out, a->discarded);
	put_varint(out, a->new_events);
	put_varint(out, a->duplicates);
}

int ack_decode(struct slice in, struct batch_ack *a)
{
	uint8_t discarded;

	if (!take_varint(&in, &a->token) || !take_varint(&in, &a->position) || !take_byte(&in, &discarded) ||
	    !take_u32(&in, &a->new_events) || !take_u32(&in, &a->duplicates))
		return TK_EMALFORMED;
	a->discarded = discarded != 0;
	return TK_OK;
}

void resume_encode(struct slice input, struct slice path, const struct generation *g, struct buf *out)
{
	put_bytes(out, input);
	put_bytes(out, path);
	put_generation(out, g);
}

int resume_decode(struct slice in, struct slice *input, struct slice *path, struct generation *g)
{
	return take_bytes(&in, input) && take_bytes(&in, path) && take_generation(&in, g) ? TK_OK
											  : TK_EMALFORMED;
}
