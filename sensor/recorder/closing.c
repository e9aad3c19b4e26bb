/* Closing a day: where the live result may be wrong it is evaluated once more, in order, from the ledger. */
#include <stdio.h>

#include "sensor/recorder/evaluation.h"

/* A day is closed this long after its end: an LLM stream of that length is logged when it ends. */
#define GRACE_NS (15 * 60 * NS_PER_SEC)

/* One way through recorded events, in order. */
struct replay {
	struct evaluate *v;
	struct lane *lane;
	struct day_counts *d;
	const uint8_t *skip; /* id of an event that is not meant */
	struct err *e;
};

/* Correlations see it, and what they say of it now is no news. */
static int remind(struct replay *r, const struct access_event *ev, const uint8_t id[16], int64_t user)
{
	struct hit_of of = { ev, id, 0, ev_int(ev, F_TIMESTAMP, 0), ev_completion(ev), false, 0 };
	const uint16_t *hits;
	size_t n;
	int rc = TK_OK;

	if (r->v->wants.memory_ns == 0)
		return TK_OK;
	of.day = zone_day_of(seconds_of_ns(of.start_ns));
	r->lane->derive.usage =
		(struct usage){ .habit.new_hour = -1, .interval_cv_micro = r->lane->interval_cv_micro };
	if (r->v->past != NULL && of.day < r->d->day) {
		struct day_counts *d = past_of(r->v, of.day);

		rc = set_usage(r->v, r->lane, ev, d, day_counts_user(d, user), user, r->e);
	}
	if (rc != TK_OK)
		return rc;
	rule_run_id(r->lane->run, id);
	n = rule_run_event(r->lane->run, ev, &hits);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		of.hit = i;
		rc = hits_remind(r->v, r->lane, hits[i], &of, r->e);
	}
	return rc;
}

/* Before the event, what was over before it: days, and where correlations ask in which order, minutes. */
static int advance(struct replay *r, int64_t completion_sec)
{
	int32_t day = zone_day_of(completion_sec);
	struct day_counts *d = day < r->d->day ? past_of(r->v, day) : r->d;
	int rc = past_advance(r->v, r->lane, day < r->d->day ? day : r->d->day, r->e);

	if (rc != TK_OK || r->v->wants.minute_memory_ns == 0 || day > r->d->day)
		return rc;
	r->lane->reminding = d != r->d;
	rc = own_minutes(r->v, r->lane, d, (int32_t)((completion_sec - d->start) / 60), r->e);
	r->lane->reminding = false;
	return rc;
}

/* A call of a day before takes its part in that day's counts. */
static void count_past(struct replay *r, const struct access_event *ev, const uint8_t id[16], int64_t user)
{
	struct evaluate *v = r->v;
	int64_t sec = seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0));
	int32_t began = zone_day_of(sec), ended = zone_day_of(seconds_of_ns(ev_completion(ev)));
	struct user_count *u = NULL;

	if (began < r->d->day)
		u = day_counts_add(past_of(v, began), ev, user,
				   derive_night(enrich_calendar(v->enrich), sec));
	if (ended < r->d->day)
		day_counts_minute(past_of(v, ended), ev, id, began == ended ? u : NULL, began == ended);
}

/* An event before the day is there for what looks back on it; one of the day is evaluated. */
static int replay_event(void *ctx, const struct access_event *recorded)
{
	struct replay *r = ctx;
	struct part when;
	const struct access_event now = calendar_of_now(r->v, recorded, &when), *ev = &now;
	const uint8_t *id = ev_value(ev, F_EVENT_ID)->s.p;
	int64_t sec = seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0)), user = 0;
	bool own = day_holds(r->d, sec), again = false;
	struct user_count *u = NULL;
	struct prospects all;
	int rc;

	if ((rc = ledger_label(r->v->ledger, ev_str(ev, F_USER), &user, r->e)) != TK_OK)
		return rc;
	if (r->v->past != NULL && (rc = advance(r, seconds_of_ns(ev_completion(ev)))) != TK_OK)
		return rc;
	if (r->v->past != NULL && ev_is_call(ev))
		count_past(r, ev, id, user);
	if (own && ev_is_call(ev))
		u = day_counts_add(r->d, ev, user, derive_night(enrich_calendar(r->v->enrich), sec));
	if (ev_is_call(ev) && day_holds(r->d, seconds_of_ns(ev_completion(ev))))
		day_counts_minute(r->d, ev, id, u, own);
	if ((rc = look_back(r->v, r->lane, ev, id, r->d->day, NULL, &again, r->e)) != TK_OK)
		return rc;
	if (!own)
		return remind(r, ev, id, user);
	memset(&all, 0xff, sizeof all);
	if ((rc = match_event(r->v, r->lane, ev, id, &all, r->d, u, user, &again, r->e)) == TK_OK)
		look_at_event(r->lane, ev, id);
	return rc;
}

/* Events that began in [from, to) have a part in what is found on the day. What comes before one of its
 * events by completion may have begun earlier still, or on the next day. */
static void look_around(const struct evaluate *v, const struct day_counts *d, int64_t *from, int64_t *to)
{
	int64_t back = v->wants.travel ? TRAVEL_NS : v->wants.pace ? PACE_NS : 0;

	back = v->wants.memory_ns > back ? v->wants.memory_ns : back;

	*from = d->start * NS_PER_SEC - back;
	if (v->wants.past && back > 0) /* of whole days: they have running counts */
		*from = zone_day_start(past_first(v, d->day)) * NS_PER_SEC;
	*from -= back > 0 || v->wants.minute ? CROSSING_NS : 0;
	*to = d->end * NS_PER_SEC + (back > 0 ? CROSSING_NS : 0);
}

int replay_day(struct evaluate *v, struct lane *lane, struct day_counts *d, struct err *e)
{
	struct replay r = { .v = v, .lane = lane, .d = d, .e = e };
	int64_t from, to;
	int rc;

	look_around(v, d, &from, &to);
	past_begin(v, d);
	rc = ledger_events_in_order(v->ledger, from, to, replay_event, &r, e);
	return rc == TK_OK ? past_advance(v, lane, d->day, e) : rc; /* where nobody called on it */
}

/* Counts alone: the running ones have come from the counters, and what was found is found. */
static int warm_event(void *ctx, const struct access_event *ev)
{
	struct replay *r = ctx;
	const uint8_t *id = ev_value(ev, F_EVENT_ID)->s.p;
	bool own = day_holds(r->d, seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0))), again = false;
	int64_t user;
	int rc;

	if (memcmp(id, r->skip, 16) == 0)
		return TK_OK;
	if ((rc = ledger_label(r->v->ledger, ev_str(ev, F_USER), &user, r->e)) != TK_OK)
		return rc;
	if (r->v->past != NULL && ev_is_call(ev))
		count_past(r, ev, id, user);
	if ((rc = remind(r, ev, id, user)) != TK_OK || !ev_is_call(ev))
		return rc;
	if (day_holds(r->d, seconds_of_ns(ev_completion(ev))))
		day_counts_minute(r->d, ev, id, own ? day_counts_user(r->d, user) : NULL, own);
	return r->lane->travel == NULL && r->lane->pace == NULL
		       ? TK_OK
		       : look_back(r->v, r->lane, ev, id, r->d->day, NULL, &again, r->e);
}

int day_warm(struct evaluate *v, struct day_counts *d, const struct access_event *ev, const uint8_t id[16],
	     struct err *e)
{
	struct replay r = { .v = v, .lane = &v->live, .d = d, .skip = id, .e = e };
	struct minute over;
	int64_t from, to;
	int rc;

	v->warm = true;
	if (!v->wants.minute && !v->wants.travel && !v->wants.pace && v->wants.memory_ns == 0)
		return TK_OK;
	look_around(v, d, &from, &to);
	past_begin(v, d);
	rc = ledger_events_in_order(v->ledger, from, to, warm_event, &r, e);
	d->watched = rc == TK_OK;
	while (minutes_next(d->minutes,
			    (int32_t)((seconds_of_ns(ev_completion(ev)) - d->start) / 60) - SETTLED, &over))
		; /* these were evaluated */
	return rc;
}

int day_in_order(struct evaluate *v, int32_t day, struct err *e)
{
	int rc;

	day_counts_clear(&v->replay, day);
	rc = replay_day(v, &v->again, &v->replay, e);
	if (rc == TK_OK)
		rc = own_minutes(v, &v->again, &v->replay, MINUTES_MAX, e);
	return rc == TK_OK ? own_day_close(v, &v->again, day, e) : rc;
}

static int evaluate_again(struct evaluate *v, int32_t day, struct err *e)
{
	int rc = lane_open(&v->again, v, findings_new_day(v->ledger), e);

	if (rc == TK_OK)
		rc = day_in_order(v, day, e);
	if (rc == TK_OK)
		rc = findings_replace_day(v->again.findings, day, v->now_ns, e);
	lane_close(&v->again);
	findings_forget(v->live.findings); /* what it held of the day is history */
	return rc;
}

static int settle_day(struct evaluate *v, int32_t day, enum day_state state, bool was_closed, struct err *e)
{
	bool again = state == DAY_DIRTY || (state == DAY_REPRICED && rule_set_needs_cost(v->set));
	int rc = evaluate_flush(v, v->now_ns, e);

	if (rc == TK_OK && again && (rc = evaluate_again(v, day, e)) == TK_ELIMIT) {
		fprintf(stderr, "tochoku: %s; the findings of that day stay as they were made\n", e->text);
		again = false;
		rc = TK_OK;
	}
	return rc == TK_OK && !again && !was_closed ? own_day_close(v, &v->live, day, e) : rc;
}

int evaluate_close_day(struct evaluate *v, int64_t now_ns, bool *closed, struct err *e)
{
	int32_t today = zone_day_of((now_ns - GRACE_NS) / NS_PER_SEC), day;
	enum day_state state;
	bool was_closed, told;
	int rc = days_finish_before(v, today, e);

	v->now_ns = now_ns;
	if (rc == TK_OK)
		rc = calendar_days_check(v, e);
	if (rc == TK_OK)
		rc = ledger_day_next(v->ledger, today, &day, &state, &was_closed, e);
	*closed = rc == TK_OK;
	if (rc == TK_ENOTFOUND)
		return TK_OK;
	if (rc == TK_OK)
		rc = calendar_day_met(v, day, e);
	if (rc == TK_OK && state != DAY_UNTOLD)
		rc = settle_day(v, day, state, was_closed, e);
	/* A finding is told as one of a closed day. */
	if (rc == TK_OK)
		rc = ledger_day_closed(v->ledger, day, now_ns, false, e);
	if (rc == TK_OK)
		rc = findings_tell_day(v->ledger, day, now_ns, &told, e);
	return rc == TK_OK && told ? ledger_day_closed(v->ledger, day, now_ns, true, e) : rc;
}
