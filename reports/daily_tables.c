/* 別表: calls by hour, department, function, model and user. */
#include <stdlib.h>

#include "reports/daily_sheet.h"

#define ROWS_SHOWN 20

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

static void hours(struct sheet *s, const struct daily *d)
{
	struct sheet_table *t = sheet_add_table(s, W_T_HOUR, W_H_HOUR);
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

static void add_rest(struct sums *rest, const struct sums *s)
{
#define SUM(name, doc) \
	if (__builtin_add_overflow(rest->name, s->name, &rest->name)) \
		rest->name = INT64_MAX;
#include "core/ledger/sums.def"
#undef SUM
}

static void names(struct sheet *s, const struct named_list *l, enum word title)
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
	t = sheet_add_table(s, title, W_H_NAME);
	for (size_t i = 0; i < l->n; i++) {
		if (i < ROWS_SHOWN)
			fill(s, table_add_row(s, t), say_name(s, order[i]->name), &order[i]->s,
			     order[0]->s.calls);
		else
			add_rest(&rest, &order[i]->s);
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

static void cost_lines(struct sheet *s, const struct costs *c)
{
	struct sheet_table *t;
	struct sums rest = { 0 };

	if (c->n == 0)
		return;
	t = sheet_add_table(s, W_T_COST, W_H_NAME);
	for (size_t i = 0; i < c->n; i++) {
		struct sheet_row *r = i < ROWS_SHOWN ? table_add_row(s, t) : NULL;

		if (i >= ROWS_SHOWN)
			add_rest(&rest, &c->line[i].s);
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

void daily_tables(struct sheet *s, const struct daily *d)
{
	hours(s, d);
	names(s, &d->department, W_T_DEPARTMENT);
	names(s, &d->function, W_T_FUNCTION);
	names(s, &d->model, W_T_MODEL);
	names(s, &d->user, W_T_USER);
	cost_lines(s, &d->costs);
}
