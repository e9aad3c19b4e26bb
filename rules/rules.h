/* Sigma rules on one event: loaded, checked, compiled to a flat program (sigma-digest.md).
 * A rule set is immutable after loading. Evaluation allocates nothing; one thread per rule_run. */
#ifndef TK_RULES_RULES_H
#define TK_RULES_RULES_H

#include "core/config/config.h"
#include "core/event/event.h"

enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL_COUNT };
const char *level_name(enum level l);
bool level_parse(struct slice text, enum level *out);

/* Derived fields that are no event fields: a resolver computes them when a loaded rule asks.
 * The list: rules/derived.def. */
enum derived_id {
#define DERIVED(id, name, type, part, doc) D_##id,
#include "rules/derived.def"
#undef DERIVED
	D_COUNT
};

/* A derived value: kind none = unknown. */
struct derived {
	enum { DV_NONE, DV_INT, DV_STR, DV_BOOL, DV_MICRO } kind;
	int64_t i;
	struct slice s;
};

/* Answers for derived fields of the event at hand. `ctx` is the caller's; *out is none so far. */
typedef void (*derive_fn)(void *ctx, const struct access_event *ev, enum derived_id id, struct derived *out);

enum once_per { ONCE_NEVER, ONCE_DAY, ONCE_SHIFT };

/* Events of our own: log source product tochoku and one of these services. */
enum own_service { OWN_MINUTE, OWN_DAY_CLOSE, OWN_SENSOR, OWN_KEYS, OWN_COUNT };

#define RULE_ENTITY_MAX 8
struct rule_info {
	const char *id, *name; /* id: the UUID, or the name, or the title */
	const char *title, *title_ja;
	enum level level;
	const char *action_ja, *action_en, *author, *description, *path;
	bool enabled; /* tochoku.enabled, default true */
	bool alerts;  /* enabled, and no correlation speaks for it (sigma-digest.md 9, D-GENERATE) */
	bool correlation;
	enum once_per once;
	int64_t suppress_ns; /* no second finding of the subject in that time; 0: none */
	const char *const *tags; /* as the rule wrote them */
	size_t n_tags;
	const char *reason_ja, *reason_en; /* sentences with %placeholders%; NULL: none */
	bool reason_grows;		   /* with further hits of the same finding */
	const char *entity[RULE_ENTITY_MAX]; /* field names as the rule wrote them */
	size_t n_entity;
	bool stateful; /* depends on the order of events: a correlation, or a field such as usage.* */
	bool asks_roster; /* uses a field that the roster answers */
	bool uses[D_COUNT]; /* the derived fields that it names */
};
/* Behind the reason of a finding of such a rule where no roster has the day. */
#define RULE_NO_ROSTER " (当直表なし)"

struct rule_set;
/* Loads files and folders (their *.yml). Problems are printed per file through `report`, which may be
 * NULL; broken documents are left out and counted in *errors. expected_countries feeds the list
 * %expected_countries%; lists are the configuration's networks.lists. NULL: no memory. */
struct rule_set *rule_set_load(const char *const *paths, size_t n, const struct config *cfg,
			       void (*report)(void *ctx, const struct problems *p), void *ctx,
			       size_t *errors);
/* One text: pure, for tests and fuzzing. */
struct rule_set *rule_set_parse(struct slice text, const char *name, const struct config *cfg,
				struct problems *p);
void rule_set_free(struct rule_set *s);
size_t rule_set_count(const struct rule_set *s);
const struct rule_info *rule_set_info(const struct rule_set *s, size_t i);
const uint8_t *rule_set_digest(const struct rule_set *s); /* 32 bytes: SHA-256 of what was loaded */
/* Does a rule on access events name the field; one on events of our own? */
bool rule_set_needs(const struct rule_set *s, enum derived_id d);
/* Does a rule look at what a call costs? */
bool rule_set_needs_cost(const struct rule_set *s);
bool rule_set_needs_own(const struct rule_set *s, enum derived_id d);
bool rule_set_has_own(const struct rule_set *s, enum own_service service);
/* Is rule i asked at such events? */
bool rule_set_asks(const struct rule_set *s, size_t i, enum own_service service);
/* How far back, in microseconds, events can have a part in what correlations say now: whoever feeds a new run
 * all events of that time, in order, has its state. 0: no correlations. */
int64_t rule_set_memory(const struct rule_set *s);
/* The same of those correlations alone that look at such events of our own, in whatever depth. */
int64_t rule_set_memory_own(const struct rule_set *s, enum own_service service);
/* Does a part of a correlation that runs name a field of these? */
bool rule_set_parts_need(const struct rule_set *s, enum derived_id from, enum derived_id to);

struct rule_run; /* working memory of one evaluator */
struct rule_run *rule_run_new(const struct rule_set *s, derive_fn derive, void *ctx);
void rule_run_free(struct rule_run *r);
/* Evaluates all enabled rules on one access event: of a call (log sources llm_api, webserver, proxy and
 * product tochoku, service access) or of an encrypted connection (network_connection; product tochoku,
 * service connection). Returns the number of hits: rules that match and alert, then correlations that hold
 * at this event. Their indices in the set are in hits, in evaluation order, until the next event.
 * Correlations go by the event's completion, in microseconds, and its id; feed events in that order. */
size_t rule_run_event(struct rule_run *r, const struct access_event *ev, const uint16_t **hits);
/* The id of the next event where the event itself does not hold it (F_EVENT_ID). */
void rule_run_id(struct rule_run *r, const uint8_t id[16]);

/* ---- of the last event ---- */

/* Hit number `hit` begins an episode (D-EDGE), so an alert is due. True for rules that are no correlation. */
bool rule_run_episode(const struct rule_run *r, size_t hit);
#define EVIDENCE_MAX 50
struct evidence {
	int64_t completion_us;
	uint8_t id[16];
};
/* The events behind a hit: the newest of the correlation's window, members' of a chain included, oldest
 * first, at most `max` and EVIDENCE_MAX. Of another rule: the event itself. Returns how many. */
size_t rule_run_evidence(struct rule_run *r, size_t hit, struct evidence *out, size_t max);
/* The event came after a later one (or one of the same time and higher id) of its group had been seen by a
 * correlation that it is a member of, or state was given up for it: what correlations said is provisional,
 * and its day wants evaluating again, in order. */
bool rule_run_late(const struct rule_run *r);

/* Correlations forget everything. */
void rule_run_reset(struct rule_run *r);
/* Since the run began; never reset. */
struct rule_run_counts {
	uint64_t evicted;  /* groups given up because a correlation's memory was full */
	uint64_t no_group; /* members without a group-by field took no part (D-GROUPMISS) */
	uint64_t late;     /* events for which rule_run_late said yes */
	uint64_t untimed;  /* JSON events without a time took no part in correlations */
};
struct rule_run_counts rule_run_counts(const struct rule_run *r);
/* Memory of all correlations of a run together that are on, and of one: at most. */
#define CORRELATIONS_BYTES (INT64_C(12) << 20)
#define CORRELATION_BYTES (INT64_C(16) << 20)
#define GROUPS_MAX 10000 /* of one correlation; the least recently used one goes */
/* The rules that may match: of the first PROSPECTS access rules a bit each. Those behind always may. */
#define PROSPECTS 256
struct prospects {
	uint64_t word[PROSPECTS / 64];
};
/* The rules that an event with this part of `ev` may match, whatever its other parts are. */
void rule_run_prospects(struct rule_run *r, const struct access_event *ev, enum part_id part,
			struct prospects *out);
/* rule_run_event of these rules alone. */
size_t rule_run_some(struct rule_run *r, const struct access_event *ev, const struct prospects *may,
		     const uint16_t **hits);
/* The enabled rules on an event of our own. `ev` says when it was and, of keys, whose; the rest is
 * derived. For correlations it is of its end: before that nobody can tell it. */
size_t rule_run_own(struct rule_run *r, const struct access_event *ev, enum own_service service,
		    int64_t end_ns, const uint16_t **hits);
static inline void prospects_and(struct prospects *p, const struct prospects *q)
{
	for (size_t i = 0; i < PROSPECTS / 64; i++)
		p->word[i] &= q->word[i];
}

/* Text of an entity field of the event at hand ("site" gives "site"; of a correlation an alias gives the
 * member's own field); appended to out. False: unknown. */
bool rule_run_entity(struct rule_run *r, const struct access_event *ev, const struct rule_info *info,
		     size_t i, struct buf *out);

/* What a sentence may tell beside the fields of the event: %count%, %time% (local, of the call's begin),
 * %baseline.day% and %baseline.calls%. */
struct reason_facts {
	int64_t count, start_ns;
	int32_t baseline_day;
	int64_t baseline_calls; /* 0: there is no baseline */
	bool japanese;		/* words of ours are said in Japanese (rules/reason_words.def) */
};
#define REASON_VALUE_MAX 80 /* bytes of one value */
/* Appends the sentence with the values of the event at hand: one line, `?` for what is not known and has no
 * word for that. */
void rule_run_reason(struct rule_run *r, const struct access_event *ev, const struct rule_info *info,
		     const char *sentence, const struct reason_facts *facts, struct buf *out);

/* Where the shipped rules lie: beside the program (build tree) or under its prefix. NULL: nowhere.
 * Caller frees. */
char *rules_shipped_path(void);

#endif
