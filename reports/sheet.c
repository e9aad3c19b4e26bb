#include "reports/sheet.h"

#include <stdio.h>
#include <stdlib.h>

/* An empty place to write to when memory has run out, so that builders need not ask at each step. */
static void *get(struct sheet *s, size_t n)
{
	return pool_get(&s->pool, n);
}

struct sheet *sheet_new(const struct figures *f, const struct report_form *form, enum lang lang,
			enum word title)
{
	struct sheet *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->figures = f;
	s->lang = lang;
	s->era = form->era && lang == LANG_JA;
	s->managers = form->managers;
	s->title = say(s, title);
	s->number = "";
	s->fields_end = &s->fields;
	s->sections_end = &s->sections;
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

void sheet_add_field(struct sheet *s, enum word name, const char *value)
{
	struct sheet_field *f = get(s, sizeof *f);

	if (f == NULL)
		return;
	f->name = say(s, name);
	f->value = value;
	*s->fields_end = f;
	s->fields_end = &f->next;
}

struct sheet_section *sheet_add_section(struct sheet *s, enum word title)
{
	struct sheet_section *b = get(s, sizeof *b);

	if (b == NULL)
		return NULL;
	b->title = say(s, title);
	b->items_end = &b->items;
	b->charts_end = &b->charts;
	b->tables_end = &b->tables;
	*s->sections_end = b;
	s->sections_end = &b->next;
	return b;
}

struct sheet_section *sheet_add_check(struct sheet *s, enum word title, const char *planned, enum word role,
				      const char *window)
{
	struct sheet_section *b = sheet_add_section(s, title);

	if (b == NULL)
		return NULL;
	b->planned = planned;
	b->role = say(s, role);
	b->window = window;
	return b;
}

struct sheet_item *sheet_add_item(struct sheet *s, struct sheet_section *b, const char *id, enum word title)
{
	struct sheet_item *i = get(s, sizeof *i);

	if (i == NULL || b == NULL)
		return NULL;
	i->id = id;
	i->title = say(s, title);
	*b->items_end = i;
	b->items_end = &i->next;
	return i;
}

struct sheet_item *sheet_add_manual(struct sheet *s, struct sheet_section *b, const char *id, enum word title)
{
	struct sheet_item *i = sheet_add_item(s, b, id, title);

	if (i != NULL)
		i->manual = true;
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

struct sheet_item *sheet_item(const struct sheet *s, const char *id)
{
	for (struct sheet_section *b = s->sections; b != NULL; b = b->next)
		for (struct sheet_item *i = b->items; i != NULL; i = i->next)
			if (strcmp(i->id, id) == 0)
				return i;
	return NULL;
}

void item_verdict(struct sheet_item *i, enum verdict v)
{
	if (i != NULL && v > i->verdict)
		i->verdict = v;
}

struct sheet_table *sheet_add_table(struct sheet *s, struct sheet_section *b, enum word title,
				    const enum word *heads)
{
	struct sheet_table *t = get(s, sizeof *t);

	if (t == NULL || b == NULL)
		return NULL;
	t->title = say(s, title);
	while (t->columns < TABLE_COLUMNS && heads[t->columns] != W_COUNT) {
		t->head[t->columns] = say(s, heads[t->columns]);
		t->columns++;
	}
	t->end = &t->first;
	*b->tables_end = t;
	b->tables_end = &t->next;
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

struct sheet_chart *sheet_add_chart(struct sheet *s, struct sheet_section *b, enum chart_kind kind,
				    enum word title, enum word unit)
{
	struct sheet_chart *c = get(s, sizeof *c);

	if (c == NULL || b == NULL)
		return NULL;
	c->kind = kind;
	c->title = say(s, title);
	c->unit = say(s, unit);
	for (int i = 0; i < CHART_POINTS; i++)
		c->label[i] = "";
	*b->charts_end = c;
	b->charts_end = &c->next;
	return c;
}

struct sheet_series *chart_add_series(struct sheet_chart *c, const char *name)
{
	struct sheet_series *v;

	if (c == NULL || c->n_series == CHART_SERIES)
		return NULL;
	v = &c->series[c->n_series++];
	v->name = name;
	for (int i = 0; i < CHART_POINTS; i++) {
		v->value[i] = CHART_NONE;
		v->text[i] = "";
	}
	return v;
}

enum word sheet_head(const struct sheet *s, enum word head)
{
	return head == W_VERDICT && s->judged ? W_JUDGED : head;
}

const char *lang_code(enum lang lang)
{
	return lang == LANG_JA ? "ja" : "en";
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
