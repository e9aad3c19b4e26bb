/* Any bytes are a roster, days, a holiday list, or complaints; what loads is written and read again with the
 * same answers. */
#include <stdlib.h>

#include "rules/calendar/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct cfg_calendar cfg = {
	.country = "JP",
	.shifts = { { 30600, 62100 },
		    { 59400, 89100 },
		    { 1800, 32400 },
		    { 62100, 117000 },
		    { 30600, 62100 } },
};

static void roster(struct slice in)
{
	struct problems p;
	struct roster *a, *b;
	struct buf text;
	size_t n;

	problems_init(&p, "fuzz");
	buf_init(&text, 64 << 20);
	a = roster_parse(in, &cfg, &p);
	if (a == NULL && p.errors == 0)
		abort();
	if (a != NULL) {
		const struct roster_row *row = roster_rows(a, &n);

		merge_roster(NULL, a, false, &text);
		b = roster_parse(buf_slice(&text), &cfg, &p);
		if (b == NULL && n < ROSTER_ROWS_MAX && !text.failed)
			abort();
		for (size_t i = 0; b != NULL && i < n && i < 64; i++) {
			struct person who = { .user = row[i].who,
					      .roles = SLICE("a,b"),
					      .department = SLICE("d") };

			for (int k = -1; k < 3; k++)
				if (roster_duty(a, &who, row[i].utc_from + k * 20000) !=
				    roster_duty(b, &who, row[i].utc_from + k * 20000))
					abort();
		}
		roster_free(b);
	}
	roster_free(a);
	buf_free(&text);
	problems_free(&p);
}

static void count(void *ctx, const struct site_row *row)
{
	++*(size_t *)ctx;
	(void)row;
}

static size_t rows_of(const struct site *s)
{
	size_t n = 0;

	site_between(s, false, INT64_MIN, INT64_MAX, count, &n);
	site_between(s, true, INT64_MIN, INT64_MAX, count, &n);
	return n;
}

static void days(struct slice in)
{
	struct problems p;
	struct site *a, *b = NULL;
	struct buf text;

	problems_init(&p, "fuzz");
	buf_init(&text, 64 << 20);
	a = site_parse(in, NULL, &p);
	if (a == NULL && p.errors == 0)
		abort();
	if (a != NULL) {
		merge_site(NULL, a, 0, 0, false, &text);
		b = site_parse(buf_slice(&text), NULL, &p);
		if (b == NULL || rows_of(a) != rows_of(b))
			abort();
	}
	site_free(a);
	site_free(b);
	buf_free(&text);
	problems_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };
	struct holiday_list *l = holiday_list_parse(in, "fuzz", NULL);
	struct buf text;

	buf_init(&text, 64 << 20);
	if (l != NULL) {
		struct holiday_list *again;

		merge_holidays(NULL, l, &text);
		again = holiday_list_parse(buf_slice(&text), "again", NULL);
		if (again == NULL || holiday_list_count(again) != holiday_list_count(l))
			abort();
		holiday_list_free(again);
	}
	holiday_list_free(l);
	buf_free(&text);
	roster(in);
	days(in);
	return 0;
}
