#include "reports/sheet.h"

#include <stdio.h>
#include <stdlib.h>

/* An empty place to write to when memory has run out, so that builders need not ask at each step. */
static void *get(struct sheet *s, size_t n)
{
	return pool_get(&s->pool, n);
}

struct sheet *sheet_new(enum lang lang)
{
	struct sheet *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->lang = lang;
	s->blocks_end = &s->blocks;
	s->tables_end = &s->tables;
	s->number = s->site = s->day = s->day_class = s->window = "";
	return s;
}

void sheet_free(struct sheet *s)
{
	if (s == NULL)
		return;
	pool_free(&s->pool);
	free(s);
}

bool sheet_failed(const struct sheet *s)
{
	return s->pool.failed;
}

static const char *format(struct sheet *s, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (p = get(s, (size_t)n + 1)) == NULL)
		return "";
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

const char *sheet_text_of(struct sheet *s, const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = format(s, fmt, ap);
	va_end(ap);
	return text;
}

/* Slices may hold NUL; a sheet's strings end at one, so it becomes visible as U+2400. */
const char *sheet_copy(struct sheet *s, struct slice text)
{
	struct buf b;
	const char *copy;

	if (text.n == 0)
		return "";
	if (memchr(text.p, 0, text.n) == NULL)
		return pool_copy(&s->pool, text);
	buf_init(&b, text.n * 3);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == 0)
			buf_str(&b, "␀");
		else
			buf_byte(&b, text.p[i]);
	}
	copy = pool_copy(&s->pool, buf_slice(&b));
	buf_free(&b);
	return copy;
}

void sheet_add_line(struct sheet *s, struct sheet_lines *l, const char *text)
{
	struct sheet_line *line = get(s, sizeof *line);

	if (line == NULL)
		return;
	line->text = text;
	if (l->first == NULL)
		l->first = line;
	else
		*l->end = line;
	l->end = &line->next;
}

struct sheet_block *sheet_add_block(struct sheet *s, const char *title, const char *planned, const char *role,
				    const char *window)
{
	struct sheet_block *b = get(s, sizeof *b);

	if (b == NULL)
		return NULL;
	b->title = title;
	b->planned = planned;
	b->role = role;
	b->window = window;
	b->end = &b->first;
	*s->blocks_end = b;
	s->blocks_end = &b->next;
	return b;
}

struct sheet_item *sheet_add_item(struct sheet *s, struct sheet_block *b, const char *id, enum word title)
{
	struct sheet_item *i = get(s, sizeof *i);

	if (i == NULL || b == NULL)
		return NULL;
	i->id = id;
	i->title = say(s, title);
	*b->end = i;
	b->end = &i->next;
	return i;
}

void item_result(struct sheet *s, struct sheet_item *i, enum word w, ...)
{
	va_list ap;

	if (i == NULL)
		return;
	va_start(ap, w);
	sheet_add_line(s, &i->results, format(s, say(s, w), ap));
	va_end(ap);
}

void item_remark(struct sheet *s, struct sheet_item *i, enum word w, ...)
{
	va_list ap;

	if (i == NULL)
		return;
	va_start(ap, w);
	sheet_add_line(s, &i->remarks, format(s, say(s, w), ap));
	va_end(ap);
}

void item_verdict(struct sheet_item *i, enum verdict v)
{
	if (i != NULL && v > i->verdict)
		i->verdict = v;
}

struct sheet_table *sheet_add_table(struct sheet *s, enum word title, enum word first_head)
{
	struct sheet_table *t = get(s, sizeof *t);

	if (t == NULL)
		return NULL;
	t->title = say(s, title);
	t->head[0] = say(s, first_head);
	t->head[1] = say(s, W_H_CALLS);
	t->head[2] = say(s, W_H_ERRORS);
	t->head[3] = say(s, W_H_TOKENS);
	t->head[4] = say(s, W_H_COST);
	t->end = &t->first;
	*s->tables_end = t;
	s->tables_end = &t->next;
	return t;
}

struct sheet_row *table_add_row(struct sheet *s, struct sheet_table *t)
{
	struct sheet_row *r = get(s, sizeof *r);

	if (r == NULL || t == NULL)
		return NULL;
	for (int i = 0; i < TABLE_COLUMNS; i++)
		r->cell[i] = "";
	*t->end = r;
	t->end = &r->next;
	return r;
}

const char *verdict_mark(enum verdict v)
{
	static const char *const marks[] = { "", "○", "△", "×" };

	return marks[v];
}

enum word verdict_word(enum verdict v)
{
	return v == VERDICT_BAD ? W_BAD : v == VERDICT_CARE ? W_CARE : W_GOOD;
}
