/* The daily check sheet: head, warnings and the three blocks (reports.md 1). */
#include "reports/daily_sheet.h"

#include "core/base/zone.h"

static enum word reason_word(const char *reason)
{
	static const struct { const char *reason; enum word w; } rows[] = {
		{ "year_end", W_R_YEAR_END }, { "closure", W_R_CLOSURE }, { "founding", W_R_FOUNDING },
		{ "extra_open", W_R_EXTRA_OPEN }, { "extra_closed", W_R_EXTRA_CLOSED },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (reason != NULL && strcmp(reason, rows[i].reason) == 0)
			return rows[i].w;
	return W_COUNT;
}

static const char *class_text(struct sheet *s, const struct daily *d)
{
	static const enum word classes[CLASS_COUNT] = { [CLASS_BUSINESS] = W_BUSINESS, [CLASS_HALF] = W_HALF,
							[CLASS_CLOSED] = W_CLOSED };
	const char *text = say(s, classes[d->class]);
	enum word reason = reason_word(d->info.reason);

	if (d->holiday.n > 0)
		text = sheet_text_of(s, say(s, W_HOLIDAY_IS), text, sheet_copy(s, d->holiday));
	else if (reason != W_COUNT)
		text = sheet_text_of(s, say(s, W_REASON_IS), text, say(s, reason));
	if (d->info.first_after_holiday)
		text = sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA),
				     sheet_text_of(s, say(s, W_FIRST_AFTER), say_count(s, d->info.gap_days)));
	return text;
}

/* More than 1 % unknown is said aloud (reports.md 5). */
static const char *blind_part(struct sheet *s, const struct coverage *c)
{
	return sheet_text_of(s, say(s, W_BLIND_PART), say_count(s, c->missed_minutes),
			     say_quotient(s, (figure)c->missed_minutes * 100, c->minutes, 2));
}

static void warnings(struct sheet *s, const struct daily *d)
{
	const struct coverage *c = &d->coverage;

	if (d->from == d->to)
		sheet_add_line(s, &s->warnings, say(s, W_NO_DAY));
	else if (daily_blind(d))
		sheet_add_line(s, &s->warnings, say(s, W_BLIND_DAY));
	else if (c->missed_minutes * 100 > c->minutes)
		sheet_add_line(s, &s->warnings, blind_part(s, c));
	if (d->keys_registered == 0)
		sheet_add_line(s, &s->warnings, say(s, W_NO_KEYS));
	if (d->cfg->n_geoip == 0)
		sheet_add_line(s, &s->warnings, say(s, W_NO_GEOIP));
}

struct sheet *daily_sheet(const struct daily *d, enum lang lang)
{
	struct sheet *s = sheet_new(lang);
	struct date date = date_from_days(d->days);

	if (s == NULL)
		return NULL;
	s->number = sheet_text_of(s, "DC-%04d%02d%02d-1", (int)date.year, date.month, date.day);
	s->site = sheet_copy(s, slice_str(d->cfg->site.name));
	s->day = say_date(s, d->days);
	s->day_class = class_text(s, d);
	s->window = sheet_text_of(s, say(s, W_WINDOW_IS), say_time(s, d->from), say_time(s, d->to),
				  d->cfg->site.time_zone);
	warnings(s, d);
	daily_block_system(s, d);
	daily_block_usage(s, d);
	daily_block_security(s, d);
	daily_tables(s, d);
	sheet_add_line(s, &s->notes, say(s, W_VERDICT_NOTE));
	sheet_add_line(s, &s->notes, say(s, W_ESTIMATE_NOTE));
	return s;
}

void daily_text(const struct daily *d, enum lang lang, struct buf *out)
{
	struct sheet *s = daily_sheet(d, lang);

	if (s == NULL || sheet_failed(s))
		out->failed = true;
	else
		sheet_render_text(s, out);
	sheet_free(s);
}

void daily_html_all(const struct daily *d, const enum lang *langs, size_t n, struct buf *out)
{
	struct sheet *s[2] = { NULL, NULL };

	n = n > COUNT(s) ? COUNT(s) : n;
	for (size_t i = 0; i < n; i++) {
		s[i] = daily_sheet(d, langs[i]);
		if (s[i] == NULL || sheet_failed(s[i]))
			out->failed = true;
	}
	if (!out->failed)
		sheet_render_html((const struct sheet *const *)s, n, out);
	for (size_t i = 0; i < n; i++)
		sheet_free(s[i]);
}

void daily_html(const struct daily *d, enum lang lang, struct buf *out)
{
	daily_html_all(d, &lang, 1, out);
}
