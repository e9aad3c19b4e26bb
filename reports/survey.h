/* Tables that come from elsewhere as CSV: a survey of satisfaction, of time saved, inquiries of the help
 * desk. Columns are known by name, in Japanese and English; the others do not matter. Pure functions but for
 * memory. */
#ifndef TK_REPORTS_SURVEY_H
#define TK_REPORTS_SURVEY_H

#include "core/base/buf.h"
#include "core/base/csv_table.h"
#include "core/base/err.h"

#define SURVEY_LEVELS 5
struct satisfaction {
	int64_t n, of[SURVEY_LEVELS]; /* answers; of each level from 1 on */
	struct buf comments;	      /* the first of them, " / " between; the caller frees it */
};
/* TK_EMALFORMED with line and column of what is wrong. */
int survey_satisfaction(const struct csv_table *t, struct satisfaction *out, struct err *e);

#define SURVEY_FUNCTIONS 50
struct time_saved {
	struct {
		struct slice name; /* lies in the table */
		int64_t n, micro_minutes;
	} of[SURVEY_FUNCTIONS]; /* in the order of the file */
	size_t n;
};
int survey_time_saved(const struct csv_table *t, struct time_saved *out, struct err *e);

struct inquiries {
	int64_t fresh, open; /* opened on the days [first, last]; not closed */
};
int survey_inquiries(const struct csv_table *t, int32_t first, int32_t last, struct inquiries *out,
		     struct err *e);

#endif
