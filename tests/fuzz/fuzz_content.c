/* Any bytes as a coded body: what comes out does not depend on how they were cut, nor on whether there was a
 * place to wait for the end, and stays within the caps. Of zstd the library takes more for sound at once than
 * piece by piece (blocks above the window): there it may depend on the place, but not on the cuts. Input: the
 * coding, the size of pieces, then the body. */
#include <stdlib.h>

#include "sensor/proto/http/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const codings[] = {
	"gzip", "deflate", "gzip, gzip", "deflate, gzip", "gzip, deflate", "deflate, deflate", "compress",
	"",	"br",	   "zstd",	 "br, gzip",	  "zstd, br",	   "gzip, zstd",       "br, br",
};

struct result {
	uint64_t n, sum;
	enum content_state state;
};

static void take(void *ctx, struct slice plain)
{
	struct result *r = ctx;

	if (plain.n == 0)
		abort();
	r->n += plain.n;
	for (size_t i = 0; i < plain.n; i++)
		r->sum = r->sum * 31 + plain.p[i];
}

static struct result decode(struct content_pool *p, struct slice coding, struct slice in, size_t most)
{
	struct content c;
	struct result r = { 0, 0, CONTENT_OK };
	uint64_t all = in.n;

	content_begin(&c, p, coding);
	for (; in.n > 0; in = slice_from(in, most))
		content_data(&c, slice_head(in, most), take, &r);
	if (c.in != all || c.out != r.n)
		abort();
	r.state = content_end(&c, take, &r);
	if (r.state != content_end(&c, take, &r) || r.state == CONTENT_NO_ROOM)
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct content_pool *p;
	struct slice in = { data, n }, coding;
	struct content held[CONTENT_STACK];
	struct result whole, cut;

	if (p == NULL)
		p = content_pool_new(
			CONTENT_STACK); /* a decoder that is not given back is missing the next time */
	if (n < 2)
		return 0;
	coding = slice_str(codings[data[0] % COUNT(codings)]);
	in = slice_from(in, 2);
	whole = decode(p, coding, in, SIZE_MAX);
	memset(held, 0, sizeof held);
	for (size_t i = 0; i < COUNT(held) && !slice_is(coding, "zstd"); i++)
		content_begin(&held[i], p, SLICE("gzip"));
	cut = decode(p, coding, in, 1 + data[1] % 32);
	for (size_t i = 0; i < COUNT(held); i++)
		content_drop(&held[i]);
	if (whole.state != CONTENT_CAPPED && cut.state != CONTENT_CAPPED &&
	    (whole.n != cut.n || whole.sum != cut.sum || whole.state != cut.state))
		abort();
	if (whole.n > CONTENT_OUT_MAX + 16384)
		abort();
	return 0;
}
