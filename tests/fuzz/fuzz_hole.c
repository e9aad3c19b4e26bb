/* Any bytes are a hole or none; one is written and read again with the same answer. */
#include <stdlib.h>

#include "sensor/recorder/hole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct hole a, b;
	struct buf text;

	if (!hole_parse(slice_of(data, n), &a))
		return 0;
	buf_init(&text, 1 << 20);
	hole_put(&a, &text);
	if (text.failed || !hole_parse(buf_slice(&text), &b) || b.since_ns != a.since_ns ||
	    b.calls != a.calls || b.n != a.n || memcmp(a.row, b.row, a.n * sizeof a.row[0]) != 0)
		abort();
	buf_free(&text);
	return 0;
}
