/* The monthly review (reports.md 3): what the ledger knows is filled in, the rest a person writes. */
#include "core/base/zone.h"
#include "reports/monthly.h"
#include "reports/period_items.h"

#define TARGET_PERMILLE 995 /* 99.5 % (M1.1) */
#define MINUTE_NS (60 * NS_PER_SEC)

extern const struct report_kind report_monthly;

static struct period month_of(int32_t day)
{
	struct date d = date_from_days(day);
	int32_t first = day - d.day + 1;
	struct date next = { d.year + (d.month == 12), (uint8_t)(d.month % 12 + 1), 1 };

	return period_of_days(first, date_to_days(next) - 1);
}

static struct period period(struct calendar *cal, const struct config *cfg, int32_t day)
{
	(void)cal;
	(void)cfg;
	return month_of(day);
}

static struct period before(void *ctx, struct period p)
{
	(void)ctx;
	return month_of(p.first - 1);
}

static int read_month(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = figures_read_history(f, r, before, NULL, e);

	if (rc == TK_OK)
		rc = figures_read_forecast(f, r, cal, e);
	if (rc == TK_OK)
		rc = figures_read_review(f, r, cal, e);
	if (rc == TK_OK)
		rc = figures_read_trail(f, r, e);
	return rc == TK_OK ? figures_read_records(f, r, e) : rc;
}

/* ---- availability ---- */

static const char *minutes(struct sheet *s, int64_t ns)
{
	return say_quotient(s, ns, MINUTE_NS, 1);
}

static void up_time(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	const struct availability *a = &f->review.availability;
	const struct coverage *c = &f->coverage;
	struct sheet_item *i = sheet_add_item(s, b, "M1.1", W_M1_1);
	int64_t valid = f->total.calls - f->total.denied - f->total.failure,
		base = a->service - a->planned - a->unknown;
	struct buf percent;

	buf_init(&percent, 64);
	if (availability_percent(a, &percent))
		item_result(s, i, W_DF_AVAILABILITY, sheet_copy(s, buf_slice(&percent)), minutes(s, a->down),
			    minutes(s, a->planned), minutes(s, a->unknown));
	else
		item_result(s, i, W_UNWATCHED);
	buf_free(&percent);
	item_result(s, i, W_TRAFFIC_MINUTES, say_count(s, a->traffic_minutes), say_count(s, a->minutes));
	item_result(s, i, W_SUCCESS_RATE, say_percent_down(s, f->total.successful, valid),
		    say_count(s, f->total.successful), say_count(s, valid));
	item_result(s, i, W_COVERAGE, say_percent_down(s, c->minutes - c->missed_minutes, c->minutes),
		    say_count(s, c->missed_minutes), say_count(s, c->minutes));
	if (base > 0)
		item_verdict(i, (figure)(base - a->down) * 1000 < (figure)base * TARGET_PERMILLE ? VERDICT_BAD
				: (figure)a->unknown * 100 > a->service ? VERDICT_CARE
									: VERDICT_GOOD);
}

static void outages(struct sheet *s, struct sheet_section *b)
{
	const struct month_review *m = &s->figures->review;
	struct sheet_item *i = sheet_add_item(s, b, "M1.2", W_M1_2);
	const struct incidents *all = &s->figures->said.incidents;
	const struct figures *f = s->figures;

	item_result(s, i, W_DF_OUTAGES, say_count(s, m->incidents), say_count(s, m->severity[0]),
		    say_count(s, m->severity[1]), say_count(s, m->severity[2]), say_count(s, m->severity[3]),
		    say_count(s, (figure)m->availability.outages.n), minutes(s, m->availability.down));
	for (size_t k = 0; k < all->n; k++) {
		const struct incident *in = &all->p[k];
		int64_t start = in->time[INCIDENT_STARTED], end = in->time[INCIDENT_RESTORED];

		if (start >= f->to * NS_PER_SEC || (end != INT64_MIN && end <= f->from * NS_PER_SEC))
			continue;
		item_result(s, i, W_INCIDENT_ROW, say_count(s, in->number),
			    sheet_copy(s, in->field[INCIDENT_TITLE]), say_time(s, start / NS_PER_SEC),
			    end == INT64_MIN ? say(s, W_NOT_RESTORED) : say_time(s, end / NS_PER_SEC),
			    say_given(s, in->field[INCIDENT_USERS]), say_given(s, in->field[INCIDENT_CALLS]));
	}
	item_verdict(i, m->incidents > 0 || m->availability.outages.n > 0 ? VERDICT_CARE : VERDICT_GOOD);
}

static void availability(struct sheet *s)
{
	const struct incident_times *t = &s->figures->review.availability.times;
	int64_t mtbf = availability_mtbf(&s->figures->review.availability);
	struct sheet_section *b = sheet_add_section(s, W_M1);
	struct sheet_item *i;

	up_time(s, b);
	outages(s, b);
	i = sheet_add_item(s, b, "M1.3", W_M1_3);
	if (t->n == 0)
		item_result(s, i, t->open > 0 ? W_MTTR_OPEN : W_NONE_SUCH, say_count(s, t->open));
	else
		item_result(s, i, W_DF_MTTR, minutes(s, t->mttr), say_count(s, t->n), minutes(s, t->median),
			    minutes(s, t->max), say_count(s, t->open));
	if (t->mean_detect >= 0)
		item_result(s, i, W_DETECT, minutes(s, t->mean_detect));
	if (t->mean_respond >= 0)
		item_result(s, i, W_RESPOND, minutes(s, t->mean_respond));
	if (mtbf >= 0)
		item_result(s, i, W_MTBF, minutes(s, mtbf));
	item_verdict(i, VERDICT_GOOD);
}

static void access_control(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	const struct month_review *m = &f->review;
	struct sheet_item *i = sheet_add_item(s, b, "M2.3", W_M2_3);

	item_result(s, i, W_ACCESS_KEYS, say_count(s, f->keys_registered), say_count(s, f->total.userless));
	item_result(s, i, W_DF_KEYS, say_count(s, m->keys.seen), say_count(s, m->keys.unregistered),
		    say_count(s, m->keys.revoked), say_count(s, m->keys.shared));
	if (f->cfg->n_users > 0)
		item_result(s, i, W_ACCESS_IDLE, say_count(s, m->people.idle), say_count(s, m->people.left));
	else
		item_result(s, i, W_REGISTERED_NONE);
	item_result(s, i, W_OFF_HOURS, say_count(s, f->total.off_hours));
	item_verdict(i, m->people.left > 0 || m->keys.revoked > 0	 ? VERDICT_BAD
			: m->keys.unregistered > 0 || m->keys.shared > 0 ? VERDICT_CARE
									 : VERDICT_GOOD);
}

static void security(struct sheet *s)
{
	const struct figures *f = s->figures;
	struct sheet_section *b = sheet_add_section(s, W_M2);
	struct sheet_item *i = sheet_add_item(s, b, "M2.1", W_M2_1);

	item_result(s, i, W_DF_SECURITY, say_count(s, f->review.security));
	item_result(s, i, W_FINDINGS_NOT_INCIDENTS, say_count(s, f->n_findings),
		    say_count(s, period_severe(f)));
	item_verdict(i, f->review.security > 0 ? VERDICT_CARE : VERDICT_GOOD);
	monthly_register(s, sheet_add_item(s, b, "M2.2", W_M2_2), REGISTER_VULNERABILITIES);
	access_control(s, b);
}

static void effect(struct sheet *s)
{
	struct sheet_section *b = sheet_add_section(s, W_M3);

	monthly_roi(s, b);
	sheet_add_manual(s, b, "M3.2", W_M3_2);
	sheet_add_manual(s, b, "M3.3", W_M3_3);
}

static void compliance(struct sheet *s)
{
	const struct figures *f = s->figures;
	const struct month_review *m = &f->review;
	struct sheet_section *b = sheet_add_section(s, W_M4);
	struct sheet_item *i = sheet_add_item(s, b, "M4.1", W_M4_1);

	item_result(s, i, W_REQUIREMENTS, say_count(s, m->required), say_count(s, m->evidenced));
	monthly_register(s, i, REGISTER_REQUIREMENTS);
	i = sheet_add_item(s, b, "M4.2", W_M4_2);
	item_result(s, i, W_RULES_MET, say_count(s, (figure)f->rules.n), say_count(s, f->n_findings));
	item_result(s, i, W_DF_FINDINGS, say_count(s, m->decided.n), say_count(s, m->decided.confirmed),
		    say_count(s, m->decided.open));
	item_verdict(i, m->decided.open > 0 ? VERDICT_CARE : VERDICT_GOOD);
	monthly_register(s, sheet_add_item(s, b, "M4.3", W_M4_3), REGISTER_AUDIT);
}

/* ---- checks and trail ---- */

static void checks(struct sheet *s, struct sheet_section *b)
{
	const struct duty_rate *r = &s->figures->review.rate;
	struct sheet_item *i = sheet_add_item(s, b, "M5", W_M5_ITEM);
	const char *text = NULL;

	item_result(s, i, W_DF_DONE, say_count(s, r->done), say_count(s, r->due), say_count(s, r->late),
		    say_count(s, r->missing));
	for (size_t k = 0; k < r->n_by; k++) {
		const char *one = sheet_text_of(s, say(s, W_NAME_COUNT), sheet_copy(s, r->by[k].who),
						say_count(s, r->by[k].n));

		text = text == NULL ? one : sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA), one);
	}
	if (text != NULL && !s->managers)
		item_result(s, i, W_SIGNED_BY, text);
	text = NULL;
	for (size_t k = 0; k < r->n_missed; k++) {
		struct date d = date_from_days(r->missed[k]);
		const char *one = sheet_text_of(s, "%d/%d", d.month, d.day);

		text = text == NULL ? one : sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA), one);
	}
	if (r->missed_days > r->n_missed)
		text = sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA),
				     sheet_text_of(s, say(s, W_MORE),
						   say_count(s, (figure)(r->missed_days - r->n_missed))));
	if (text != NULL)
		item_result(s, i, W_MISSED_DAYS, text);
	item_verdict(i, r->missing > 0 ? VERDICT_BAD : r->late > 0 ? VERDICT_CARE : VERDICT_GOOD);
}

static void trail(struct sheet *s)
{
	const struct figures *f = s->figures;
	const struct coverage *c = &f->coverage;
	struct sheet_section *b = sheet_add_section(s, W_M56);
	struct sheet_item *i;

	checks(s, b);
	i = sheet_add_item(s, b, "M6", W_M6_ITEM);
	if (f->seals.size > 0)
		item_result(s, i, W_SEALS, say_count(s, f->seals.n), say_count(s, f->seals.size - 1),
			    say_count(s, f->seals.size), sheet_copy(s, slice_str(f->seals.code)));
	else
		item_result(s, i, W_SEALS_NONE);
	item_result(s, i, W_LOSSES, say_count(s, c->rejected_lines), say_count(s, c->gaps),
		    say_count(s, c->lost_bytes));
	item_result(s, i, W_TRAIL_FACTS, say_count(s, c->missed_minutes), say_count(s, f->care.erased),
		    say_count(s, f->care.clocks));
	item_verdict(i, f->seals.n == 0 || c->missed_minutes > 0 ? VERDICT_CARE : VERDICT_GOOD);
}

static void table_requirements(struct sheet *s, struct sheet_section *b)
{
	static const enum word heads[] = { W_H_REQUIREMENT, W_H_RECORDS, W_COUNT };
	struct sheet_table *t = sheet_add_table(s, b, W_T_REQUIREMENTS, heads);

	for (size_t i = 0; i < requirement_count; i++) {
		const struct requirement *r = &requirement_list[i];
		struct sheet_row *row = table_add_row(s, t);

		if (row == NULL)
			return;
		row->cell[0] = sheet_text_of(s, "%s %s", r->id, r->text[s->lang]);
		row->cell[1] = say_count(s, requirement_records(s->figures, r));
	}
}

static struct sheet *sheet(const struct figures *f, const struct report_form *form, enum lang lang)
{
	struct sheet *s = sheet_new(f, form, lang, form->managers ? W_MONTHLY_SUMMARY : W_MONTHLY);
	struct sheet_section *b;

	if (s == NULL)
		return NULL;
	frame_head(s, form->managers ? "MS" : "MR", W_MONTH);
	frame_window(s);
	frame_seal(s);
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
	table_requirements(s, b);
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
