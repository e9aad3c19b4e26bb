/* What people enter for the month: decimals, returns on investment by hand, tables of others. */
#include "reports/roi.h"
#include "reports/survey.h"

#include <string.h>

#include "core/base/zone.h"
#include "tests/lib/tap.h"

#define UNIT FACT_UNIT

static void decimals(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: none */
	} rows[] = {
		{ "0", 0 },
		{ "12.5", 12500000 },
		{ "0.000001", 1 },
		{ "999999999999", INT64_C(999999999999) * UNIT },
		{ "", -1 },
		{ ".5", -1 },
		{ "5.", -1 },
		{ "0.0000001", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1e3", -1 },
		{ "1000000000000", -1 },
		{ "99999999999999999999999999", -1 },
		{ "1,000", -1 },
		{ " 1", -1 },
		{ "1.2.3", -1 },
		{ "１", -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t v = -1;
		bool good = fact_decimal(slice_str(rows[i].text), &v);

		ok(good == (rows[i].want >= 0) && (!good || v == rows[i].want), rows[i].text);
	}
}

static struct journal_entry said;

static struct assumed number(double value, double low, double high)
{
	return (struct assumed){ .entry = &said,
				 .value = (int64_t)(value * UNIT),
				 .low = (int64_t)(low * UNIT),
				 .high = (int64_t)(high * UNIT) };
}

static void is_roi(const struct roi_input *in, int64_t percent_milli, int64_t payback_milli, const char *name)
{
	struct roi r = { 0 };

	ok(roi_of(in, &r) && r.percent_milli == percent_milli && r.payback_milli == payback_milli, name);
}

/* 100 calls x 0.8 x 3 min = 240 min = 4 h at 2,500 = 10,000. Cost: calls 1,000, licences 2,000, 1 h 2,500,
 * and 30,000 in 12 months 2,500: 8,000. (10,000 - 8,000) / 8,000 = 25 %. Back in 30,000 / (10,000 - 5,500)
 * months. */
static void roi(void)
{
	struct roi_function f[2] = { { .name = SLICE("a"),
				       .calls = 100,
				       .adoption = number(.8, .5, 1),
				       .minutes = number(3, 2, 4) },
				     { .name = SLICE("b"), .calls = 1000, .adoption = number(1, 1, 1) } };
	struct roi_input in = { .function = f, .n = 2, .api = (figure)1000 * UNIT };
	figure low, high;
	struct roi r;

	in.of[ASSUME_HOURLY] = number(2500, 2000, 3000);
	in.of[ASSUME_LICENCES] = number(2000, 2000, 2000);
	in.of[ASSUME_OPERATION] = number(1, 1, 2);
	in.of[ASSUME_INITIAL] = number(30000, 24000, 36000);
	in.of[ASSUME_SHARE] = number(12, 10, 24);
	is_roi(&in, 25000, 6667, "by hand; a function without minutes does not count");
	/* worst: 100 x 0.5 x 2 = 100 min; at 2,000: 3,333.33 of 1,000 + 2,000 + 4,000 + 3,600 = 10,600:
	 * -68.553 %; at 3,000: 5,000 of 12,600: -60.317 %. Best: 100 x 1 x 4 = 400 min; at 2,000: 13,333.33
	 * of 1,000 + 2,000 + 2,000 + 1,000 = 6,000: 122.222 %; at 3,000: 20,000 of 7,000: 185.714 % */
	ok(roi_range(&in, &low, &high) && low == -68553 && high == 185714,
	   "the ends that the assumptions allow");
	in.of[ASSUME_SAVINGS] = number(2000, 0, 2000);
	is_roi(&in, 50000, 4615, "other savings add to the benefit");
	in.of[ASSUME_SAVINGS] = (struct assumed){ 0 };
	f[0].calls = 1;
	ok(roi_of(&in, &r) && r.payback_milli == -1, "what costs more than it brings is never back");
	for (int a = 0; a < ASSUMPTIONS; a++) {
		struct assumed kept = in.of[a];

		if (assumption_infos[a].per_function || !assumption_infos[a].needed)
			continue;
		in.of[a] = (struct assumed){ 0 };
		ok(!roi_of(&in, &r) && !roi_range(&in, &low, &high), assumption_infos[a].name);
		in.of[a] = kept;
	}
	f[0].minutes = (struct assumed){ 0 };
	ok(!roi_of(&in, &r), "nothing without a function that saves time");
}

static struct csv_table *table(const char *text)
{
	struct csv_problem problem;

	return csv_table_read(slice_str(text), &problem);
}

static void satisfaction(void)
{
	struct csv_table *t = table("ID,満足度,コメント\n1,5,良い\n2,3,\n3,,未回答\n4,1,\"遅い, とても\"\n");
	struct satisfaction s;
	struct err e;

	ok(survey_satisfaction(t, &s, &e) == TK_OK && s.n == 3 && s.of[4] == 1 && s.of[2] == 1 &&
		   s.of[0] == 1 && slice_is(buf_slice(&s.comments), "良い / 遅い, とても"),
	   "levels and comments");
	buf_free(&s.comments);
	csv_table_free(t);
	t = table("score\n4\n0\n");
	ok(survey_satisfaction(t, &s, &e) == TK_EMALFORMED && strncmp(e.text, "3:1:", 4) == 0,
	   "a score out of range");
	buf_free(&s.comments);
	csv_table_free(t);
	t = table("points\n4\n");
	ok(survey_satisfaction(t, &s, &e) == TK_EMALFORMED && strncmp(e.text, "1:1:", 4) == 0,
	   "no such column");
	buf_free(&s.comments);
	csv_table_free(t);
}

static void inquiries(void)
{
	struct csv_table *t =
		table("受付日時,状態\n2026-11-23 09:00,対応中\n2026/11/24 10:00,完了\n2026-11-25,open\n"
		      "2026/1/5,closed\n2026-11-26,open\n");
	int32_t day = date_to_days((struct date){ 2026, 11, 24 });
	struct inquiries q;
	struct err e;

	ok(survey_inquiries(t, day, day + 1, &q, &e) == TK_OK && q.fresh == 2 && q.open == 2,
	   "those of the day and the morning are new, those before still open, later ones not known yet");
	csv_table_free(t);
	t = table("date,state\n2026-02-30,open\n");
	ok(survey_inquiries(t, day, day, &q, &e) == TK_EMALFORMED && strncmp(e.text, "2:1:", 4) == 0,
	   "no such day");
	csv_table_free(t);
}

int main(void)
{
	decimals();
	roi();
	satisfaction();
	inquiries();
	return tap_done();
}
