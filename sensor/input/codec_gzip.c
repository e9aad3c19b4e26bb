#include <stdlib.h>
#include <zlib.h>

#include "sensor/input/codec.h"

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof *z);

	/* 15 + 16: the largest window, gzip frame only (zlib.h, inflateInit2) */
	if (z != NULL && inflateInit2(z, 15 + 16) != Z_OK) {
		free(z);
		z = NULL;
	}
	return z;
}

static void gzip_close(void *state)
{
	inflateEnd(state);
	free(state);
}

static int gzip_decode(void *state, struct slice *in, uint8_t *out, size_t cap, size_t *n, struct err *e)
{
	z_stream *z = state;
	uInt room = cap > (1u << 30) ? 1u << 30 : (uInt)cap;
	int rc;

	z->next_in = in->n == 0 ? NULL : (Bytef *)(uintptr_t)in->p;
	z->avail_in = (uInt)in->n;
	z->next_out = out;
	z->avail_out = room;
	rc = inflate(z, Z_NO_FLUSH);
	*in = slice_from(*in, in->n - z->avail_in);
	*n = room - z->avail_out;
	switch (rc) {
	case Z_OK:
		return in->n == 0 && z->avail_out > 0 ? TK_AGAIN : TK_OK;
	case Z_STREAM_END:
		return inflateReset(z) == Z_OK ? TK_EEND :
		       err_set(e, TK_ENOMEM, "gzip: cannot begin another member");
	case Z_BUF_ERROR: /* no progress possible: input is used up */
		return TK_AGAIN;
	case Z_MEM_ERROR:
		return err_set(e, TK_ENOMEM, "gzip: no memory");
	default:
		return err_set(e, TK_EMALFORMED, "gzip: %s", z->msg == NULL ? "damaged data" : z->msg);
	}
}

const struct codec codec_gzip = {
	.name = "gzip",
	.magic = { (const uint8_t *)"\x1f\x8b\x08", 3 },
	.open = gzip_open,
	.decode = gzip_decode,
	.close = gzip_close,
};
