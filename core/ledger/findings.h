/* Findings: one for each rule, subject and local day. Hits merge in any order to the same finding: the count,
 * the earliest and latest start, and the first FINDING_EVENTS events by completion, then id. */
#ifndef TK_LEDGER_FINDINGS_H
#define TK_LEDGER_FINDINGS_H

#include "core/ledger/ledger.h"

#define FINDING_EVENTS 20

/* One match of a rule. `key` names the finding in memory, for this run and rule set: rule, day and entity
 * values in any form; a known one costs a look-up and no more. */
struct hit {
	struct slice key;
	int32_t day;
	int64_t start_ns, completion_ns;
	const uint8_t *event_id; /* 16 bytes; NULL: no event shows it */
	int64_t count;		 /* for `describe`: of the finding, this one included */
	/* Events that led to it, beside its own. */
	const struct finding_event *evidence;
	size_t n_evidence;
};

struct finding_event {
	int64_t completion_ns;
	uint8_t id[16];
};

/* What a finding is about: asked for when its key is new. Where its reason grows, the reason alone is asked
 * for again at every further hit: h->count is then more than 1. */
struct finding_text {
	struct slice subject; /* rule id, day and entity values: the same on every run */
	const char *rule_id, *rule_name, *author, *level; /* author may be NULL; all outlive the findings */
	int rank;             /* of the level: higher is worse */
	struct slice reason, entity_json; /* reason: in English; behind a newline, if any, in Japanese */
	bool grows;
	const uint8_t *rules; /* 32 bytes: digest of the rule set */
};
typedef int (*describe_fn)(void *ctx, const struct hit *h, struct finding_text *out, struct err *e);

struct findings;
/* For the live ledger: merges with what is recorded. */
struct findings *findings_new(struct ledger *l);
/* For one day evaluated from its events alone. */
struct findings *findings_new_day(struct ledger *l);
void findings_free(struct findings *f);
int findings_hit(struct findings *f, const struct hit *h, describe_fn describe, void *ctx, int64_t now_ns,
		 struct err *e);
/* Writes what changed; before each commit. */
int findings_flush(struct findings *f, int64_t now_ns, struct err *e);
/* Lets go of what is held in memory; after a flush. */
void findings_forget(struct findings *f);
/* A record of the finding as it stands (core/ledger/finding_records.c). */
int finding_record(struct ledger *l, int64_t id, int64_t now_ns, struct err *e);
/* The day is closed: a record of each of its findings that is not as it was told at an earlier closing, of so
 * many in one transaction as its log bears. *told: there are no more. */
int findings_tell_day(struct ledger *l, int32_t day, int64_t now_ns, bool *told, struct err *e);
/* The day's findings become those of `f` (made by findings_new_day): others are marked withdrawn, but for
 * those that no event of the day brought, whose subject begins with FINDING_NOW. */
#define FINDING_NOW "now|"
/* What findings_replace_day would change; nothing is written. */
struct finding;
struct findings_difference {
	void *ctx;
	bool (*asked)(void *ctx, struct slice rule_id,
		      bool now); /* of a recorded one: is it meant? now: FINDING_NOW */
	void (*more)(void *ctx, const struct finding *f); /* without number and events; lives for the call */
	void (*less)(void *ctx, int64_t id);
	int64_t same;
};
int findings_compare_day(struct findings *f, int32_t day, struct findings_difference *d, struct err *e);
int findings_replace_day(struct findings *f, int32_t day, int64_t now_ns, struct err *e);

#endif
