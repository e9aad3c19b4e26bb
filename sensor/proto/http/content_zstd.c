/* zstd (RFC 8878) by libzstd. A window of 8 MiB is what a recipient must have (RFC 9659 3); larger ones are
 * not read. */
#include <zstd_errors.h>

#include "sensor/proto/http/content_parts.h"

#define WINDOW_LOG 23

/* A frame, or one that is skipped (RFC 8878 3.1.1, 3.1.2). */
static enum content_begins begins(struct slice first, bool behind)
{
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd }, skipped[] = { 0x50, 0x2a, 0x4d, 0x18 };
	const uint8_t *magic = first.p[0] == frame[0] ? frame : skipped;

	(void)behind;
	if (magic == skipped && (first.p[0] & 0xf0) != skipped[0])
		return BEGINS_NOT;
	for (size_t i = 1; i < first.n && i < sizeof frame; i++)
		if (first.p[i] != magic[i])
			return BEGINS_NOT;
	return first.n < sizeof frame ? BEGINS_MORE : magic == frame ? BEGINS_OTHER : BEGINS_SKIPPED;
}

static void drop(struct content_decoder *d)
{
	ZSTD_freeDCtx(d->zstd);
	d->zstd = NULL;
}

static bool begin(struct content_decoder *d, enum content_begins how)
{
	if (d->zstd == NULL)
		d->zstd = ZSTD_createDCtx();
	d->frame = (struct content_frame){ .last = how == BEGINS_SKIPPED };
	return d->zstd != NULL && !ZSTD_isError(ZSTD_DCtx_reset(d->zstd, ZSTD_reset_session_only)) &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG));
}

/* How much at once. Where a call finds an error, nothing is known of what it put out before: so never more
 * than a block, nothing while there is something to put out, and byte by byte where bytes are put out as they
 * come. */
static size_t most(const struct content_frame *f)
{
	if (f->full)
		return 0;
	return f->block == 0 || f->raw ? 1 : f->block;
}

/* RFC 8878 3.1.1.2 */
static void block_begins(struct content_frame *f)
{
	uint32_t head = f->head[0] | (uint32_t)f->head[1] << 8 | (uint32_t)f->head[2] << 16;

	f->last = (head & 1) != 0;
	f->raw = (head >> 1 & 3) == 0;
	f->block = (head >> 1 & 3) == 1 ? 1 : head >> 3;
	f->head_n = 0;
}

/* n bytes were taken, of which the first is c. A block's header comes when zstd wants nothing but that. */
static void follow(struct content_frame *f, uint8_t c, size_t n, size_t wants)
{
	if (f->block > 0) {
		f->block -= (uint32_t)n;
	} else if (n > 0 && !f->last && (f->head_n > 0 || f->wants == sizeof f->head)) {
		f->head[f->head_n++] = c;
		if (f->head_n == sizeof f->head)
			block_begins(f);
	}
	f->wants = wants;
}

static enum content_step failed(size_t rc)
{
	switch (ZSTD_getErrorCode(rc)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return STEP_WINDOW;
	case ZSTD_error_memory_allocation:
		return STEP_MEMORY;
	default:
		return STEP_DAMAGED;
	}
}

static enum content_step step(struct content_decoder *d, struct slice *in, struct content_room *room)
{
	size_t n = most(&d->frame), rc;
	ZSTD_inBuffer from = { in->p, in->n < n ? in->n : n, 0 };
	ZSTD_outBuffer to = { room->p, room->n, 0 };

	rc = ZSTD_decompressStream(d->zstd, &to, &from);
	if (ZSTD_isError(rc))
		return failed(rc);
	follow(&d->frame, from.pos > 0 ? in->p[0] : 0, from.pos, rc);
	d->frame.full = to.pos == to.size;
	*in = slice_from(*in, from.pos);
	*room = (struct content_room){ room->p + to.pos, room->n - to.pos };
	if (rc == 0)
		return STEP_MEMBER;
	return room->n == 0 ? STEP_ROOM : STEP_INPUT;
}

/* The window is what a frame asks for, however short it is: a descriptor's larger one is for the steps to
 * refuse. */
static bool window_allowed(struct slice coded)
{
	bool single = coded.n > 4 && (coded.p[4] >> 5 & 1) != 0;

	return single || (coded.n > 5 && coded.p[5] >> 3 < WINDOW_LOG - 10);
}

static bool whole(struct content_tools *tools, struct slice coded, struct content_room *room)
{
	size_t n;

	if (!window_allowed(coded) || ZSTD_findFrameCompressedSize(coded.p, coded.n) != coded.n)
		return false;
	n = ZSTD_decompressDCtx(tools->zstd, room->p, room->n, coded.p, coded.n);
	if (ZSTD_isError(n))
		return false;
	room->n = n;
	return true;
}

/* Not kept: how much of a damaged frame comes out depends on the room that earlier ones needed. */
const struct content_coding content_zstd = { begins, begin, step,	whole,
					     drop,   false, 160u << 10, 1u << WINDOW_LOG };
