#include "core/review/incident.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/zone.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define FIRST_NOTICE_DAYS 5 /* APPI rules art. 8: "about three to five days" */

const struct incident_field_info incident_fields[INCIDENT_FIELDS] = {
#define FIELD(id, name, kind, doc) [INCIDENT_##id] = { name, kind, doc },
#include "core/review/incident_fields.def"
#undef FIELD
};

static bool is_incident(const struct journal_entry *e)
{
	return slice_starts(e->action, SLICE("incident."));
}

static void take_fields(struct incident *i, const struct journal_entry *e)
{
	for (int f = 0; f < INCIDENT_FIELDS; f++) {
		struct slice v = journal_get(e, incident_fields[f].name);

		if (v.n == 0)
			continue;
		i->field[f] = v;
		if (incident_fields[f].kind == FIELD_TIME)
			i->time[f] = journal_time(e, incident_fields[f].name, INT64_MIN);
	}
}

static struct incident *place(struct incidents *out, int64_t number)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i].number == number)
			return &out->p[i];
	return NULL;
}

static void take_incident(struct incidents *out, const struct journal_entry *e)
{
	int64_t number = journal_i64(e, "incident", 0);
	struct incident *i = place(out, number);

	if (slice_is(e->action, "incident.open")) {
		i = &out->p[out->n++];
		*i = (struct incident){ .number = number, .opened_ns = e->ts_ns, .opened_by = e->actor };
		for (int f = 0; f < INCIDENT_FIELDS; f++)
			i->time[f] = INT64_MIN;
	} else if (i == NULL) {
		return;
	} else {
		i->changes++;
	}
	take_fields(i, e);
	i->closed = slice_is(e->action, "incident.close") ||
		    (i->closed && !slice_is(e->action, "incident.reopen"));
}

static void take_window(struct incidents *out, const struct journal_entry *e)
{
	int64_t number = journal_i64(e, "window", 0);
	struct window *w = &out->window[out->n_windows];

	if (slice_is(e->action, "incident.cancel")) {
		for (size_t i = 0; i < out->n_windows; i++)
			if (out->window[i].number == number) {
				out->window[i].cancelled = true;
				out->window[i].planned = false;
			}
		return;
	}
	*w = (struct window){ .number = number,
			      .from_ns = journal_time(e, "from", 0),
			      .to_ns = journal_time(e, "to", 0),
			      .announced_ns = e->ts_ns,
			      .title = journal_get(e, "title"),
			      .accounts = journal_get(e, "accounts") };
	w->planned = w->from_ns - w->announced_ns >= WINDOW_NOTICE_NS;
	out->n_windows++;
}

bool incidents_read(const struct journal *j, struct incidents *out)
{
	*out = (struct incidents){ .p = calloc(j->n + 1, sizeof *out->p),
				   .window = calloc(j->n + 1, sizeof *out->window) };
	if (out->p == NULL || out->window == NULL) {
		incidents_free(out);
		return false;
	}
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = j->p[i];

		if (!is_incident(e))
			continue;
		if (slice_is(e->action, "incident.window") || slice_is(e->action, "incident.cancel"))
			take_window(out, e);
		else
			take_incident(out, e);
	}
	return true;
}

void incidents_free(struct incidents *i)
{
	free(i->p);
	free(i->window);
	*i = (struct incidents){ 0 };
}

const struct incident *incident_find(const struct incidents *i, int64_t number)
{
	for (size_t k = 0; k < i->n; k++)
		if (i->p[k].number == number)
			return &i->p[k];
	return NULL;
}

int64_t incident_next(const struct journal *j, const char *name)
{
	int64_t last = 0;

	for (size_t i = 0; i < j->n; i++)
		if (is_incident(j->p[i]) && journal_i64(j->p[i], name, 0) > last)
			last = journal_i64(j->p[i], name, 0);
	return last + 1;
}

/* ---- what may be said ---- */

static bool one_of(struct slice text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_is(text, *words))
			return true;
	return false;
}

static const char *value_refusal(enum incident_kind kind, struct slice v)
{
	static const char *const severities[] = { "critical", "major", "moderate", "minor", NULL };
	static const char *const types[] = { "outage", "security", NULL };
	static const char *const leaks[] = { "no", "yes", "wrongful", NULL };
	int64_t n;

	switch (kind) {
	case FIELD_TEXT:
		return NULL;
	case FIELD_TIME:
		return time_parse_rfc3339(v, false, &n) ? NULL
							: "a time is written 2026-11-23T09:00:00+09:00";
	case FIELD_NUMBER:
		return json_i64(v, &n) && n >= 0 ? NULL : "a number is from 0 on";
	case FIELD_SEVERITY:
		return one_of(v, severities) ? NULL : "a severity is critical, major, moderate or minor";
	case FIELD_TYPE:
		return one_of(v, types) ? NULL : "a type is outage or security";
	case FIELD_IMPACT:
		return json_i64(v, &n) && n >= 0 && n <= 5 ? NULL : "a safety impact is 0 to 5";
	case FIELD_LEAK:
		return one_of(v, leaks) ? NULL : "personal_data is no, yes or wrongful";
	}
	return NULL;
}

/* The order in which things happen: what is said last counts. */
static const char *order_refusal(const struct incident *i)
{
	static const enum incident_field later[] = { INCIDENT_DETECTED, INCIDENT_RESPONDED, INCIDENT_RESTORED,
						     INCIDENT_COMPLETED };

	for (size_t k = 0; k < COUNT(later); k++)
		if (i->time[later[k]] != INT64_MIN && i->time[INCIDENT_STARTED] != INT64_MIN &&
		    i->time[later[k]] < i->time[INCIDENT_STARTED])
			return "nothing happens to an incident before it started";
	return NULL;
}

/* A time or figure that was said before is changed with a reason only. */
static bool changes(const struct incident *i, const struct journal_entry *next)
{
	for (int f = 0; f < INCIDENT_FIELDS; f++) {
		struct slice v = journal_get(next, incident_fields[f].name);

		if (incident_fields[f].kind == FIELD_TIME && v.n > 0 && i->field[f].n > 0 &&
		    !slice_eq(v, i->field[f]))
			return true;
	}
	return false;
}

static const char *step_refusal(const struct incidents *all, const struct journal_entry *next)
{
	const struct incident *i = incident_find(all, journal_i64(next, "incident", 0));
	bool reopens = slice_is(next->action, "incident.reopen");
	struct incident will;

	if (i == NULL)
		return "there is no incident of that number";
	if (i->closed != reopens)
		return reopens ? "the incident is open" : "the incident is closed: reopen it first";
	if ((reopens || changes(i, next)) && journal_get(next, "reason").n == 0)
		return "this needs a reason";
	will = *i;
	take_fields(&will, next);
	if (slice_is(next->action, "incident.close") && will.time[INCIDENT_RESTORED] == INT64_MIN)
		return "an incident is closed when it tells when the service was restored";
	return order_refusal(&will);
}

static const char *open_refusal(const struct journal_entry *next)
{
	struct incident i = { 0 };

	for (int f = 0; f < INCIDENT_FIELDS; f++)
		i.time[f] = INT64_MIN;
	take_fields(&i, next);
	if (i.field[INCIDENT_TITLE].n == 0 || i.time[INCIDENT_STARTED] == INT64_MIN)
		return "an incident needs a title and the time at which it started";
	return order_refusal(&i);
}

static const char *window_refusal(const struct incidents *all, const struct journal_entry *next)
{
	int64_t number = journal_i64(next, "window", 0);

	if (slice_is(next->action, "incident.window"))
		return journal_time(next, "from", INT64_MAX) >= journal_time(next, "to", INT64_MIN) ||
				       journal_get(next, "title").n == 0
			       ? "a window needs a title, its beginning and a later end"
			       : NULL;
	for (size_t i = 0; i < all->n_windows; i++)
		if (all->window[i].number == number)
			return all->window[i].cancelled ? "the window is cancelled already" : NULL;
	return "there is no window of that number";
}

const char *incident_refusal(const struct journal *j, const struct journal_entry *next)
{
	struct incidents all;
	const char *why = NULL;

	for (int f = 0; f < INCIDENT_FIELDS && why == NULL; f++) {
		struct slice v = journal_get(next, incident_fields[f].name);

		why = v.n > 0 ? value_refusal(incident_fields[f].kind, v) : NULL;
	}
	if (why != NULL)
		return why;
	if (!incidents_read(j, &all))
		return "no memory";
	if (slice_is(next->action, "incident.open"))
		why = open_refusal(next);
	else if (slice_is(next->action, "incident.window") || slice_is(next->action, "incident.cancel"))
		why = window_refusal(&all, next);
	else
		why = step_refusal(&all, next);
	incidents_free(&all);
	return why;
}

/* ---- figures ---- */

bool incident_leak(const struct incident *i, int64_t *first_notice, int64_t *full_report)
{
	bool wrongful = slice_is(i->field[INCIDENT_LEAK], "wrongful");
	int64_t known = i->time[INCIDENT_DETECTED] != INT64_MIN ? i->time[INCIDENT_DETECTED] : i->opened_ns;

	if (!wrongful && !slice_is(i->field[INCIDENT_LEAK], "yes"))
		return false;
	*first_notice = known + FIRST_NOTICE_DAYS * DAY_NS;
	*full_report = known + (wrongful ? 60 : 30) * DAY_NS;
	return true;
}

static int by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void mean_since_start(const struct incident *i, enum incident_field f, __int128 *sum, int64_t *n)
{
	if (i->time[f] == INT64_MIN)
		return;
	*sum += i->time[f] - i->time[INCIDENT_STARTED];
	++*n;
}

bool incident_times(const struct incidents *all, int64_t from, int64_t to, struct incident_times *out)
{
	int64_t *length = calloc(all->n + 1, sizeof *length), n_detect = 0, n_respond = 0;
	__int128 sum = 0, detect = 0, respond = 0;

	*out = (struct incident_times){
		.mttr = -1, .median = -1, .max = -1, .mean_detect = -1, .mean_respond = -1
	};
	if (length == NULL)
		return false;
	for (size_t k = 0; k < all->n; k++) {
		const struct incident *i = &all->p[k];
		int64_t start = i->time[INCIDENT_STARTED], end = i->time[INCIDENT_RESTORED];

		if (start < to && (end == INT64_MIN || end >= to))
			out->open++;
		if (end == INT64_MIN || end < from || end >= to)
			continue;
		length[out->n++] = end - start;
		sum += end - start;
		mean_since_start(i, INCIDENT_DETECTED, &detect, &n_detect);
		mean_since_start(i, INCIDENT_RESPONDED, &respond, &n_respond);
	}
	if (out->n > 0) {
		qsort(length, (size_t)out->n, sizeof *length, by_length);
		out->mttr = (int64_t)(sum / out->n);
		out->max = length[out->n - 1];
		out->median = (length[(out->n - 1) / 2] + length[out->n / 2]) / 2;
	}
	if (n_detect > 0)
		out->mean_detect = (int64_t)(detect / n_detect);
	if (n_respond > 0)
		out->mean_respond = (int64_t)(respond / n_respond);
	free(length);
	return true;
}
