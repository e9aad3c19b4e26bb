/* Reading JSON. Writing it: json_out.c. */
#include "core/base/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What may come next. */
enum {
	S_VALUE,       /* a value */
	S_FIRST_VALUE, /* a value or ']' */
	S_KEY,         /* a key */
	S_FIRST_KEY,   /* a key or '}' */
	S_AFTER,       /* ',' or a closing bracket; outside of all of them the end */
	S_ERROR,
};

void json_init(struct json *j, struct slice in)
{
	*j = (struct json){ .in = in, .state = S_VALUE };
}

static enum json_type fail(struct json *j)
{
	j->state = S_ERROR;
	j->text = slice_of(NULL, 0);
	return JSON_ERROR;
}

/* The next byte that is no white space, or -1 at the end. */
static int peek(struct json *j)
{
	while (j->pos < j->in.n) {
		uint8_t c = j->in.p[j->pos];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		j->pos++;
	}
	return -1;
}

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* Marks quotes, backslashes and control characters among eight bytes. A byte behind a marked one in the
 * word's order may be marked too though it is none: the lowest mark is right. */
static inline uint64_t special(uint64_t w)
{
	uint64_t quote = w ^ (ONES * '"'), slash = w ^ (ONES * '\\');

	return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((w - ONES * 0x20) & ~w)) & TOPS;
}

#ifdef __SSE2__
/* The same of sixteen bytes, a bit each, and exactly. */
static inline unsigned special16(const uint8_t *p)
{
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i quote = _mm_cmpeq_epi8(w, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(w, _mm_set1_epi8('\\'));
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(w, _mm_set1_epi8(0x1f)), w);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
}
#endif

/* The first such byte at or behind `at`, or n. */
static inline size_t next_special(const uint8_t *p, size_t at, size_t n)
{
	uint64_t w, mark;

#ifdef __SSE2__
	for (; n - at >= 16; at += 16) {
		unsigned marks = special16(p + at);

		if (marks != 0)
			return at + (unsigned)__builtin_ctz(marks);
	}
#endif
	while (n - at >= 8) {
		memcpy(&w, p + at, 8);
		mark = special(w);
		if (mark != 0) {
			if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
				return at + (size_t)__builtin_ctzll(mark) / 8;
			break;
		}
		at += 8;
	}
	while (at < n && p[at] >= 0x20 && p[at] != '"' && p[at] != '\\')
		at++;
	return at;
}

/* Which letter follows a backslash is left to json_unescape: one bad escape in a field nobody reads must
 * not cost the line. */
size_t json_string_end(struct slice in, size_t at, bool *escaped)
{
	const uint8_t *p = in.p;

	*escaped = false;
	while ((at = next_special(p, at, in.n)) < in.n && p[at] >= 0x20) {
		if (p[at] == '"')
			return at;
		*escaped = true;
		at += 2;
		if (at > in.n || p[at - 1] < 0x20)
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

/* The body of a string; pos is behind the opening quote. */
static bool scan_string(struct json *j)
{
	size_t end = json_string_end(j->in, j->pos, &j->escaped);

	if (end == SIZE_MAX)
		return false;
	j->text = slice_of(j->in.p + j->pos, end - j->pos);
	j->pos = end + 1;
	return true;
}

static size_t digits_at(struct slice t, size_t at)
{
	size_t n = 0;

	while (at + n < t.n && t.p[at + n] >= '0' && t.p[at + n] <= '9')
		n++;
	return n;
}

/* A number as written: sign, digits of the whole part, of the fraction, and the exponent. */
struct number {
	bool negative;
	struct slice whole, fraction;
	int64_t exponent; /* stops at +-2^40: more than any input has digits */
	size_t length;
};

static bool scan_exponent(struct slice t, size_t *at, int64_t *out)
{
	bool minus = false;
	size_t n;
	int64_t v = 0;

	if (*at < t.n && (t.p[*at] == '+' || t.p[*at] == '-'))
		minus = t.p[(*at)++] == '-';
	n = digits_at(t, *at);
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v < INT64_C(1) << 36)
			v = v * 10 + (t.p[*at + i] - '0');
	*at += n;
	*out = minus ? -v : v;
	return true;
}

/* RFC 8259 6, from the start of t. */
static bool scan_number(struct slice t, struct number *out)
{
	size_t at = 0, n;

	*out = (struct number){ 0 };
	if (t.n > 0 && t.p[0] == '-') {
		out->negative = true;
		at = 1;
	}
	n = digits_at(t, at);
	if (n == 0 || (n > 1 && t.p[at] == '0'))
		return false;
	out->whole = slice_of(t.p + at, n);
	at += n;
	if (at < t.n && t.p[at] == '.') {
		n = digits_at(t, ++at);
		if (n == 0)
			return false;
		out->fraction = slice_of(t.p + at, n);
		at += n;
	}
	if (at < t.n && (t.p[at] | 0x20) == 'e') {
		at++;
		if (!scan_exponent(t, &at, &out->exponent))
			return false;
	}
	out->length = at;
	return true;
}

static enum json_type number(struct json *j)
{
	struct slice t = slice_from(j->in, j->pos);
	struct number n;

	if (!scan_number(t, &n))
		return fail(j);
	j->text = slice_head(t, n.length);
	j->pos += n.length;
	j->state = S_AFTER;
	return JSON_NUMBER;
}

static enum json_type word(struct json *j, const char *w, enum json_type type)
{
	struct slice want = slice_str(w);

	if (!slice_starts(slice_from(j->in, j->pos), want))
		return fail(j);
	j->pos += want.n;
	j->state = S_AFTER;
	return type;
}

static enum json_type open(struct json *j, bool object)
{
	if (j->depth == JSON_DEPTH)
		return fail(j);
	j->in_object =
		object ? j->in_object | UINT64_C(1) << j->depth : j->in_object & ~(UINT64_C(1) << j->depth);
	j->depth++;
	j->pos++;
	j->state = object ? S_FIRST_KEY : S_FIRST_VALUE;
	return object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static bool inside_object(const struct json *j)
{
	return j->depth > 0 && (j->in_object >> (j->depth - 1) & 1) != 0;
}

static enum json_type close(struct json *j, int c)
{
	bool object = inside_object(j);

	if (j->depth == 0 || c != (object ? '}' : ']'))
		return fail(j);
	j->depth--;
	j->pos++;
	j->state = S_AFTER;
	return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_type value(struct json *j, int c)
{
	switch (c) {
	case '{':
		return open(j, true);
	case '[':
		return open(j, false);
	case '"':
		j->pos++;
		if (!scan_string(j))
			return fail(j);
		j->state = S_AFTER;
		return JSON_STRING;
	case 't':
		return word(j, "true", JSON_TRUE);
	case 'f':
		return word(j, "false", JSON_FALSE);
	case 'n':
		return word(j, "null", JSON_NULL);
	default:
		return number(j);
	}
}

static enum json_type key(struct json *j, int c)
{
	if (c != '"')
		return fail(j);
	j->pos++;
	if (!scan_string(j) || peek(j) != ':')
		return fail(j);
	j->pos++;
	j->state = S_VALUE;
	return JSON_KEY;
}

enum json_type json_next(struct json *j)
{
	int c;

	if (j->state == S_ERROR)
		return JSON_ERROR;
	c = peek(j);
	if (j->state == S_AFTER && j->depth == 0)
		return c < 0 ? JSON_END : fail(j);
	if (c < 0)
		return fail(j); /* cut off */
	if (j->state == S_AFTER) {
		if (c != ',')
			return close(j, c);
		j->pos++;
		j->state = inside_object(j) ? S_KEY : S_VALUE;
		c = peek(j);
	}
	switch (j->state) {
	case S_FIRST_KEY:
		return c == '}' ? close(j, c) : key(j, c);
	case S_KEY:
		return key(j, c);
	case S_FIRST_VALUE:
		return c == ']' ? close(j, c) : value(j, c);
	default:
		return value(j, c);
	}
}

bool json_skip(struct json *j)
{
	uint8_t depth = j->depth;
	enum json_type t = json_next(j);

	if (t < JSON_OBJECT_BEGIN || t == JSON_OBJECT_END || t == JSON_ARRAY_END || t == JSON_KEY)
		return false;
	while (j->depth > depth)
		if (json_next(j) == JSON_ERROR)
			return false;
	return true;
}

static bool hex4(struct slice t, size_t at, uint32_t *out)
{
	uint32_t v = 0;

	if (t.n - at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		uint8_t c = t.p[at + i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10u);
		else
			return false;
	}
	*out = v;
	return true;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* The four hex digits at *at and, of a high surrogate, the low one behind it. */
static bool unescape_u(struct slice t, size_t *at, uint32_t *out)
{
	uint32_t c, low;

	if (!hex4(t, *at, &c))
		return false;
	*at += 4;
	if (c >= 0xd800 && c < 0xdc00 && t.n - *at >= 6 && t.p[*at] == '\\' && t.p[*at + 1] == 'u' &&
	    hex4(t, *at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
		*at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*out = c >= 0xd800 && c < 0xe000 ? 0xfffd : c;
	return true;
}

size_t json_unescape(struct slice text, uint8_t *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t at = 0, n = 0;

	while (at < text.n) {
		const char *hit;
		uint32_t c;

		if (text.p[at] != '\\') {
			out[n++] = text.p[at++];
			continue;
		}
		if (++at == text.n)
			return SIZE_MAX;
		if (text.p[at] == 'u') {
			at++;
			if (!unescape_u(text, &at, &c))
				return SIZE_MAX;
			n += put_utf8(out + n, c);
			continue;
		}
		hit = memchr(from, text.p[at++], sizeof from - 1);
		if (hit == NULL)
			return SIZE_MAX;
		out[n++] = (uint8_t)to[hit - from];
	}
	return n;
}

/* |number| * 10^digits; the rest that was cut: its first digit and whether it is not zero. */
static bool scaled(const struct number *n, int digits, uint64_t *out, int *next, bool *exact)
{
	int64_t count = (int64_t)(n->whole.n + n->fraction.n);
	int64_t shift = n->exponent - (int64_t)n->fraction.n + digits; /* of the last written digit */
	uint64_t v = 0;

	*next = 0;
	*exact = true;
	for (int64_t i = 0; i < count; i++) {
		size_t k = (size_t)i;
		int d = (k < n->whole.n ? n->whole.p[k] : n->fraction.p[k - n->whole.n]) - '0';
		int64_t weight = count - 1 - i + shift;

		if (weight >= 0) {
			if (__builtin_mul_overflow(v, UINT64_C(10), &v) ||
			    __builtin_add_overflow(v, (uint64_t)d, &v))
				return false;
			continue;
		}
		if (weight == -1)
			*next = d;
		if (d != 0)
			*exact = false;
	}
	for (; shift > 0 && v != 0; shift--)
		if (__builtin_mul_overflow(v, UINT64_C(10), &v))
			return false;
	*out = v;
	return true;
}

static bool with_sign(uint64_t v, bool negative, int64_t *out)
{
	if (v > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

/* The numbers that logs hold: no sign, no exponent, and nothing to round. False: ask the others. */
static bool plain_decimal(struct slice t, int digits, int64_t *v)
{
	static const int64_t power[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
		100000000000, 1000000000000,
	};
	size_t i = 0, whole, n = 0;
	int64_t sum = 0;

	if (t.n > 18)
		return false;
	for (; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++)
		sum = sum * 10 + (t.p[i] - '0');
	whole = i;
	if (whole == 0 || (whole > 1 && t.p[0] == '0'))
		return false;
	if (i < t.n && t.p[i] == '.') {
		for (i++; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++)
			sum = sum * 10 + (t.p[i] - '0');
		n = i - whole - 1;
		if (n == 0 || n > (size_t)digits)
			return false;
	}
	if (i < t.n)
		return false;
	n = (size_t)digits - n; /* zeros to append */
	if (n >= COUNT(power) || __builtin_mul_overflow(sum, power[n], &sum))
		return false;
	*v = sum; /* nobody's value is touched by a number that does not fit */
	return true;
}

bool json_i64(struct slice text, int64_t *v)
{
	struct number n;
	uint64_t u;
	int next;
	bool exact;

	if (plain_decimal(text, 0, v))
		return true;
	if (!scan_number(text, &n) || n.length != text.n)
		return false;
	return scaled(&n, 0, &u, &next, &exact) && exact && with_sign(u, n.negative, v);
}

/* Half up means away from zero, so that a refund rounds as the charge did. */
bool json_decimal(struct slice text, int digits, int64_t *v)
{
	struct number n;
	uint64_t u;
	int next;
	bool exact;

	if (plain_decimal(text, digits, v))
		return true;
	if (!scan_number(text, &n) || n.length != text.n || !scaled(&n, digits, &u, &next, &exact))
		return false;
	if (next >= 5 && u++ == UINT64_MAX)
		return false;
	return with_sign(u, n.negative, v);
}

struct slice json_member(struct slice object, const char *key)
{
	struct json j;

	json_init(&j, object);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return slice_of(NULL, 0);
	while (json_next(&j) == JSON_KEY) {
		bool wanted = slice_is(j.text, key);

		if (json_next(&j) == JSON_ERROR)
			break;
		if (wanted)
			return j.text;
	}
	return slice_of(NULL, 0);
}
