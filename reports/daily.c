/* The daily check sheet: head, warnings and the three blocks (reports.md 1). */
#include "reports/daily.h"
#include "reports/frame.h"

extern const struct report_kind report_daily;

static enum word reason_word(const char *reason)
{
	static const struct {
		const char *reason;
		enum word w;
	} rows[] = {
		{ "year_end", W_R_YEAR_END },	      { "closure", W_R_CLOSURE },
		{ "founding", W_R_FOUNDING },	      { "extra_open", W_R_EXTRA_OPEN },
		{ "extra_closed", W_R_EXTRA_CLOSED },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (reason != NULL && strcmp(reason, rows[i].reason) == 0)
			return rows[i].w;
	return W_COUNT;
}

static const char *class_text(struct sheet *s, const struct figures *d)
{
	static const enum word classes[CLASS_COUNT] = {
		[CLASS_BUSINESS] = W_BUSINESS, [CLASS_HALF] = W_HALF, [CLASS_CLOSED] = W_CLOSED
	};
	const char *text = say(s, classes[d->day.class]);
	enum word reason = reason_word(d->day.info.reason);

	if (d->day.holiday.n > 0)
		text = sheet_text_of(s, say(s, W_HOLIDAY_IS), text, sheet_copy(s, d->day.holiday));
	else if (reason != W_COUNT)
		text = sheet_text_of(s, say(s, W_REASON_IS), text, say(s, reason));
	if (d->day.info.first_after_holiday)
		text = sheet_text_of(
			s, "%s%s%s", text, say(s, W_LIST_COMMA),
			sheet_text_of(s, say(s, W_FIRST_AFTER), say_count(s, d->day.info.gap_days)));
	return text;
}

static struct period period(struct calendar *cal, const struct config *cfg, int32_t day)
{
	(void)cal;
	(void)cfg;
	return period_of_days(day, day);
}

static struct sheet *sheet(const struct figures *d, const struct report_form *form, enum lang lang)
{
	struct sheet *s = sheet_new(d, form, lang, W_TITLE);
	struct sheet_section *tables;

	if (s == NULL)
		return NULL;
	s->one_page = true;
	frame_head(s, "DC", W_DAY);
	sheet_add_field(s, W_DAY_CLASS, class_text(s, d));
	frame_window(s);
	frame_seal(s);
	frame_warnings(s);
	daily_block_system(s, d);
	daily_block_usage(s, d);
	daily_block_security(s, d);
	if ((tables = sheet_add_section(s, W_TABLES)) != NULL)
		tables->appendix = true;
	tables_all(s, tables, true);
	sheet_add_line(s, &s->notes, say(s, W_VERDICT_NOTE));
	sheet_add_line(s, &s->notes, say(s, W_ESTIMATE_NOTE));
	return s;
}

const struct report_kind report_daily = {
	.name = "daily", .period = period, .read = figures_read_day, .sheet = sheet
};
