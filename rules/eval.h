/* Rules on generic events: for `rules eval`, `rules test` and tests. */
#ifndef TK_RULES_EVAL_H
#define TK_RULES_EVAL_H

#include "rules/lists.h"
#include "rules/rules.h"

/* As rule_set_load, with the lists given. The lists are borrowed while loading. */
struct rule_set *rule_set_load_lists(const char *const *paths, size_t n, struct rule_lists *lists,
				     void (*report)(void *ctx, const struct problems *p), void *ctx,
				     size_t *errors);

/* As rule_run_event, on one JSON event: an object of fields, or {"ls": {category, product, service},
 * "ev": {fields}}; without "ls" the log source is not asked. Its time is `@timestamp` and, where there is
 * one, `event.duration`; its id `event.id` (32 hex digits), unless rule_run_id gave one. An event without a
 * time takes no part in correlations. TK_OK with the hits, or TK_EMALFORMED, TK_ENOMEM. */
int rule_run_json(struct rule_run *r, struct slice line, const uint16_t **hits, size_t *n, struct err *e);

/* From now on disabled rules are evaluated too, and hits hold the matches of those that do not alert. */
void rule_run_all(struct rule_run *r);
/* When correlations would take the event of that line to have been. False: never. */
bool rule_run_time(struct rule_run *r, struct slice line, int64_t *ns);
/* Text of a group-by field of a hit of the last event; false: there are no more, or it is no correlation. */
bool rule_run_group(struct rule_run *r, size_t hit, size_t field, struct buf *out);

/* Runs the tests of rule i, everything included as after rule_run_all; calls back for each. The events of a
 * correlation's test are taken in order of their times, and it must begin an episode at one of them. */
void rule_set_test(struct rule_run *r, size_t i, void (*result)(void *ctx, const char *name, uint32_t line,
								 bool expected, bool passed), void *ctx);
/* How often a regular expression reached its limit. */
uint64_t rule_run_regex_limits(const struct rule_run *r);

#endif
