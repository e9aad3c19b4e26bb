/* States of findings (interface.md 2): what the records of decisions make of each. */
#ifndef TK_REVIEW_DECISION_H
#define TK_REVIEW_DECISION_H

#include "core/review/journal.h"

enum finding_status {
	FINDING_NEW,
	FINDING_ACKNOWLEDGED,
	FINDING_ESCALATED,
	FINDING_ACCEPTED,
	FINDING_SUPPRESSED,
	FINDING_CLOSED,
	FINDING_REOPENED,
	FINDING_STATUSES
};
const char *finding_status_name(enum finding_status s);

/* What the records may decide on; the members of a `review` record whose action is findings.NAME:
 * finding (id), rule.id, subject (the finding's entity), reason, text, until (RFC 3339), count (of the
 * envelope), owner, incident. */
struct finding_facts {
	int64_t id, first_ns, count;
	struct slice rule_id, entity;
	bool asks_duty; /* its rule asks whether the person is on duty: an announced window answers that, too
			 */
};
struct decision {
	enum finding_status status;
	const struct journal_entry *last; /* that made the state; NULL: nobody decided */
	struct slice owner, incident, reason, text;
	int64_t until_ns;	 /* of accepted and suppressed ones; 0: none */
	const char *reopened_by; /* FINDING_REOPENED: "decision", "expiry" or "envelope" */
	int64_t window; /* of a finding that nobody decided on: the planned window whose account it is of; or
			   0 */
};

struct decisions;
/* NULL: no memory. The journal must outlive it. */
struct decisions *decisions_new(const struct journal *j);
void decisions_free(struct decisions *d);
/* Is there a planned window with accounts? Else asks_duty changes nothing. */
bool decisions_have_windows(const struct decisions *d);
/* A finding of an account of a planned window that began within it is suppressed, where its rule asks who is
 * on duty and nobody decided otherwise. An accepted risk covers later findings of the same rule and subject
 * until it expires and while none counts more than its envelope; a suppression hides those that begin before
 * its expiry. */
void decisions_of(const struct decisions *d, const struct finding_facts *f, int64_t now_ns,
		  struct decision *out);
/* May the action follow? NULL: yes, else why not. */
const char *decision_refusal(struct slice action, const struct decision *now);
/* The state that an action makes; FINDING_STATUSES: it leaves it (assign). */
enum finding_status decision_makes(struct slice action);

/* Reasons of closing; NULL behind the last. */
extern const char *const finding_reasons[];

#endif
