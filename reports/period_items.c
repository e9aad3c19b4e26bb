#include "reports/period_items.h"

static const char *ratio(struct sheet *s, figure now, figure before)
{
	return before <= 0 ? "―" : sheet_text_of(s, say(s, W_PERCENT), say_quotient(s, now * 100, before, 1));
}

/* Of the period before. */
static const char *versus(struct sheet *s, figure now, figure before)
{
	return before > 0 && !s->figures->history.comparable ? say(s, W_NOT_COMPARABLE)
							     : ratio(s, now, before);
}

static const char *rate(struct sheet *s, int64_t part, int64_t whole)
{
	return whole <= 0 ? "―" : say_quotient(s, (figure)part * 100, whole, 2);
}

int64_t period_severe(const struct figures *f)
{
	return f->by_level[LEVEL_CRITICAL] + f->by_level[LEVEL_HIGH];
}

void period_summary(struct sheet *s)
{
	const struct figures *f = s->figures;
	const struct history *h = &f->history;
	int64_t budget = f->cfg->budget.month_pico;
	const char *month_end = f->forecast_known ? say_money(s, f->forecast, f->month.unpriced)
				: f->month.past == f->month.days
					? say_money(s, f->month.cost, f->month.unpriced)
					: say(s, W_NO_FORECAST);

	sheet_add_line(s, &s->summary,
		       sheet_text_of(s, say(s, W_SENTENCE_USE), say_count(s, f->total.calls),
				     versus(s, f->total.calls, h->point[h->n - 2].total.calls),
				     say_count(s, f->active_users)));
	sheet_add_line(s, &s->summary,
		       sheet_text_of(s, say(s, W_SENTENCE_COST), say_money(s, f->cost, f->total.unpriced),
				     month_end, budget > 0 ? say_money(s, budget, 0) : say(s, W_NOT_SET)));
	sheet_add_line(s, &s->summary,
		       sheet_text_of(s, say(s, W_SENTENCE_STATE),
				     rate(s, errors_of(&f->total), f->total.calls),
				     say_count(s, f->n_findings), say_count(s, period_severe(f))));
}

void period_error_rate(struct sheet *s, struct sheet_item *i)
{
	const struct sums *t = &s->figures->total;

	item_result(s, i, W_ERROR_RATE, rate(s, errors_of(t), t->calls), say_count(s, errors_of(t)),
		    say_count(s, t->calls));
	item_result(s, i, W_ERROR_SPLIT, say_count(s, t->denied + t->failure), say_count(s, t->limited),
		    say_count(s, system_errors_of(t)));
	item_result(s, i, W_ERR_CLASSES, say_count(s, t->denied), say_count(s, t->limited),
		    say_count(s, t->failure), say_count(s, t->error), say_count(s, t->timeout),
		    say_count(s, t->reset));
}

/* Thirteen periods, oldest first: what the curves show. */
void period_trend(struct sheet *s, struct sheet_item *i)
{
	const struct history *h = &s->figures->history;
	const char *calls = NULL, *cost = NULL, *users = NULL;

	for (int k = 0; k < h->n; k++) {
		bool seen = h->point[k].watched;
		const char *to = k > 0 ? " → " : "";

		calls = sheet_text_of(s, "%s%s%s", k > 0 ? calls : "", to,
				      seen ? say_count(s, h->point[k].total.calls) : "―");
		cost = sheet_text_of(s, "%s%s%s", k > 0 ? cost : "", to,
				     seen ? say_usd(s, h->point[k].total.cost_pico) : "―");
		users = sheet_text_of(s, "%s%s%s", k > 0 ? users : "", to,
				      seen ? say_count(s, h->point[k].users) : "―");
	}
	item_result(s, i, W_TREND_CALLS, calls);
	item_result(s, i, W_TREND_COST, cost);
	item_result(s, i, W_TREND_USERS, users);
	if (h->year_ago.watched)
		item_result(s, i, W_YEAR_AGO, say_date(s, h->year_ago.first),
			    say_count(s, h->year_ago.total.calls), say_usd(s, h->year_ago.total.cost_pico),
			    say_count(s, h->year_ago.users));
	else
		item_result(s, i, W_YEAR_AGO_NONE);
}

void period_versus(struct sheet *s, struct sheet_item *i)
{
	const struct figures *f = s->figures;
	const struct history *h = &f->history;

	item_result(s, i, W_VERSUS, versus(s, f->total.calls, h->point[h->n - 2].total.calls),
		    versus(s, f->cost, h->point[h->n - 2].total.cost_pico),
		    versus(s, f->active_users, h->point[h->n - 2].users));
}

void table_rules(struct sheet *s, struct sheet_section *b)
{
	const struct rule_counts *c = &s->figures->rules;
	static const enum word heads[] = { W_H_RULE, W_H_COUNT, W_H_LEVEL, W_COUNT };
	struct sheet_table *t;
	int64_t most = 1;

	if (c->n == 0)
		return;
	t = sheet_add_table(s, b, W_T_RULES, heads);
	for (size_t i = 0; i < c->n; i++)
		most = c->row[i].n > most ? c->row[i].n : most;
	for (size_t i = 0; i < c->n; i++) {
		struct sheet_row *r = table_add_row(s, t);

		if (r == NULL)
			return;
		r->cell[0] = say_name(s, c->row[i].name[s->lang]);
		r->cell[1] = say_count(s, c->row[i].n);
		r->cell[2] = say_level(s, c->row[i].level);
		r->permille = (int)((figure)c->row[i].n * 1000 / most);
	}
}
