#include "core/base/safe.h"

size_t utf8_take(struct slice text, uint32_t *character)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t c;
	size_t n, i;
	uint32_t v;

	if (text.n == 0)
		return 0;
	c = text.p[0];
	if (c < 0x80) {
		*character = c;
		return 1;
	}
	n = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc0 && c < 0xe0 ? 2 : 0;
	if (n == 0 || n > text.n)
		return 0;
	v = c & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((text.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (text.p[i] & 0x3f);
	}
	if (v < lowest[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*character = v;
	return n;
}

/* What changes how a line looks without being seen itself. */
static bool unseen(uint32_t c)
{
	static const struct { uint32_t from, to; } ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};
	size_t i;

	for (i = 0; i < COUNT(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

void safe_text(struct buf *out, struct slice text)
{
	uint32_t c = 0;
	size_t n;

	for (; text.n > 0; text = slice_from(text, n)) {
		n = utf8_take(text, &c);
		if (n == 0 || (n == 1 && unseen(c))) {
			buf_fmt(out, "\\x%02x", text.p[0]);
			n = 1;
		} else if (unseen(c)) {
			buf_fmt(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
		} else {
			buf_add(out, slice_head(text, n));
		}
	}
}
