#include "reports/duty.h"

#include <stdio.h>
#include <stdlib.h>

#include "reports/duty_fill.h"

#define OF(id) id, NULL
#define FILL(function) NULL, function
#define NOBODY NULL, NULL
const struct duty_info duty_items[] = {
#define ITEM(id, slot, how, source, ja, en) { id, SLOT_##slot, HOW_##how, source, { ja, en } },
#include "reports/duty_items.def"
#undef ITEM
};
const size_t duty_item_count = COUNT(duty_items);

#define HOUR 3600
#define WEEKDAY_FRIDAY 4
#define COVERAGE_LIMIT 99 /* percent, under which a sheet needs a reason */

/* When a block is planned, and how long it takes (reports.md 1 to 3); where the document names no hour, until
 * the end of the day shift. */
static const struct {
	enum duty_sheet sheet;
	int planned, minutes, day; /* seconds of the day; days after the sheet's */
} slots[SLOTS] = {
	[SLOT_D1] = { DUTY_DAILY, 9 * HOUR, 15, 0 },   [SLOT_D2] = { DUTY_DAILY, 9 * HOUR + 1800, 10, 0 },
	[SLOT_D3] = { DUTY_DAILY, 10 * HOUR, 5, 0 },   [SLOT_W1] = { DUTY_WEEKLY, 16 * HOUR + 2700, 30, 0 },
	[SLOT_W2] = { DUTY_WEEKLY, 18 * HOUR, 60, 1 }, [SLOT_M] = { DUTY_MONTHLY, 15 * HOUR + 900, 120, 0 },
};

enum duty_sheet duty_sheet_of(enum duty_slot slot)
{
	return slots[slot].sheet;
}

const char *duty_sheet_name(enum duty_sheet s)
{
	static const char *const names[DUTY_SHEETS] = { "daily", "weekly", "monthly" };

	return names[s];
}

const char *duty_verdict_name(enum verdict v)
{
	static const char *const names[] = { "", "normal", "caution", "abnormal" };

	return names[v];
}

/* ---- days ---- */

int32_t duty_date(struct calendar *cal, enum duty_sheet sheet, int32_t days)
{
	static const struct period_options options;
	int32_t first = days - date_weekday(days), last = first + 6;
	struct periods p;

	if (sheet == DUTY_DAILY)
		return days;
	if (sheet == DUTY_MONTHLY) {
		first = days - date_from_days(days).day + 1;
		last = first + 30;
	}
	for (int32_t d = first; d <= last; d++) {
		periods_of(cal, &options, d, &p);
		if (sheet == DUTY_WEEKLY ? p.week_due : p.month_due)
			return d;
	}
	return sheet == DUTY_WEEKLY ? first + WEEKDAY_FRIDAY : first;
}

static struct period period_of(struct calendar *cal, enum duty_sheet sheet, int32_t date)
{
	static const struct period_options options;
	struct periods p;

	periods_of(cal, &options, date, &p);
	return sheet == DUTY_DAILY ? p.day : sheet == DUTY_WEEKLY ? p.week : p.month;
}

/* The maintenance hour is on Saturday, wherever the week's report moved to. */
static int64_t due_of(const struct duty *d, enum duty_slot slot)
{
	int32_t day = slot == SLOT_W2 ? d->date - date_weekday(d->date) + WEEKDAY_FRIDAY + 1 : d->date;

	return zone_instant(day, slots[slot].planned + slots[slot].minutes * 60, false);
}

/* ---- values ---- */

const char *duty_text(struct duty *d, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = pool_get(&d->pool, (size_t)n + 1)) == NULL)
		return "";
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void duty_say(struct duty *d, struct duty_line *l, enum word w, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, w);
	vsnprintf(text, sizeof text, word(d->lang, w), ap);
	va_end(ap);
	l->value = pool_copy(&d->pool, slice_str(text));
}

static const struct sheet_item *report_item(const struct sheet *s, const char *id)
{
	for (const struct sheet_section *b = s == NULL ? NULL : s->sections; b != NULL; b = b->next)
		for (const struct sheet_item *i = b->items; i != NULL; i = i->next)
			if (strcmp(i->id, id) == 0)
				return i;
	return NULL;
}

/* The item's lines, joined. */
static void take_item(struct duty *d, struct duty_line *l)
{
	const struct sheet_item *i = report_item(d->report, l->info->from);
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
	const struct report_kind *kind = report_kind_named("daily");
	const struct report_form form = { .langs = { d->lang }, .n_langs = 1 };
	struct figures *f;
	int rc;

	if (d->sheet != DUTY_DAILY)
		return TK_OK;
	rc = report_read(&f, d->reader, d->cfg, d->cal, kind, date_from_days(d->period.first), e);
	if (rc != TK_OK)
		return rc;
	d->figures = f;
	d->report = kind->sheet(f, &form, d->lang);
	return d->report == NULL || sheet_failed(d->report) ? err_set(e, TK_ENOMEM, "no memory for the sheet")
							    : TK_OK;
}

static int read_coverage(struct duty *d, struct err *e)
{
	struct coverage c;
	int rc = ledger_coverage(d->reader, d->period.from / 60 * 60, d->period.to / 60 * 60, &c, e);

	if (rc == TK_OK) {
		d->coverage_minutes = c.minutes;
		d->coverage_missed = c.missed_minutes;
	}
	return rc;
}

static int fill_lines(struct duty *d, struct err *e)
{
	d->line = pool_get(&d->pool, duty_item_count * sizeof *d->line);
	for (size_t i = 0; i < duty_item_count && d->line != NULL; i++) {
		struct duty_line *l = &d->line[d->n];

		if (slots[duty_items[i].slot].sheet != d->sheet)
			continue;
		*l = (struct duty_line){ .info = &duty_items[i],
					 .value = "",
					 .due = due_of(d, duty_items[i].slot) };
		duty_item(&d->said, slice_str(l->info->id), &l->said);
		d->n++;
	}
	for (size_t i = 0; i < d->n && d->rc == TK_OK; i++) {
		struct duty_line *l = &d->line[i];

		if (l->info->from != NULL)
			take_item(d, l);
		else if (l->info->fill != NULL)
			l->info->fill(d, l);
		if (l->said.entry != NULL)
			l->value = pool_copy(&d->pool, journal_get(l->said.entry, "value"));
	}
	return d->rc != TK_OK	? d->rc
	       : d->pool.failed ? err_set(e, TK_ENOMEM, "no memory for the sheet")
				: TK_OK;
}

int duty_make(struct duty **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      const struct journal *j, enum duty_sheet sheet, int32_t days, enum lang lang, struct err *e)
{
	struct duty *d = *out = calloc(1, sizeof *d);
	int rc;

	if (d == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the sheet");
	*d = (struct duty){
		.lang = lang, .cfg = cfg, .reader = r, .cal = cal, .journal = j, .sheet = sheet, .e = e
	};
	d->date = duty_date(cal, sheet, days);
	date_format(date_from_days(d->date), d->date_text);
	d->period = period_of(cal, sheet, d->date);
	rc = duty_read(j, slice_str(duty_sheet_name(sheet)), slice_str(d->date_text), &d->said) &&
			     incidents_read(j, &d->incidents)
		     ? TK_OK
		     : err_set(e, TK_ENOMEM, "no memory for the sheet");
	if (rc == TK_OK)
		rc = read_report(d, e);
	if (rc == TK_OK)
		rc = read_coverage(d, e);
	return rc == TK_OK ? fill_lines(d, e) : rc;
}

void duty_free(struct duty *d)
{
	if (d == NULL)
		return;
	sheet_free(d->report);
	figures_free(d->figures);
	incidents_free(&d->incidents);
	free(d->said.p);
	pool_free(&d->pool);
	free(d);
}

/* ---- where it stands ---- */

bool duty_is_late(const struct journal_entry *sign, int32_t date)
{
	return zone_day_of(sign->ts_ns / NS_PER_SEC) > date;
}

enum duty_state duty_state(const struct duty *d, int64_t now_ns)
{
	if (d->said.checker == NULL)
		return zone_day_of(now_ns / NS_PER_SEC) > d->date ? DUTY_MISSED : DUTY_OPEN;
	if (d->said.approver != NULL)
		return DUTY_APPROVED;
	return duty_is_late(d->said.checker, d->date) ? DUTY_SIGNED_LATE : DUTY_SIGNED;
}

size_t duty_unanswered(const struct duty *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->line[i].said.verdict == NULL;
	return n;
}

bool duty_coverage_low(const struct duty *d)
{
	return (d->coverage_minutes - d->coverage_missed) * 100 < d->coverage_minutes * COVERAGE_LIMIT;
}

void duty_rate_of(const struct journal *j, struct calendar *cal, int32_t first, int32_t last,
		  struct duty_rate *out)
{
	*out = (struct duty_rate){ 0 };
	for (int32_t day = first; day <= last; day++) {
		struct duty_said said;
		char text[11];

		if (calendar_day(cal, day)->opening == OPEN_CLOSED)
			continue;
		date_format(date_from_days(day), text);
		if (!duty_read(j, SLICE("daily"), slice_str(text), &said))
			return;
		out->due++;
		if (said.checker == NULL)
			out->missing++;
		else if (duty_is_late(said.checker, day))
			out->late++;
		else
			out->done++;
		free(said.p);
	}
}
