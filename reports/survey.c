#include "reports/survey.h"

#include <stdio.h>

#include "core/base/zone.h"
#include "core/review/facts.h"

#define COMMENTS_MAX 1000

static int wrong(const struct csv_field *f, struct err *e, const char *what)
{
	return err_set(e, TK_EMALFORMED, "%u:%u: %s", f->line, f->column, what);
}

/* Columns by the header; one that must be there is named in the message. */
static int columns(const struct csv_table *t, const struct csv_column *column, size_t n, size_t needed,
		   size_t *at, const char *what, struct err *e)
{
	struct csv_row header;

	if (csv_table_rows(t) == 0)
		return err_set(e, TK_EMALFORMED, "1:1: nothing in it; %s", what);
	header = csv_table_row(t, 0);
	for (size_t i = 0; i < n; i++) {
		at[i] = csv_column(&header, &column[i]);
		if (at[i] == CSV_NO_COLUMN && i < needed)
			return err_set(e, TK_EMALFORMED, "1:1: no column \"%s\"; %s", column[i].name[0],
				       what);
	}
	return TK_OK;
}

static struct csv_field cell(const struct csv_row *row, size_t at)
{
	return at == CSV_NO_COLUMN ? csv_field(row, row->n) : csv_field(row, at);
}

int survey_satisfaction(const struct csv_table *t, struct satisfaction *out, struct err *e)
{
	static const struct csv_column names[] = { { { "score", "level", "評価", "満足度", "点数" } },
						   { { "comment", "comments", "コメント", "意見",
						       "自由記述" } } };
	size_t at[COUNT(names)] = { 0 };
	int rc;

	*out = (struct satisfaction){ 0 };
	buf_init(&out->comments, COMMENTS_MAX);
	rc = columns(t, names, COUNT(names), 1, at, "expected score (1 to 5), and comment", e);
	for (size_t i = 1; i < csv_table_rows(t) && rc == TK_OK; i++) {
		struct csv_row row = csv_table_row(t, i);
		struct csv_field score = cell(&row, at[0]), comment = cell(&row, at[1]);
		size_t room = out->comments.n + comment.text.n + 3;

		if (score.text.n == 0)
			continue; /* not answered */
		if (score.text.n != 1 || score.text.p[0] < '1' || score.text.p[0] > '0' + SURVEY_LEVELS)
			return wrong(&score, e, "a score is 1 to 5");
		out->n++;
		out->of[score.text.p[0] - '1']++;
		if (comment.text.n == 0 || room > COMMENTS_MAX)
			continue;
		buf_str(&out->comments, out->comments.n > 0 ? " / " : "");
		buf_add(&out->comments, comment.text);
	}
	return rc;
}

int survey_time_saved(const struct csv_table *t, struct time_saved *out, struct err *e)
{
	static const struct csv_column names[] = { { { "function", "機能", "機能名" } },
						   { { "minutes", "minute", "分", "削減時間", "削減分" } } };
	size_t at[COUNT(names)] = { 0 };
	int rc = columns(t, names, COUNT(names), COUNT(names), at, "expected function and minutes", e);

	*out = (struct time_saved){ 0 };
	for (size_t i = 1; i < csv_table_rows(t) && rc == TK_OK; i++) {
		struct csv_row row = csv_table_row(t, i);
		struct csv_field name = cell(&row, at[0]), minutes = cell(&row, at[1]);
		int64_t micro;
		size_t k = 0;

		if (minutes.text.n == 0)
			continue;
		if (name.text.n == 0)
			return wrong(&name, e, "no function is named");
		if (!fact_decimal(minutes.text, &micro) || micro > INT64_C(1440) * FACT_UNIT)
			return wrong(&minutes, e, "minutes are a number from 0 to 1440");
		while (k < out->n && !slice_eq(out->of[k].name, name.text))
			k++;
		if (k == SURVEY_FUNCTIONS)
			return wrong(&name, e, "more than 50 functions");
		out->n += k == out->n;
		out->of[k].name = name.text;
		out->of[k].n++;
		out->of[k].micro_minutes += micro;
	}
	return rc;
}

/* 2026-11-24, 2026/11/4; what follows, as a time, does not matter. */
static bool take_day(struct slice text, int32_t *days)
{
	char copy[11] = "", whole[32];
	unsigned y, m, d;
	struct date date;

	if (text.n == 0)
		return false;
	memcpy(copy, text.p, text.n < 10 ? text.n : 10);
	if (sscanf(copy, "%4u-%2u-%2u", &y, &m, &d) != 3 && sscanf(copy, "%4u/%2u/%2u", &y, &m, &d) != 3)
		return false;
	snprintf(whole, sizeof whole, "%04u-%02u-%02u", y, m, d);
	if (!date_parse(slice_str(whole), &date))
		return false;
	*days = date_to_days(date);
	return true;
}

static bool is_closed(struct slice state)
{
	static const char *const words[] = { "closed", "done",	   "resolved", "solved", "完了", "解決",
					     "解決済", "解決済み", "クローズ", "終了",	 "済" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_is(state, words[i]))
			return true;
	return false;
}

int survey_inquiries(const struct csv_table *t, int32_t first, int32_t last, struct inquiries *out,
		     struct err *e)
{
	static const struct csv_column names[] = { { { "opened", "opened_at", "created", "created_at", "date",
						       "受付日", "受付日時", "発生日", "日付" } },
						   { { "status", "state", "状態", "対応状況",
						       "ステータス" } } };
	size_t at[COUNT(names)] = { 0 };
	int rc = columns(t, names, COUNT(names), COUNT(names), at, "expected opened and status", e);

	*out = (struct inquiries){ 0 };
	for (size_t i = 1; i < csv_table_rows(t) && rc == TK_OK; i++) {
		struct csv_row row = csv_table_row(t, i);
		struct csv_field opened = cell(&row, at[0]);
		int32_t day = 0;

		if (!take_day(opened.text, &day))
			return wrong(&opened, e, "a day is as 2026-11-24 or 2026/11/24");
		if (day > last)
			continue;
		out->fresh += day >= first;
		out->open += !is_closed(cell(&row, at[1]).text);
	}
	return rc;
}
