/* A report is a tree of sections and tables built once, then rendered as text, HTML or JSON: the
 * figures are the same in every form and language. */
#ifndef TK_REPORTS_REPORT_H
#define TK_REPORTS_REPORT_H

#include "core/config/config.h"
#include "core/ledger/reader.h"
#include "rules/calendar/calendar.h"

enum lang { LANG_JA, LANG_EN };

struct daily; /* figures of one local day */

/* Reads the day's figures. TK_EIO and the reader's codes. */
int daily_read(struct daily **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	       struct date day, struct err *e);
void daily_free(struct daily *d);
/* Same input, same bytes: no clock in them. */
void daily_json(const struct daily *d, struct buf *out);
void daily_text(const struct daily *d, enum lang lang, struct buf *out);
void daily_html(const struct daily *d, enum lang lang, struct buf *out);
/* One document with a sheet per language, at most two. */
void daily_html_all(const struct daily *d, const enum lang *langs, size_t n, struct buf *out);

#endif
