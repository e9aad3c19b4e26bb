#include "core/config/yaml.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/safe.h"

#define TEXT_MAX 600

void problems_init(struct problems *p, const char *file)
{
	*p = (struct problems){ .file = file };
}

void problems_free(struct problems *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->list[i].text);
		free(p->list[i].file);
	}
	free(p->list);
	*p = (struct problems){ .file = p->file };
}

static bool grow(struct problems *p)
{
	size_t cap = p->cap == 0 ? 8 : p->cap * 2;
	struct problem *list;

	if (p->n < p->cap)
		return true;
	list = realloc(p->list, cap * sizeof *list);
	if (list == NULL)
		return false;
	p->list = list;
	p->cap = cap;
	return true;
}

/* An error is counted even where there is no room to keep it: a file is never called good for that. */
static void add(struct problems *p, const char *file, uint32_t line, uint32_t column, bool warning,
		const char *fmt, va_list ap)
{
	char text[TEXT_MAX], *copy, *named = NULL;

	if (!warning)
		p->errors++;
	if (p->n >= PROBLEMS_MAX)
		return;
	if (!grow(p)) {
		p->no_memory = true;
		return;
	}
	vsnprintf(text, sizeof text, fmt, ap);
	copy = strdup(text);
	if (file != NULL)
		named = strdup(file);
	if (copy != NULL) {
		p->list[p->n++] = (struct problem){ line, column, warning, copy, named };
		return;
	}
	p->no_memory = true;
	free(named);
}

void problem_at(struct problems *p, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, NULL, n->line, n->column, false, fmt, ap);
	va_end(ap);
}

void problem_warn(struct problems *p, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, NULL, n->line, n->column, true, fmt, ap);
	va_end(ap);
}

void problem_line(struct problems *p, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, NULL, line, column, false, fmt, ap);
	va_end(ap);
}

void problem_in(struct problems *p, const char *file, uint32_t line, uint32_t column, bool warning,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, file, line, column, warning, fmt, ap);
	va_end(ap);
}

static int by_place(const void *va, const void *vb)
{
	const struct problem *a = *(const struct problem *const *)va, *b = *(const struct problem *const *)vb;

	if ((a->file == NULL) != (b->file == NULL))
		return a->file == NULL ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return a < b ? -1 : 1; /* as they were found: both lie in one array */
}

static void put_one(const struct problems *p, const struct problem *one, struct buf *out)
{
	const char *file = one->file != NULL ? one->file : p->file;

	if (file != NULL) {
		safe_text(out, slice_str(file));
		if (one->line != 0)
			buf_fmt(out, ":%u:%u", one->line, one->column);
		buf_str(out, ": ");
	}
	if (one->warning)
		buf_str(out, "warning: ");
	safe_text(out, slice_str(one->text));
	buf_byte(out, '\n');
}

void problems_put(const struct problems *p, const char *before, struct buf *out)
{
	const struct problem *order[PROBLEMS_MAX];
	size_t i;

	for (i = 0; i < p->n; i++)
		order[i] = &p->list[i];
	qsort(order, p->n, sizeof order[0], by_place);
	for (i = 0; i < p->n; i++) {
		buf_str(out, before);
		put_one(p, order[i], out);
	}
	if (p->n == PROBLEMS_MAX)
		buf_fmt(out, "%sonly the first %d problems are shown\n", before, PROBLEMS_MAX);
}

void problems_print(const struct problems *p)
{
	struct buf out;
	const char *text;

	buf_init(&out, 1 << 22);
	problems_put(p, "tochoku: ", &out);
	text = buf_cstr(&out);
	if (text == NULL || (p->errors > 0 && out.n == 0))
		fprintf(stderr, "tochoku: %s: no memory to read it, or to say what is wrong\n", p->file);
	else
		fputs(text, stderr);
	buf_free(&out);
}
