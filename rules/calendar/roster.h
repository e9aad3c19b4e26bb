/* Who is on duty (calendar.md 3): the CSV `date,shift,user,from,to`. `user` is an id, role:NAME or dept:NAME.
 * Without `from` and `to` a shift has its hours of the configuration; a `to` not after `from` is on the next
 * day. Later rows are edits: the same date, shift and user again changes the hours, and a day off (休, 代休,
 * off) takes a person off that date's rows above it. Immutable once read; any thread. */
#ifndef TK_RULES_ROSTER_H
#define TK_RULES_ROSTER_H

#include "core/config/config.h"
#include "rules/calendar/person.h"

#define ROSTER_BYTES_MAX (16 << 20)
#define ROSTER_ROWS_MAX 200000

struct roster_row {
	int32_t days;		  /* the date it belongs to, since 1970 */
	struct slice shift, who;  /* as written; NUL behind */
	int32_t from, to;	  /* seconds from the date's midnight by the clock; both 0 on a day off */
	int64_t utc_from, utc_to; /* half open */
	uint32_t line;
	bool off, live; /* live: no row below changed it or took it away */
};
enum on_duty { DUTY_UNKNOWN, DUTY_NO, DUTY_YES };

struct roster;
/* NULL: no memory, or errors in `p` (each with line and column). Borrows cfg while it reads; uses the
 * process's zone. An empty text is a roster without rows. */
struct roster *roster_parse(struct slice text, const struct cfg_calendar *cfg, struct problems *p);
void roster_free(struct roster *r); /* NULL is legal */
/* Is there a row for the date? */
bool roster_has(const struct roster *r, int32_t days);
/* Unknown where there is no row for the local date and nobody's hours hold the instant, and for a call
 * without a user. */
enum on_duty roster_duty(const struct roster *r, const struct person *who, int64_t utc_sec);
/* All rows in the file's order. */
const struct roster_row *roster_rows(const struct roster *r, size_t *n);
/* Calls `row` for the live rows of a date, in the file's order. */
void roster_day(const struct roster *r, int32_t days, void (*row)(void *ctx, const struct roster_row *row),
		void *ctx);
#define ROSTER_HEADER "date,shift,user,from,to\n"
/* One line of the file, with its times. */
void roster_put(struct buf *out, const struct roster_row *row);

#endif
