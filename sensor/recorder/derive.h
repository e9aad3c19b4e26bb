/* The derived fields of the event at hand (rules/derived.def). */
#ifndef TK_SENSOR_RECORDER_DERIVE_H
#define TK_SENSOR_RECORDER_DERIVE_H

#include "rules/rules.h"
#include "sensor/recorder/counts.h"
#include "sensor/recorder/enrich.h"
#include "sensor/recorder/habits.h"
#include "sensor/recorder/memory.h"
#include "sensor/recorder/travel.h"

/* Running counts that the event at hand is part of; 0: not known. */
struct usage {
	int64_t user_calls, night_calls;
	int64_t day_calls, day_cost_pico, day_users;
	int64_t budget_pico;
	struct habit habit;
	int64_t interval_cv_micro;   /* -1: not known */
	const struct baseline *base; /* NULL: not asked for */
};

/* Fields of an event of our own: those from D_OWN_CALLS on. */
#define OWN_FIELDS (D_COUNT - D_OWN_CALLS)

struct derive {
	struct enrich *enrich;
	struct usage usage;
	const struct recall *recall;		  /* NULL: not asked for */
	const struct leg *leg;			  /* NULL: no earlier place is known */
	const struct cfg_range *ranges;		  /* by class of day */
	const struct derived *own;		  /* [OWN_FIELDS]; NULL: the event is no event of our own */
	char date[12], prefix[ADDR_TEXT_MAX + 8],
		client[ADDR_TEXT_MAX]; /* of the event at hand: each field has its own room */
};

/* A derive_fn; ctx is a struct derive. */
void derive_field(void *ctx, const struct access_event *ev, enum derived_id id, struct derived *out);
/* day, evening or night at an instant (calendar.md 3); "": between shifts. */
const char *derive_shift(struct calendar *c, int64_t utc_sec);
static inline bool derive_night(struct calendar *c, int64_t utc_sec)
{
	return derive_shift(c, utc_sec)[0] == 'n';
}
/* 100 n / of, in millionths; none where `of` is not above 0. */
struct derived derive_percent(int64_t n, int64_t of);
struct derived derive_usd(int64_t pico);
static inline struct derived derive_int(int64_t i)
{
	return (struct derived){ .kind = DV_INT, .i = i };
}

#endif
