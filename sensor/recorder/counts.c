#include "sensor/recorder/counts.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "core/ledger/ledger.h"

bool day_counts_new(struct day_counts *d, bool response_times)
{
	d->users = malloc(LEDGER_LABELS * sizeof *d->users);
	d->top = LEDGER_LABELS;
	d->minutes = minutes_new(response_times);
	return d->users != NULL && d->minutes != NULL;
}

void day_counts_free(struct day_counts *d)
{
	free(d->users);
	minutes_free(d->minutes);
}

void day_counts_clear(struct day_counts *d, int32_t day)
{
	struct user_count none = { .first_minute = NO_MINUTE,
				   .last = { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN } };

	for (int64_t i = 0; i < d->top; i++)
		d->users[i] = none;
	minutes_clear(d->minutes);
	*d = (struct day_counts){ .day = day,
				  .start = zone_day_start(day),
				  .end = zone_day_start(day + 1),
				  .users = d->users,
				  .minutes = d->minutes,
				  .used = d->used };
}

struct user_count *day_counts_user(struct day_counts *d, int64_t user)
{
	if (user <= 1 || user >= LEDGER_LABELS)
		return NULL; /* unknown, or 'other' */
	if (user >= d->top)
		d->top = user + 1;
	return &d->users[user];
}

static bool successful(const struct access_event *ev)
{
	return outcome_of(ev_int(ev, F_STATUS, 0)) == OUT_SUCCESSFUL;
}

void day_counts_load(struct day_counts *d, int64_t user, const struct sums *s, bool night)
{
	struct user_count *u = day_counts_user(d, user);

	d->calls += s->calls;
	d->cost_pico = add_saturating(d->cost_pico, s->cost_pico);
	if (u == NULL)
		return;
	u->calls += (int32_t)s->calls;
	u->night_calls += night ? (int32_t)s->calls : 0;
	d->active_users += s->successful > 0 && !u->successful;
	u->successful |= s->successful > 0;
	if (u->calls > 1)
		for (int i = 0; i < HIT_LEVELS; i++)
			u->last[i] = INT64_MAX;
}

struct user_count *day_counts_add(struct day_counts *d, const struct access_event *ev, int64_t user,
				  bool night)
{
	struct user_count *u = day_counts_user(d, user);

	d->calls++;
	d->cost_pico = add_saturating(d->cost_pico, ev_int(ev, F_COST, 0));
	if (u == NULL)
		return NULL;
	u->calls++;
	u->night_calls += night;
	if (!u->successful && successful(ev)) {
		u->successful = true;
		d->active_users++;
	}
	return u;
}

bool day_counts_minute(struct day_counts *d, const struct access_event *ev, const uint8_t id[16],
		       struct user_count *u, bool own)
{
	enum outcome outcome = outcome_of(ev_int(ev, F_STATUS, 0));
	int64_t completion = ev_completion(ev), sec = completion / NS_PER_SEC - (completion % NS_PER_SEC < 0);
	struct minute_call c = { .at = (int32_t)((sec - d->start) / 60),
				 .own = own,
				 .error = outcome == OUT_ERROR || outcome == OUT_TIMEOUT ||
					  outcome == OUT_RESET,
				 .cost_pico = ev_int(ev, F_COST, 0),
				 .duration_ns = ev_int(ev, F_DURATION, -1),
				 .completion_ns = completion,
				 .id = id };
	bool late;

	if (c.duration_ns > CROSSING_NS)
		return false;
	late = minutes_add(d->minutes, &c);
	if (own && u != NULL && outcome == OUT_SUCCESSFUL && c.at < u->first_minute) {
		late |= minutes_move_user(d->minutes, u->first_minute, c.at);
		u->first_minute = c.at;
	}
	return late;
}

bool user_out_of_order(struct user_count *u, int fired, int64_t completion)
{
	int level = fired < HIT_LEVELS ? fired : HIT_LEVELS - 1;
	bool late = false;

	for (int i = 0; i < level; i++)
		late |= completion <= u->last[i];
	if (completion > u->last[level])
		u->last[level] = completion;
	return late || fired >= HIT_LEVELS;
}
