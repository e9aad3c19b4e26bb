/* Running counts of a local day, by user and of the site, and its minutes. One thread. */
#ifndef TK_SENSOR_RECORDER_COUNTS_H
#define TK_SENSOR_RECORDER_COUNTS_H

#include "core/event/event.h"
#include "core/ledger/sums.h"
#include "sensor/recorder/minutes.h"

#define HIT_LEVELS 4
/* A call that lasted longer is in no minute: so the day before says all about those that reach into a day. */
#define CROSSING_NS (INT64_C(2) * 3600 * 1000000000)

/* An order-dependent rule fires from some call of the day on. Which call that is depends on the order only
 * where one that fires does not come after all those that fired fewer rules: so their latest completion is
 * kept. */
struct user_count {
	int32_t calls, night_calls;
	int32_t first_minute; /* with the end of a successful call; NO_MINUTE: none */
	bool successful;
	/* latest completion of the calls that fired 0, 1, ... order-dependent rules */
	int64_t last[HIT_LEVELS];
};

/* What the day is compared with: the last earlier day of its class with calls, and the day before. */
struct baseline {
	bool known;			/* it was looked up */
	int32_t day;			/* of the class; INT32_MIN: none, or the site still learns */
	int64_t calls, yesterday_calls; /* 0: none */
};

struct day_counts {
	int32_t day;
	int64_t start, end; /* UTC seconds */
	bool loaded;
	bool fine;    /* what was found live is what an evaluation in order finds */
	bool watched; /* all calls that ended on it are in its minutes: they can be evaluated live */
	bool told;    /* days that look back on it are marked */
	uint64_t used;
	int64_t calls, cost_pico, active_users;
	struct baseline base;
	int64_t top;		  /* behind the highest user of whom something is counted */
	struct user_count *users; /* by label */
	struct minutes *minutes;
};

bool day_counts_new(struct day_counts *d, bool response_times); /* false: no memory */
void day_counts_free(struct day_counts *d);
void day_counts_clear(struct day_counts *d, int32_t day);
/* NULL: nobody, or `other`. */
struct user_count *day_counts_user(struct day_counts *d, int64_t user);
/* One more call of the user (a label) that began on the day. */
struct user_count *day_counts_add(struct day_counts *d, const struct access_event *ev, int64_t user,
				  bool night);
/* Calls of the user that are recorded already, in whatever order they came. */
void day_counts_load(struct day_counts *d, int64_t user, const struct sums *s, bool night);
/* A call that ended on the day; `u` where it began on it too. True: its minute had been handed out. */
bool day_counts_minute(struct day_counts *d, const struct access_event *ev, const uint8_t id[16],
		       struct user_count *u, bool own);
/* Notes how many order-dependent rules the call fired. True: it may have fired them out of order. */
bool user_out_of_order(struct user_count *u, int fired, int64_t completion);

#endif
