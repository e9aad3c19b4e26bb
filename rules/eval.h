/* Rules on generic events: for `rules eval`, `rules test` and tests. */
#ifndef TK_RULES_EVAL_H
#define TK_RULES_EVAL_H

#include "rules/lists.h"
#include "rules/rules.h"

/* As rule_set_load, with the lists given. The lists are borrowed while loading. */
struct rule_set *rule_set_load_lists(const char *const *paths, size_t n, struct rule_lists *lists,
				     void (*report)(void *ctx, const struct problems *p), void *ctx,
				     size_t *errors);

/* Evaluates all rules, disabled ones too, on one JSON event: an object of fields, or
 * {"ls": {category, product, service}, "ev": {fields}}; without "ls" the log source is not asked.
 * TK_OK with the matches, or TK_EMALFORMED, TK_ENOMEM. */
int rule_run_json(struct rule_run *r, struct slice line, const uint16_t **hits, size_t *n, struct err *e);

/* Runs the tests of rule i; calls back for each. */
void rule_set_test(struct rule_run *r, size_t i, void (*result)(void *ctx, const char *name, uint32_t line,
								 bool expected, bool passed), void *ctx);
/* How often a regular expression reached its limit. */
uint64_t rule_run_regex_limits(const struct rule_run *r);

#endif
