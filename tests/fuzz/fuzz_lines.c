/* Any bytes in any chunks are split as they are in one piece. */
#include <stdlib.h>

#include "sensor/input/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint64_t sum_lines(struct slice in, size_t chunk)
{
	struct lines l;
	struct line line;
	uint64_t sum = 0;

	lines_init(&l, 0, 0);
	for (size_t at = 0; at < in.n; at += chunk) {
		lines_feed(&l, slice_head(slice_from(in, at), chunk));
		while (lines_next(&l, &line) == TK_OK) {
			sum = sum * 31 + line.end * 7 + line.reject;
			for (size_t k = 0; k < line.text.n; k++)
				sum = sum * 131 + line.text.p[k];
		}
	}
	if (lines_last(&l, &line) == TK_OK)
		sum = sum * 31 + line.end + line.text.n;
	lines_free(&l);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };

	if (n > 0 && sum_lines(in, n) != sum_lines(in, 1 + data[0] % 16))
		abort();
	return 0;
}
