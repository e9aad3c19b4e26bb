#include "sensor/recorder/evaluate.h"

#include <stdio.h>
#include <stdlib.h>

#include "sensor/recorder/evaluation.h"

static void report_problems(void *ctx, const struct problems *p)
{
	(void)ctx;
	problems_print(p);
}

static int load_rules(struct evaluate *v, const struct config *cfg, struct err *e)
{
	char *shipped = cfg->n_rule_paths > 0 ? NULL : rules_shipped_path();
	const char *const *paths = cfg->n_rule_paths > 0 ? cfg->rule_paths : (const char *const *)&shipped;
	size_t n = cfg->n_rule_paths > 0 ? cfg->n_rule_paths : shipped != NULL;

	if (n == 0)
		fprintf(stderr, "tochoku: the shipped rules were not found; set rules.paths\n");
	v->set = rule_set_load(paths, n, cfg, report_problems, NULL, &v->rule_errors);
	free(shipped);
	return v->set == NULL ? err_set(e, TK_ENOMEM, "no memory for rules") : TK_OK;
}

/* ---- what the rules look at ---- */

static bool any_needs(const struct rule_set *s, bool (*needs)(const struct rule_set *s, enum derived_id d),
		      enum derived_id from, enum derived_id to)
{
	for (enum derived_id d = from; d <= to; d++)
		if (needs(s, d))
			return true;
	return false;
}

static struct wants find_wants(const struct rule_set *s)
{
	int64_t minutes = rule_set_memory_own(s, OWN_MINUTE) * 1000;
	int64_t closes = rule_set_memory_own(s, OWN_DAY_CLOSE) * 1000;

	return (struct wants){
		.memory_ns = rule_set_memory(s) * 1000,
		.minute_memory_ns = minutes,
		.close_memory_ns = closes,
		.past = minutes > 0 || closes > 0 ||
			rule_set_parts_need(s, D_USER_DAY_CALLS, D_USER_NIGHT_PCT) ||
			rule_set_parts_need(s, D_SITE_DAY_CALLS, D_SITE_DAY_USERS) ||
			rule_set_parts_need(s, D_FIRST_USER_HOUR, D_FIRST_USER_HOUR),
		.minute = rule_set_has_own(s, OWN_MINUTE),
		.day_close = rule_set_has_own(s, OWN_DAY_CLOSE),
		.sensor = rule_set_has_own(s, OWN_SENSOR),
		.keys = rule_set_has_own(s, OWN_KEYS),
		.base = any_needs(s, rule_set_needs_own, D_SITE_DAY_PREV_PCT, D_SITE_DAY_YESTERDAY_PCT) ||
			any_needs(s, rule_set_needs, D_SITE_DAY_PREV_PCT, D_SITE_DAY_YESTERDAY_PCT),
		.site_on_call = any_needs(s, rule_set_needs, D_SITE_DAY_CALLS, D_SITE_DAY_USERS),
		.night_calls = any_needs(s, rule_set_needs, D_USER_NIGHT_CALLS, D_USER_NIGHT_PCT),
		.habits = rule_set_needs(s, D_USER_NIGHT_PCT) || rule_set_needs(s, D_FIRST_USER_HOUR),
		.recall = any_needs(s, rule_set_needs, D_KEY_IDLE_DAYS, D_FIRST_USER_MODEL),
		.pace = rule_set_needs(s, D_INTERVAL_CV),
		.travel = any_needs(s, rule_set_needs, D_GEO_DISTANCE, D_GEO_SPEED),
		.times = any_needs(s, rule_set_needs_own, D_OWN_P95_MS, D_OWN_P95_USUAL_PCT),
		.usual = any_needs(s, rule_set_needs_own, D_OWN_P95_USUAL_MS, D_OWN_P95_USUAL_PCT),
		.breaks = any_needs(s, rule_set_needs_own, D_OWN_BREAK_FINDINGS, D_OWN_BREAK_PCT),
	};
}

/* ---- life ---- */

static int disturb(void *ctx, int32_t day, struct err *e)
{
	return days_disturb(ctx, day, day, e);
}

static int open_all(struct evaluate *v, struct err *e)
{
	bool good = day_counts_new(&v->replay, v->wants.times);
	int rc;

	for (int i = 0; i < DAYS && good; i++)
		good = day_counts_new(&v->days[i], v->wants.times);
	if (good && v->wants.past)
		good = (v->past = past_new(v)) != NULL;
	if (good && v->wants.habits)
		good = (v->habits = habits_new(v->ledger)) != NULL;
	if (!good)
		return err_set(e, TK_ENOMEM, "no memory for rules");
	if ((v->notices = notices_new(v->set)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for rules");
	rc = ledger_day_range(v->ledger, &v->first_day, &v->last_day, e);
	if (rc == TK_ENOTFOUND) {
		v->first_day = INT32_MAX;
		v->last_day = INT32_MIN;
		rc = TK_OK;
	}
	if (rc == TK_OK && (v->memory = memory_new(v->ledger, v->set, disturb, v, e)) == NULL)
		rc = e->code;
	return rc == TK_OK ? lane_open(&v->live, v, findings_new(v->ledger), e) : rc;
}

static struct evaluate *make(const struct config *cfg, struct ledger *l, struct enrich *en, struct err *e)
{
	struct evaluate *v = calloc(1, sizeof *v);

	if (v == NULL) {
		err_set(e, TK_ENOMEM, "no memory for rules");
		return NULL;
	}
	v->cfg = cfg;
	v->ledger = l;
	v->enrich = en;
	buf_init(&v->key, 16384);
	buf_init(&v->subject, 16384);
	buf_init(&v->entity, 65536);
	buf_init(&v->reason, 4096);
	return v;
}

static struct evaluate *begin(struct evaluate *v, struct err *e)
{
	v->wants = find_wants(v->set);
	if (open_all(v, e) == TK_OK)
		return v;
	evaluate_free(v);
	return NULL;
}

struct evaluate *evaluate_new(const struct config *cfg, struct ledger *l, struct enrich *en, struct err *e)
{
	struct evaluate *v = make(cfg, l, en, e);

	if (v == NULL || load_rules(v, cfg, e) == TK_OK)
		return v == NULL ? NULL : begin(v, e);
	evaluate_free(v);
	return NULL;
}

struct evaluate *evaluate_look(const struct config *cfg, struct ledger *l, struct enrich *en,
			       struct rule_set *set, struct err *e)
{
	struct evaluate *v = make(cfg, l, en, e);

	if (v == NULL)
		return NULL;
	v->set = set;
	v->borrowed = true;
	return begin(v, e);
}

void evaluate_free(struct evaluate *v)
{
	if (v == NULL)
		return;
	for (int i = 0; i < DAYS; i++)
		day_counts_free(&v->days[i]);
	day_counts_free(&v->replay);
	past_free(v->past);
	lane_close(&v->live);
	notices_free(v->notices);
	memory_free(v->memory);
	habits_free(v->habits);
	if (!v->borrowed)
		rule_set_free(v->set);
	buf_free(&v->key);
	buf_free(&v->subject);
	buf_free(&v->entity);
	buf_free(&v->reason);
	free(v);
}

size_t evaluate_rule_errors(const struct evaluate *v)
{
	return v->rule_errors;
}

void evaluate_use(struct evaluate *v, struct enrich *en)
{
	v->enrich = v->live.derive.enrich = en;
	v->calendar_checked = false;
}

/* ---- events ---- */

int look_back(struct evaluate *v, struct lane *lane, const struct access_event *ev, const uint8_t id[16],
	      int32_t day, const int64_t *rows, bool *late, struct err *e)
{
	int rc = TK_OK;

	lane->derive.leg = NULL;
	lane->derive.recall = NULL;
	lane->interval_cv_micro = -1;
	if (!ev_is_call(ev))
		return TK_OK;
	if (lane->travel != NULL && travel_add(lane->travel, ev, id, &lane->leg, late))
		lane->derive.leg = &lane->leg;
	if (lane->pace != NULL)
		lane->interval_cv_micro = pace_add(lane->pace, ev, late);
	if (rows != NULL)
		return memory_event(v->memory, ev, day, rows, &lane->derive.recall, e);
	if (v->wants.recall) {
		rc = memory_recall(v->memory, ev, day, &lane->recall, e);
		lane->derive.recall = &lane->recall;
	}
	return rc;
}

static int hour_of(const struct access_event *ev)
{
	int32_t day, second;

	zone_wall(seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0)), &day, &second);
	return second / 3600;
}

int set_usage(struct evaluate *v, struct lane *lane, const struct access_event *ev, struct day_counts *d,
	      const struct user_count *u, int64_t user, struct err *e)
{
	struct usage *usage = &lane->derive.usage;
	int rc = TK_OK;

	*usage = (struct usage){ .day_calls = d->calls,
				 .day_cost_pico = d->cost_pico,
				 .day_users = d->active_users };
	if (u != NULL) {
		usage->user_calls = u->calls;
		usage->night_calls = u->night_calls;
	}
	if (v->wants.site_on_call) {
		usage->budget_pico = day_budget(v, d->day);
		if (v->wants.base && !d->base.known)
			rc = day_baseline(v, d->day, &d->base, e);
		usage->base = d->base.known ? &d->base : NULL;
	}
	usage->habit.new_hour = -1;
	usage->interval_cv_micro = lane->interval_cv_micro;
	return rc == TK_OK && v->habits != NULL ? habits_of(v->habits, enrich_calendar(v->enrich), d->day,
							    user, hour_of(ev), &usage->habit, e)
						: rc;
}

int match_event(struct evaluate *v, struct lane *lane, const struct access_event *ev, const uint8_t id[16],
		const struct prospects *may, struct day_counts *d, struct user_count *u, int64_t user,
		bool *again, struct err *e)
{
	struct hit_of of = { ev, id, d->day, ev_int(ev, F_TIMESTAMP, 0), ev_completion(ev), false, 0 };
	const uint16_t *hits;
	int stateful = 0, rc = set_usage(v, lane, ev, d, u, user, e);
	size_t n;

	if (rc != TK_OK)
		return rc;
	rule_run_id(lane->run, id);
	n = rule_run_some(lane->run, ev, may, &hits);
	if (lane == &v->live && rule_run_late(lane->run))
		rc = days_disturb(v, d->day - 1, d->day + 1, e);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		const struct rule_info *info = rule_set_info(v->set, hits[i]);

		stateful += info->stateful && !info->correlation; /* these know when they are late */
		of.hit = i;
		rc = hits_add(v, lane, hits[i], &of, again, e);
	}
	if (u != NULL)
		*again |= user_out_of_order(u, stateful, of.completion_ns) && stateful > 0;
	else
		*again |= stateful > 0;
	return rc;
}

void evaluate_part(struct evaluate *v, const struct access_event *ev, enum part_id part,
		   struct prospects *out)
{
	rule_run_prospects(v->live.run, ev, part, out);
}

/* A call's end may lie on another day than its begin: it belongs to that one's minutes. */
static int take_minute(struct evaluate *v, const struct access_event *ev, const uint8_t id[16],
		       struct day_counts *d, struct user_count *u, struct err *e)
{
	int64_t sec = seconds_of_ns(ev_completion(ev));
	bool own = day_holds(d, sec), loaded;
	int rc = TK_OK;

	if (!own && ev_completion(ev) - ev_int(ev, F_TIMESTAMP, 0) > CROSSING_NS)
		return TK_OK;
	if (!own)
		rc = day_of(v, zone_day_of(sec), &d, &loaded, e);
	if (rc != TK_OK || !d->watched)
		return rc;
	if (day_counts_minute(d, ev, id, own ? u : NULL, own)) {
		d->fine = false;
		v->late_events++;
	}
	return own_minutes(v, &v->live, d, (int32_t)((sec - d->start) / 60) - SETTLED, e);
}

/* A day is evaluated again only where the live result may differ from the ordered one. The site's running
 * counts at a call know no such test, nor do correlations on minutes and closes: with a rule on them, always.
 */
int evaluate_event(struct evaluate *v, const struct access_event *ev, const uint8_t id[16],
		   const struct prospects *may, const int64_t rows[P_COUNT], int64_t user, int64_t now_ns,
		   struct err *e)
{
	int64_t sec = seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0));
	struct day_counts *d = NULL;
	struct user_count *u = NULL;
	bool again = v->wants.site_on_call || v->wants.minute_memory_ns > 0 || v->wants.close_memory_ns > 0,
	     late = false, loaded;
	int rc;

	v->now_ns = now_ns;
	if ((rc = day_of(v, zone_day_of(sec), &d, &loaded, e)) != TK_OK)
		return rc;
	if (loaded && !v->warm && d->end > now_ns / NS_PER_SEC && (rc = day_warm(v, d, ev, id, e)) != TK_OK)
		return rc;
	if (ev_is_call(ev))
		u = loaded ? day_counts_user(d, user)
			   : day_counts_add(d, ev, user,
					    v->wants.night_calls &&
						    derive_night(enrich_calendar(v->enrich), sec));
	rc = look_back(v, &v->live, ev, id, d->day, rows, &late, e);
	if (rc == TK_OK && late)
		rc = days_disturb(v, d->day - 1, d->day + 1, e);
	if (rc == TK_OK)
		rc = match_event(v, &v->live, ev, id, may, d, u, user, &again, e);
	d->fine &= !again;
	if (rc == TK_OK && v->wants.minute && ev_is_call(ev))
		rc = take_minute(v, ev, id, d, u, e);
	return rc;
}

int evaluate_time(struct evaluate *v, int64_t now_ns, struct err *e)
{
	int rc = TK_OK;

	v->now_ns = now_ns;
	for (int i = 0; i < DAYS && rc == TK_OK; i++) {
		struct day_counts *d = &v->days[i];
		int64_t minute = (now_ns / NS_PER_SEC - d->start) / 60 - SETTLED;

		if (d->loaded && d->watched && minute > 0)
			rc = own_minutes(v, &v->live, d, minute < MINUTES_MAX ? (int32_t)minute : MINUTES_MAX,
					 e);
	}
	return rc;
}

int evaluate_moved(struct evaluate *v, const struct access_event *old, const struct access_event *ev,
		   const int64_t rows[P_COUNT], struct err *e)
{
	int32_t from = zone_day_of(seconds_of_ns(ev_int(old, F_TIMESTAMP, 0)));
	int32_t to = zone_day_of(seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0)));
	const struct recall *met;
	int rc = day_changed(v, from, e);

	if (rc == TK_OK)
		rc = day_changed(v, to, e);
	return rc == TK_OK ? memory_event(v->memory, ev, to, rows, &met, e) : rc;
}

int evaluate_flush(struct evaluate *v, int64_t now_ns, struct err *e)
{
	int rc = memory_flush(v->memory, e);

	return rc == TK_OK ? findings_flush(v->live.findings, now_ns, e) : rc;
}
