#include "sensor/llm/multipart.h"

#include <strings.h>

enum {
	S_BODY,   /* a part's content, or what stands before the first */
	S_BEHIND, /* a delimiter: its line's rest */
	S_HEADER, /* a line of a part's header */
	S_OVER    /* behind the last delimiter */
};

/* ---- parameters of a header's value ---- */

static bool starts_with(struct slice s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && strncasecmp((const char *)s.p, word, n) == 0;
}

static struct slice without_blanks(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Up to the next ';' that is not in quotes. */
static size_t parameter_end(struct slice s)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < s.n && (quoted || s.p[i] != ';'); i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
	}
	return i < s.n ? i : s.n;
}

/* The value of `name=`, without its quotes; empty: there is none. */
static struct slice parameter(struct slice value, const char *name)
{
	struct slice rest = slice_from(value, parameter_end(value) + 1);

	while (rest.n > 0) {
		size_t n = parameter_end(rest);
		struct slice one = without_blanks(slice_head(rest, n));

		if (starts_with(one, name) && one.n > strlen(name) && one.p[strlen(name)] == '=') {
			one = slice_from(one, strlen(name) + 1);
			if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
				one = slice_of(one.p + 1, one.n - 2);
			return one;
		}
		rest = slice_from(rest, n + 1);
	}
	return slice_of(NULL, 0);
}

bool multipart_init(struct multipart *m, struct slice media_type, multipart_told *tell, void *ctx)
{
	struct slice boundary;

	media_type = without_blanks(media_type);
	if (!starts_with(media_type, "multipart/form-data"))
		return false;
	boundary = parameter(media_type, "boundary");
	if (boundary.n == 0 || boundary.n > MULTIPART_BOUNDARY_MAX ||
	    memchr(boundary.p, '\r', boundary.n) != NULL)
		return false;
	m->tell = tell;
	m->ctx = ctx;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	m->delimiter_n = (uint8_t)(4 + boundary.n);
	m->matched = m->assumed = 2; /* the first one may stand at the very beginning */
	m->state = S_BODY;
	m->name_n = m->value_n = 0;
	m->line_n = 0;
	return true;
}

/* ---- parts ---- */

static void keep(struct multipart *m, const uint8_t *p, size_t n)
{
	size_t room = sizeof m->value - m->value_n;

	if (m->name_n == 0)
		return;
	if (n > room)
		n = room;
	memcpy(m->value + m->value_n, p, n);
	m->value_n += (uint8_t)n;
}

static void part_over(struct multipart *m)
{
	if (m->name_n > 0)
		m->tell(m->ctx, slice_of(m->name, m->name_n), slice_of(m->value, m->value_n));
	m->name_n = m->value_n = 0;
	m->matched = m->assumed = 0;
	m->line_n = 0;
	m->state = S_BEHIND;
}

/* No byte of a delimiter but its first is a CR, so what did not match begins nothing before the byte that
 * broke it off. */
static size_t in_body(struct multipart *m, struct slice in, size_t at)
{
	const uint8_t *cr;
	size_t end;

	if (m->matched == 0) {
		cr = memchr(in.p + at, '\r', in.n - at);
		end = cr == NULL ? in.n : (size_t)(cr - in.p);
		keep(m, in.p + at, end - at);
		m->matched = cr != NULL;
		return end + (cr != NULL);
	}
	if (in.p[at] != m->delimiter[m->matched]) {
		keep(m, m->delimiter + m->assumed, m->matched - m->assumed);
		m->matched = m->assumed = 0;
		return at; /* it may be a CR itself */
	}
	if (++m->matched == m->delimiter_n)
		part_over(m);
	return at + 1;
}

/* Content-Disposition: form-data; name="model". A file is not told, whatever its name. */
static void header_line(struct multipart *m)
{
	static const char disposition[] = "Content-Disposition:";
	struct slice line = slice_of(m->line, m->line_n), name;

	if (m->line_n == sizeof m->line || !starts_with(line, disposition))
		return;
	line = slice_from(line, sizeof disposition - 1);
	name = parameter(line, "name");
	if (name.n == 0 || name.n > sizeof m->name || parameter(line, "filename").n > 0 ||
	    parameter(line, "filename*").n > 0)
		return;
	memcpy(m->name, name.p, name.n);
	m->name_n = (uint8_t)name.n;
}

/* Lines of a header and what stands behind a delimiter; they end in LF. */
static void line_byte(struct multipart *m, uint8_t c)
{
	if (c != '\n') {
		if (m->line_n < sizeof m->line)
			m->line[m->line_n++] = c;
		return;
	}
	if (m->line_n > 0 && m->line_n < sizeof m->line && m->line[m->line_n - 1] == '\r')
		m->line_n--;
	if (m->state == S_BEHIND) {
		m->state = m->line_n >= 2 && m->line[0] == '-' && m->line[1] == '-' ? S_OVER : S_HEADER;
	} else if (m->line_n == 0) {
		m->state = S_BODY;
		m->matched = m->assumed = 2; /* an empty part's delimiter follows at once */
	} else {
		header_line(m);
	}
	m->line_n = 0;
}

void multipart_push(struct multipart *m, struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.n && m->state != S_OVER) {
		if (m->state == S_BODY)
			at = in_body(m, bytes, at);
		else
			line_byte(m, bytes.p[at++]);
	}
}
