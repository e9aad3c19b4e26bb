/* The monthly review (reports.md 3): what the ledger knows is filled in, the rest a person writes. */
#include "core/base/zone.h"
#include "reports/period_items.h"

extern const struct report_kind report_monthly;

static struct period period(int32_t day)
{
	struct date d = date_from_days(day);
	int32_t first = day - d.day + 1;
	struct date next = { d.year + (d.month == 12), (uint8_t)(d.month % 12 + 1), 1 };

	return period_of_days(first, date_to_days(next) - 1);
}

static struct period before(struct period p)
{
	return period(p.first - 1);
}

static int read_month(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	(void)cal;
	return figures_read_history(f, r, before, e);
}

static void availability(struct sheet *s)
{
	const struct figures *f = s->figures;
	const struct coverage *c = &f->coverage;
	struct sheet_section *b = sheet_add_section(s, W_M1);
	struct sheet_item *i = sheet_add_manual(s, b, "M1.1", W_M1_1);
	int64_t valid = f->total.calls - f->total.denied - f->total.failure;

	item_result(s, i, W_AVAILABILITY_NONE);
	item_result(s, i, W_SUCCESS_RATE, say_percent_down(s, f->total.successful, valid),
		    say_count(s, f->total.successful), say_count(s, valid));
	item_result(s, i, W_COVERAGE, say_percent_down(s, c->minutes - c->missed_minutes, c->minutes),
		    say_count(s, c->missed_minutes), say_count(s, c->minutes));
	sheet_add_manual(s, b, "M1.2", W_M1_2);
	sheet_add_manual(s, b, "M1.3", W_M1_3);
}

/* Registered people by what they did in the period. */
static void count_people(const struct figures *f, int64_t *idle, int64_t *left)
{
	*idle = *left = 0;
	for (size_t i = 0; i < f->cfg->n_users; i++) {
		const struct cfg_user *u = &f->cfg->users[i];
		const struct named_sums *seen = named_find(&f->user, slice_str(u->id));
		bool gone = u->status != NULL && strcmp(u->status, "left") == 0;

		*left += gone && seen != NULL && seen->s.calls > 0;
		*idle += !gone && (seen == NULL || seen->s.calls == 0);
	}
}

static void security(struct sheet *s)
{
	const struct figures *f = s->figures;
	struct sheet_section *b = sheet_add_section(s, W_M2);
	struct sheet_item *i = sheet_add_manual(s, b, "M2.1", W_M2_1);
	int64_t idle, left;

	item_result(s, i, W_FINDINGS_NOT_INCIDENTS, say_count(s, f->n_findings),
		    say_count(s, period_severe(f)));
	sheet_add_manual(s, b, "M2.2", W_M2_2);
	i = sheet_add_item(s, b, "M2.3", W_M2_3);
	count_people(f, &idle, &left);
	item_result(s, i, W_ACCESS_KEYS, say_count(s, f->keys_registered), say_count(s, f->total.userless));
	if (f->cfg->n_users > 0)
		item_result(s, i, W_ACCESS_IDLE, say_count(s, idle), say_count(s, left));
	else
		item_result(s, i, W_REGISTERED_NONE);
	item_result(s, i, W_OFF_HOURS, say_count(s, f->total.off_hours));
	item_verdict(i, left > 0 ? VERDICT_BAD : VERDICT_NONE);
}

static void effect(struct sheet *s)
{
	struct sheet_section *b = sheet_add_section(s, W_M3);

	item_result(s, sheet_add_manual(s, b, "M3.1", W_M3_1), W_ROI_NONE);
	sheet_add_manual(s, b, "M3.2", W_M3_2);
	sheet_add_manual(s, b, "M3.3", W_M3_3);
}

static void compliance(struct sheet *s)
{
	const struct figures *f = s->figures;
	struct sheet_section *b = sheet_add_section(s, W_M4);
	struct sheet_item *i;

	sheet_add_manual(s, b, "M4.1", W_M4_1);
	i = sheet_add_item(s, b, "M4.2", W_M4_2);
	item_result(s, i, W_RULES_MET, say_count(s, (figure)f->rules.n), say_count(s, f->n_findings));
	sheet_add_manual(s, b, "M4.3", W_M4_3);
}

static void trail(struct sheet *s)
{
	const struct coverage *c = &s->figures->coverage;
	struct sheet_section *b = sheet_add_section(s, W_M56);
	struct sheet_item *i;

	sheet_add_manual(s, b, "M5", W_M5_ITEM);
	i = sheet_add_manual(s, b, "M6", W_M6_ITEM);
	item_result(s, i, W_LOSSES, say_count(s, c->rejected_lines), say_count(s, c->gaps),
		    say_count(s, c->lost_bytes));
}

static struct sheet *sheet(const struct figures *f, const struct report_form *form, enum lang lang)
{
	struct sheet *s = sheet_new(f, form, lang, form->managers ? W_MONTHLY_SUMMARY : W_MONTHLY);
	struct sheet_section *b;

	if (s == NULL)
		return NULL;
	frame_head(s, form->managers ? "MS" : "MR", W_MONTH);
	frame_window(s);
	frame_warnings(s);
	period_summary(s);
	availability(s);
	security(s);
	effect(s);
	compliance(s);
	trail(s);
	b = sheet_add_section(s, W_BLOCK_TREND);
	chart_history(s, b);
	chart_budget(s, b);
	chart_heat(s, b);
	chart_latency(s, b);
	if ((b = sheet_add_section(s, W_TABLES)) != NULL)
		b->appendix = true;
	table_rules(s, b);
	if (form->managers)
		table_names(s, b, &f->department, W_T_DEPARTMENT);
	else
		tables_all(s, b, true);
	sheet_add_line(s, &s->notes, say(s, W_ESTIMATE_NOTE));
	return s;
}

const struct report_kind report_monthly = {
	.name = "monthly", .period = period, .read = read_month, .sheet = sheet
};
