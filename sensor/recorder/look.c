/* Recorded days once more, in order, for who wants to see what rules say and changes nothing. */
#include "rules/eval.h"
#include "sensor/recorder/evaluation.h"

static void show(struct lane *lane, enum look_at at, int64_t start_ns)
{
	const struct usage *u = &lane->derive.usage;
	struct look l = { .at = at,
			  .run = lane->run,
			  .start_ns = start_ns,
			  .budget_pico = u->budget_pico,
			  .usual_night_micro = u->habit.night_micro };

	if (u->base != NULL) {
		l.base_day = u->base->day;
		l.base_calls = u->base->calls;
		l.yesterday_calls = u->base->yesterday_calls;
	}
	lane->looking->see(lane->looking->ctx, &l);
}

void look_at_event(struct lane *lane, const struct access_event *ev, const uint8_t id[16])
{
	struct looking *l = lane->looking;

	if (l == NULL || memcmp(id, l->id, 16) != 0)
		return;
	l->met = true;
	l->end_ns = ev_completion(ev);
	show(lane, LOOK_EVENT, ev_int(ev, F_TIMESTAMP, 0));
}

void look_at_own(struct lane *lane, enum own_service service, const struct hit_of *of)
{
	const struct looking *l = lane->looking;

	if (l == NULL || !l->met)
		return;
	if (service == OWN_DAY_CLOSE && lane->own.parts[P_WHO].known == 0) /* the site's: of nobody */
		show(lane, LOOK_DAY_CLOSE, of->start_ns);
	else if (service == OWN_MINUTE && l->end_ns >= of->start_ns &&
		 l->end_ns - of->start_ns < 60 * NS_PER_SEC)
		show(lane, LOOK_MINUTE, of->start_ns);
}

int evaluate_at(struct evaluate *v, int32_t day, const uint8_t id[16], int64_t now_ns, look_fn see, void *ctx,
		struct err *e)
{
	struct looking l = { .id = id, .see = see, .ctx = ctx };
	int rc = lane_open(&v->again, v, findings_new_day(v->ledger), e);

	v->now_ns = now_ns;
	if (rc == TK_OK) {
		v->again.looking = &l;
		rule_run_all(v->again.run);
		rc = day_in_order(v, day, e);
	}
	lane_close(&v->again);
	return rc == TK_OK && !l.met ? err_set(e, TK_ENOTFOUND, "the event is not among those of its day")
				     : rc;
}

/* ---- what other rules would have found ---- */

struct comparing {
	const struct evaluate *v;
	struct findings_difference *d;
};

/* A finding of a rule on the sensor cannot be made again. */
static bool asked(void *ctx, struct slice rule_id, bool now)
{
	const struct comparing *c = ctx;

	for (size_t i = 0; i < rule_set_count(c->v->set); i++)
		if (slice_is(rule_id, rule_set_info(c->v->set, i)->id))
			return !now || rule_set_asks(c->v->set, i, OWN_KEYS);
	return false;
}

static void more(void *ctx, const struct finding *f)
{
	const struct comparing *c = ctx;

	c->d->more(c->d->ctx, f);
}

static void less(void *ctx, int64_t id)
{
	const struct comparing *c = ctx;

	c->d->less(c->d->ctx, id);
}

int evaluate_days(struct evaluate *v, int32_t *first, int32_t *last, struct err *e)
{
	*first = v->first_day;
	*last = v->last_day;
	if (v->wants.keys && keys_range(v, first, last, e) != TK_OK)
		return e->code;
	return *first > *last ? TK_ENOTFOUND : TK_OK;
}

static int compare(struct evaluate *v, int32_t day, int64_t now_ns, struct findings_difference *d,
		   struct err *e)
{
	int rc = lane_open(&v->again, v, findings_new_day(v->ledger), e);

	v->now_ns = now_ns;
	if (rc == TK_OK && day >= v->first_day && day <= v->last_day)
		rc = day_in_order(v, day, e);
	if (rc == TK_OK && v->wants.keys)
		rc = keys_of_day(v, &v->again, day, e);
	if (rc == TK_OK)
		rc = findings_compare_day(v->again.findings, day, d, e);
	lane_close(&v->again);
	return rc;
}

int evaluate_compare(struct evaluate *v, int32_t day, int64_t now_ns, struct findings_difference *d,
		     struct err *e)
{
	struct comparing c = { v, d };
	struct findings_difference inner = { &c, asked, more, less, 0 };
	int rc = compare(v, day, now_ns, &inner, e);

	d->same += inner.same;
	return rc;
}

/* Against nothing that is recorded. */
static bool not_asked(void *ctx, struct slice rule_id, bool now)
{
	(void)ctx;
	(void)rule_id;
	(void)now;
	return false;
}

int evaluate_found(struct evaluate *v, int32_t day, int64_t now_ns,
		   void (*found)(void *ctx, const struct finding *f), void *ctx, struct err *e)
{
	struct findings_difference d = { ctx, not_asked, found, NULL, 0 };

	return compare(v, day, now_ns, &d, e);
}
