/* Writing JSON. Reading it: json.c. */
#include "core/base/json.h"

#include <inttypes.h>
#include <stdio.h>

/* Length of the well-formed UTF-8 sequence at the start of t (RFC 3629: no overlong form, no
 * surrogate, nothing above U+10FFFF). 0: malformed; *bad is then how many bytes one U+FFFD
 * replaces (Unicode 3.9: the longest beginning of a sequence). */
static size_t sequence(struct slice t, size_t *bad)
{
	uint8_t c = t.p[0], low = 0x80, high = 0xbf;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	*bad = 1;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < n; i++) {
		if (i == t.n || t.p[i] < low || t.p[i] > high) {
			*bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* How many bytes go out as they are, without a look at UTF-8. */
static size_t plain_run(struct slice s)
{
	size_t n = 0;
	uint64_t w;

	while (s.n - n >= 8) {
		uint64_t quote, slash;

		memcpy(&w, s.p + n, 8);
		quote = w ^ (ONES * '"');
		slash = w ^ (ONES * '\\');
		if (((w | (quote - ONES) | (slash - ONES) | (w - ONES * 0x20)) & TOPS) != 0)
			break;
		n += 8;
	}
	while (n < s.n && is_plain(s.p[n]))
		n++;
	return n;
}

static void put_control(struct buf *b, uint8_t c)
{
	static const char digit[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *hit = memchr(from, c, sizeof from - 1);

	if (hit != NULL) {
		char two[2] = { '\\', to[hit - from] };

		buf_add(b, slice_of(two, 2));
	} else {
		char six[6] = { '\\', 'u', '0', '0', digit[c >> 4], digit[c & 15] };

		buf_add(b, slice_of(six, 6));
	}
}

void json_put_string(struct buf *b, struct slice s)
{
	buf_byte(b, '"');
	while (s.n > 0) {
		size_t n = plain_run(s), bad;

		buf_add(b, slice_head(s, n));
		s = slice_from(s, n);
		if (s.n == 0)
			break;
		if (s.p[0] < 0x80) {
			put_control(b, s.p[0]);
			s = slice_from(s, 1);
			continue;
		}
		n = sequence(s, &bad);
		if (n > 0)
			buf_add(b, slice_head(s, n));
		else
			buf_add(b, SLICE("\xef\xbf\xbd"));
		s = slice_from(s, n > 0 ? n : bad);
	}
	buf_byte(b, '"');
}

static void separate(struct json_out *o)
{
	if (o->comma)
		buf_byte(o->b, ',');
	o->comma = true;
}

void json_open(struct json_out *o, char brace)
{
	separate(o);
	buf_byte(o->b, (uint8_t)brace);
	o->comma = false;
}

void json_close(struct json_out *o, char brace)
{
	buf_byte(o->b, (uint8_t)brace);
	o->comma = true;
}

void json_key(struct json_out *o, const char *key)
{
	separate(o);
	json_put_string(o->b, slice_str(key));
	buf_byte(o->b, ':');
	o->comma = false;
}

void json_str(struct json_out *o, struct slice s)
{
	separate(o);
	json_put_string(o->b, s);
}

void json_int(struct json_out *o, int64_t v)
{
	separate(o);
	buf_i64(o->b, v);
}

void json_bool(struct json_out *o, bool v)
{
	separate(o);
	buf_str(o->b, v ? "true" : "false");
}

void json_null(struct json_out *o)
{
	separate(o);
	buf_str(o->b, "null");
}

void json_raw(struct json_out *o, const char *text)
{
	separate(o);
	buf_str(o->b, text);
}

void json_micro(struct json_out *o, int64_t micro)
{
	char text[40];
	int n = snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, micro < 0 ? "-" : "",
			 (micro < 0 ? -(uint64_t)micro : (uint64_t)micro) / 1000000,
			 (micro < 0 ? -(uint64_t)micro : (uint64_t)micro) % 1000000);

	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	text[n] = '\0';
	json_raw(o, text);
}
