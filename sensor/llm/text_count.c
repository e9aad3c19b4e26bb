#include "sensor/llm/text_count.h"

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

/* Without escapes, which is nearly all: no branches, and so few at a time that a byte counts them, so that a
 * compiler takes many of them in one step. */
static void count_plain(struct text_count *t, struct slice raw)
{
	while (raw.n > 0) {
		struct slice some = slice_head(raw, UINT8_MAX);
		uint8_t wide = 0, inner = 0;

		for (size_t i = 0; i < some.n; i++) {
			wide += some.p[i] >= 0xe3;
			inner += (some.p[i] & 0xc0) == 0x80;
		}
		t->wide += wide;
		t->narrow += (int64_t)some.n - wide - inner;
		raw = slice_from(raw, some.n);
	}
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
