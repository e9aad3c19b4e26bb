/* Any bytes in any chunks give the packets that they give in one piece, the same error and the same rest. */
#include <stdlib.h>

#include "sensor/input/capture_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint64_t mix(uint64_t sum, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		sum = sum * 131 + s.p[i] + 1;
	return sum;
}

static uint64_t sum_packets(struct slice in, size_t chunk)
{
	struct capture_file *c = capture_file_new();
	uint64_t sum = 0;
	struct packet p;
	struct err e;
	int rc = TK_AGAIN;

	if (c == NULL)
		abort();
	for (size_t at = 0; at < in.n && rc == TK_AGAIN; at += chunk) {
		capture_file_feed(c, slice_head(slice_from(in, at), chunk));
		while ((rc = capture_file_next(c, &p, &e)) == TK_OK) {
			if (p.bytes.n > CAPTURE_PACKET_MAX)
				abort();
			sum = sum * 31 + (uint64_t)p.ns + p.link_type + p.wire_len;
			sum = mix(sum, p.bytes);
		}
	}
	if (rc != TK_AGAIN)
		sum = mix(sum * 31, slice_str(e.text));
	else if (capture_file_rest(c) > in.n)
		abort();
	sum = sum * 31 + capture_file_rest(c);
	capture_file_free(c);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };
	uint64_t whole;

	if (n == 0)
		return 0;
	whole = sum_packets(in, n);
	if (whole != sum_packets(in, 1 + data[n - 1] % 64) || whole != sum_packets(in, 1))
		abort();
	return 0;
}
