#include <stdlib.h>

#include "sensor/proto/http/http1_parts.h"

struct http1_lines {
	uint32_t n_free;
	uint32_t *free; /* numbers of the free buffers */
	uint8_t *room;
};

struct http1_lines *http1_lines_new(uint32_t n)
{
	struct http1_lines *l = calloc(1, sizeof *l);

	if (l == NULL || n > INT32_MAX)
		goto fail;
	l->free = calloc((size_t)n + 1, sizeof *l->free);
	l->room = calloc((size_t)n + 1, HTTP1_LINE_MAX);
	if (l->free == NULL || l->room == NULL)
		goto fail;
	for (; l->n_free < n; l->n_free++)
		l->free[l->n_free] = n - 1 - l->n_free;
	return l;
fail:
	http1_lines_free(l);
	return NULL;
}

void http1_lines_free(struct http1_lines *l)
{
	if (l == NULL)
		return;
	free(l->free);
	free(l->room);
	free(l);
}

static bool take(struct http1 *p, struct http1_lines *l)
{
	if (p->line < 0) {
		if (l->n_free == 0)
			return false;
		p->line = (int32_t)l->free[--l->n_free];
		p->line_n = 0;
	}
	return true;
}

void http1_line_done(struct http1 *p, struct http1_lines *l)
{
	if (p->line >= 0)
		l->free[l->n_free++] = (uint32_t)p->line;
	p->line = -1;
	p->line_n = 0;
	p->flags &= (uint16_t)~H1_HELD;
}

static uint8_t *room_of(const struct http1 *p, const struct http1_lines *l)
{
	return l->room + (size_t)p->line * HTTP1_LINE_MAX;
}

static bool only_cr(const uint8_t *from, const uint8_t *to)
{
	while (from < to && *from == '\r')
		from++;
	return from == to;
}

static bool continues(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* How many of the bytes belong to the line, `room` at most. `bare`: it has nothing but CR so far. */
static enum http1_found find_end(struct slice bytes, size_t room, bool folds, bool bare, size_t *used,
				  bool *held)
{
	struct slice s = slice_head(bytes, room);
	const uint8_t *lf;

	*used = 0;
	while (*used < s.n && (lf = memchr(s.p + *used, '\n', s.n - *used)) != NULL) {
		bare = bare && only_cr(s.p + *used, lf);
		*used = (size_t)(lf - s.p) + 1;
		if (!folds || bare)
			return H1_WHOLE;
		*held = *used == bytes.n;
		if (*held)
			return H1_MORE;
		if (!continues(bytes.p[*used]))
			return H1_WHOLE;
	}
	*used = s.n;
	return bytes.n > s.n ? H1_CUT : H1_MORE;
}

enum http1_found http1_line(struct http1 *p, struct http1_lines *l, struct slice bytes, bool folds,
			    size_t *used, struct slice *text)
{
	uint32_t before = p->line < 0 ? 0 : p->line_n;
	enum http1_found found;
	bool bare, held = false;

	*used = 0;
	if ((p->flags & H1_HELD) != 0 && !continues(bytes.p[0])) {
		p->flags &= (uint16_t)~H1_HELD;
		*text = slice_of(room_of(p, l), before);
		return H1_WHOLE;
	}
	bare = before == 0 || only_cr(room_of(p, l), room_of(p, l) + before);
	found = find_end(bytes, HTTP1_LINE_MAX - before, folds, bare, used, &held);
	if (before == 0 && found != H1_MORE) {
		*text = slice_head(bytes, *used);
		return found;
	}
	if (!take(p, l))
		return H1_NO_ROOM;
	memcpy(room_of(p, l) + before, bytes.p, *used);
	p->line_n = before + (uint32_t)*used;
	p->flags = (uint16_t)((p->flags & ~H1_HELD) | (held ? H1_HELD : 0));
	*text = slice_of(room_of(p, l), p->line_n);
	return found;
}

bool http1_line_unfold(struct http1 *p, struct http1_lines *l, struct slice *text)
{
	bool here = p->line >= 0;
	uint8_t *to;
	size_t n = 0;

	if (!take(p, l))
		return false;
	to = room_of(p, l);
	if (!here)
		memcpy(to, text->p, text->n);
	for (size_t i = 0; i < text->n; i++) {
		if (to[i] != '\n') {
			to[n++] = to[i];
			continue;
		}
		while (n > 0 && (continues(to[n - 1]) || to[n - 1] == '\r'))
			n--;
		while (i + 1 < text->n && continues(to[i + 1]))
			i++;
		to[n++] = ' ';
	}
	*text = slice_of(to, n);
	return true;
}
