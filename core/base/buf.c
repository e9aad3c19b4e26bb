#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

uint8_t *buf_grow(struct buf *b, size_t n)
{
	size_t cap;
	uint8_t *p;

	if (b->failed || n > b->max || b->n > b->max - n) {
		b->failed = true;
		return NULL;
	}
	cap = b->cap < 256 ? 256 : b->cap;
	while (cap - b->n < n)
		cap *= 2;
	if (cap > b->max && b->max > 0)
		cap = b->max; /* so that room is never beyond it */
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->failed = true;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	return b->p + b->n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, slice_str(s));
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	uint8_t *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = buf_room(b, (size_t)n + 1)) == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf((char *)p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void buf_i64(struct buf *b, int64_t v)
{
	char t[24], *e = t + sizeof t, *p = e;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (v < 0)
		*--p = '-';
	buf_add(b, slice_of(p, (size_t)(e - p)));
}

const char *buf_cstr(struct buf *b)
{
	uint8_t *p = buf_room(b, 1);

	if (p == NULL)
		return NULL;
	*p = 0;
	return (const char *)b->p;
}
