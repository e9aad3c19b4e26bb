/* Incidents and planned windows (reports.md 5), folded from their records (type `incident`):
 * incident.open, incident.update, incident.close: incident (number) and fields of incident_fields
 * incident.window: window (number), from, to, title, accounts; incident.cancel: window */
#ifndef TK_REVIEW_INCIDENT_H
#define TK_REVIEW_INCIDENT_H

#include "core/review/journal.h"

enum incident_field {
#define FIELD(id, name, kind, doc) INCIDENT_##id,
#include "core/review/incident_fields.def"
#undef FIELD
	INCIDENT_FIELDS
};
enum incident_kind {
	FIELD_TEXT,
	FIELD_TIME,
	FIELD_NUMBER,
	FIELD_SEVERITY,
	FIELD_TYPE,
	FIELD_IMPACT,
	FIELD_LEAK
};
struct incident_field_info {
	const char *name;
	enum incident_kind kind;
	const char *doc;
};
extern const struct incident_field_info incident_fields[INCIDENT_FIELDS];

struct incident {
	int64_t number;
	struct slice field[INCIDENT_FIELDS]; /* as said last; empty: not said */
	int64_t time[INCIDENT_FIELDS];	     /* of FIELD_TIME ones, UTC ns; INT64_MIN: not said */
	bool closed;
	int changes;
	int64_t opened_ns;
	struct slice opened_by;
};
struct window {
	int64_t number, from_ns, to_ns, announced_ns;
	struct slice title, accounts; /* accounts: comma-joined, for whom off-hours is expected */
	bool cancelled, planned;      /* planned: announced at least 72 h before and not cancelled */
};
struct incidents {
	struct incident *p;
	size_t n;
	struct window *window;
	size_t n_windows;
};

#define WINDOW_NOTICE_NS (INT64_C(72) * 3600 * 1000000000)

/* False: no memory. What is in it borrows the journal. */
bool incidents_read(const struct journal *j, struct incidents *out);
void incidents_free(struct incidents *i);
const struct incident *incident_find(const struct incidents *i, int64_t number); /* NULL: none */
/* May the record follow? NULL: yes, else why not. For incident.open and incident.window the number is given
 * by incident_next. */
const char *incident_refusal(const struct journal *j, const struct journal_entry *next);
int64_t incident_next(const struct journal *j, const char *member); /* "incident" or "window" */

/* Of a leak of personal data (APPI art. 26): UTC ns of the first notice (5 days after it was known) and of
 * the full report (30 days, 60 with a wrongful purpose). False: none is due. */
bool incident_leak(const struct incident *i, int64_t *first_notice, int64_t *full_report);

/* Times over incidents restored in [from, to): ns, exact sums. */
struct incident_times {
	int64_t n, open;	   /* restored in the period; begun before its end and not restored then */
	int64_t mttr, median, max; /* restore - start; -1: none */
	int64_t mean_detect, mean_respond; /* from start; -1: none has it */
};
/* False: no memory; nothing is known then. */
bool incident_times(const struct incidents *i, int64_t from, int64_t to, struct incident_times *out);

#endif
