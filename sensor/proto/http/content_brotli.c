/* br (RFC 7932) by libbrotlidec. Windows are 16 MiB at most: the format's larger ones are not allowed here.
 *
 * The library fills its window as far as the bytes at hand say before it gives any of it away: a command of
 * three bytes can cost 16 MiB of copying. But it takes a window only as large as what it was told is coming.
 * So a large one has to wait for as many coded bytes as the cap of the ratio asks for at the least; those
 * that come are kept, and then decoded anew. Where they do not come, the body is over its cap. */
#include <stdlib.h>
#include <string.h>

#include "sensor/proto/http/content_parts.h"

#define WINDOW_MAX (16u << 20)
#define WINDOW_FREE ((2u << 20) + 4096) /* waits for nothing; the library's other tables are smaller */
#define KEPT (WINDOW_MAX / 2 / CONTENT_RATIO_MAX + 16)

struct content_brotli {
	BrotliDecoderState *state;
	size_t asked;	    /* coded bytes that a window waits for; 0: none does */
	size_t n, fed;	    /* coded bytes kept, and of them those that `state` has met */
	uint64_t out, skip; /* bytes put out; those of them that `state` is still to make again */
	uint8_t kept[KEPT]; /* the first ones of the body */
};

/* A window is less than twice as large as what is coming: else half of it would do. */
static void *give_memory(void *opaque, size_t n)
{
	struct content_brotli *b = opaque;
	size_t least = n / 2 / CONTENT_RATIO_MAX;

	if (n <= WINDOW_FREE || b->n >= least)
		return malloc(n);
	b->asked = least < KEPT ? least : KEPT;
	return NULL;
}

static void take_memory(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

/* The format has no mark to begin with. But '{' is no beginning: it says that the stream ends with this byte,
 * and its last bits, which must be 0 then, are not. So JSON under the wrong header is known. */
static enum content_begins begins(struct slice first, bool behind)
{
	return behind || first.p[0] == '{' ? BEGINS_NOT : BEGINS_OTHER;
}

static void end_state(struct content_brotli *b)
{
	if (b->state != NULL)
		BrotliDecoderDestroyInstance(b->state);
	b->state = NULL;
}

static void drop(struct content_decoder *d)
{
	if (d->brotli != NULL)
		end_state(d->brotli);
	free(d->brotli);
	d->brotli = NULL;
}

/* From the first byte of the body. */
static bool begin_state(struct content_brotli *b)
{
	end_state(b); /* it cannot be used again */
	b->asked = b->fed = 0;
	b->skip = b->out;
	b->state = BrotliDecoderCreateInstance(give_memory, take_memory, b);
	return b->state != NULL;
}

static bool begin(struct content_decoder *d, enum content_begins how)
{
	(void)how;
	drop(d);
	d->brotli = calloc(1, sizeof *d->brotli);
	return d->brotli != NULL && begin_state(d->brotli);
}

static bool no_memory(const BrotliDecoderState *s)
{
	BrotliDecoderErrorCode e = BrotliDecoderGetErrorCode(s);

	return e <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	       e >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static void keep(struct content_brotli *b, struct slice *in, size_t n)
{
	if (n == 0)
		return;
	memcpy(b->kept + b->n, in->p, n);
	b->n += n;
	*in = slice_from(*in, n);
}

/* The byte at hand was taken: a kept one, or the next new one. */
static void took_one(struct content_brotli *b, struct slice *in)
{
	if (b->fed == KEPT)
		*in = slice_from(*in, 1);
	else if (b->fed++ == b->n)
		keep(b, in, 1);
}

/* At most one byte: with more at once, what had been decoded before an error and was not yet put out would be
 * lost, and how much that is depends on how the bytes were cut. */
static BrotliDecoderResult decode_one(struct content_brotli *b, struct slice *in, struct content_room *to)
{
	bool again = b->fed < b->n;
	const uint8_t *p = again ? b->kept + b->fed : in->p;
	size_t n = again || in->n > 0, left = n;
	BrotliDecoderResult rc = BrotliDecoderDecompressStream(b->state, &left, &p, &to->n, &to->p, NULL);

	if (left < n)
		took_one(b, in);
	return rc;
}

/* What was put out before is made once more, for nobody. */
static BrotliDecoderResult decode_again(struct content_brotli *b, struct slice *in)
{
	BrotliDecoderResult rc = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	uint8_t made[4096];

	while (b->skip > 0 && (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT ||
			       (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && b->fed < b->n))) {
		size_t n = b->skip < sizeof made ? (size_t)b->skip : sizeof made;
		struct content_room to = { made, n };

		rc = decode_one(b, in, &to);
		b->skip -= n - to.n;
	}
	return rc;
}

static BrotliDecoderResult decode(struct content_brotli *b, struct slice *in, struct content_room *room)
{
	BrotliDecoderResult rc = decode_again(b, in);
	size_t space = room->n;

	if (rc == BROTLI_DECODER_RESULT_ERROR)
		return rc;
	do
		rc = decode_one(b, in, room);
	while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && (b->fed < b->n || in->n > 0) && room->n > 0);
	b->out += space - room->n;
	return rc;
}

static enum content_step step(struct content_decoder *d, struct slice *in, struct content_room *room)
{
	struct content_brotli *b = d->brotli;
	BrotliDecoderResult rc;

	do {
		if (b->asked > 0) {
			keep(b, in, in->n < b->asked - b->n ? in->n : b->asked - b->n);
			d->waits = b->n < b->asked;
			if (d->waits)
				return STEP_INPUT;
			if (!begin_state(b))
				return STEP_MEMORY;
		}
		rc = decode(b, in, room);
	} while (rc == BROTLI_DECODER_RESULT_ERROR && b->asked > 0);
	switch (rc) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return STEP_OVER;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
		return room->n == 0 ? STEP_ROOM : STEP_INPUT;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
		return STEP_ROOM;
	default:
		return no_memory(b->state) ? STEP_MEMORY : STEP_DAMAGED;
	}
}

/* Never at once: what a window costs is known as the bytes come. */
const struct content_coding content_brotli = {
	begins, begin, step, NULL, drop, false, 64u << 10, WINDOW_MAX
};
