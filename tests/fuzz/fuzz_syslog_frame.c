/* Any bytes are split into the same messages, whatever part of them was there before. */
#include <stdlib.h>

#include "sensor/input/syslog_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct reader {
	uint64_t sum, skip;
	bool skip_line;
};

static size_t pass_over(struct reader *r, struct slice in)
{
	size_t n = r->skip < in.n ? (size_t)r->skip : in.n;

	r->skip -= n;
	while (r->skip == 0 && r->skip_line && n < in.n) {
		r->skip_line = in.p[n] != '\n' && in.p[n] != 0;
		n++;
	}
	return n;
}

static size_t take(struct slice in, bool last, struct reader *r)
{
	struct syslog_frame f;
	size_t used = pass_over(r, in);

	while (used < in.n) {
		struct slice rest = slice_from(in, used);

		syslog_frame(rest, last, &f);
		if (f.found == SYSLOG_MORE) {
			if (last || rest.n >= SYSLOG_MESSAGE_MAX + 16)
				abort();
			break;
		}
		if (f.size == 0 || f.text.n > rest.n || f.text.n > SYSLOG_MESSAGE_MAX ||
		    (f.found != SYSLOG_TOO_LONG && f.size > rest.n))
			abort();
		r->sum = r->sum * 31 + f.found + f.size;
		for (size_t i = 0; f.found == SYSLOG_MESSAGE && i < f.text.n; i++)
			r->sum = r->sum * 131 + f.text.p[i];
		r->skip_line = f.to_line_end;
		r->skip = f.found == SYSLOG_TOO_LONG ? f.size : 0;
		used += f.found == SYSLOG_TOO_LONG ? pass_over(r, rest) : (size_t)f.size;
	}
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };
	struct reader whole = { 0 }, halves = { 0 }, last = { 0 };
	size_t used;

	if (n == 0)
		return 0;
	used = take(slice_head(in, data[0] % n), false, &halves);
	used += take(slice_from(in, used), false, &halves);
	if (take(in, false, &whole) != used || whole.sum != halves.sum)
		abort();
	take(in, true, &last);
	return 0;
}
