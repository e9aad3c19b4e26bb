#include <zstd.h>

#include "sensor/input/codec.h"

/* What `zstd -d` accepts without being asked: a frame may demand this much memory and no more. */
#define WINDOW_LOG_MAX 27

static void *zstd_open(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();

	if (z != NULL && ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		ZSTD_freeDStream(z);
		z = NULL;
	}
	return z;
}

static void zstd_close(void *state)
{
	ZSTD_freeDStream(state);
}

static int zstd_decode(void *state, struct slice *in, uint8_t *out, size_t cap, size_t *n, struct err *e)
{
	ZSTD_inBuffer src = { in->p, in->n, 0 };
	ZSTD_outBuffer dst = { out, cap, 0 };
	size_t rc = ZSTD_decompressStream(state, &dst, &src);

	*in = slice_from(*in, src.pos);
	*n = dst.pos;
	if (ZSTD_isError(rc))
		return err_set(e, TK_EMALFORMED, "zstd: %s", ZSTD_getErrorName(rc));
	if (rc == 0) /* a frame is complete and flushed; the stream begins the next by itself */
		return TK_EEND;
	return in->n == 0 && dst.pos < cap ? TK_AGAIN : TK_OK;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.magic = { (const uint8_t *)"\x28\xb5\x2f\xfd", 4 },
	.open = zstd_open,
	.decode = zstd_decode,
	.close = zstd_close,
};
