/* A report: figures of a period are read once from the ledger, built into a tree (reports/sheet.h), and
 * rendered. A new report is a file and a line in kinds.def, a new form of output a file and a line in
 * outputs.def. The figures are the same in every form and language. */
#ifndef TK_REPORTS_REPORT_H
#define TK_REPORTS_REPORT_H

#include "core/config/config.h"
#include "core/ledger/reader.h"
#include "rules/calendar/calendar.h"
#include "rules/calendar/periods.h"

enum lang { LANG_JA, LANG_EN };

struct report_form {
	enum lang langs[2]; /* a sheet each */
	size_t n_langs;
	bool managers; /* for the management: one page without names of users */
	bool era;      /* 和暦 in Japanese dates */
};

struct figures; /* of one period */
struct sheet;

struct report_kind {
	const char *name;
	/* The one that holds a local day. */
	struct period (*period)(struct calendar *cal, const struct config *cfg, int32_t day);
	/* What only this report needs, behind what all have. */
	int (*read)(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e);
	struct sheet *(*sheet)(const struct figures *f, const struct report_form *form, enum lang lang);
};
struct report_output {
	const char *name;
	int (*render)(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e);
};

/* NULL: there is none of this name. The lists end with NULL at `i` past the last. */
const struct report_kind *report_kind_named(const char *name);
const struct report_output *report_output_named(const char *name);
const struct report_kind *report_kind_at(size_t i);
const struct report_output *report_output_at(size_t i);

/* Reads the figures of the period that holds `day`. TK_EIO and the reader's codes. */
int report_read(struct figures **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
		const struct report_kind *kind, struct date day, struct err *e);
void figures_free(struct figures *f);
/* The tree, with what people said on it. NULL: no memory. */
struct sheet *report_sheet(const struct figures *f, const struct report_form *form, enum lang lang);
/* Same input, same bytes: no clock in them. TK_ENOMEM: no memory, or more than `out` may hold. */
int report_render(const struct figures *f, const struct report_form *form, const struct report_output *output,
		  struct buf *out, struct err *e);

#endif
