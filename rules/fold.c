#include "rules/fold.h"

static const struct fold_range {
	uint32_t first, last;
	uint8_t step;
	int32_t delta;
} ranges[] = {
#define FOLD(first, last, step, delta) { first, last, step, delta },
#include "rules/fold.def"
#undef FOLD
};

size_t utf8_unit(struct slice s, uint32_t *code)
{
	uint8_t c = s.p[0];
	size_t n = c < 0xC2 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 1;
	uint32_t v;

	*code = c;
	if (n == 1 || s.n < n)
		return 1;
	v = c & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xC0) != 0x80)
			return 1;
		v = v << 6 | (s.p[i] & 0x3Fu);
	}
	/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
	if (n == 3 && (v < 0x800 || (v >= 0xD800 && v < 0xE000)))
		return 1;
	if (n == 4 && (v < 0x10000 || v > 0x10FFFF))
		return 1;
	*code = v;
	return n;
}

size_t utf8_put(uint32_t code, uint8_t out[4])
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xC0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xE0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
		out[2] = (uint8_t)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
	out[3] = (uint8_t)(0x80 | (code & 0x3F));
	return 4;
}

static uint32_t fold_code(uint32_t code)
{
	size_t low = 0, high = COUNT(ranges);

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct fold_range *r = &ranges[mid];

		if (code < r->first)
			high = mid;
		else if (code > r->last)
			low = mid + 1;
		else
			return (code - r->first) % r->step == 0 ? (uint32_t)((int32_t)code + r->delta) : code;
	}
	return code;
}

bool fold_is_identity(struct slice s)
{
	uint8_t bad = 0;

	for (size_t i = 0; i < s.n; i++)
		bad |= (uint8_t)((s.p[i] >= 0x80) | ((uint8_t)(s.p[i] - 'A') < 26));
	return bad == 0;
}

size_t fold_text(struct slice s, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i];
		uint32_t code;

		if (c < 0x80) {
			out[n++] = (uint8_t)(c - 'A') < 26 ? (uint8_t)(c + 32) : c;
			i++;
			continue;
		}
		size_t unit = utf8_unit(slice_from(s, i), &code);

		if (unit == 1)
			out[n++] = c;
		else
			n += utf8_put(fold_code(code), out + n);
		i += unit;
	}
	return n;
}
