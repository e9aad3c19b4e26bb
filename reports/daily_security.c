/* 10:00: was anything wrong (reports.md 1.3). */
#include "core/base/zone.h"
#include "reports/daily.h"

#define TOP 5

static const char *clock_time(struct sheet *s, int64_t ns)
{
	int32_t days, second;

	zone_wall(ns / NS_PER_SEC, &days, &second);
	return sheet_text_of(s, "%02d:%02d", second / 3600, second / 60 % 60);
}

static void finding_line(struct sheet *s, struct sheet_item *i, const struct figures_finding *f)
{
	item_result(s, i, W_FINDING, say_level(s, f->level), clock_time(s, f->first_ns),
		    sheet_copy(s, f->reason[s->lang]), f->provisional ? say(s, W_PROVISIONAL) : "");
}

static void suspicious(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D3.1", W_D3_1);
	const int64_t *n = d->by_level;

	item_result(s, i, W_FINDINGS, say_count(s, d->n_findings));
	if (d->n_findings > 0)
		item_result(s, i, W_FINDING_LEVELS, say_count(s, n[LEVEL_CRITICAL]),
			    say_count(s, n[LEVEL_HIGH]), say_count(s, n[LEVEL_MEDIUM]),
			    say_count(s, n[LEVEL_LOW]), say_count(s, n[LEVEL_INFORMATIONAL]));
	for (int64_t k = 0; k < d->n_findings && k < SHEET_FINDINGS; k++)
		finding_line(s, i, &d->findings[k]);
	if (d->n_findings > SHEET_FINDINGS) {
		item_result(s, i, W_MORE, say_count(s, d->n_findings - SHEET_FINDINGS));
		item_remark(s, i, W_BEHIND_LIST);
	}
	if (d->withdrawn > 0)
		item_result(s, i, W_WITHDRAWN, say_count(s, d->withdrawn));
	if (n[LEVEL_CRITICAL] + n[LEVEL_HIGH] > 0)
		item_verdict(i, VERDICT_BAD);
	else
		item_verdict(i, n[LEVEL_MEDIUM] + n[LEVEL_LOW] > 0 ? VERDICT_CARE : VERDICT_GOOD);
}

static void outside(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D3.2", W_D3_2);

	if (d->day.outside_addresses == 0) {
		item_result(s, i, W_NONE);
		item_verdict(i, VERDICT_GOOD);
		return;
	}
	item_result(s, i, W_OUTSIDE, say_count(s, d->day.outside_calls),
		    say_count(s, d->day.outside_addresses), say_count(s, d->day.outside_successful));
	for (int64_t k = 0; k < d->day.outside_addresses && k < SHEET_OUTSIDE; k++) {
		const struct figures_outside *o = &d->day.outside[k];
		const char *country =
			o->country.n == 0 ? say(s, W_COUNTRY_UNKNOWN) : sheet_copy(s, o->country);
		const char *who = sheet_copy(s, o->users);

		if (o->as_org.n > 0)
			country = sheet_text_of(s, "%s %s", country, sheet_copy(s, o->as_org));
		item_result(s, i, W_OUTSIDE_ROW, sheet_copy(s, o->ip), country, say_count(s, o->calls), who);
	}
	if (d->day.outside_addresses > SHEET_OUTSIDE)
		item_result(s, i, W_MORE, say_count(s, d->day.outside_addresses - SHEET_OUTSIDE));
	item_verdict(i, VERDICT_CARE);
}

static int64_t off_hours_of(const struct sums *s)
{
	return s->off_hours;
}

static void off_hours(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D3.3", W_D3_3);
	const char *top;

	item_result(s, i, W_OFF_HOURS, say_count(s, d->total.off_hours));
	if (d->total.covered > 0)
		item_result(s, i, W_COVERED, say_count(s, d->total.covered));
	if ((top = say_top(s, &d->user, off_hours_of, TOP, W_NAME_CALLS)) != NULL)
		item_result(s, i, W_OFF_USERS, top);
	if ((top = say_top(s, &d->department, off_hours_of, TOP, W_NAME_CALLS)) != NULL)
		item_result(s, i, W_OFF_DEPARTMENTS, top);
	item_result(s, i, W_AFTER_HOLIDAY, say_count(s, d->total.after_holiday));
	item_verdict(i, d->total.off_hours > d->total.covered ? VERDICT_CARE : VERDICT_GOOD);
}

static void keys(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	struct sheet_item *i = sheet_add_item(s, b, "D3.4", W_D3_4);

	if (d->keys_registered == 0) {
		item_result(s, i, W_KEYS_NONE);
		item_verdict(i, VERDICT_CARE);
	} else {
		item_result(s, i, W_KEYS, say_count(s, d->keys_registered));
		item_result(s, i, W_KEYS_FINDINGS);
	}
	if (d->total.userless > 0)
		item_result(s, i, W_USERLESS, say_count(s, d->total.userless));
}

static void judged_as(struct sheet *s, struct sheet_section *b, const char *id, enum word title,
		      const char *of)
{
	struct sheet_item *i = sheet_add_item(s, b, id, title);
	const struct sheet_item *from = sheet_item(s, of);

	item_result(s, i, W_SEE_ITEM, of);
	item_verdict(i, from == NULL ? VERDICT_NONE : from->verdict);
}

/* The steps of the check: what they lead to stands above. */
static void steps(struct sheet *s, struct sheet_section *b, const struct figures *d)
{
	char day[11];

	date_format(date_from_days(d->first), day);
	item_result(s, sheet_add_item(s, b, "D3.5", W_D3_5), W_DF_EXTRACT, say_count(s, d->total.calls),
		    sheet_copy(s, slice_str(day)));
	judged_as(s, b, "D3.6", W_D3_6, "D3.2");
	judged_as(s, b, "D3.7", W_D3_7, "D3.3");
	judged_as(s, b, "D3.8", W_D3_8, "D2.4");
}

void daily_block_security(struct sheet *s, const struct figures *d)
{
	const char *window = sheet_text_of(s, say(s, W_ERR_WINDOW), say_time(s, d->from), say_time(s, d->to));
	struct sheet_section *b = sheet_add_check(s, W_BLOCK3, "10:00", W_SECURITY_ADMIN, window);

	suspicious(s, b, d);
	outside(s, b, d);
	off_hours(s, b, d);
	keys(s, b, d);
	steps(s, b, d);
}
