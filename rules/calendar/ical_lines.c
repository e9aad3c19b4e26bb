#include "rules/calendar/ical_lines.h"

#include <strings.h>

#include "core/base/safe.h"

void ical_lines_init(struct ical_lines *l, struct slice text)
{
	*l = (struct ical_lines){ .rest = text, .line = 1, .next = 1 };
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		l->rest = slice_from(text, 3);
	buf_init(&l->text, ICAL_LINE_MAX);
}

void ical_lines_free(struct ical_lines *l)
{
	buf_free(&l->text);
}

bool ical_is(struct slice a, const char *word)
{
	return a.n == strlen(word) && strncasecmp((const char *)a.p, word, a.n) == 0;
}

/* One line of the file without its end. */
static struct slice take_physical(struct ical_lines *l)
{
	const uint8_t *end = memchr(l->rest.p, '\n', l->rest.n);
	struct slice line = slice_head(l->rest, end == NULL ? l->rest.n : (size_t)(end - l->rest.p));

	l->rest = slice_from(l->rest, line.n + 1);
	l->next++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool is_good_text(struct slice s)
{
	uint32_t c;
	size_t n;

	for (; s.n > 0; s = slice_from(s, n))
		if ((n = utf8_take(s, &c)) == 0 || (c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	return true;
}

/* NAME *(";" PARAM) ":" VALUE; a colon in quotes is none. */
static bool split(struct ical_lines *l, struct slice line)
{
	size_t name = 0, colon;
	bool quote = false;

	while (name < line.n && line.p[name] != ';' && line.p[name] != ':')
		name++;
	for (colon = name; colon < line.n && (quote || line.p[colon] != ':'); colon++)
		quote ^= line.p[colon] == '"';
	if (name == 0 || colon == line.n) {
		l->wrong = "expected NAME:VALUE";
		return false;
	}
	l->name = slice_head(line, name);
	l->params = slice_of(line.p + name, colon - name);
	l->value = slice_of(line.p + colon + 1, line.n - colon - 1);
	l->column = 1;
	for (size_t i = 0; i <= colon; i++)
		l->column += (line.p[i] & 0xc0) != 0x80;
	return true;
}

bool ical_next(struct ical_lines *l)
{
	while (l->rest.n > 0) {
		l->line = l->next;
		buf_clear(&l->text);
		buf_add(&l->text, take_physical(l));
		while (l->rest.n > 0 && (l->rest.p[0] == ' ' || l->rest.p[0] == '\t'))
			buf_add(&l->text, slice_from(take_physical(l), 1));
		if (l->text.failed)
			l->wrong = "a line longer than 256 KB, unfolded";
		else if (!is_good_text(buf_slice(&l->text)))
			l->wrong = "not UTF-8, or a control character";
		else if (l->text.n > 0)
			return split(l, buf_slice(&l->text));
		if (l->wrong != NULL)
			return false;
	}
	return false;
}

struct slice ical_param(struct slice params, const char *name)
{
	size_t n = strlen(name);

	while (params.n > 0) {
		size_t end = 1;
		bool quote = false;
		struct slice one;

		while (end < params.n && (quote || params.p[end] != ';'))
			quote ^= params.p[end++] == '"';
		one = slice_of(params.p + 1, end - 1);
		params = slice_from(params, end);
		if (one.n <= n || one.p[n] != '=' || !ical_is(slice_head(one, n), name))
			continue;
		one = slice_from(one, n + 1);
		if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
			one = slice_of(one.p + 1, one.n - 2);
		return one;
	}
	return slice_of(NULL, 0);
}

struct slice ical_text(struct slice value, struct slice *rest)
{
	uint8_t *to = (uint8_t *)(uintptr_t)value.p;
	size_t n = 0, i = 0;

	for (; i < value.n && value.p[i] != ','; i++) {
		if (value.p[i] == '\\' && i + 1 < value.n) {
			i++;
			to[n++] = value.p[i] == 'n' || value.p[i] == 'N' ? ' ' : value.p[i];
		} else {
			to[n++] = value.p[i];
		}
	}
	*rest = slice_from(value, i + 1);
	return slice_of(to, n);
}
