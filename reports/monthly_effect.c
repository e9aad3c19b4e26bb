/* What people entered for the month: the return on investment with its assumptions, and registers. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/monthly.h"
#include "reports/roi.h"

#define ROWS_SHOWN 20

/* ---- return on investment ---- */

static const char *millionths(struct sheet *s, figure v)
{
	int digits = 0;

	for (figure unit = FACT_UNIT; digits < 6 && v % unit != 0; digits++)
		unit /= 10;
	return say_quotient(s, v, FACT_UNIT, digits);
}

static void put_assumed(struct sheet *s, struct sheet_item *i, enum assumption a, const struct assumed *v)
{
	const char *title = assumption_infos[a].title[s->lang];

	if (v->function.n > 0)
		title = sheet_text_of(s, "%s %s", sheet_copy(s, v->function), title);
	item_remark(s, i, W_ASSUMED, title, millionths(s, v->value), millionths(s, v->low),
		    millionths(s, v->high), sheet_copy(s, v->source), sheet_copy(s, v->from),
		    sheet_copy(s, v->entry->actor));
}

static void read_input(const struct figures *f, struct roi_input *in, struct roi_function *function)
{
	const struct journal *j = &f->said.journal;
	char text[11];
	struct slice day;

	date_format(date_from_days(f->last), text);
	day = slice_str(text);
	for (int a = 0; a < ASSUMPTIONS; a++)
		if (!assumption_infos[a].per_function)
			fact_assumed(j, a, slice_of(NULL, 0), day, &in->of[a]);
	for (size_t i = 0; i < f->function.n; i++) {
		struct roi_function *of = &function[i];

		*of = (struct roi_function){ .name = f->function.p[i].name,
					     .calls = f->function.p[i].s.successful };
		if (of->name.n == 0)
			continue;
		fact_assumed(j, ASSUME_ADOPTION, of->name, day, &of->adoption);
		fact_assumed(j, ASSUME_MINUTES, of->name, day, &of->minutes);
	}
	in->function = function;
	in->n = f->function.n;
	/* pico-USD times micro-units a USD: the site's currency in millionths */
	in->api = f->cfg->budget.currency == NULL ? f->cost / (PICO_USD / FACT_UNIT)
						  : f->cost * f->cfg->budget.rate_micro / PICO_USD;
}

static void put_result(struct sheet *s, struct sheet_item *i, const struct roi_input *in)
{
	const char *currency = s->figures->cfg->budget.currency;
	figure low, high;
	struct roi r;

	if (!roi_of(in, &r) || !roi_range(in, &low, &high)) {
		item_result(s, i, W_ROI_NONE);
		return;
	}
	if (currency == NULL)
		currency = say(s, W_USD);
	item_result(s, i, W_ROI, say_quotient(s, r.percent_milli, 1000, 1), say_quotient(s, low, 1000, 1),
		    say_quotient(s, high, 1000, 1));
	item_result(s, i, W_ROI_PARTS, say_quotient(s, r.benefit, FACT_UNIT, 0),
		    say_quotient(s, r.cost, FACT_UNIT, 0), say_quotient(s, in->api, FACT_UNIT, 0), currency);
	if (r.payback_milli < 0)
		item_result(s, i, W_PAYBACK_NEVER);
	else
		item_result(s, i, W_PAYBACK, say_quotient(s, r.payback_milli, 1000, 1));
}

void monthly_roi(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	struct sheet_item *i = sheet_add_item(s, b, "M3.1", W_M3_1);
	struct roi_function *function = calloc(f->function.n + 1, sizeof *function);
	struct roi_input in = { 0 };
	int64_t without = 0;

	if (function == NULL) {
		s->pool.failed = true;
		return;
	}
	read_input(f, &in, function);
	put_result(s, i, &in);
	for (int a = 0; a < ASSUMPTIONS; a++) {
		if (assumption_infos[a].per_function)
			continue;
		if (in.of[a].entry != NULL)
			put_assumed(s, i, a, &in.of[a]);
		else if (assumption_infos[a].needed)
			item_remark(s, i, W_ASSUMED_NOT, assumption_infos[a].title[s->lang]);
	}
	for (size_t k = 0; k < in.n; k++) {
		without += function[k].calls > 0 &&
			   (function[k].adoption.entry == NULL || function[k].minutes.entry == NULL);
		if (function[k].adoption.entry != NULL)
			put_assumed(s, i, ASSUME_ADOPTION, &function[k].adoption);
		if (function[k].minutes.entry != NULL)
			put_assumed(s, i, ASSUME_MINUTES, &function[k].minutes);
	}
	if (without > 0)
		item_remark(s, i, W_ROI_WITHOUT, say_count(s, without));
	if (f->total.unpriced > 0)
		item_remark(s, i, W_UNPRICED, say_count(s, f->total.unpriced));
	free(function);
}

/* ---- registers ---- */

static enum word state_word(struct slice state)
{
	static const enum word words[] = { W_RS_OPEN, W_RS_PLANNED, W_RS_DONE, W_RS_ACCEPTED };

	for (size_t k = 0; k < COUNT(words); k++)
		if (slice_is(state, register_states[k]))
			return words[k];
	return W_UNKNOWN;
}

static bool is_overdue(const struct sheet *s, const struct register_row *r)
{
	struct date due;

	return !r->ended && date_parse(r->due, &due) && date_to_days(due) <= s->figures->last;
}

static void put_row(struct sheet *s, struct sheet_item *i, const struct register_row *r)
{
	item_result(s, i, W_REGISTER_ROW, sheet_copy(s, r->key), sheet_copy(s, r->title),
		    r->owner.n > 0 ? sheet_copy(s, r->owner) : "―",
		    r->due.n > 0 ? sheet_copy(s, r->due) : "―", say(s, state_word(r->state)),
		    is_overdue(s, r) ? say(s, W_OVERDUE) : "", sheet_copy(s, r->text));
}

void monthly_register(struct sheet *s, struct sheet_item *i, enum fact_register which)
{
	const struct figures *f = s->figures;
	struct register_row *rows;
	size_t n, shown = 0;
	int64_t open = 0, overdue = 0;

	/* as it stands when the sheet is done, which is after the month: a signed one does not change any
	 * more */
	if (!fact_register(&f->said.journal, which,
			   f->said.sheet.checker == NULL ? INT64_MAX : f->said.sheet.checker->ts_ns, &rows,
			   &n)) {
		s->pool.failed = true;
		return;
	}
	for (size_t k = 0; k < n; k++) {
		open += !rows[k].ended;
		overdue += is_overdue(s, &rows[k]);
	}
	item_result(s, i, W_REGISTER, say_count(s, (figure)n), say_count(s, open), say_count(s, overdue));
	item_verdict(i, overdue > 0 ? VERDICT_BAD : open > 0 ? VERDICT_CARE : VERDICT_NONE);
	for (int ended = 0; ended < 2; ended++)
		for (size_t k = 0; k < n && shown < ROWS_SHOWN; k++)
			if (rows[k].ended == ended) {
				put_row(s, i, &rows[k]);
				shown++;
			}
	if (n > shown)
		item_result(s, i, W_MORE, say_count(s, (figure)(n - shown)));
	free(rows);
}
