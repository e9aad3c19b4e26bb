/* Events of our own that no day's events decide: the state of the sensor, looked at once a minute, and
 * changes to the register of keys, read from the trail, so that none is missed that was made while nothing
 * ran. */
#include <stdlib.h>

#include "core/base/json.h"
#include "rules/calendar/periods.h"
#include "sensor/recorder/evaluation.h"

#define MINUTE_NS (60 * NS_PER_SEC)
#define HOUR_NS (60 * MINUTE_NS)
#define OWN(field) own[(field)-D_OWN_CALLS]
#define TEXT_MAX 512

struct told {
	int64_t held_ns, told_ns; /* when the rule last held; when that last became a hit */
};

struct notices {
	int64_t looked_ns;
	struct told *told; /* by rule */
};

struct notices *notices_new(const struct rule_set *set)
{
	struct notices *n = calloc(1, sizeof *n);

	if (n == NULL || (n->told = calloc(rule_set_count(set) + 1, sizeof *n->told)) == NULL) {
		free(n);
		return NULL;
	}
	return n;
}

void notices_free(struct notices *n)
{
	if (n != NULL)
		free(n->told);
	free(n);
}

bool notices_due(struct notices *n, uint16_t rule, int64_t now_ns)
{
	struct told *t = &n->told[rule];
	bool due = t->held_ns < now_ns - 2 * MINUTE_NS || t->told_ns <= now_ns - HOUR_NS;

	t->held_ns = now_ns;
	if (due)
		t->told_ns = now_ns;
	return due;
}

static struct hit_of hit_now(struct evaluate *v, struct lane *lane, int64_t ns)
{
	int32_t day = zone_day_of(seconds_of_ns(ns));

	own_instant(v, lane, day, seconds_of_ns(ns));
	lane->derive.usage = (struct usage){ .habit.new_hour = -1, .interval_cv_micro = -1 };
	return (struct hit_of){
		.ev = &lane->own.ev, .day = day, .start_ns = ns, .completion_ns = ns, .now = true
	};
}

/* ---- the sensor ---- */

struct clock_seen {
	int64_t seq; /* of the last record of the clock */
	bool back;
};

static void add_calls(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s)
{
	(void)bucket;
	(void)of;
	*(int64_t *)ctx += s->calls;
}

/* Are the rules others than those that were last in force? Not at the first start: then there were none. */
static int rules_changed(struct evaluate *v, bool *changed, struct err *e)
{
	int64_t now, before;
	int rc;

	memcpy(&now, rule_set_digest(v->set), sizeof now);
	if ((rc = ledger_number(v->ledger, "rules_digest", 0, &before, e)) != TK_OK)
		return rc;
	*changed = before != 0 && before != now;
	return before == now ? TK_OK : ledger_set_number(v->ledger, "rules_digest", now, e);
}

/* clock records: {"action":"set","step_ms":N} */
static int note_step(void *ctx, int64_t seq, int64_t ts_ns, struct slice body)
{
	struct clock_seen *c = ctx;
	struct json j;

	(void)ts_ns;
	c->seq = seq;
	json_init(&j, body);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return TK_OK;
	while (json_next(&j) == JSON_KEY) {
		bool step = slice_is(j.text, "step_ms");

		if (!step && !json_skip(&j))
			break;
		if (step)
			c->back |= json_next(&j) == JSON_NUMBER && j.text.n > 0 && j.text.p[0] == '-';
	}
	return TK_OK;
}

static int record_wrong(struct evaluate *v, const char **wrong, struct err *e)
{
	struct clock_seen c = { 0 };
	bool whole = true;
	int64_t told;
	int rc = ledger_ends_as_written(v->ledger, &whole, e);

	if (rc == TK_OK)
		rc = ledger_number(v->ledger, "clock_told", 0, &told, e);
	if (rc == TK_OK)
		rc = ledger_records_after(v->ledger, "clock", told, note_step, &c, e);
	if (rc == TK_OK && c.seq > told)
		rc = ledger_set_number(v->ledger, "clock_told", c.seq, e);
	*wrong = !whole ? "chain" : c.back ? "clock" : NULL;
	return rc;
}

static void set_disk(struct disk_notice *d, struct derived own[OWN_FIELDS])
{
	if (d->state != NULL) {
		OWN(D_OWN_DISK_STATE) = (struct derived){ .kind = DV_STR, .s = slice_str(d->state) };
		OWN(D_OWN_DISK_FREE) = derive_int(d->free_bytes >> 20);
		OWN(D_OWN_DISK_CALLS) = derive_int(d->not_recorded);
	}
	if (d->aside != NULL)
		OWN(D_OWN_ASIDE) = (struct derived){ .kind = DV_STR, .s = slice_str(d->aside) };
	d->aside = NULL;
}

static int look_at_sensor(struct evaluate *v, struct err *e)
{
	int64_t now = v->now_ns, hour_ago = seconds_of_ns(now) - 3600, calls = 0, left;
	struct derived own[OWN_FIELDS] = { 0 };
	struct watch_state w = { 0 };
	struct hit_of of;
	const char *wrong = NULL;
	bool changed = false;
	int rc = ledger_watch_state(v->ledger, hour_ago / 60, &w, e);

	if (rc == TK_OK)
		rc = ledger_counted(v->ledger, hour_ago - hour_ago % 900, seconds_of_ns(now) + 900, add_calls,
				    &calls, e);
	if (rc == TK_OK)
		rc = rules_changed(v, &changed, e);
	if (rc == TK_OK)
		rc = record_wrong(v, &wrong, e);
	if (rc != TK_OK)
		return rc;
	of = hit_now(v, &v->live, now);
	if (w.last_call_ns > 0)
		OWN(D_OWN_SILENCE) =
			derive_int(w.last_call_ns > now ? 0 : (now - w.last_call_ns) / MINUTE_NS);
	if (w.behind_ns > 0)
		OWN(D_OWN_LAG) = derive_int(w.behind_ns > now ? 0 : (now - w.behind_ns) / MINUTE_NS);
	OWN(D_OWN_LOSS_PCT) = derive_percent(w.lost, add_saturating(w.lost, calls));
	OWN(D_OWN_LATE) = derive_int(v->late_events);
	OWN(D_OWN_EVICTED) = derive_int(add_saturating(memory_dropped(v->memory),
						       (int64_t)rule_run_counts(v->live.run).evicted));
	if (enrich_prices_left(v->enrich, now, &left))
		OWN(D_OWN_PRICES_LEFT) = derive_int(left);
	if (holidays_left(enrich_calendar(v->enrich), of.day, &left))
		OWN(D_OWN_HOLIDAYS_LEFT) = derive_int(left);
	if (wrong != NULL)
		OWN(D_OWN_RECORD) = (struct derived){ .kind = DV_STR, .s = slice_str(wrong) };
	set_disk(&v->disk, own);
	if (changed)
		OWN(D_OWN_CHANGE) = (struct derived){ .kind = DV_STR, .s = SLICE("rules") };
	return own_run(v, &v->live, OWN_SENSOR, &of, own, e);
}

/* ---- changes to the register of keys ---- */

struct key_change {
	int64_t seq, ts_ns;
	char action[TEXT_MAX], actor[TEXT_MAX], key[TEXT_MAX], user[TEXT_MAX];
};

struct key_changes {
	struct key_change *list;
	size_t n;
};

static char *member_of(struct key_change *c, struct slice key)
{
	return slice_is(key, "action")		 ? c->action
	       : slice_is(key, "actor")		 ? c->actor
	       : slice_is(key, "tochoku.key.id") ? c->key
	       : slice_is(key, "user.name")	 ? c->user
						 : NULL;
}

/* Copied first: a hit writes, and the statement reads what it writes to. */
static int note_change(void *ctx, int64_t seq, int64_t ts_ns, struct slice body)
{
	struct key_changes *all = ctx;
	struct key_change *more = realloc(all->list, (all->n + 1) * sizeof *more), *c;
	struct json j;

	if (more == NULL)
		return TK_ENOMEM;
	all->list = more;
	c = &more[all->n++];
	*c = (struct key_change){ .seq = seq, .ts_ns = ts_ns };
	json_init(&j, body);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return TK_OK;
	while (json_next(&j) == JSON_KEY) {
		char *at = member_of(c, j.text);
		size_t n;

		if (at == NULL) {
			if (!json_skip(&j))
				break;
		} else if (json_next(&j) == JSON_STRING && j.text.n < TEXT_MAX) {
			n = json_unescape(j.text, (uint8_t *)at);
			at[n == SIZE_MAX ? 0 : n] = '\0';
		}
	}
	return TK_OK;
}

static void set_text(struct derived *out, const char *text)
{
	if (text[0] != '\0')
		*out = (struct derived){ .kind = DV_STR, .s = slice_str(text) };
}

static int tell_change(struct evaluate *v, struct lane *lane, const struct key_change *c, struct err *e)
{
	struct derived own[OWN_FIELDS] = { 0 };
	struct hit_of of = hit_now(v, lane, c->ts_ns);
	int rc;

	set_text(&OWN(D_OWN_ACTION), c->action);
	set_text(&OWN(D_OWN_ACTOR), c->actor);
	if (c->key[0] != '\0')
		ev_set_str(&lane->own.ev, F_KEY_ID, slice_str(c->key));
	if (c->user[0] != '\0')
		ev_set_str(&lane->own.ev, F_USER, slice_str(c->user));
	rc = own_run(v, lane, OWN_KEYS, &of, own, e);
	lane->own.parts[P_WHO].known = 0;
	return rc;
}

static int look_at_keys(struct evaluate *v, struct err *e)
{
	struct key_changes all = { 0 };
	int64_t told;
	int rc = ledger_number(v->ledger, "keys_told", 0, &told, e);

	if (rc == TK_OK)
		rc = ledger_records_after(v->ledger, "key", told, note_change, &all, e);
	for (size_t i = 0; i < all.n && rc == TK_OK; i++) {
		rc = tell_change(v, &v->live, &all.list[i], e);
		if (rc == TK_OK)
			rc = ledger_set_number(v->ledger, "keys_told", all.list[i].seq, e);
	}
	free(all.list);
	return rc == TK_ENOMEM ? err_set(e, rc, "no memory for changes of keys") : rc;
}

int keys_range(struct evaluate *v, int32_t *first, int32_t *last, struct err *e)
{
	struct key_changes all = { 0 };
	int rc = ledger_records_after(v->ledger, "key", 0, note_change, &all, e);

	for (size_t i = 0; i < all.n; i++) {
		int32_t day = zone_day_of(seconds_of_ns(all.list[i].ts_ns));

		*first = day < *first ? day : *first;
		*last = day > *last ? day : *last;
	}
	free(all.list);
	return rc == TK_ENOMEM ? err_set(e, rc, "no memory for changes of keys") : rc;
}

int keys_of_day(struct evaluate *v, struct lane *lane, int32_t day, struct err *e)
{
	struct key_changes all = { 0 };
	int rc = ledger_records_after(v->ledger, "key", 0, note_change, &all, e);

	for (size_t i = 0; i < all.n && rc == TK_OK; i++)
		if (zone_day_of(seconds_of_ns(all.list[i].ts_ns)) == day)
			rc = tell_change(v, lane, &all.list[i], e);
	free(all.list);
	return rc == TK_ENOMEM ? err_set(e, rc, "no memory for changes of keys") : rc;
}

void evaluate_disk(struct evaluate *v, const struct disk_notice *d)
{
	v->disk = *d;
}

int evaluate_notices_now(struct evaluate *v, int64_t now_ns, struct err *e)
{
	v->notices->looked_ns = INT64_MIN / 2;
	return evaluate_notices(v, now_ns, e);
}

int evaluate_notices(struct evaluate *v, int64_t now_ns, struct err *e)
{
	int rc = TK_OK;

	if (now_ns - v->notices->looked_ns < MINUTE_NS && now_ns >= v->notices->looked_ns)
		return TK_OK;
	v->notices->looked_ns = v->now_ns = now_ns;
	if (v->wants.keys)
		rc = look_at_keys(v, e);
	return rc == TK_OK ? look_at_sensor(v, e) : rc;
}
