#include "core/base/columns.h"

#include "core/base/safe.h"

int columns_of(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};

	if (c >= 0x300 && c <= 0x36f)
		return 0;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (c >= wide[i].from && c <= wide[i].to)
			return 2;
	return 1;
}

int columns_text(struct slice text)
{
	int width = 0;
	uint32_t c = 0;
	size_t n;

	for (; text.n > 0; text = slice_from(text, n)) {
		n = utf8_take(text, &c);
		width += n == 0 ? 1 : columns_of(c);
		n = n == 0 ? 1 : n;
	}
	return width;
}

void columns_pad(struct buf *out, struct slice text, int width)
{
	size_t before = out->n;
	int used;

	safe_text(out, text);
	if (out->failed)
		return;
	used = columns_text(slice_of(out->p + before, out->n - before));
	do
		buf_byte(out, ' ');
	while (used++ < width);
}
