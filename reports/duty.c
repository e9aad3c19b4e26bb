#include "reports/duty.h"

#include <stdlib.h>

#include "reports/say.h"

const struct duty_info duty_items[] = {
#define ITEM(id, slot, how, ja, en) { id, SLOT_##slot, HOW_##how, { ja, en } },
#include "reports/duty_items.def"
#undef ITEM
};
const size_t duty_item_count = COUNT(duty_items);

#define COVERAGE_LIMIT 99 /* percent, under which a sheet needs a reason */

const char *duty_verdict_name(enum verdict v)
{
	static const char *const names[] = { "", "normal", "caution", "abnormal" };

	return names[v];
}

/* ---- values ---- */

/* The item's lines, joined. */
static void take_item(struct duty *d, struct duty_line *l)
{
	const struct sheet_item *i = sheet_item(d->report, l->info->id);
	struct buf b;

	if (i == NULL)
		return;
	buf_init(&b, 1 << 20);
	for (const struct sheet_line *line = i->results.first; line != NULL; line = line->next) {
		buf_str(&b, b.n > 0 ? " / " : "");
		buf_str(&b, line->text);
	}
	l->value = pool_copy(&d->pool, buf_slice(&b));
	d->pool.failed |= b.failed;
	l->proposed = i->verdict;
	buf_free(&b);
}

static int read_report(struct duty *d, struct err *e)
{
	const struct report_kind *kind = report_kind_named(duty_sheet_name(d->sheet));
	const struct report_form form = { .langs = { d->lang }, .n_langs = 1 };
	int rc =
		report_read(&d->figures, d->reader, d->cfg, d->cal, kind, date_from_days(d->period.first), e);

	if (rc != TK_OK)
		return rc;
	d->said = &d->figures->said.sheet;
	d->coverage_minutes = d->figures->coverage.minutes;
	d->coverage_missed = d->figures->coverage.missed_minutes;
	d->report = kind->sheet(d->figures, &form, d->lang);
	return d->report == NULL || sheet_failed(d->report) ? err_set(e, TK_ENOMEM, "no memory for the sheet")
							    : TK_OK;
}

/* The month's evidence is looked at anew for its sheet, not for each print: it takes the whole ledger. */
static int verify(struct duty *d, struct duty_line *l, struct err *e)
{
	struct err why;
	int64_t n = 0;
	int rc = ledger_verify(d->reader, &n, &why);
	struct buf b;

	if (rc != TK_OK && rc != TK_EMALFORMED)
		return err_set(e, rc, "%s", why.text);
	buf_init(&b, 1 << 20);
	buf_fmt(&b, word(d->lang, rc == TK_OK ? W_DF_EVIDENCE : W_DF_ALTERED), say_count(d->report, n));
	buf_fmt(&b, " / %s", l->value);
	l->value = pool_copy(&d->pool, buf_slice(&b));
	d->pool.failed |= b.failed;
	buf_free(&b);
	if (rc != TK_OK)
		l->proposed = VERDICT_BAD;
	return TK_OK;
}

static int fill_lines(struct duty *d, struct err *e)
{
	struct period_options o = duty_options(d->cfg);
	int rc = TK_OK;

	d->line = pool_get(&d->pool, duty_item_count * sizeof *d->line);
	for (size_t i = 0; i < duty_item_count && d->line != NULL && rc == TK_OK; i++) {
		struct duty_line *l = &d->line[d->n];

		if (duty_sheet_of(duty_items[i].slot) != d->sheet)
			continue;
		*l = (struct duty_line){ .info = &duty_items[i],
					 .value = "",
					 .due = duty_due(&o, duty_items[i].slot, d->date) };
		duty_item(d->said, slice_str(l->info->id), &l->said);
		take_item(d, l);
		if (strcmp(l->info->id, "M6") == 0)
			rc = verify(d, l, e);
		if (l->said.entry != NULL)
			l->value = pool_copy(&d->pool, journal_get(l->said.entry, "value"));
		d->n++;
	}
	return rc != TK_OK ? rc : d->pool.failed ? err_set(e, TK_ENOMEM, "no memory for the sheet") : TK_OK;
}

int duty_make(struct duty **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      enum duty_sheet sheet, int32_t days, enum lang lang, struct err *e)
{
	struct duty *d = *out = calloc(1, sizeof *d);
	struct period_options o = duty_options(cfg);
	int rc;

	if (d == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the sheet");
	*d = (struct duty){ .lang = lang, .cfg = cfg, .reader = r, .cal = cal, .sheet = sheet };
	d->date = duty_date(cal, &o, sheet, days);
	date_format(date_from_days(d->date), d->date_text);
	d->period = duty_period(cal, &o, sheet, d->date);
	rc = read_report(d, e);
	return rc == TK_OK ? fill_lines(d, e) : rc;
}

void duty_free(struct duty *d)
{
	if (d == NULL)
		return;
	sheet_free(d->report);
	figures_free(d->figures);
	pool_free(&d->pool);
	free(d);
}

/* ---- where it stands ---- */

enum duty_state duty_state(const struct duty *d, int64_t now_ns)
{
	if (d->said->checker == NULL)
		return zone_day_of(now_ns / NS_PER_SEC) > d->date ? DUTY_MISSED : DUTY_OPEN;
	if (d->said->approver != NULL)
		return DUTY_APPROVED;
	return duty_is_late(d->said->checker, d->date) ? DUTY_SIGNED_LATE : DUTY_SIGNED;
}

bool duty_coverage_low(const struct duty *d)
{
	return (d->coverage_minutes - d->coverage_missed) * 100 < d->coverage_minutes * COVERAGE_LIMIT;
}
