#include <lzma.h>
#include <stdlib.h>

#include "sensor/input/codec.h"

/* xz -9 needs 65 MiB to decode; more is nobody's log file. */
#define MEMORY_MAX (UINT64_C(80) << 20)

static bool begin(lzma_stream *z)
{
	return lzma_stream_decoder(z, MEMORY_MAX, 0) == LZMA_OK;
}

static void *xz_open(void)
{
	lzma_stream *z = malloc(sizeof *z);

	if (z == NULL)
		return NULL;
	*z = (lzma_stream)LZMA_STREAM_INIT;
	if (!begin(z)) {
		free(z);
		return NULL;
	}
	return z;
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}

static int xz_decode(void *state, struct slice *in, uint8_t *out, size_t cap, size_t *n, struct err *e)
{
	lzma_stream *z = state;
	lzma_ret rc;

	z->next_in = in->p;
	z->avail_in = in->n;
	z->next_out = out;
	z->avail_out = cap;
	rc = lzma_code(z, LZMA_RUN);
	*in = slice_from(*in, in->n - z->avail_in);
	*n = cap - z->avail_out;
	switch (rc) {
	case LZMA_OK:
		return in->n == 0 && z->avail_out > 0 ? TK_AGAIN : TK_OK;
	case LZMA_STREAM_END:
		return begin(z) ? TK_EEND : err_set(e, TK_ENOMEM, "xz: cannot begin another stream");
	case LZMA_BUF_ERROR: /* twice no progress: input is used up */
		return TK_AGAIN;
	case LZMA_MEM_ERROR:
		return err_set(e, TK_ENOMEM, "xz: no memory");
	case LZMA_MEMLIMIT_ERROR:
		return err_set(e, TK_ELIMIT, "xz: needs more than %u MiB to decode",
			       (unsigned)(MEMORY_MAX >> 20));
	default:
		return err_set(e, TK_EMALFORMED, "xz: damaged data");
	}
}

const struct codec codec_xz = {
	.name = "xz",
	.magic = { (const uint8_t *)"\xfd" "7zXZ\0", 6 },
	.open = xz_open,
	.decode = xz_decode,
	.close = xz_close,
};
