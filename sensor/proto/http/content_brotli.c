/* br (RFC 7932) by libbrotlidec. Windows are 16 MiB at most: the format's larger ones are not allowed here.
 */
#include "sensor/proto/http/content_parts.h"

/* The format has no mark to begin with. But '{' is no beginning: it says that the stream ends with this byte,
 * and its last bits, which must be 0 then, are not. So JSON under the wrong header is known. */
static enum content_begins begins(struct slice first, bool behind)
{
	return behind || first.p[0] == '{' ? BEGINS_NOT : BEGINS_OTHER;
}

static void drop(struct content_decoder *d)
{
	if (d->brotli != NULL)
		BrotliDecoderDestroyInstance(d->brotli);
	d->brotli = NULL;
}

static bool begin(struct content_decoder *d, enum content_begins how)
{
	(void)how;
	drop(d); /* it cannot be used again */
	d->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	return d->brotli != NULL;
}

static bool no_memory(const BrotliDecoderState *s)
{
	BrotliDecoderErrorCode e = BrotliDecoderGetErrorCode(s);

	return e <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	       e >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

/* Byte by byte: with more at once, what had been decoded before an error and was not yet put out would be
 * lost, and how much that is depends on how the bytes were cut. */
static enum content_step step(struct content_decoder *d, struct slice *in, struct content_room *room)
{
	BrotliDecoderResult rc;

	do {
		size_t one = in->n > 0;

		rc = BrotliDecoderDecompressStream(d->brotli, &one, &in->p, &room->n, &room->p, NULL);
		in->n -= (in->n > 0) - one;
	} while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && in->n > 0 && room->n > 0);
	switch (rc) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return STEP_OVER;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
		return room->n == 0 ? STEP_ROOM : STEP_INPUT;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
		return STEP_ROOM;
	default:
		return no_memory(d->brotli) ? STEP_MEMORY : STEP_DAMAGED;
	}
}

static bool whole(struct content_tools *tools, struct slice coded, struct content_room *room)
{
	(void)tools;
	return BrotliDecoderDecompress(coded.n, coded.p, &room->n, room->p) == BROTLI_DECODER_RESULT_SUCCESS;
}

const struct content_coding content_brotli = {
	begins, begin, step, whole, drop, false, 64u << 10, 16u << 20
};
