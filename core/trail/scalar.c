#include "core/trail/scalar.h"

#include "core/base/base64.h"
#include "core/base/hash.h"
#include "core/base/safe.h"
#include "core/base/zone.h"

#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

bool scalar_number(struct slice text, int64_t *out)
{
	int64_t v = 0;

	if (text.n == 0 || text.n > 16 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (text.p[i] - '0');
	}
	*out = v;
	return v <= NUMBER_MAX;
}

bool scalar_hex32(struct slice text, struct hash32 *out)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return false;
	return hex_decode(text, out->b, sizeof out->b);
}

void put_hex(struct buf *out, struct slice bytes)
{
	uint8_t *p = buf_room(out, 2 * bytes.n + 1);

	if (p == NULL)
		return;
	hex_encode(bytes, (char *)p);
	out->n += 2 * bytes.n;
}

bool base64_read(struct slice text, uint8_t *out, size_t *n)
{
	size_t room = *n, pad = 0;

	if (text.n % 4 != 0)
		return false;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	*n = text.n / 4 * 3 - pad;
	if (*n > room)
		return false;
	for (size_t i = 0, at = 0; i < text.n; i += 4) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			int v = i + k < text.n - pad ? base64_digit(text.p[i + k]) : 0;

			if (v < 0)
				return false;
			bits = bits << 6 | (uint32_t)v;
		}
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (at < *n)
				out[at++] = (uint8_t)(bits >> shift);
			else if ((bits >> shift & 0xff) != 0) /* pad bits */
				return false;
		}
	}
	return true;
}

static void encode64(struct buf *out, struct slice bytes, const char *digits, bool padded)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i < 3 ? bytes.n - i : 3;
		uint32_t bits = (uint32_t)bytes.p[i] << 16;
		char four[4] = { '=', '=', '=', '=' };

		bits |= left > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0;
		bits |= left > 2 ? bytes.p[i + 2] : 0;
		for (size_t k = 0; k <= left; k++)
			four[k] = digits[bits >> (18 - 6 * k) & 63];
		buf_add(out, slice_of(four, padded ? 4 : left + 1));
	}
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void put_base64(struct buf *out, struct slice bytes)
{
	char digits[65];

	memcpy(digits, letters, 62);
	memcpy(digits + 62, "+/", 3);
	encode64(out, bytes, digits, true);
}

void put_base64url(struct buf *out, struct slice bytes)
{
	char digits[65];

	memcpy(digits, letters, 62);
	memcpy(digits + 62, "-_", 3);
	encode64(out, bytes, digits, false);
}

bool scalar_base64_32(struct slice text, struct hash32 *out)
{
	size_t n = sizeof out->b;

	return text.n == 44 && base64_read(text, out->b, &n) && n == sizeof out->b;
}

bool base64url_16_read(struct slice text, uint8_t out[16])
{
	uint8_t plain[24] = { 0 };
	size_t n = 16;

	if (!is_base64url_16(text))
		return false;
	for (size_t i = 0; i < 22; i++)
		plain[i] = text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : text.p[i];
	memcpy(plain + 22, "==", 2);
	return base64_read(slice_of(plain, sizeof plain), out, &n) && n == 16;
}

bool is_base64url_16(struct slice text)
{
	if (text.n != 22)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c != '-' && c != '_' && (c == '+' || c == '/' || base64_digit(c) < 0))
			return false;
	}
	return memchr("AQgw", text.p[21], 4) != NULL; /* 16 bytes leave two bits for the last of 22 digits */
}

bool scalar_utc(struct slice text, int64_t *seconds)
{
	char again[TIME_TEXT_MAX];
	int64_t ns;

	if (text.n != 20 || !time_parse_rfc3339(text, false, &ns))
		return false;
	*seconds = ns / NS_PER_SEC;
	return slice_eq(slice_of(again, time_format_utc(ns, again)), text);
}

void put_utc(struct buf *out, int64_t seconds)
{
	char text[TIME_TEXT_MAX];

	buf_add(out, slice_of(text, time_format_utc(seconds * NS_PER_SEC, text)));
}

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void short_code(const struct hash32 *h, char out[SHORT_CODE_LEN + 1])
{
	for (int i = 0, at = 0; i < 20; i++) {
		int bit = i * 5;
		unsigned two = (unsigned)h->b[bit / 8] << 8 | h->b[bit / 8 + 1];

		if (i > 0 && i % 4 == 0)
			out[at++] = '-';
		out[at++] = crockford[two >> (11 - bit % 8) & 31];
	}
	out[SHORT_CODE_LEN] = '\0';
}

bool short_code_read(struct slice typed, char out[SHORT_CODE_LEN + 1])
{
	size_t digits = 0, at = 0;

	for (size_t i = 0; i < typed.n; i++) {
		uint8_t c = typed.p[i];

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (digits == 20 || memchr(crockford, c, 32) == NULL)
			return false;
		if (digits > 0 && digits % 4 == 0)
			out[at++] = '-';
		out[at++] = (char)c;
		digits++;
	}
	out[at] = '\0';
	return digits == 20;
}

bool take_line(struct slice *text, struct slice *line)
{
	const uint8_t *lf = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);

	if (lf == NULL)
		return false;
	*line = slice_head(*text, (size_t)(lf - text->p));
	*text = slice_from(*text, line->n + 1);
	return true;
}

bool is_note_text(struct slice text)
{
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_take(slice_from(text, i), &c);

		if (n == 0 || (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0))
			return false;
		i += n;
	}
	return true;
}
