/* What the files of evaluate.h share: one evaluation under way. Nobody else includes this. */
#ifndef TK_SENSOR_RECORDER_EVALUATION_H
#define TK_SENSOR_RECORDER_EVALUATION_H

#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/ledger/findings.h"
#include "sensor/recorder/counts.h"
#include "sensor/recorder/derive.h"
#include "sensor/recorder/evaluate.h"
#include "sensor/recorder/pace.h"
#include "sensor/recorder/habits.h"

#define DAYS 4		/* local days whose running counts are held */
#define SETTLED 2	/* minutes behind the latest end of a call nothing more is expected for a minute */
#define TOTALS 512	/* days whose sum is; a power of two */
#define LEARN_SITE 14	/* days before the site's days are compared */
#define LOOK_BACK 60	/* days that a comparison goes back at most */
#define BREAK_DAYS 3	/* so many closed days in a row are a break */
#define BREAKS_BACK 366 /* days that a comparison of breaks goes back */

/* What the rules at hand look at. */
struct wants {
	int64_t memory_ns; /* of correlations; of those on minutes, and on the close of days */
	int64_t minute_memory_ns, close_memory_ns;
	bool past; /* they need the days before as they were (past.c) */
	bool minute, day_close, sensor, keys, base, site_on_call, night_calls, habits, recall, travel, pace,
		times, usual, breaks;
};

/* One way through events: as they come, or a day's once more in order. */
struct lane {
	struct rule_run *run;
	struct derive derive;
	struct findings *findings;
	struct travel *travel;	   /* NULL: no rule asks */
	struct pace *pace;	   /* as travel */
	int64_t interval_cv_micro; /* of the event at hand; -1: not known */
	struct map *suppressed;	   /* subject -> completion that a finding, or an episode, of it began with */
	struct recall recall;	   /* of the event at hand */
	struct leg leg;
	struct flat_event own;	 /* the event of our own at hand */
	bool reminding;		 /* events of our own are of days before: no news */
	struct looking *looking; /* NULL: nobody looks on; else hits are nobody's */
};

/* At what of one call somebody looks. */
struct looking {
	const uint8_t *id;
	look_fn see;
	void *ctx;
	bool met;
	int64_t end_ns; /* of it, when it was met */
};

#define USUAL_DAYS 14
struct usual_hour {
	int32_t day;
	bool known;
	int64_t ms; /* -1: nothing is usual yet */
};

struct total {
	int32_t day;
	bool known;
	int64_t calls;
};

struct evaluate {
	const struct config *cfg;
	struct ledger *ledger;
	struct enrich *enrich;
	struct rule_set *set;
	size_t rule_errors;
	struct wants wants;
	struct lane live, again;
	struct memory *memory;
	struct habits *habits;		      /* NULL: no rule asks */
	struct day_counts days[DAYS], replay; /* replay: of the day that is evaluated again */
	struct total totals[TOTALS];
	int32_t first_day, last_day; /* that calls are counted of; that was met */
	struct usual_hour usual[24];
	struct past *past; /* NULL: no correlation asks */
	uint64_t clock;
	bool borrowed; /* the set */
	bool calendar_checked;
	struct buf key, subject, entity, reason;
	int64_t now_ns, late_events;
	struct notices *notices; /* notices.c */
	struct disk_notice disk;
	bool warm; /* today's live state was made anew from the ledger, or was there from its begin */
};

static inline int64_t seconds_of_ns(int64_t ns)
{
	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

/* ---- lane.c ---- */
int lane_open(struct lane *lane, struct evaluate *v, struct findings *findings, struct err *e);
void lane_close(struct lane *lane); /* legal on a zeroed one */

/* ---- hits.c ---- */
/* A rule matched `ev`, of the local day. id: of the call that shows it; NULL: none does. *late: hits of the
 * subject came out of order. */
struct hit_of {
	const struct access_event *ev;
	const uint8_t *id;
	int32_t day;
	int64_t start_ns, completion_ns;
	bool now;   /* no event of the day brought it, so the day is no place to ask for it again */
	size_t hit; /* its number among those of the event that rules ran on */
};
int hits_add(struct evaluate *v, struct lane *lane, uint16_t rule, const struct hit_of *of, bool *late,
	     struct err *e);

/* A hit that is a finding already: when its episode began is remembered. */
int hits_remind(struct evaluate *v, struct lane *lane, uint16_t rule, const struct hit_of *of, struct err *e);

/* ---- evaluate.c ---- */
/* What the calls before say of this one; rows: of a new call, which is remembered, NULL: of a recorded one.
 * *late: it does not come in order, and that matters to the days around it. */
int look_back(struct evaluate *v, struct lane *lane, const struct access_event *ev, const uint8_t id[16],
	      int32_t day, const int64_t *rows, bool *late, struct err *e);
/* The running counts and habits that the event has a part in. */
int set_usage(struct evaluate *v, struct lane *lane, const struct access_event *ev, struct day_counts *d,
	      const struct user_count *u, int64_t user, struct err *e);
/* The rules on one event, behind look_back; a call is counted already. *again: the day wants evaluating in
 * order. */
int match_event(struct evaluate *v, struct lane *lane, const struct access_event *ev, const uint8_t id[16],
		const struct prospects *may, struct day_counts *d, struct user_count *u, int64_t user,
		bool *again, struct err *e);
/* The day holding the instant. */
static inline bool day_holds(const struct day_counts *d, int64_t sec)
{
	return sec >= d->start && sec < d->end;
}

/* ---- days.c ---- */
/* The day's counts. *loaded: they were loaded, so what is recorded already is in them. */
int day_of(struct evaluate *v, int32_t day, struct day_counts **out, bool *loaded, struct err *e);
/* The live result of the day is what it will be, or is not; it is let go. */
int day_finish(struct evaluate *v, struct day_counts *d, struct err *e);
/* Calls that began on the day. */
int day_total(struct evaluate *v, int32_t day, int64_t *calls, struct err *e);
int day_baseline(struct evaluate *v, int32_t day, struct baseline *out, struct err *e);
int64_t day_budget(const struct evaluate *v, int32_t day); /* pico-USD; 0: none */
/* Days that look back on this one want evaluating again; not those that are held, which look for themselves.
 */
int days_mark_later(struct evaluate *v, int32_t day, struct err *e);

/* Recorded events of the day became others: it is let go, and it and what looks at it want evaluating again.
 */
int day_changed(struct evaluate *v, int32_t day, struct err *e);
/* These want evaluating again. */
int days_disturb(struct evaluate *v, int32_t from, int32_t to, struct err *e);
/* Finishes those that are held and lie before `today`. */
int days_finish_before(struct evaluate *v, int32_t today, struct err *e);

/* ---- calendar_days.c ---- */
/* The day was met, or is evaluated: what the calendar says of it is kept. */
int calendar_day_met(struct evaluate *v, int32_t day, struct err *e);
/* Once for each calendar: days of which it says something else than was kept want evaluating again. */
int calendar_days_check(struct evaluate *v, struct err *e);
/* The event with what the calendar says of it now, in `when`; lives as long as both. */
struct access_event calendar_of_now(struct evaluate *v, const struct access_event *ev, struct part *when);

/* ---- look.c ---- */
/* Somebody may want to see it: what the lane's rules were just asked at. */
void look_at_event(struct lane *lane, const struct access_event *ev, const uint8_t id[16]);
void look_at_own(struct lane *lane, enum own_service service, const struct hit_of *of);

/* ---- past.c ---- */
struct past *past_new(const struct evaluate *v); /* NULL: no memory */
void past_free(struct past *p);
/* The first day that has a part in what correlations find on the day. */
int32_t past_first(const struct evaluate *v, int32_t day);
/* Before `d` is evaluated again. */
void past_begin(struct evaluate *v, const struct day_counts *d);
/* The counts of a day before; where somebody asks. */
struct day_counts *past_of(struct evaluate *v, int32_t day);
/* Days before this one are over: their minutes, and their closes. */
int past_advance(struct evaluate *v, struct lane *lane, int32_t day, struct err *e);

/* ---- usual.c ---- */
/* What the hour's 95th percentile of response times is before the day; -1: not known. */
int usual_p95(struct evaluate *v, int32_t day, int hour, int64_t *ms, struct err *e);
void usual_forget(struct evaluate *v); /* a day before has other calls now */

/* ---- closing.c ---- */
/* The whole day once more, by v->again, which is open. */
int day_in_order(struct evaluate *v, int32_t day, struct err *e);
/* The recorded events that the day's result depends on, in order; they are counted and evaluated. */
int replay_day(struct evaluate *v, struct lane *lane, struct day_counts *d, struct err *e);

/* After a start in the middle of the day: what the calls before `ev` left is made anew from the ledger. */
int day_warm(struct evaluate *v, struct day_counts *d, const struct access_event *ev, const uint8_t id[16],
	     struct err *e);

/* ---- notices.c: events of our own that the clock and people bring ---- */
struct notices *notices_new(const struct rule_set *set); /* NULL: no memory */
void notices_free(struct notices *n);
/* A rule on the sensor holds: is that news? It is when it did not before, and once an hour. */
bool notices_due(struct notices *n, uint16_t rule, int64_t now_ns);

/* Changes of keys that were made on the day, whether they were told already or not. */
int keys_range(struct evaluate *v, int32_t *first, int32_t *last,
	       struct err *e); /* widened to those with any */
int keys_of_day(struct evaluate *v, struct lane *lane, int32_t day, struct err *e);

/* ---- own.c: events of our own ---- */
/* Evaluates the day's minutes before `end`. */
int own_minutes(struct evaluate *v, struct lane *lane, struct day_counts *d, int32_t end, struct err *e);
int own_run(struct evaluate *v, struct lane *lane, enum own_service service, const struct hit_of *of,
	    const struct derived *own, struct err *e);
/* The event is of that instant: what the calendar says of it for the site. */
void own_instant(struct evaluate *v, struct lane *lane, int32_t day, int64_t sec);
/* own_scopes.c: what each department and each user called on a day, of its counters as they are read. */
struct shares *shares_new(void); /* NULL: no memory */
void shares_free(struct shares *s);
void shares_take(struct shares *s, const struct event_names *of, const struct sums *sums);
/* The close of the day of each of them, behind the site's, by name. `usage` is the site's, with its base. */
int own_day_close_scopes(struct evaluate *v, struct lane *lane, const struct hit_of *of,
			 const struct usage *usage, struct shares *shares, struct err *e);
int own_day_close(struct evaluate *v, struct lane *lane, int32_t day, struct err *e);

#endif
