/* Any table is a survey, a list of inquiries, or a complaint with its place; sums agree with the rows. */
#include <stdlib.h>

#include "reports/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct csv_problem problem;
	struct csv_table *t = csv_table_read(slice_of(data, n), &problem);
	static struct time_saved saved;
	struct satisfaction s;
	struct inquiries q;
	struct err e;
	int64_t sum = 0;

	if (t == NULL)
		return 0;
	survey_satisfaction(t, &s, &e);
	for (int i = 0; i < SURVEY_LEVELS; i++)
		sum += s.of[i];
	if (sum != s.n || s.comments.failed)
		abort();
	buf_free(&s.comments);
	if (survey_time_saved(t, &saved, &e) == TK_OK)
		for (size_t i = 0; i < saved.n; i++)
			if (saved.of[i].n == 0 || saved.of[i].name.n == 0)
				abort();
	if (survey_inquiries(t, 0, 30000, &q, &e) == TK_OK &&
	    (q.fresh < 0 || q.open < 0 || q.fresh > (int64_t)csv_table_rows(t)))
		abort();
	csv_table_free(t);
	return 0;
}
