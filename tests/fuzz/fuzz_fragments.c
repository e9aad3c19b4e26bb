/* Any fragments under tight limits: what becomes whole was sent, the memory stays within its limits, nothing
 * is left, and no more is lost than came. Each is six bytes of the input: whose, where, how long, of which
 * content, flags and time. */
#include <stdlib.h>

#include "sensor/proto/packet/fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool good)
{
	if (!good)
		abort();
}

/* A byte tells its place, unless its fragment lies. */
static uint8_t byte_at(uint32_t at, uint8_t lie)
{
	return (uint8_t)(at * 7 + (at >> 8) + lie);
}

static void told(const struct fragment *w, bool lies)
{
	must(!w->more && w->offset == 0 && w->bytes.n > 0 && w->bytes.n <= FRAGMENT_END_MAX);
	for (size_t i = 0; i < w->bytes.n && !lies; i++)
		must(w->bytes.p[i] == byte_at((uint32_t)i, 0));
}

static struct fragment make(const uint8_t d[6], uint8_t *bytes)
{
	static const uint8_t v4[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1 };
	struct fragment g = { .id = d[0] & 3, .protocol = (d[0] & 4) != 0 ? 6 : 17 };
	uint32_t length = d[2] < 0x80 ? 8 + d[2] % 8u * 8 : (d[2] & 0x7fu) * 520;

	if ((d[0] & 8) != 0)
		memcpy(g.src.b, v4, sizeof v4);
	g.dst = g.src;
	g.more = (d[4] & 1) != 0;
	g.offset = (d[4] & 2) != 0 ? d[1] * 256u : d[1] * 8u;
	length -= g.more ? length % 8 : d[5] % 7;
	if (length == 0 || length > FRAGMENT_END_MAX - g.offset)
		length = 8 - (FRAGMENT_END_MAX - g.offset < 8);
	for (uint32_t i = 0; i < length; i++)
		bytes[i] = byte_at(g.offset + i, (d[3] & 0xf0) == 0xf0 ? d[3] : 0);
	g.bytes = slice_of(bytes, length);
	g.more = g.more && length % 8 == 0;
	return g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t bytes[FRAGMENT_END_MAX];
	struct fragments_limits limits;
	struct losses losses = { 0 };
	struct fragments *f;
	int64_t ns = INT64_C(1800000000000000000);
	uint64_t sent = 0;
	bool lies = false;

	if (n < 2)
		return 0;
	limits = (struct fragments_limits){ data[0] % 8, 64 + data[1] % 64 };
	f = fragments_new(&limits, &losses);
	must(f != NULL);
	for (size_t i = 2; i + 6 <= n; i += 6) {
		struct fragment g = make(data + i, bytes);

		sent++;
		lies = lies || (data[i + 3] & 0xf0) == 0xf0;
		ns += (data[i + 4] & 4) != 0 ? (int64_t)(data[i + 4] >> 3) * 400000000 : 0;
		if (fragments_add(f, &g, ns, &g))
			told(&g, lies);
		must(fragments_waiting(f) <= (limits.datagrams < 2 ? 2 : limits.datagrams));
		must(fragments_blocks(f) <= limits.blocks);
	}
	fragments_finish(f);
	must(fragments_waiting(f) == 0 && fragments_blocks(f) == 0);
	must(losses.of[LOSS_FRAGMENT].n <= sent && losses.of[LOSS_OVERLAP].n <= sent);
	fragments_free(f);
	return 0;
}
