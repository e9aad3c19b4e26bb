/* Figures, dates and names as text of a sheet. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/say.h"
#include "rules/calendar/era.h"

static const char *take(struct sheet *s, struct buf *b)
{
	const char *text = sheet_copy(s, buf_slice(b));

	buf_free(b);
	return text;
}

const char *say_count(struct sheet *s, figure v)
{
	struct buf b;

	buf_init(&b, 128);
	put_grouped(&b, v);
	return take(s, &b);
}

const char *say_quotient(struct sheet *s, figure v, figure scale, int digits)
{
	struct buf b;

	buf_init(&b, 128);
	put_quotient(&b, v, scale, digits);
	return take(s, &b);
}

const char *say_percent_down(struct sheet *s, figure part, figure whole)
{
	struct buf b;

	buf_init(&b, 128);
	if (whole > 0)
		put_quotient_down(&b, part * 100, whole, 2);
	else
		buf_str(&b, "―");
	return take(s, &b);
}

const char *say_usd(struct sheet *s, figure pico)
{
	return say_quotient(s, pico, PICO_USD, 2);
}

const char *say_cost(struct sheet *s, figure pico, int64_t unpriced)
{
	return pico == 0 && unpriced > 0 ? say(s, W_NOT_PRICED) : say_usd(s, pico);
}

const char *say_site_amount(struct sheet *s, figure pico)
{
	const struct config *cfg = s->figures->cfg;
	int digits;

	if (cfg->budget.currency == NULL || cfg->budget.rate_micro <= 0)
		return NULL;
	digits = strcmp(cfg->budget.currency, "JPY") == 0 ? 0 : 2; /* the yen has no subunit (ISO 4217) */
	return say_quotient(s, pico * cfg->budget.rate_micro, (figure)PICO_USD * 1000000, digits);
}

const char *say_money(struct sheet *s, figure pico, int64_t unpriced)
{
	const char *amount = say_site_amount(s, pico);

	if (pico == 0 && unpriced > 0)
		return say(s, W_NOT_PRICED);
	if (amount == NULL)
		return sheet_text_of(s, say(s, W_MONEY), say_usd(s, pico), say(s, W_USD));
	return sheet_text_of(s, say(s, W_MONEY), amount, s->figures->cfg->budget.currency);
}

const char *say_level(struct sheet *s, enum level level)
{
	static const enum word levels[LEVEL_COUNT] = {
		[LEVEL_INFORMATIONAL] = W_L_INFO, [LEVEL_LOW] = W_L_LOW, [LEVEL_MEDIUM] = W_L_MEDIUM,
		[LEVEL_HIGH] = W_L_HIGH, [LEVEL_CRITICAL] = W_L_CRITICAL,
	};

	return say(s, levels[level]);
}

const char *say_time(struct sheet *s, int64_t utc_sec)
{
	char text[TIME_TEXT_MAX];
	size_t n = time_format_local(utc_sec * NS_PER_SEC, text), zone = 19;

	/* 2026-11-24T00:00:00+09:00: without the seconds where there are none */
	if (n <= zone)
		return sheet_copy(s, slice_of(text, n));
	text[10] = ' ';
	return sheet_text_of(s, "%.*s %.*s", memcmp(text + 16, ":00", 3) == 0 ? 16 : 19, text,
			     (int)(n - zone), text + zone);
}

const char *say_date(struct sheet *s, int32_t days)
{
	static const char *const ja[] = { "月", "火", "水", "木", "金", "土", "日" };
	static const char *const en[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	struct date d = date_from_days(days);
	int w = date_weekday(days);

	if (s->era) {
		struct buf b;

		buf_init(&b, 128);
		era_format(&s->figures->cfg->calendar, d, ERA_LONG, &b);
		buf_fmt(&b, "（%s）", ja[w]);
		return take(s, &b);
	}
	if (s->lang == LANG_JA)
		return sheet_text_of(s, "%d年%d月%d日（%s）", (int)d.year, d.month, d.day, ja[w]);
	return sheet_text_of(s, "%04d-%02d-%02d (%s)", (int)d.year, d.month, d.day, en[w]);
}

const char *say_name(struct sheet *s, struct slice name)
{
	return name.n == 0 ? say(s, W_UNKNOWN) : sheet_copy(s, name);
}

const char *say_given(struct sheet *s, struct slice text)
{
	return text.n == 0 ? "―" : sheet_copy(s, text);
}

struct ranked {
	const struct named_sums *named;
	int64_t measure;
};

static int by_measure(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->measure != y->measure)
		return x->measure < y->measure ? 1 : -1;
	return slice_cmp(x->named->name, y->named->name);
}

const char *say_top(struct sheet *s, const struct named_list *l, measure_fn measure, size_t max,
		    enum word form)
{
	struct ranked *list = calloc(l->n + 1, sizeof *list);
	const char *text = NULL;
	size_t n = 0;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (measure(&l->p[i].s) > 0)
			list[n++] = (struct ranked){ &l->p[i], measure(&l->p[i].s) };
	if (n > 1)
		qsort(list, n, sizeof list[0], by_measure);
	for (size_t i = 0; i < n && i < max; i++) {
		const char *one = sheet_text_of(s, say(s, form), say_name(s, list[i].named->name),
						form == W_NAME_COST ? say_usd(s, list[i].measure)
								    : say_count(s, list[i].measure));

		text = text == NULL ? one : sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA), one);
	}
	if (n > max)
		text = sheet_text_of(s, "%s%s%s", text, say(s, W_LIST_COMMA),
				     sheet_text_of(s, say(s, W_OTHERS), say_count(s, (figure)(n - max))));
	free(list);
	return text;
}
