/* 9:30: how much was used (reports.md 1.2). */
#include "core/base/zone.h"
#include "reports/daily.h"

#define USERS_SHOWN 5
#define HYGIENE_SHOWN 5

/* A user over the limits, for ranges and alerts. */
static int64_t calls_of(const struct sums *s)
{
	return s->calls;
}

static const char *site_money(struct sheet *s, const struct figures *d, figure pico)
{
	const char *amount = pico == 0 ? NULL : say_site_amount(s, pico);

	return amount == NULL ? "" : sheet_text_of(s, say(s, W_COST_SITE), amount, d->cfg->budget.currency);
}

static void calls(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D2.1", W_D2_1);

	if (figures_blind(d))
		item_result(s, i, W_UNWATCHED);
	else
		item_result(s, i, W_CALLS, say_count(s, d->total.calls), say_count(s, d->total.successful));
}

static void month_cost(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	int64_t budget = d->cfg->budget.month_pico;

	item_result(s, i, W_COST_MONTH, say_cost(s, d->month.cost, d->month.unpriced),
		    site_money(s, d, d->month.cost));
	if (d->month.unpriced > d->total.unpriced)
		item_result(s, i, W_UNPRICED, say_count(s, d->month.unpriced));
	if (budget <= 0) {
		item_result(s, i, W_BUDGET_NONE);
		return;
	}
	item_result(s, i, W_BUDGET, say_usd(s, budget), say_quotient(s, d->month.cost * 100, budget, 1));
	item_verdict(i, d->month.cost > budget ? VERDICT_BAD : VERDICT_GOOD);
}

static void repriced(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	if (d->total.repriced > 0)
		item_result(s, i, W_REPRICED, say_count(s, d->total.repriced),
			    say_usd(s, d->cost - d->total.repriced_pico));
}

static void estimated(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	if (d->total.estimated > 0)
		item_result(s, i, W_ESTIMATED, say_count(s, d->total.estimated),
			    say_count(s, d->total.estimated_tokens), say_usd(s, d->total.estimated_pico));
}

static void forecast(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	int64_t budget = d->cfg->budget.month_pico;

	if (!d->forecast_known)
		return;
	item_result(s, i, W_FORECAST, say_usd(s, d->forecast), site_money(s, d, d->forecast));
	if (budget > 0 && d->forecast > budget) {
		item_result(s, i, W_FORECAST_OVER, say_quotient(s, d->forecast * 100, budget, 1));
		item_verdict(i, VERDICT_CARE);
	}
}

/* Money is an estimate until the month's invoice is entered. */
static void invoice(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	figure more = d->invoice.pico_usd - d->invoice_computed;

	if (!d->invoice.entered && d->invoice_calls > 0)
		item_result(s, i, W_INVOICE_NONE, d->invoice_month,
			    say_cost(s, d->invoice_computed, d->invoice_unpriced));
	if (!d->invoice.entered)
		return;
	item_result(s, i, W_INVOICE, d->invoice_month, say_usd(s, d->invoice.pico_usd),
		    say_cost(s, d->invoice_computed, d->invoice_unpriced),
		    d->invoice.pico_usd > 0 ? say_quotient(s, more * 100, d->invoice.pico_usd, 1) : "―");
	if (d->invoice.reason[0] == 0 && (more < 0 ? -more : more) * 20 > d->invoice.pico_usd) {
		item_result(s, i, W_INVOICE_ASK);
		item_verdict(i, VERDICT_CARE);
	}
	if (d->invoice.reason[0] != 0)
		item_result(s, i, W_INVOICE_REASON, sheet_copy(s, slice_str(d->invoice.reason)),
			    sheet_copy(s, slice_str(d->invoice.actor)));
}

/* "a 3、b 2、他 4 件" */
static const char *counted(struct sheet *s, const struct counted_list *l, bool shares)
{
	const char *text = NULL;

	for (size_t k = 0; k < l->n && k < HYGIENE_SHOWN; k++) {
		const char *one =
			shares ? sheet_text_of(s, say(s, W_SILENT_ONE), say_name(s, l->p[k].name),
					       say_count(s, l->p[k].n), say_count(s, l->p[k].of))
			       : sheet_text_of(s, say(s, W_NAME_CALLS), say_name(s, l->p[k].name),
					       say_count(s, l->p[k].n));

		text = text == NULL ? one : sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA), one);
	}
	if (l->n > HYGIENE_SHOWN)
		text = sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA),
				     sheet_text_of(s, say(s, W_OTHERS),
						   say_count(s, (figure)(l->n - HYGIENE_SHOWN))));
	return text;
}

/* What hinders knowing the cost, so that it gets mended. */
static void hygiene(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	const struct costs *c = &d->costs;

	if (c->silent.n > 0)
		item_remark(s, i, W_SILENT, counted(s, &c->silent, true));
	if (c->unpriced.n > 0)
		item_remark(s, i, W_UNPRICED_MODELS, counted(s, &c->unpriced, false));
	if (c->ownerless.n > 0)
		item_remark(s, i, W_OWNERLESS, counted(s, &c->ownerless, false));
	if (c->unread.n > 0)
		item_remark(s, i, W_UNREAD, counted(s, &c->unread, false));
}

static void day_and_month(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	if (figures_cost_known(d))
		item_result(s, i, W_COST_DAY, say_usd(s, d->cost), site_money(s, d, d->cost));
	else if (d->total.unpriced == 0)
		item_result(s, i, W_COST_UNKNOWN);
	if (d->total.unpriced > 0)
		item_result(s, i, W_UNPRICED, say_count(s, d->total.unpriced));
	repriced(s, i, d);
	estimated(s, i, d);
	if (d->month.cost == 0 && !figures_cost_known(d)) {
		item_result(s, i, W_COST_MONTH_UNKNOWN);
		return;
	}
	month_cost(s, i, d);
	forecast(s, i, d);
	if (d->cfg->budget.currency != NULL && d->cfg->budget.rate_micro > 0)
		item_remark(s, i, W_COST_RATE, say_quotient(s, d->cfg->budget.rate_micro, 1000000, 2),
			    d->cfg->budget.currency,
			    d->cfg->budget.rate_source == NULL ? "" : d->cfg->budget.rate_source,
			    d->cfg->budget.rate_date == NULL ? "" : d->cfg->budget.rate_date);
}

static void cost(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D2.2", W_D2_2);

	day_and_month(s, i, d);
	invoice(s, i, d);
	hygiene(s, i, d);
}

static void users(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D2.3", W_D2_3);

	item_result(s, i, W_USERS, say_count(s, d->active_users));
	if (d->total.userless > 0)
		item_result(s, i, W_USERLESS, say_count(s, d->total.userless));
}

static enum word place(figure v, struct range_i64 r)
{
	return v < r.low ? W_BELOW : v > r.high ? W_ABOVE : W_IN_RANGE;
}

static int64_t most_calls(const struct figures *d)
{
	int64_t most = 0;

	for (size_t i = 0; i < d->user.n; i++)
		if (d->user.p[i].name.n > 0 && d->user.p[i].s.calls > most)
			most = d->user.p[i].s.calls;
	return most;
}

/* Where it stands; W_IN_RANGE as well where it is not judged. Calls without a price may lift what is known
 * over either bound, but not bring it down again. */
static enum word place_cost(struct sheet *s, struct sheet_item *i, const struct figures *d,
			    const struct cfg_range *r)
{
	enum word where = place(d->cost, r->cost_pico);
	const char *cost = say_usd(s, d->cost), *low = say_usd(s, r->cost_pico.low),
		   *high = say_usd(s, r->cost_pico.high);

	if (!figures_cost_known(d)) {
		item_result(s, i, W_RANGE_COST_NONE);
		return W_IN_RANGE;
	}
	if (d->total.unpriced > 0 && where != W_ABOVE) {
		item_result(s, i, W_RANGE_COST_OPEN, cost, low, high, say_count(s, d->total.unpriced));
		return W_IN_RANGE;
	}
	item_result(s, i, W_RANGE_COST, cost, low, high, say(s, where));
	return where;
}

static void ranges(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D2.5", W_D2_5);
	const struct cfg_range *r = &d->cfg->ranges[d->day.class];
	enum word where[4] = { place(d->total.calls, r->calls), W_IN_RANGE, place(d->active_users, r->users),
			       most_calls(d) > r->user_calls ? W_ABOVE : W_IN_RANGE };

	if (figures_blind(d)) {
		item_result(s, i, W_RANGE_BLIND);
		return;
	}
	item_result(s, i, W_RANGE_CALLS, say_count(s, d->total.calls), say_count(s, r->calls.low),
		    say_count(s, r->calls.high), say(s, where[0]));
	where[1] = place_cost(s, i, d, r);
	item_result(s, i, W_RANGE_USERS, say_count(s, d->active_users), say_count(s, r->users.low),
		    say_count(s, r->users.high), say(s, where[2]));
	item_result(s, i, W_RANGE_USER, say_count(s, most_calls(d)), say_count(s, r->user_calls),
		    say(s, where[3]));
	for (size_t k = 0; k < COUNT(where); k++)
		item_verdict(i, where[k] == W_IN_RANGE ? VERDICT_GOOD : VERDICT_CARE);
}

static const char *ratio(struct sheet *s, int64_t now, int64_t before)
{
	return before <= 0 ? "―" : sheet_text_of(s, "%s %%", say_quotient(s, (figure)now * 100, before, 1));
}

/* Literal, as the manual has it; lowered with its reason after holidays (reports.md 1.2). */
static void ratios(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	const char *literal = ratio(s, d->total.calls, d->day.previous_calls);
	bool alarm = d->day.previous_calls > 0 && (figure)d->total.calls >= (figure)d->day.previous_calls * 2;

	item_result(s, i, W_RATIO_PREVIOUS, literal, say_count(s, d->day.previous_calls));
	if (d->day.has_same_class)
		item_result(s, i, W_RATIO_SAME, ratio(s, d->total.calls, d->day.same_class_calls),
			    say_date(s, d->day.same_class_days), say_count(s, d->day.same_class_calls));
	else
		item_result(s, i, W_RATIO_SAME_NONE);
	if (!alarm)
		return;
	item_result(s, i, d->day.info.first_after_holiday ? W_LOWERED_RATIO : W_ALARM_RATIO, literal);
	item_verdict(i, d->day.info.first_after_holiday ? VERDICT_CARE : VERDICT_BAD);
}

static void day_budget(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	int64_t budget = figures_day_budget(d);
	bool alarm = budget > 0 && d->cost * 2 >= (figure)budget * 3;

	if (budget <= 0) {
		item_result(s, i, W_BUDGET_DAY_NONE);
		return;
	}
	if (!figures_cost_known(d)) {
		item_result(s, i, W_BUDGET_DAY_UNKNOWN);
		return;
	}
	item_result(s, i, alarm ? W_ALARM_BUDGET : W_OK_BUDGET, say_usd(s, budget),
		    say_quotient(s, d->cost * 100, budget, 1));
	if (alarm)
		item_verdict(i, VERDICT_BAD);
}

static bool heavy_users(struct sheet *s, struct sheet_item *i, const struct figures *d, bool alert)
{
	const struct cfg_range *r = &d->cfg->ranges[d->day.class];
	int64_t shown = 0, n = 0;

	for (size_t k = 0; k < d->user.n; k++) {
		const struct named_sums *u = &d->user.p[k];

		if (u->name.n == 0 || (calls_of(&u->s) >= r->user_calls_alert) != alert ||
		    (!alert && calls_of(&u->s) <= r->user_calls))
			continue;
		n++;
		if (shown++ < USERS_SHOWN)
			item_result(s, i, alert ? W_ALARM_USER : W_CARE_USER, say_name(s, u->name),
				    say_count(s, u->s.calls),
				    say_count(s, alert ? r->user_calls_alert : r->user_calls));
	}
	if (n > USERS_SHOWN)
		item_result(s, i, W_MORE, say_count(s, n - USERS_SHOWN));
	if (n > 0)
		item_verdict(i, alert ? VERDICT_BAD : VERDICT_CARE);
	return n > 0;
}

static bool alert_user(const struct figures *d)
{
	for (size_t k = 0; k < d->user.n; k++)
		if (d->user.p[k].name.n > 0 &&
		    calls_of(&d->user.p[k].s) >= d->cfg->ranges[d->day.class].user_calls_alert)
			return true;
	return false;
}

void daily_block_usage(struct sheet *s, const struct figures *d)
{
	const char *window = sheet_text_of(s, say(s, W_ERR_WINDOW), say_time(s, d->from), say_time(s, d->to));
	struct sheet_section *b = sheet_add_check(s, W_BLOCK2, "9:30", W_IT_ADMIN, window);
	struct sheet_item *i;

	calls(s, b, d);
	cost(s, b, d);
	users(s, b, d);
	i = sheet_add_item(s, b, "D2.4", W_D2_4);
	if (!heavy_users(s, i, d, false) && !alert_user(d))
		item_verdict(i, VERDICT_GOOD);
	else if (alert_user(d)) /* named at D2.6 */
		item_verdict(i, VERDICT_BAD);
	item_result(s, i, W_USAGE_FINDINGS, say_count(s, d->n_findings));
	ranges(s, b, d);
	i = sheet_add_item(s, b, "D2.6", W_D2_6);
	ratios(s, i, d);
	day_budget(s, i, d);
	heavy_users(s, i, d, true);
	if (i != NULL && i->verdict == VERDICT_NONE && !figures_blind(d)) {
		item_result(s, i, W_NO_ALARM);
		item_verdict(i, VERDICT_GOOD);
	}
}
