/* The official list of Japan's public holidays, or the site's own in the same form (calendar.md 1.4):
 * CP932 with the Cabinet Office's header, or UTF-8 with dates as 2026/1/1 or 2026-01-01.
 * A year counts when it is complete: at least 10 days and January 1st among them.
 * Immutable after loading; any thread. */
#ifndef TK_RULES_HOLIDAY_LIST_H
#define TK_RULES_HOLIDAY_LIST_H

#include "core/base/err.h"
#include "core/base/slice.h"

struct holiday_list;
/* NULL with *e: cannot be read, malformed (FILE:LINE:COLUMN), or no year in it is complete. */
struct holiday_list *holiday_list_load(const char *path, struct err *e);
/* Same on text: a pure function. `name` is for messages. */
struct holiday_list *holiday_list_parse(struct slice text, const char *name, struct err *e);
void holiday_list_free(struct holiday_list *l); /* NULL is legal */
/* Does the list decide this year? */
bool holiday_list_has(const struct holiday_list *l, int32_t year);
/* Name of the holiday, or NULL; `days` since 1970. */
const char *holiday_list_name(const struct holiday_list *l, int32_t days);
/* Its rows by date, i below the count. */
size_t holiday_list_count(const struct holiday_list *l);
const char *holiday_list_row(const struct holiday_list *l, size_t i, int32_t *days);

#endif
