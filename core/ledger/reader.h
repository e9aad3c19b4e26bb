/* Reading the ledger: sums from counters, events by time, findings, coverage. Reads only through the
 * published views (core/ledger/schema.c). Each call is one short transaction and never blocks the
 * writer. One thread per reader. */
#ifndef TK_LEDGER_READER_H
#define TK_LEDGER_READER_H

#include "core/base/err.h"
#include "core/base/fingerprint.h"
#include "core/event/event.h"
#include "core/event/loss.h"
#include "core/ledger/sums.h"

struct ledger_reader;
/* TK_ENOTFOUND: no ledger there yet. TK_ECONFIG: made by a newer version. */
int ledger_reader_open(struct ledger_reader **out, const char *path, struct err *e);
void ledger_reader_close(struct ledger_reader *r);

enum sum_by { BY_NOTHING, BY_BUCKET, BY_USER, BY_DEPARTMENT, BY_FUNCTION, BY_MODEL, BY_INPUT };
/* Sums of the calls that began in [from, to) (UTC seconds, multiples of 900). One call of `row` per
 * name (BY_BUCKET: per 15 minutes, in order), names in byte order; empty name: unknown. */
typedef void (*sum_row_fn)(void *ctx, struct slice name, int64_t bucket, const struct sums *s);
int ledger_sums(struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by, sum_row_fn row, void *ctx,
		struct err *e);
/* Response times of [from, to): all, or of one model. */
int ledger_latency(struct ledger_reader *r, int64_t from, int64_t to, struct latency *out, struct err *e);

/* Events that began in [from, to) (ns), by recording order (seq) or by time (completion, then id).
 * The event and its strings live for the call. Return non-zero from `row` to stop (returned). */
typedef int (*event_row_fn)(void *ctx, int64_t seq, const struct access_event *ev);
int ledger_events(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, bool by_time, event_row_fn row,
		  void *ctx, struct err *e);

/* No event that began in [from, to) ns was recorded before this seq; INT64_MAX: there is none. */
int ledger_first_seq(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, int64_t *seq, struct err *e);

/* Calls of [from, to) from outside addresses, one row per address, most calls first. */
struct outside_row {
	struct slice ip, country, as_org, users; /* users: comma-joined, at most a few */
	int64_t calls, successful, last_ns;
};
typedef void (*outside_row_fn)(void *ctx, const struct outside_row *o);
int ledger_outside(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, outside_row_fn row, void *ctx,
		   struct err *e);

#define FINDING_EVENTS_MAX 20
struct finding {
	int64_t id;
	struct slice rule_id, rule_name, level, status, reason, author;
	struct slice reason_ja;	  /* empty: the rule has no sentence */
	struct slice entity_json; /* {"user.name":"x", ...}: the subject's event fields */
	struct slice day;         /* local date */
	int64_t first_ns, last_ns, count;
	bool withdrawn, provisional;
	size_t n_events;
	uint8_t events[FINDING_EVENTS_MAX][16]; /* ids of the first ones, in order */
};
typedef void (*finding_row_fn)(void *ctx, const struct finding *f);
/* Findings whose `first` lies in [from, to) ns, worst level first, then by first, then id.
 * Withdrawn ones only with `withdrawn`. INT64_MIN and INT64_MAX: all. */
int ledger_findings(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, bool withdrawn,
		    finding_row_fn row, void *ctx, struct err *e);

/* Every review, entry and incident, by seq (core/review folds them). The body lives for the call. */
typedef int (*review_row_fn)(void *ctx, int64_t seq, int64_t ts_ns, struct slice body);
int ledger_read_reviews(struct ledger_reader *r, review_row_fn row, void *ctx, struct err *e);

/* Records of one type, by seq. */
int ledger_read_records(struct ledger_reader *r, const char *type, review_row_fn row, void *ctx,
			struct err *e);

/* Coverage of [from, to) in whole minutes (UTC seconds, multiples of 60). */
struct coverage {
	int64_t minutes, missed_minutes;
	int64_t rejected_lines, lost_bytes, gaps, duplicates; /* gaps and lost_bytes: of logs */
	struct losses losses; /* of captures, by reason */
};
int ledger_coverage(struct ledger_reader *r, int64_t from, int64_t to, struct coverage *out, struct err *e);
/* The same, and which minutes were missed: unseen[i] is 1 for minute i of (to - from) / 60. */
int ledger_unseen(struct ledger_reader *r, int64_t from, int64_t to, uint8_t *unseen, struct coverage *out,
		  struct err *e);
/* The same per input, and its state. */
struct input_state {
	struct slice name, path;
	int64_t events, rejected_lines, lost_bytes, gaps;
	struct losses losses;
	int64_t last_event_ns, last_heartbeat_ns;
	bool configured;
};
typedef void (*input_row_fn)(void *ctx, const struct input_state *s);
int ledger_inputs(struct ledger_reader *r, input_row_fn row, void *ctx, struct err *e);

/* What one input lost in [from, to) (UTC seconds), logs' gaps included. */
int ledger_losses(struct ledger_reader *r, const char *input, int64_t from, int64_t to, struct losses *out,
		  struct err *e);

/* Keys: registered ones, and fingerprints seen in events with first and last time and users. */
struct key_row {
	struct slice fingerprint, id, user, state, kind, owner, department, models, paths;
	int64_t issued_ns, from_ns, expires_ns, revoked_ns; /* as in struct key_entry */
	int64_t first_ns, last_ns, calls; /* 0: not seen */
	struct slice users;               /* comma-joined names seen with it */
};
typedef void (*key_row_fn)(void *ctx, const struct key_row *k);
/* Calls under a fingerprint that became another one count as that one's. */
int ledger_keys(struct ledger_reader *r, bool seen, key_row_fn row, void *ctx, struct err *e);
/* Those that were seen in [from, to) ns, with what they did then. */
int ledger_keys_seen(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, key_row_fn row, void *ctx,
		     struct err *e);
/* Does it hold a fingerprint? Then their key must not be made anew. `mark`: what it remembers of that key
 * (ledger_fingerprint_mark), empty where it knows nothing yet. */
int ledger_fingerprinted(struct ledger_reader *r, bool *yes, char mark[FINGERPRINT_TEXT + 1], struct err *e);

/* Every recorded call that began in [from, to) ns, as far as money is asked for, by recording order. Numbers:
 * -1 where the event has none. The strings live for the call. */
struct cost_row {
	struct slice user, department, function, provider, model, quality; /* empty: unknown */
	struct slice key, agent, protocol, server_name;
	int64_t status, stream, input_tokens, output_tokens, cost_pico;
	int64_t estimate_input, estimate_output, estimate_pico;
};
typedef void (*cost_row_fn)(void *ctx, const struct cost_row *c);
int ledger_cost_rows(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, cost_row_fn row, void *ctx,
		     struct err *e);

/* Every call that began in [from, to) ns, by recording order: when it began and ended, and its status (0: not
 * known). */
typedef void (*call_time_fn)(void *ctx, int64_t start_ns, int64_t end_ns, int64_t status);
int ledger_call_times(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, call_time_fn row, void *ctx,
		      struct err *e);

/* What a provider billed for a month ("2026-11"), as it was entered last. */
struct invoice {
	bool entered;
	int64_t pico_usd, at_ns;
	char reason[512], actor[128];
};
int ledger_invoice(struct ledger_reader *r, const char *month, struct invoice *out, struct err *e);

/* Erasures that are declared and not finished: segments, and one more where pages are still to be cleaned. */
int ledger_erasures_due(struct ledger_reader *r, int64_t *n, struct err *e);

/* Facts for status: last commit, sizes, number of transactions, open and closed days. */
struct ledger_facts {
	int64_t last_commit_ns, transactions, events, records, findings;
	int64_t last_seq; /* of the last row: with events that others stand in place of, and erased ones */
	int64_t first_event_ns, last_event_ns, page_bytes, schema;
	int64_t behind; /* records of the trail before the first one here; they were in another ledger */
	int64_t dictionary_overflow; /* parts and names that found no room in a dictionary */
};
int ledger_facts(struct ledger_reader *r, struct ledger_facts *out, struct err *e);
/* Recomputes the chain of transactions from the rows. TK_OK; TK_EMALFORMED with the first
 * transaction that does not agree. *n = transactions read. */
int ledger_verify(struct ledger_reader *r, int64_t *n, struct err *e);

#endif
