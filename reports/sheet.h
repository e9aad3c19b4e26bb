/* The tree of a check sheet: built once from figures in one language, then rendered. Everything hangs
 * from the sheet's pool. Text in it is untrusted (names out of logs): the renderers make it safe. */
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
	enum verdict verdict;
};

struct sheet_block {
	struct sheet_block *next;
	const char *title, *planned, *role, *window;
	struct sheet_item *first, **end;
};

#define TABLE_COLUMNS 5 /* the name and four figures */
struct sheet_row {
	struct sheet_row *next;
	const char *cell[TABLE_COLUMNS];
	int permille; /* length of the bar */
};
struct sheet_table {
	struct sheet_table *next;
	const char *title, *head[TABLE_COLUMNS];
	struct sheet_row *first, **end;
};

struct sheet {
	struct pool pool;
	enum lang lang;
	const char *number, *site, *day, *day_class, *window;
	struct sheet_lines warnings, notes;
	struct sheet_block *blocks, **blocks_end;
	struct sheet_table *tables, **tables_end;
};

struct sheet *sheet_new(enum lang lang); /* NULL: no memory */
void sheet_free(struct sheet *s);
bool sheet_failed(const struct sheet *s); /* memory ran out on the way: the sheet is not whole */

/* Text of the sheet. Formats are words. */
const char *sheet_text_of(struct sheet *s, const char *fmt, ...) TK_PRINTF(2, 3);
const char *sheet_copy(struct sheet *s, struct slice text);
static inline const char *say(const struct sheet *s, enum word w) { return word(s->lang, w); }

void sheet_add_line(struct sheet *s, struct sheet_lines *l, const char *text);
struct sheet_block *sheet_add_block(struct sheet *s, const char *title, const char *planned, const char *role,
				    const char *window);
struct sheet_item *sheet_add_item(struct sheet *s, struct sheet_block *b, const char *id, enum word title);
/* A line of a word and as many `const char *` as it has %s. */
void item_result(struct sheet *s, struct sheet_item *i, enum word w, ...);
void item_remark(struct sheet *s, struct sheet_item *i, enum word w, ...);
/* The worst one said stays. */
void item_verdict(struct sheet_item *i, enum verdict v);
struct sheet_table *sheet_add_table(struct sheet *s, enum word title, enum word first_head);
struct sheet_row *table_add_row(struct sheet *s, struct sheet_table *t);

const char *verdict_mark(enum verdict v); /* "○", "△", "×", "" */
enum word verdict_word(enum verdict v);   /* not for VERDICT_NONE */

void sheet_render_text(const struct sheet *s, struct buf *out);
void sheet_render_html(const struct sheet *const *sheets, size_t n, struct buf *out);

#endif
