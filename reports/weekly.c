/* The weekly report (reports.md 2): for the officer with all items, for the management on one page. */
#include "core/base/zone.h"
#include "reports/period_items.h"

#define TOP 5
#define THURSDAY 3

extern const struct report_kind report_weekly;

/* Seven local days that end on a Thursday. */
static struct period period(int32_t day)
{
	int32_t last = day + (THURSDAY - date_weekday(day) + 7) % 7;

	return period_of_days(last - 6, last);
}

static struct period before(struct period p)
{
	return period_of_days(p.first - 7, p.last - 7);
}

static int read_week(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = figures_read_history(f, r, before, e);

	(void)cal;
	return rc == TK_OK ? figures_read_sessions(f, r, e) : rc;
}

static int64_t calls_of(const struct sums *s)
{
	return s->calls;
}

static void top(struct sheet *s, struct sheet_section *b, const char *id, enum word title,
		const struct named_list *l)
{
	struct sheet_item *i = sheet_add_item(s, b, id, title);
	const char *text = say_top(s, l, calls_of, TOP, W_NAME_CALLS);

	if (text == NULL)
		item_result(s, i, W_NONE);
	else
		item_result(s, i, W_NAMES_TOP, text);
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

static void usage(struct sheet *s)
{
	const struct figures *f = s->figures;
	struct sheet_section *b = sheet_add_section(s, W_BLOCK_USE);
	struct sheet_item *i;

	calls(s, b);
	top(s, b, "W1.2", W_W1_2, &f->department);
	top(s, b, "W1.3", W_W1_3, &f->function);
	period_error_rate(s, sheet_add_item(s, b, "W1.4", W_W1_4));
	active(s, b);
	frequency(s, b);
	sheet_add_manual(s, b, "W1.7", W_W1_7);
	i = sheet_add_item(s, b, "W1.8", W_W1_8);
	period_versus(s, i);
	chart_history(s, b);
	chart_budget(s, b);
	chart_heat(s, b);
	chart_latency(s, b);
}

static void maintenance(struct sheet *s)
{
	static const struct manual_item rows[] = {
		{ "W2.1", W_W2_1 }, { "W2.2", W_W2_2 },	  { "W2.3", W_W2_3 },	{ "W2.4", W_W2_4 },
		{ "W2.5", W_W2_5 }, { "W2.6", W_W2_6 },	  { "W2.7", W_W2_7 },	{ "W2.8", W_W2_8 },
		{ "W2.9", W_W2_9 }, { "W2.10", W_W2_10 }, { "W2.11", W_W2_11 }, { "W2.12", W_W2_12 },
	};

	manual_items(s, sheet_add_section(s, W_BLOCK_MAINTAIN), rows, COUNT(rows));
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
