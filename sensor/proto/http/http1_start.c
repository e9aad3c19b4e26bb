#include "sensor/proto/http/http1_parts.h"
#include "sensor/proto/http/token.h"

static const struct slice methods[] = {
#define METHOD(name) { (const uint8_t *)(name), sizeof(name) - 1 },
#include "sensor/proto/http/methods.def"
#undef METHOD
};

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool registered(struct slice method)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (slice_eq(method, methods[i]))
			return true;
	return false;
}

/* Does a request's target begin here (RFC 9112 3.2)? 1, 0, -1. */
static int target_begins(struct slice s, bool connect)
{
	size_t n = s.n < 4 ? s.n : 4;
	char word[5] = "http";

	if (n == 0)
		return -1;
	if (connect)
		return s.p[0] == '[' || (s.p[0] != '/' && s.p[0] != '*' && token_char(s.p[0]));
	if (s.p[0] == '/' || s.p[0] == '*')
		return 1;
	word[n] = 0;
	if (!token_same(slice_head(s, n), word))
		return 0;
	return n == 4 ? 1 : -1;
}

/* "HTTP/1.1" from its beginning; the version behind the slash. Empty: none. */
static struct slice version_of(struct slice s)
{
	size_t n = 5;

	if (s.n < 6 || !token_same(slice_head(s, 5), "HTTP/") || !digit(s.p[5]))
		return slice_of(NULL, 0);
	while (n < s.n && (digit(s.p[n]) || s.p[n] == '.'))
		n++;
	return slice_of(s.p + 5, n - 5);
}

/* "/HTTP/1.1": somebody forgot the blank. */
static bool version_sticks(struct slice target)
{
	struct slice end = slice_from(target, target.n < 8 ? target.n : target.n - 8);

	return version_of(end).n == 3;
}

static enum http1_shape request_line(struct slice text, bool cut, struct http1_start *out)
{
	struct slice rest, last;
	size_t n;

	text = token_trim(text);
	if (slice_is(text, "PRI * HTTP/2.0")) /* of the preface of HTTP/2 (RFC 9113 3.4) */
		return H1_NOT;
	out->method = token_of(text);
	rest = slice_from(text, out->method.n);
	if (rest.n == 0 && !cut && registered(out->method)) /* and nothing else */
		return H1_FULL;
	if (out->method.n == 0 || rest.n == 0 || !token_blank(rest.p[0]))
		return H1_NOT;
	rest = token_trim(rest);
	for (n = rest.n; n > 0 && !token_blank(rest.p[n - 1]);)
		n--;
	last = slice_from(rest, n);
	out->version = version_of(last);
	if (out->version.n > 0 && out->version.n + 5 == last.n) {
		out->target = token_trim(slice_head(rest, n));
		return H1_FULL;
	}
	out->version = slice_of(NULL, 0);
	out->target = rest;
	if (n == 0 && rest.n > 0 && rest.p[0] == '/' && version_sticks(rest))
		return H1_FULL;
	if (!registered(out->method) || target_begins(rest, slice_is(out->method, "CONNECT")) != 1)
		return H1_NOT;
	if (cut)
		return H1_FULL;
	return n == 0 ? H1_SIMPLE : H1_NOT;
}

static enum http1_shape status_line(struct slice text, struct http1_start *out)
{
	text = token_trim(text);
	out->version = version_of(text);
	if (out->version.n == 0)
		return H1_NOT;
	text = slice_from(text, out->version.n + 5);
	if (text.n > 0 && !token_blank(text.p[0]))
		return H1_NOT;
	text = token_trim(text);
	if (text.n >= 3 && digit(text.p[0]) && digit(text.p[1]) && digit(text.p[2]))
		out->status = (uint16_t)(text.p[0] * 100 + text.p[1] * 10 + text.p[2] - '0' * 111);
	return H1_FULL;
}

enum http1_shape http1_start_line(enum http1_kind kind, struct slice text, bool cut, struct http1_start *out)
{
	*out = (struct http1_start){ .status = 0 };
	return kind == HTTP1_REQUEST ? request_line(text, cut, out) : status_line(text, out);
}

/* `over`: the bytes are a whole line, without its LF. */
static int strict_response(struct slice s, bool over)
{
	static const char form[] = "HTTP/1.v ddd";

	for (size_t i = 0; form[i] != 0; i++) {
		if (i == s.n)
			return over ? 0 : -1;
		if (form[i] == 'v' ? s.p[i] != '0' && s.p[i] != '1' :
		    form[i] == 'd' ? !digit(s.p[i]) : s.p[i] != (uint8_t)form[i])
			return 0;
	}
	if (s.n == sizeof form - 1)
		return over ? 1 : -1;
	return token_blank(s.p[sizeof form - 1]);
}

/* The registered method, with one blank behind it, that the bytes begin with; *maybe: they are too few. */
static struct slice strict_method(struct slice s, bool *maybe)
{
	*maybe = false;
	for (size_t i = 0; i < COUNT(methods); i++) {
		if (s.n <= methods[i].n)
			*maybe |= slice_starts(methods[i], s);
		else if (slice_starts(s, methods[i]) && s.p[methods[i].n] == ' ')
			return methods[i];
	}
	return slice_of(NULL, 0);
}

static int strict_request(struct slice s, bool over)
{
	bool maybe;
	struct slice method = strict_method(s, &maybe), rest = slice_from(s, method.n + 1);
	const uint8_t *blank;
	int begins;

	if (method.n == 0)
		return maybe && !over ? -1 : 0;
	begins = target_begins(rest, slice_is(method, "CONNECT"));
	if (!over || begins != 1)
		return over ? 0 : begins;
	rest = token_trim(rest);
	blank = memchr(rest.p, ' ', rest.n);
	if (blank == NULL)
		return 0;
	rest = slice_from(rest, (size_t)(blank - rest.p) + 1);
	return slice_is(rest, "HTTP/1.1") || slice_is(rest, "HTTP/1.0");
}

bool http1_asks(struct slice bytes)
{
	struct http1_start start;
	const uint8_t *lf = bytes.n == 0 ? NULL : memchr(bytes.p, '\n', bytes.n);

	return lf != NULL &&
	       request_line(slice_head(bytes, (size_t)(lf - bytes.p)), false, &start) == H1_FULL &&
	       registered(start.method) && start.target.n > 0 && start.version.n > 0 &&
	       start.version.p[0] == '1';
}

int http1_strict(enum http1_kind kind, struct slice bytes)
{
	const uint8_t *lf = bytes.n == 0 ? NULL : memchr(bytes.p, '\n', bytes.n);
	struct slice line = lf == NULL ? bytes : slice_head(bytes, (size_t)(lf - bytes.p));

	return kind == HTTP1_REQUEST ? strict_request(line, lf != NULL) : strict_response(line, lf != NULL);
}

int http1_begins(enum http1_kind kind, struct slice bytes)
{
	while (bytes.n > 0 && (bytes.p[0] == '\r' || bytes.p[0] == '\n'))
		bytes = slice_from(bytes, 1);
	return bytes.n == 0 ? -1 : http1_strict(kind, bytes);
}

static int looks_like_response(struct slice s)
{
	char word[6] = "HTTP/";
	size_t n = s.n < 5 ? s.n : 5;

	word[n] = 0;
	if (!token_same(slice_head(s, n), word))
		return 0;
	return s.n < 6 ? -1 : digit(s.p[5]);
}

int http1_looks_like(enum http1_kind kind, struct slice bytes)
{
	struct http1_start start;
	const uint8_t *lf;
	size_t n;
	int sure;

	while (bytes.n > 0 && token_blank(bytes.p[0]))
		bytes = slice_from(bytes, 1);
	if (bytes.n == 0)
		return -1;
	if (kind == HTTP1_RESPONSE)
		return looks_like_response(bytes);
	sure = http1_strict(kind, bytes);
	lf = memchr(bytes.p, '\n', bytes.n);
	if (sure != 0)
		return sure;
	if (lf != NULL) { /* a method that is not registered, a shape that is unusual */
		bytes = slice_head(bytes, (size_t)(lf - bytes.p));
		return http1_start_line(kind, bytes, false, &start) != H1_NOT &&
		       (start.target.n > 0 || start.version.n > 0) &&
		       (start.version.n == 0 || start.version.p[0] == '1');
	}
	n = token_of(bytes).n;
	return n > 0 && bytes.n < HTTP1_LINE_MAX && (n == bytes.n || token_blank(bytes.p[n])) ? -1 : 0;
}
