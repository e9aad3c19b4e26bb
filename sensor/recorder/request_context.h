/* A request, read, and what its function works with. Private to the door (request.c and the files beside it
 * that have requests). */
#ifndef TK_SENSOR_RECORDER_REQUEST_CONTEXT_H
#define TK_SENSOR_RECORDER_REQUEST_CONTEXT_H

#include "core/base/json.h"
#include "core/config/config.h"
#include "core/ledger/ledger.h"
#include "core/review/journal.h"
#include "sensor/recorder/request.h"

#define MEMBERS_MAX 40
#define LIST_MAX (REQUEST_KEYS_MAX * KEY_TEXTS)

/* Flat members, and the strings of one array. */
struct request {
	struct journal_member member[MEMBERS_MAX]; /* value: text of a string (undone) or number */
	size_t n;
	struct slice list[LIST_MAX];
	size_t n_list;
	size_t used, cap;
	uint8_t text[]; /* as long as the request: undone escapes are shorter */
};

struct context {
	struct ledger *l;
	const struct config *cfg;
	const struct request *r;
	struct slice actor;
	int64_t now_ns;
	struct json_out *reply;
	struct err *e;
	struct request_next next;
	const char *refusal; /* set: the reply says no */
	int64_t count;
};

static inline struct slice member(const struct request *r, const char *key)
{
	for (size_t i = 0; i < r->n; i++)
		if (slice_is(r->member[i].key, key))
			return r->member[i].value;
	return slice_of(NULL, 0);
}

/* sensor/recorder/review.c */
int do_finding(struct context *c);
int do_duty(struct context *c);
int do_fact(struct context *c);
int do_incident(struct context *c);
/* sensor/recorder/erase_request.c */
int do_erase(struct context *c);
int do_carry_out(struct context *c);
int do_hold(struct context *c);

/* sensor/recorder/receipt.c */
int do_trail_receipt(struct context *c);

#endif
