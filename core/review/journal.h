/* The records that people wrote, in order: reviews, entries, incidents. Folding them gives every state. */
#ifndef TK_REVIEW_JOURNAL_H
#define TK_REVIEW_JOURNAL_H

#include "core/base/err.h"
#include "core/base/slice.h"

struct ledger;
struct ledger_reader;

struct journal_member {
	struct slice key, value; /* text of a string, or a number as written */
};
struct journal_entry {
	int64_t seq, ts_ns; /* UTC, of recording */
	struct slice action, actor;
	size_t n;
	struct journal_member *member;
};
struct journal {
	struct journal_entry **p; /* ascending seq */
	size_t n, cap;
};

/* From the writer's ledger, or a reader's. What is no flat object is passed over. Free in any case. */
int journal_load(struct journal *j, struct ledger *l, struct err *e);
int journal_read(struct journal *j, struct ledger_reader *r, struct err *e);
/* Adds one record (a JSON object); the bytes are copied. TK_EMALFORMED: not one that people write. */
int journal_add(struct journal *j, int64_t seq, int64_t ts_ns, struct slice body, struct err *e);
void journal_free(struct journal *j); /* legal on a zeroed struct */

/* Empty where there is no such member. */
struct slice journal_get(const struct journal_entry *e, const char *key);
/* A whole number; `otherwise` where there is none. */
int64_t journal_i64(const struct journal_entry *e, const char *key, int64_t otherwise);
/* An RFC 3339 time as ns; `otherwise` where there is none. */
int64_t journal_time(const struct journal_entry *e, const char *key, int64_t otherwise);

#endif
