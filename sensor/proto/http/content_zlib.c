/* gzip (RFC 1952) and deflate (RFC 1950, 1951) by zlib; whole bodies by libdeflate. */
#include "sensor/proto/http/content_parts.h"

static enum content_begins gzip_begins(struct slice first, bool behind)
{
	(void)behind;
	if (first.p[0] != 0x1f)
		return BEGINS_NOT;
	if (first.n == 1)
		return BEGINS_MORE;
	return first.p[1] == 0x8b ? BEGINS_GZIP : BEGINS_NOT;
}

/* Of bare deflate: the first block's type, and a stored block's length, which comes twice (RFC 1951 3.2.3,
 * 3.2.4). */
static enum content_begins raw_begins(struct slice first)
{
	switch (first.p[0] >> 1 & 3) {
	case 0:
		if (first.n < 5)
			return BEGINS_MORE;
		return (first.p[1] ^ first.p[3]) == 0xff && (first.p[2] ^ first.p[4]) == 0xff ? BEGINS_RAW
											      : BEGINS_NOT;
	case 3:
		return BEGINS_NOT;
	default:
		return BEGINS_RAW;
	}
}

/* "deflate" is zlib's form (RFC 9110 8.4.1.2), but bare deflate is sent under that name too, and gzip. */
static enum content_begins deflate_begins(struct slice first, bool behind)
{
	uint8_t a = first.p[0], b;

	if (behind)
		return gzip_begins(first, behind);
	if (a != 0x1f && (a & 0x0f) != 8)
		return raw_begins(first);
	if (first.n == 1)
		return BEGINS_MORE;
	b = first.p[1];
	if (a == 0x1f && b == 0x8b)
		return BEGINS_GZIP;
	return (a & 0x0f) == 8 && a >> 4 <= 7 && (a << 8 | b) % 31 == 0 ? BEGINS_ZLIB : raw_begins(first);
}

static bool begin(struct content_decoder *d, enum content_begins how)
{
	int bits = how == BEGINS_GZIP ? 15 + 16 : how == BEGINS_ZLIB ? 15 : -15; /* as inflateInit2 has it */

	if ((d->z_ready ? inflateReset2(&d->z, bits) : inflateInit2(&d->z, bits)) != Z_OK)
		return false;
	d->z_ready = true;
	d->how = (uint8_t)how;
	return true;
}

static enum content_step step(struct content_decoder *d, struct slice *in, struct content_room *room)
{
	uInt n = in->n < (1u << 30) ? (uInt)in->n : 1u << 30;
	int rc;

	d->z.next_in = (Bytef *)(uintptr_t)in->p;
	d->z.avail_in = n;
	d->z.next_out = room->p;
	d->z.avail_out = (uInt)room->n;
	rc = inflate(&d->z, Z_NO_FLUSH);
	*in = slice_from(*in, n - d->z.avail_in);
	*room = (struct content_room){ d->z.next_out, d->z.avail_out };
	switch (rc) {
	case Z_STREAM_END:
		return d->how == BEGINS_GZIP ? STEP_MEMBER : STEP_OVER;
	case Z_OK:
	case Z_BUF_ERROR: /* the input is used up */
		return room->n == 0 ? STEP_ROOM : STEP_INPUT;
	case Z_MEM_ERROR:
		return STEP_MEMORY;
	default:
		return STEP_DAMAGED;
	}
}

/* A checksum of the header (FHCRC), which nobody sends, is zlib's to check. */
static enum libdeflate_result whole_member(struct libdeflate_decompressor *z, enum content_begins how,
					   struct slice coded, struct content_room *room, size_t *used)
{
	size_t most = room->n;

	if (how == BEGINS_GZIP && coded.n > 3 && (coded.p[3] & 2) == 0)
		return libdeflate_gzip_decompress_ex(z, coded.p, coded.n, room->p, most, used, &room->n);
	if (how == BEGINS_ZLIB)
		return libdeflate_zlib_decompress_ex(z, coded.p, coded.n, room->p, most, used, &room->n);
	return LIBDEFLATE_BAD_DATA;
}

static bool whole(struct content_tools *tools, enum content_begins how, struct slice coded,
		  struct content_room *room)
{
	size_t used = 0;

	return whole_member(tools->deflate, how, coded, room, &used) == LIBDEFLATE_SUCCESS && used == coded.n;
}

static bool gzip_whole(struct content_tools *tools, struct slice coded, struct content_room *room)
{
	return coded.n > 1 && whole(tools, gzip_begins(slice_head(coded, 2), false), coded, room);
}

static bool deflate_whole(struct content_tools *tools, struct slice coded, struct content_room *room)
{
	return coded.n > 1 && whole(tools, deflate_begins(slice_head(coded, 2), false), coded, room);
}

static void drop(struct content_decoder *d)
{
	if (d->z_ready)
		inflateEnd(&d->z);
	d->z_ready = false;
}

const struct content_coding content_gzip = { gzip_begins, begin, step, gzip_whole, drop, true, 0, 0 };
const struct content_coding content_deflate = {
	deflate_begins, begin, step, deflate_whole, drop, true, 0, 0
};
