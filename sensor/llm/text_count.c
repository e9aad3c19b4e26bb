#include "sensor/llm/text_count.h"

#include "core/base/find.h"

/* The n-th hex digit of an escape: the first tells how wide, the second whether it is the other half of the
 * character before. */
static void count_digit(struct text_count *t, uint8_t c)
{
	uint8_t digit = c | 0x20;

	if (t->escape == 4 && c >= '3') {
		t->narrow--;
		t->wide++;
	}
	if (t->escape == 4)
		t->low = digit == 'd';
	else if (t->escape == 3 && t->low && digit >= 'c' && digit <= 'f')
		t->wide--;
	t->escape--;
}

/* The sum of sixteen counts, which are 15 at most: their sum fits in a byte. */
static int64_t sum(find_bytes counts)
{
	find_words w = (find_words)counts;

	return (int64_t)(((w[0] + w[1]) * UINT64_C(0x0101010101010101)) >> 56);
}

static void count_few(struct text_count *t, struct slice raw)
{
	int64_t wide = 0, inner = 0;

	for (size_t i = 0; i < raw.n; i++) {
		wide += raw.p[i] >= 0xe3;
		inner += (raw.p[i] & 0xc0) == 0x80;
	}
	t->wide += wide;
	t->narrow += (int64_t)raw.n - wide - inner;
}

/* Without escapes, which is nearly all: sixteen bytes at a time, so many times that a byte counts them. */
static void count_plain(struct text_count *t, struct slice raw)
{
	while (raw.n >= sizeof(find_bytes)) {
		struct slice some = slice_head(raw, 15 * sizeof(find_bytes));
		find_bytes b, wide = { 0 }, inner = { 0 };
		size_t n = some.n / sizeof b * sizeof b;

		for (size_t i = 0; i < n; i += sizeof b) {
			b = find_load(some.p + i);
			wide -= (find_bytes)(b >= 0xe3);
			inner -= (find_bytes)((b & 0xc0) == 0x80);
		}
		t->wide += sum(wide);
		t->narrow += (int64_t)n - sum(wide) - sum(inner);
		raw = slice_from(raw, n);
	}
	count_few(t, raw);
}

void text_count_piece(struct text_count *t, struct slice raw, bool escaped)
{
	if (!escaped && t->escape == 0) {
		count_plain(t, raw);
		return;
	}
	for (size_t i = 0; i < raw.n; i++) {
		uint8_t c = raw.p[i];

		if (escaped) {
			t->narrow++;
			t->escape = c == 'u' ? 4 : 0;
		} else if (t->escape > 0) {
			count_digit(t, c);
		} else if (c >= 0xe3) {
			t->wide++;
		} else if ((c & 0xc0) != 0x80) {
			t->narrow++;
		}
	}
}
