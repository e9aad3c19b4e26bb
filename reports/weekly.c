/* The weekly report (reports.md 2): for the officer with all items, for the management on one page. */
#include "core/base/version.h"
#include "core/base/zone.h"
#include "reports/period_items.h"

#define TOP 5
#define DAY_NS (86400 * NS_PER_SEC)
#define RESTORE_DAYS 35 /* from when a restore test is overdue (W2.9) */

extern const struct report_kind report_weekly;

/* The seven days of reports.md 4; several weeks that one day reports are one period. */
static struct period period(struct calendar *cal, const struct config *cfg, int32_t day)
{
	struct period_options o = duty_options(cfg);

	return period_week(cal, &o, day);
}

struct steps {
	struct calendar *cal;
	const struct config *cfg;
};

static struct period before(void *ctx, struct period p)
{
	const struct steps *steps = ctx;

	return period(steps->cal, steps->cfg, p.first - 1);
}

static int read_week(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct steps steps = { cal, f->cfg };
	int rc = figures_read_history(f, r, before, &steps, e);

	if (rc == TK_OK)
		rc = figures_read_forecast(f, r, cal, e);
	if (rc == TK_OK)
		rc = figures_read_days(f, r, e);
	if (rc == TK_OK)
		rc = figures_read_care(f, r, e);
	return rc == TK_OK ? figures_read_sessions(f, r, e) : rc;
}

static int64_t calls_of(const struct sums *s)
{
	return s->calls;
}

static int64_t cost_of(const struct sums *s)
{
	return s->cost_pico;
}

static struct sheet_item *top(struct sheet *s, struct sheet_section *b, const char *id, enum word title,
			      const struct named_list *l)
{
	struct sheet_item *i = sheet_add_item(s, b, id, title);
	const char *text = say_top(s, l, calls_of, TOP, W_NAME_CALLS);

	if (text == NULL)
		item_result(s, i, W_NONE);
	else
		item_result(s, i, W_NAMES_TOP, text);
	return i;
}

/* What each function cost, dearest first. */
static void function_costs(struct sheet *s, struct sheet_item *i)
{
	const char *text = say_top(s, &s->figures->function, cost_of, TOP, W_NAME_COST);

	if (text != NULL)
		item_result(s, i, W_COST_TOP, text);
}

static void calls(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	struct sheet_item *i = sheet_add_item(s, b, "W1.1", W_W1_1);

	if (figures_blind(f)) {
		item_result(s, i, W_UNWATCHED);
		return;
	}
	item_result(s, i, W_CALLS, say_count(s, f->total.calls), say_count(s, f->total.successful));
	item_result(s, i, W_SESSIONS, say_quotient(s, f->sessions.total_ns, 3600 * NS_PER_SEC, 1),
		    say_count(s, f->sessions.n));
	item_result(s, i, W_COST_PERIOD, say_money(s, f->cost, f->total.unpriced),
		    say_cost(s, f->cost, f->total.unpriced));
	if (f->total.unpriced > 0)
		item_result(s, i, W_UNPRICED, say_count(s, f->total.unpriced));
}

/* Registered people with a successful call. */
static int64_t registered_active(const struct figures *f)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->cfg->n_users; i++) {
		const struct named_sums *seen = named_find(&f->user, slice_str(f->cfg->users[i].id));

		n += seen != NULL && seen->s.successful > 0;
	}
	return n;
}

static void active(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	const struct history *h = &f->history;
	struct sheet_item *i = sheet_add_item(s, b, "W1.5", W_W1_5);

	item_result(s, i, W_ACTIVE, say_count(s, f->active_users),
		    say_quotient(s, h->daily_users, f->last - f->first + 1, 1));
	item_result(s, i, W_COME_GONE, say_count(s, h->users_new), say_count(s, h->users_back),
		    say_count(s, h->users_lost));
	if (f->cfg->n_users > 0)
		item_result(s, i, W_REGISTERED_SHARE, say_count(s, (figure)f->cfg->n_users),
			    say_quotient(s, (figure)registered_active(f) * 100, (figure)f->cfg->n_users, 1));
	else
		item_result(s, i, W_REGISTERED_NONE);
	if (f->total.userless > 0)
		item_result(s, i, W_USERLESS, say_count(s, f->total.userless));
}

static void frequency(struct sheet *s, struct sheet_section *b)
{
	static const int64_t bounds[] = { 10, 50, 100, INT64_MAX };
	const struct figures *f = s->figures;
	struct sheet_item *i = sheet_add_item(s, b, "W1.6", W_W1_6);
	const int64_t *d = f->history.by_days;
	int64_t n[COUNT(bounds)] = { 0 };

	for (size_t k = 0; k < f->user.n; k++) {
		size_t at = 0;

		if (f->user.p[k].name.n == 0 || f->user.p[k].s.successful == 0)
			continue;
		while (f->user.p[k].s.calls >= bounds[at] && at + 1 < COUNT(bounds))
			at++;
		n[at]++;
	}
	item_result(s, i, W_CALLS_PER_USER, say_count(s, n[0]), say_count(s, n[1]), say_count(s, n[2]),
		    say_count(s, n[3]));
	item_result(s, i, W_DAYS_USED, say_count(s, d[0]), say_count(s, d[1]), say_count(s, d[2]),
		    say_count(s, d[3]), say_count(s, d[4]), say_count(s, d[5]), say_count(s, d[6]));
}

/* The reports of the week themselves (W1.9, W1.10): this one and its sister, by number. */
static void document(struct sheet *s, struct sheet_section *b, const char *id, enum word title,
		     const char *prefix, const char *option)
{
	item_result(s, sheet_add_item(s, b, id, title), W_DOCUMENT_MADE, frame_number(s, prefix), option);
}

static void usage(struct sheet *s)
{
	const struct figures *f = s->figures;
	struct sheet_section *b = sheet_add_section(s, W_BLOCK_USE);
	struct sheet_item *i;

	calls(s, b);
	top(s, b, "W1.2", W_W1_2, &f->department);
	function_costs(s, top(s, b, "W1.3", W_W1_3, &f->function));
	period_error_rate(s, sheet_add_item(s, b, "W1.4", W_W1_4));
	active(s, b);
	frequency(s, b);
	sheet_add_manual(s, b, "W1.7", W_W1_7);
	i = sheet_add_item(s, b, "W1.8", W_W1_8);
	period_versus(s, i);
	period_trend(s, i);
	document(s, b, "W1.9", W_W1_9, "WR", "");
	document(s, b, "W1.10", W_W1_10, "WS", " --for managers");
	chart_history(s, b);
	chart_budget(s, b);
	chart_heat(s, b);
	chart_latency(s, b);
}

/* ---- maintenance ---- */

#define PRUNE_DAYS 31 /* between two runs of the retention */

static void care_item(struct sheet *s, struct sheet_section *b, const char *id, enum word title,
		      const struct care_done *c, const char *command, int64_t days)
{
	struct sheet_item *i = sheet_add_item(s, b, id, title);
	const struct care *care = &s->figures->care;
	int64_t age = care->to - c->ns;

	if (c->ns == 0)
		item_result(s, i, W_CARE_NEVER, command);
	else if (c->segments[0] != '\0')
		item_result(s, i, W_CARE_BACKUP, say_time(s, c->ns / NS_PER_SEC), c->actor, c->records,
			    c->segments);
	else
		item_result(s, i, W_CARE_DONE, say_time(s, c->ns / NS_PER_SEC), c->actor);
	if (c->ns != 0)
		item_result(s, i, W_CARE_AGE, say_count(s, age / DAY_NS));
	item_verdict(i, c->ns == 0 || age > days * DAY_NS ? VERDICT_CARE : VERDICT_GOOD);
}

static void archive(struct sheet *s, struct sheet_section *b)
{
	const struct figures *f = s->figures;
	struct sheet_item *i = sheet_add_item(s, b, "W2.4", W_W2_4);

	if (f->seals.size > 0)
		item_result(s, i, W_ARCHIVED, say_count(s, f->seals.n),
			    sheet_copy(s, slice_str(f->seals.code)));
	else
		item_result(s, i, W_SEALS_NONE);
	item_verdict(i, f->seals.n > 0 ? VERDICT_GOOD : VERDICT_CARE);
	care_item(s, b, "W2.5", W_W2_5, &f->care.pruned, "tochoku maintain prune", PRUNE_DAYS);
	item_result(s, sheet_item(s, "W2.5"), W_ERASED, say_count(s, f->care.erased));
}

static void maintenance(struct sheet *s)
{
	const struct care *c = &s->figures->care;
	struct sheet_section *b = sheet_add_section(s, W_BLOCK_MAINTAIN);
	struct sheet_item *i;

	sheet_add_manual(s, b, "W2.1", W_W2_1);
	item_result(s, sheet_add_manual(s, b, "W2.2", W_W2_2), W_VERSION, TK_VERSION);
	sheet_add_manual(s, b, "W2.3", W_W2_3);
	archive(s, b);
	care_item(s, b, "W2.6", W_W2_6, &c->optimised, "tochoku maintain optimise", 7);
	care_item(s, b, "W2.7", W_W2_7, &c->backup, "tochoku maintain backup", 7);
	care_item(s, b, "W2.8", W_W2_8, &c->tested, "tochoku maintain restore-test", 7);
	if (c->failed) {
		i = sheet_item(s, "W2.8");
		item_result(s, i, W_CARE_FAILED);
		item_verdict(i, VERDICT_BAD);
	}
	care_item(s, b, "W2.9", W_W2_9, &c->tested, "tochoku maintain restore-test", RESTORE_DAYS);
	i = sheet_add_item(s, b, "W2.10", W_W2_10);
	item_result(s, i, W_DF_WINDOWS, say_count(s, c->windows), say_count(s, c->windows_late));
	item_verdict(i, c->windows_late > 0 ? VERDICT_CARE : VERDICT_GOOD);
	sheet_add_manual(s, b, "W2.11", W_W2_11);
	sheet_add_manual(s, b, "W2.12", W_W2_12);
}

static void for_officer(struct sheet *s)
{
	struct sheet_section *tables;

	usage(s);
	maintenance(s);
	if ((tables = sheet_add_section(s, W_TABLES)) != NULL)
		tables->appendix = true;
	table_rules(s, tables);
	tables_all(s, tables, true);
}

static void for_managers(struct sheet *s)
{
	struct sheet_section *b = sheet_add_section(s, W_BLOCK_TREND);

	sheet_add_manual(s, b, "W1.7", W_W1_7);
	chart_history(s, b);
	chart_budget(s, b);
	table_names(s, b, &s->figures->department, W_T_DEPARTMENT);
}

static struct sheet *sheet(const struct figures *f, const struct report_form *form, enum lang lang)
{
	struct sheet *s = sheet_new(f, form, lang, form->managers ? W_WEEKLY_SUMMARY : W_WEEKLY);

	if (s == NULL)
		return NULL;
	s->one_page = form->managers;
	frame_head(s, form->managers ? "WS" : "WR", W_WEEK);
	frame_window(s);
	frame_warnings(s);
	period_summary(s);
	if (form->managers)
		for_managers(s);
	else
		for_officer(s);
	sheet_add_line(s, &s->notes, say(s, W_ESTIMATE_NOTE));
	return s;
}

const struct report_kind report_weekly = {
	.name = "weekly", .period = period, .read = read_week, .sheet = sheet
};
