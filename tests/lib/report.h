/* Reports of a small ledger, for tests. */
#ifndef TK_TESTS_REPORT_H
#define TK_TESTS_REPORT_H

#include <stdio.h>
#include <stdlib.h>

#include "reports/report.h"

static inline struct figures *test_figures(const char *ledger, const struct config *cfg, const char *kind,
					   struct date day)
{
	struct ledger_reader *r;
	struct calendar *cal;
	struct figures *f;
	struct err e = { 0 };

	if (ledger_reader_open(&r, ledger, &e) != TK_OK || (cal = calendar_new(&cfg->calendar, &e)) == NULL ||
	    report_read(&f, r, cfg, cal, report_kind_named(kind), day, &e) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	calendar_free(cal);
	ledger_reader_close(r);
	return f;
}

static inline void test_render(const struct figures *f, const char *output, enum lang lang, bool managers,
			       struct buf *out)
{
	struct report_form form = { .langs = { lang }, .n_langs = 1, .managers = managers };
	struct err e = { 0 };

	buf_clear(out);
	if (report_render(f, &form, report_output_named(output), out, &e) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
}

#endif
