/* The literals of a rule set, by name: one pass over a value answers all tests of plain texts on it, and
 * tells which rules can match at all. Private to rules/. */
#ifndef TK_RULES_LITERALS_H
#define TK_RULES_LITERALS_H

#include "rules/automaton.h"
#include "rules/build.h"
#include "rules/run.h"

/* Notes, from the rule's condition, tests of which one must hold where the rule does: rule->triggers, none
 * where there are no such tests. */
void literals_triggers(struct builder *b, const struct expr *e, struct rule *r);
/* Once the set is complete. False: no memory. */
bool literals_build(struct rule_set *s);
void literals_free(struct rule_set *s);

/* Of the event at hand: which rules may match, a bit each; NULL where that would not pay for `n` rules. */
const uint64_t *literals_candidates(struct rule_run *r, size_t n);
/* The literal tests of the name at the event at hand are answered. */
void literals_scan(struct rule_run *r, uint32_t name);

#endif
