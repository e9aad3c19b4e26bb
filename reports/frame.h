/* What all reports have alike: head, warnings and tables. */
#ifndef TK_REPORTS_FRAME_H
#define TK_REPORTS_FRAME_H

#include "reports/say.h"

const char *frame_number(struct sheet *s, const char *prefix); /* WR-20261120-1 */
/* Number of the document, site and the period. */
void frame_head(struct sheet *s, const char *prefix, enum word period);
void frame_window(struct sheet *s);
void frame_seal(struct sheet *s); /* the last segment of the trail and its short code */
void frame_warnings(struct sheet *s);
/* Calls by hour, department, function, model, and with `users` by user. */
void tables_all(struct sheet *s, struct sheet_section *b, bool users);
void table_names(struct sheet *s, struct sheet_section *b, const struct named_list *l, enum word title);

/* charts.c */
void chart_heat(struct sheet *s, struct sheet_section *b);
void chart_history(struct sheet *s, struct sheet_section *b); /* calls, cost and users */
void chart_latency(struct sheet *s, struct sheet_section *b);
void chart_budget(struct sheet *s, struct sheet_section *b); /* of the month, with its forecast */

#endif
