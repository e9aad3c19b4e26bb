#include "reports/figure.h"

#define DIGITS_MAX 40

static size_t digits_of(unsigned __int128 u, char out[DIGITS_MAX])
{
	char *end = out + DIGITS_MAX, *p = end;
	size_t n;

	do
		*--p = (char)('0' + (int)(u % 10));
	while ((u /= 10) != 0);
	n = (size_t)(end - p);
	memmove(out, p, n);
	return n;
}

static unsigned __int128 magnitude(figure v)
{
	return v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
}

void put_digits(struct buf *out, figure v)
{
	char text[DIGITS_MAX];

	if (v < 0)
		buf_byte(out, '-');
	buf_add(out, slice_of(text, digits_of(magnitude(v), text)));
}

static void put_whole(struct buf *out, unsigned __int128 u, bool grouped)
{
	char text[DIGITS_MAX];
	size_t n = digits_of(u, text);

	for (size_t i = 0; i < n; i++) {
		if (grouped && i > 0 && (n - i) % 3 == 0)
			buf_byte(out, ',');
		buf_byte(out, (uint8_t)text[i]);
	}
}

void put_grouped(struct buf *out, figure v)
{
	if (v < 0)
		buf_byte(out, '-');
	put_whole(out, magnitude(v), true);
}

static void quotient(struct buf *out, figure v, figure scale, int digits, bool down, bool grouped)
{
	unsigned __int128 u = magnitude(v), s = (unsigned __int128)scale, power = 1, whole, part;

	for (int i = 0; i < digits; i++)
		power *= 10;
	whole = u / s;
	/* the remainder is below scale, so the product stays far from 2^128 for every scale used here */
	part = (u % s) * power;
	part = down ? part / s : (part + s / 2) / s;
	if (part >= power) {
		whole++;
		part -= power;
	}
	if (v < 0 && (whole != 0 || part != 0))
		buf_byte(out, '-');
	put_whole(out, whole, grouped);
	if (digits > 0) {
		char text[DIGITS_MAX];
		size_t n = digits_of(part, text);

		buf_byte(out, '.');
		for (size_t i = n; i < (size_t)digits; i++)
			buf_byte(out, '0');
		buf_add(out, slice_of(text, n));
	}
}

void put_quotient(struct buf *out, figure v, figure scale, int digits)
{
	quotient(out, v, scale, digits, false, true);
}

void put_quotient_down(struct buf *out, figure v, figure scale, int digits)
{
	quotient(out, v, scale, digits, true, true);
}

void put_json_quotient(struct buf *out, figure v, figure scale, int digits)
{
	size_t start = out->n;

	quotient(out, v, scale, digits, false, false);
	if (out->failed || digits == 0)
		return;
	while (out->n > start && out->p[out->n - 1] == '0')
		out->n--;
	if (out->n > start && out->p[out->n - 1] == '.')
		out->n--;
}
