/* 別表: calls by hour, department, function, model and user. */
#include <stdlib.h>

#include "reports/frame.h"

#define ROWS_SHOWN 20
#define HEADS(first)                                                                                         \
	(const enum word[])                                                                                  \
	{                                                                                                    \
		first, W_H_CALLS, W_H_ERRORS, W_H_TOKENS, W_H_COST, W_COUNT                                  \
	}

static void fill(struct sheet *s, struct sheet_row *r, const char *name, const struct sums *v, int64_t most)
{
	if (r == NULL)
		return;
	r->cell[0] = name;
	r->cell[1] = say_count(s, v->calls);
	r->cell[2] = say_count(s, errors_of(v));
	r->cell[3] = say_count(s, tokens_of(v));
	r->cell[4] = say_cost(s, v->cost_pico, v->unpriced);
	r->permille = most <= 0 ? 0 : (int)((figure)v->calls * 1000 / most);
}

static void hours(struct sheet *s, struct sheet_section *b)
{
	const struct figures *d = s->figures;
	struct sheet_table *t = sheet_add_table(s, b, W_T_HOUR, HEADS(W_H_HOUR));
	int64_t most = 0;

	for (int h = 0; h < 24; h++)
		most = d->hour[h].calls > most ? d->hour[h].calls : most;
	for (int h = 0; h < 24; h++)
		fill(s, table_add_row(s, t), sheet_text_of(s, "%02d", h), &d->hour[h], most);
}

static int by_calls(const void *a, const void *b)
{
	const struct named_sums *x = *(const struct named_sums *const *)a,
				*y = *(const struct named_sums *const *)b;

	if (x->s.calls != y->s.calls)
		return x->s.calls < y->s.calls ? 1 : -1;
	return slice_cmp(x->name, y->name);
}

void table_names(struct sheet *s, struct sheet_section *b, const struct named_list *l, enum word title)
{
	const struct named_sums **order = calloc(l->n + 1, sizeof *order);
	struct sums rest = { 0 };
	struct sheet_table *t;

	if (order == NULL || l->n == 0) {
		free(order);
		return;
	}
	for (size_t i = 0; i < l->n; i++)
		order[i] = &l->p[i];
	qsort(order, l->n, sizeof order[0], by_calls);
	t = sheet_add_table(s, b, title, HEADS(W_H_NAME));
	for (size_t i = 0; i < l->n; i++) {
		if (i < ROWS_SHOWN)
			fill(s, table_add_row(s, t), say_name(s, order[i]->name), &order[i]->s,
			     order[0]->s.calls);
		else
			sums_add(&rest, &order[i]->s);
	}
	if (l->n > ROWS_SHOWN)
		fill(s, table_add_row(s, t),
		     sheet_text_of(s, say(s, W_OTHERS), say_count(s, (figure)(l->n - ROWS_SHOWN))), &rest,
		     order[0]->s.calls > rest.calls ? order[0]->s.calls : rest.calls);
	free(order);
}

static const char *quality(struct sheet *s, struct slice q)
{
	static const struct { const char *name; enum word w; } words[] = {
		{ "exact", W_Q_EXACT }, { "partial", W_Q_PARTIAL }, { "estimated", W_Q_ESTIMATED },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_is(q, words[i].name))
			return say(s, words[i].w);
	return say(s, W_Q_NONE);
}

static const char *line_name(struct sheet *s, const struct cost_line *l)
{
	const char *text = say_name(s, l->name[0]);

	for (int i = 1; i < COST_QUALITY; i++)
		text = sheet_text_of(s, "%s / %s", text, say_name(s, l->name[i]));
	return sheet_text_of(s, "%s / %s", text, quality(s, l->name[COST_QUALITY]));
}

/* What was estimated stands alone in its lines, which say so. */
static struct sums figures_of(const struct cost_line *l)
{
	struct sums s = l->s;

	if (s.estimated == 0)
		return s;
	s.input_tokens = s.estimated_tokens;
	s.output_tokens = 0;
	s.cost_pico = s.estimated_pico;
	return s;
}

static void cost_lines(struct sheet *s, struct sheet_section *b, const struct costs *c)
{
	struct sheet_table *t;
	struct sums rest = { 0 };

	if (c->n == 0)
		return;
	t = sheet_add_table(s, b, W_T_COST, HEADS(W_H_NAME));
	for (size_t i = 0; i < c->n; i++) {
		struct sheet_row *r = i < ROWS_SHOWN ? table_add_row(s, t) : NULL;

		if (i >= ROWS_SHOWN)
			sums_add(&rest, &c->line[i].s);
		if (r != NULL) {
			struct sums one = figures_of(&c->line[i]);

			fill(s, r, line_name(s, &c->line[i]), &one, 0);
		}
		if (r != NULL && c->line[0].s.cost_pico > 0)
			r->permille = (int)((figure)c->line[i].s.cost_pico * 1000 / c->line[0].s.cost_pico);
	}
	if (c->n > ROWS_SHOWN)
		fill(s, table_add_row(s, t),
		     sheet_text_of(s, say(s, W_OTHERS), say_count(s, (figure)(c->n - ROWS_SHOWN))), &rest, 0);
}

void tables_all(struct sheet *s, struct sheet_section *b, bool users)
{
	const struct figures *f = s->figures;

	hours(s, b);
	table_names(s, b, &f->department, W_T_DEPARTMENT);
	table_names(s, b, &f->function, W_T_FUNCTION);
	table_names(s, b, &f->model, W_T_MODEL);
	if (!users)
		return;
	table_names(s, b, &f->user, W_T_USER);
	cost_lines(s, b, &f->costs);
}
