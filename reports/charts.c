/* The charts of the weekly and the monthly report. */
#include "reports/frame.h"

#define MICRO (PICO_USD / 1000000)

static int64_t clamp(figure v)
{
	return v > INT64_MAX ? INT64_MAX : v < 0 ? 0 : (int64_t)v;
}

static void put_point(struct sheet_series *v, int at, int64_t value, const char *text)
{
	if (v == NULL)
		return;
	v->value[at] = value;
	v->text[at] = text;
}

static void put_usd(struct sheet *s, struct sheet_series *v, int at, figure pico)
{
	put_point(v, at, clamp(pico / MICRO), say_usd(s, pico));
}

static const char *say_day_month(struct sheet *s, int32_t days)
{
	struct date d = date_from_days(days);

	return sheet_text_of(s, "%d/%d", d.month, d.day);
}

void chart_heat(struct sheet *s, struct sheet_section *b)
{
	static const enum word names[7] = { W_MON, W_TUE, W_WED, W_THU, W_FRI, W_SAT, W_SUN };
	struct sheet_chart *c = sheet_add_chart(s, b, CHART_GRID, W_C_HEAT, W_U_CALLS);

	if (c == NULL)
		return;
	c->points = 24;
	for (int h = 0; h < 24; h++)
		c->label[h] = sheet_text_of(s, "%d", h);
	for (int day = 0; day < 7; day++) {
		struct sheet_series *v = chart_add_series(c, say(s, names[day]));

		for (int h = 0; h < 24; h++)
			put_point(v, h, s->figures->heat[day][h], say_count(s, s->figures->heat[day][h]));
	}
}

static struct sheet_chart *over_time(struct sheet *s, struct sheet_section *b, enum word title,
				     enum word unit)
{
	const struct history *h = &s->figures->history;
	struct sheet_chart *c = sheet_add_chart(s, b, CHART_CURVES, title, unit);

	if (c == NULL)
		return NULL;
	c->points = h->n;
	for (int i = 0; i < h->n; i++)
		c->label[i] = say_day_month(s, h->point[i].first);
	return c;
}

void chart_history(struct sheet *s, struct sheet_section *b)
{
	const struct history *h = &s->figures->history;
	struct sheet_series *calls = chart_add_series(over_time(s, b, W_C_CALLS, W_U_CALLS), ""),
			    *cost = chart_add_series(over_time(s, b, W_C_COST, W_U_USD), ""),
			    *users = chart_add_series(over_time(s, b, W_C_USERS, W_U_PEOPLE), "");

	for (int i = 0; i < h->n; i++) {
		if (!h->point[i].watched)
			continue;
		put_point(calls, i, h->point[i].total.calls, say_count(s, h->point[i].total.calls));
		put_usd(s, cost, i, h->point[i].total.cost_pico);
		put_point(users, i, h->point[i].users, say_count(s, h->point[i].users));
	}
}

static void put_seconds(struct sheet *s, struct sheet_series *v, int at, int64_t ns)
{
	if (ns >= 0)
		put_point(v, at, ns, say_quotient(s, ns, 1000000000, 2));
}

void chart_latency(struct sheet *s, struct sheet_section *b)
{
	const struct history *h = &s->figures->history;
	struct sheet_chart *c = over_time(s, b, W_C_LATENCY, W_U_SECONDS);
	struct sheet_series *median = chart_add_series(c, say(s, W_MEDIAN)),
			    *p95 = chart_add_series(c, say(s, W_P95)),
			    *p99 = chart_add_series(c, say(s, W_P99));

	for (int i = 0; i < h->n; i++) {
		put_seconds(s, median, i, h->point[i].median_ns);
		put_seconds(s, p95, i, h->point[i].p95_ns);
		put_seconds(s, p99, i, h->point[i].p99_ns);
	}
}

void chart_budget(struct sheet *s, struct sheet_section *b)
{
	const struct month *m = &s->figures->month;
	struct sheet_chart *c = sheet_add_chart(s, b, CHART_CURVES, W_C_BUDGET, W_U_USD);
	struct sheet_series *cost = chart_add_series(c, say(s, W_SO_FAR)), *budget = NULL, *forecast = NULL;
	figure sum = 0;

	if (c == NULL)
		return;
	if (s->figures->cfg->budget.month_pico > 0)
		budget = chart_add_series(c, say(s, W_BUDGET_LINE));
	if (s->figures->forecast_known && m->past < m->days)
		forecast = chart_add_series(c, say(s, W_FORECAST_LINE));
	c->points = m->days;
	for (int i = 0; i < m->days; i++) {
		c->label[i] = say_day_month(s, m->first + i);
		put_usd(s, budget, i, s->figures->cfg->budget.month_pico);
		if (i < m->past) {
			sum += m->day_cost[i];
			put_usd(s, cost, i, sum);
		}
		if (i >= m->past - 1)
			put_usd(s, forecast, i, forecast_until(s->figures, i + 1));
	}
}
