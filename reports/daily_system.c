/* 9:00: is the AI system working (reports.md 1.1). */
#include "core/base/zone.h"
#include "reports/daily.h"
#include "reports/duty.h"

#define LATENCY_LIMIT_NS (5 * NS_PER_SEC) /* D1.3: the default of the accepted mean */
#define TOP 5

static const enum word loss_words[LOSS_COUNT] = {
#define LOSS(id, name, doc) [LOSS_##id] = W_LOSS_##id,
#include "core/event/losses.def"
#undef LOSS
};

/* What captures did not see, as "a 3、b 2"; NULL: nothing. */
static const char *say_losses(struct sheet *s, const struct losses *l)
{
	const char *text = NULL;

	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++) {
		const char *one;

		if (l->of[i].n == 0)
			continue;
		one = sheet_text_of(s, say(s, W_NAME_COUNT), say(s, loss_words[i]),
				    say_count(s, (figure)l->of[i].n));
		text = text == NULL ? one : sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA), one);
	}
	return text;
}

/* Of the 24 hours before the check, and how they ended. */
static void up_or_down(struct sheet *s, struct sheet_item *i, const struct figures *d)
{
	const struct availability *a = &d->review.availability;
	const struct stretch *last = a->outages.n == 0 ? NULL : &a->outages.p[a->outages.n - 1];
	bool down = last != NULL && last->to == a->to;

	item_result(s, i, W_STATE_AT, say_time(s, d->day.error_to),
		    say(s, down			? W_STATE_DOWN
			   : a->traffic_minutes > 0 ? W_STATE_UP
						    : W_STATE_QUIET),
		    say_count(s, (figure)a->outages.n), say_quotient(s, a->down, 60 * NS_PER_SEC, 1));
	item_verdict(i, down ? VERDICT_BAD : a->outages.n > 0 ? VERDICT_CARE : VERDICT_NONE);
}

static void state(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D1.1", W_D1_1);
	const struct coverage *c = &d->coverage;
	int64_t failures = system_errors_of(&d->total);
	const char *unseen = say_losses(s, &c->losses);

	if (figures_blind(d))
		item_result(s, i, W_UNWATCHED);
	else
		item_result(s, i, W_COVERAGE, say_percent_down(s, c->minutes - c->missed_minutes, c->minutes),
			    say_count(s, c->missed_minutes), say_count(s, c->minutes));
	up_or_down(s, i, d);
	item_result(s, i, W_SYSTEM_FAILURES, say_count(s, failures), say_count(s, d->total.calls));
	if (c->rejected_lines > 0 || c->gaps > 0)
		item_result(s, i, W_LOSSES, say_count(s, c->rejected_lines), say_count(s, c->gaps),
			    say_count(s, c->lost_bytes));
	if (d->total.joined > 0)
		item_result(s, i, W_JOINED, say_count(s, d->total.joined));
	if (d->total.retries > 0)
		item_result(s, i, W_RETRIES, say_count(s, d->total.retries),
			    say_count(s, d->total.calls - d->total.retries));
	if (unseen != NULL)
		item_result(s, i, W_CAPTURE_LOSSES, unseen);
	item_verdict(i, VERDICT_GOOD);
	if (c->missed_minutes * 100 > c->minutes || c->rejected_lines > 0 || c->gaps > 0 || unseen != NULL)
		item_verdict(i, VERDICT_CARE);
	/* half of the calls failing is an outage by reports.md 5 */
	if (figures_blind(d) || (d->total.calls > 0 && failures * 2 >= d->total.calls))
		item_verdict(i, VERDICT_BAD);
}

static void errors(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D1.2", W_D1_2);
	const struct sums *w = &d->day.window;
	const char *top;

	item_result(s, i, W_ERR_WINDOW, say_time(s, d->day.error_from), say_time(s, d->day.error_to));
	item_result(s, i, W_ERR_TOTAL, say_count(s, errors_of(w)), say_count(s, w->calls),
		    say_count(s, d->day.error_median));
	item_result(s, i, W_ERR_CLASSES, say_count(s, w->denied), say_count(s, w->limited),
		    say_count(s, w->failure), say_count(s, w->error), say_count(s, w->timeout),
		    say_count(s, w->reset));
	if ((top = say_top(s, &d->day.error_function, errors_of, TOP, W_NAME_COUNT)) != NULL)
		item_result(s, i, W_ERR_FUNCTIONS, top);
	if ((top = say_top(s, &d->day.error_department, errors_of, TOP, W_NAME_COUNT)) != NULL)
		item_result(s, i, W_ERR_DEPARTMENTS, top);
	item_verdict(i, system_errors_of(w) > 0 || errors_of(w) > 2 * d->day.error_median ? VERDICT_CARE
											  : VERDICT_GOOD);
	if (system_errors_of(w) * 20 > w->calls)
		item_verdict(i, VERDICT_BAD);
}

static void latency(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D1.3", W_D1_3);

	if (d->mean_ns < 0) {
		item_result(s, i, W_LATENCY_NONE);
	} else {
		item_result(s, i, W_LATENCY, say_quotient(s, d->mean_ns, NS_PER_SEC, 2),
			    say_quotient(s, d->median_ns, NS_PER_SEC, 2),
			    say_quotient(s, d->p95_ns, NS_PER_SEC, 2),
			    say_quotient(s, d->max_ns, NS_PER_SEC, 2));
		item_verdict(i, d->mean_ns > LATENCY_LIMIT_NS ? VERDICT_CARE : VERDICT_GOOD);
	}
	item_result(s, i, W_LATENCY_LIMIT, say_quotient(s, LATENCY_LIMIT_NS, NS_PER_SEC, 1));
}

/* The sheet itself, and where its lines go (D1.5 to D1.7). */
static void records(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	int64_t judged, abnormal, begun = 0, open = 0, items = 0;
	struct sheet_item *i;

	for (size_t k = 0; k < duty_item_count; k++)
		items += duty_sheet_of(duty_items[k].slot) == DUTY_DAILY;
	said_count(&d->said, &judged, &abnormal);
	item_result(s, sheet_add_item(s, b, "D1.5", W_D1_5), W_DF_ANSWERED, say_count(s, judged),
		    say_count(s, items));
	for (size_t k = 0; k < d->said.incidents.n; k++) {
		const struct incident *in = &d->said.incidents.p[k];
		int64_t start = in->time[INCIDENT_STARTED] / NS_PER_SEC;

		begun += start >= d->from && start < d->to;
		open += start < d->to && in->time[INCIDENT_RESTORED] == INT64_MIN;
	}
	i = sheet_add_item(s, b, "D1.6", W_D1_6);
	item_result(s, i, W_DF_INCIDENTS, say_count(s, begun), say_count(s, open));
	item_verdict(i, open > 0 ? VERDICT_BAD : begun > 0 ? VERDICT_CARE : VERDICT_GOOD);
	item_result(s, sheet_add_item(s, b, "D1.7", W_D1_7), W_DF_CARRIED, say_count(s, abnormal));
}

void daily_block_system(struct sheet *s, const struct figures *d)
{
	struct sheet_section *b = sheet_add_check(s, W_BLOCK1, "9:00", W_IT_ADMIN, NULL);

	state(s, b, d);
	errors(s, b, d);
	latency(s, b, d);
	sheet_add_manual(s, b, "D1.4", W_D1_4);
	records(s, b, d);
}
