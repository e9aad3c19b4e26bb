/* The site's own days and windows: the CSV `from,to,kind,name,who,approver` and those of the configuration.
 *   holiday, workday    a public holiday that the list and the rule do not know, or one that is none here
 *   open, closed        as calendar.extra_open and extra_closed
 *   maintenance         planned work; `who` (ids, role:, dept:, with blanks between) is on duty then
 *   emergency           a declared emergency with its approver
 * From and to are dates, both included (no `to`: one day), of the last two local times, 2026-11-28T22:00, the
 * end not included. Of rows that contradict one another the later wins. Immutable once read; any thread. */
#ifndef TK_RULES_SITE_H
#define TK_RULES_SITE_H

#include "core/config/config.h"

#define SITE_BYTES_MAX (16 << 20)
#define SITE_ROWS_MAX 50000
#define SITE_RANGE_DAYS 400

enum site_kind {
#define SITE(id, word, timed) SITE_##id,
#include "rules/calendar/site_kinds.def"
#undef SITE
	SITE_KINDS
};

struct site_row {
	enum site_kind kind;
	struct wall first, last; /* as written; a day's seconds are 0 */
	int64_t from, to;	 /* half open: days since 1970, or UTC seconds of a window */
	int64_t reach;		 /* private: the furthest `to` of the rows up to this one */
	struct slice name, who, approver;
	uint32_t line; /* 0: of the configuration */
};

struct site;
/* The rows of `text` and those of cfg (which may be NULL). NULL: no memory, or errors in `p`. Strings of cfg
 * are borrowed; uses the process's zone. */
struct site *site_parse(struct slice text, const struct cfg_calendar *cfg, struct problems *p);
void site_free(struct site *s); /* NULL is legal */
/* The last row of kind a or b that holds the day (days since 1970) or, of windows, the instant. NULL: none.
 */
const struct site_row *site_find(const struct site *s, enum site_kind a, enum site_kind b, int64_t at);
/* Calls `row` for each row that touches [from, to): days, or instants of windows. */
typedef void (*site_row_fn)(void *ctx, const struct site_row *row);
void site_between(const struct site *s, bool windows, int64_t from, int64_t to, site_row_fn row, void *ctx);
bool site_is_timed(enum site_kind k);
const char *site_word(enum site_kind k);
#define SITE_HEADER "from,to,kind,name,who,approver\n"
void site_put(struct buf *out, const struct site_row *row);
/* "2026-11-28T22:00" or with a blank. */
bool site_wall(struct slice text, struct wall *out);

#endif
