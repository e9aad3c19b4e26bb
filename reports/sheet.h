/* The tree of a report: built once from figures in one language, then rendered. A sheet has sections; a
 * section has check items, charts and tables, in this order. Everything hangs from the sheet's pool. Text in
 * it is untrusted (names out of logs): the outputs make it safe. */
#ifndef TK_REPORTS_SHEET_H
#define TK_REPORTS_SHEET_H

#include "core/base/buf.h"
#include "reports/pool.h"
#include "reports/words.h"

enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_CARE, VERDICT_BAD };

struct sheet_line {
	struct sheet_line *next;
	const char *text;
};
struct sheet_lines {
	struct sheet_line *first, **end;
};

struct sheet_item {
	struct sheet_item *next;
	const char *id, *title;
	struct sheet_lines results, remarks;
	bool manual; /* a person fills it in: a line to write on */
	enum verdict verdict, said; /* proposed; a person's, which stands */
};

#define TABLE_COLUMNS 5 /* the name and four figures */
#define SHEET_SEALS 3   /* prepared, checked, approved */
struct sheet_row {
	struct sheet_row *next;
	const char *cell[TABLE_COLUMNS];
	int permille; /* length of the bar */
};
struct sheet_table {
	struct sheet_table *next;
	const char *title, *head[TABLE_COLUMNS];
	int columns;
	struct sheet_row *first, **end;
};

/* Curves over the same points, or a grid of shades. Values are whole; `text` has them as they are shown. */
enum chart_kind { CHART_CURVES, CHART_GRID };
#define CHART_SERIES 7   /* curves: at most 3; a grid has a row each */
#define CHART_POINTS 31
#define CHART_NONE INT64_MIN /* no value at this point: the curve has a gap */
struct sheet_series {
	const char *name;
	int64_t value[CHART_POINTS];
	const char *text[CHART_POINTS];
};
struct sheet_chart {
	struct sheet_chart *next;
	enum chart_kind kind;
	const char *title, *unit;
	int points, n_series;
	const char *label[CHART_POINTS]; /* along the bottom */
	struct sheet_series series[CHART_SERIES];
};

struct sheet_section {
	struct sheet_section *next;
	const char *title;
	const char *planned, *role, *window; /* of a check; NULL: none */
	const char *actual, *checker;	     /* when and by whom it was done; NULL: to be filled in */
	bool appendix;                       /* behind the seal line, on a page of its own */
	struct sheet_item *items, **items_end;
	struct sheet_chart *charts, **charts_end;
	struct sheet_table *tables, **tables_end;
};

struct sheet_field {
	struct sheet_field *next;
	const char *name, *value;
};

struct sheet {
	struct pool pool;
	enum lang lang;
	bool era;      /* dates by Japanese eras */
	bool managers; /* no names of users */
	bool one_page; /* all but its appendix is to fit on one page of paper */
	const struct figures *figures; /* what it was built from: JSON has the bare numbers */
	const char *title, *number;
	struct sheet_field *fields, **fields_end; /* the head: site, day, window */
	struct sheet_lines warnings, summary, notes;
	struct sheet_lines special;	   /* 特記事項, beside room to write */
	const char *seal[SHEET_SEALS]; /* who signed and when; NULL: an empty box */
	bool judged;			   /* a person's verdicts are on it */
	struct sheet_section *sections, **sections_end;
};

/* NULL: no memory. */
struct sheet *sheet_new(const struct figures *f, const struct report_form *form, enum lang lang,
			enum word title);
void sheet_free(struct sheet *s);
bool sheet_failed(const struct sheet *s); /* memory ran out on the way: the sheet is not whole */

/* Text of the sheet. Formats are words. */
const char *sheet_text_of(struct sheet *s, const char *fmt, ...) TK_PRINTF(2, 3);
const char *sheet_copy(struct sheet *s, struct slice text);
static inline const char *say(const struct sheet *s, enum word w) { return word(s->lang, w); }

void sheet_add_line(struct sheet *s, struct sheet_lines *l, const char *text);
void sheet_add_field(struct sheet *s, enum word name, const char *value);
struct sheet_section *sheet_add_section(struct sheet *s, enum word title);
/* A section that somebody works through at a time of the day. */
struct sheet_section *sheet_add_check(struct sheet *s, enum word title, const char *planned, enum word role,
				      const char *window);
struct sheet_item *sheet_add_item(struct sheet *s, struct sheet_section *b, const char *id, enum word title);
/* An item that only a person can fill in. */
struct sheet_item *sheet_add_manual(struct sheet *s, struct sheet_section *b, const char *id,
				    enum word title);
/* A line of a word and as many `const char *` as it has %s. */
void item_result(struct sheet *s, struct sheet_item *i, enum word w, ...);
void item_remark(struct sheet *s, struct sheet_item *i, enum word w, ...);
/* The item of that id, or NULL. */
struct sheet_item *sheet_item(const struct sheet *s, const char *id);
/* The worst one said stays. */
void item_verdict(struct sheet_item *i, enum verdict v);
/* `heads` ends with W_COUNT; at most TABLE_COLUMNS. */
struct sheet_table *sheet_add_table(struct sheet *s, struct sheet_section *b, enum word title,
				    const enum word *heads);
struct sheet_row *table_add_row(struct sheet *s, struct sheet_table *t);
struct sheet_chart *sheet_add_chart(struct sheet *s, struct sheet_section *b, enum chart_kind kind,
				    enum word title, enum word unit);
/* NULL: no memory, or the chart is full. All its points are CHART_NONE. */
struct sheet_series *chart_add_series(struct sheet_chart *c, const char *name);

/* The head of a column: of the verdicts, whether a person gave them. */
enum word sheet_head(const struct sheet *s, enum word head);
const char *verdict_mark(enum verdict v); /* "○", "△", "×", "" */
enum word verdict_word(enum verdict v);   /* not for VERDICT_NONE */
const char *lang_code(enum lang lang);    /* "ja", "en" */

#endif
