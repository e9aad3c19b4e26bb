#include "core/retention/holds.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "core/ledger/ledger.h"
#include "core/ledger/reader.h"
#include "core/review/incident.h"

static struct hold *hold_of(const struct holds *h, int64_t number)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->p[i].number == number)
			return &h->p[i];
	return NULL;
}

static bool place(struct holds *h, const struct journal_entry *e)
{
	struct hold *p = realloc(h->p, (h->n + 1) * sizeof *p);

	if (p == NULL)
		return false;
	h->p = p;
	p += h->n++;
	*p = (struct hold){ .number = journal_i64(e, "hold", 0),
			    .placed_ns = e->ts_ns,
			    .from_ns = journal_time(e, "from", INT64_MIN),
			    .to_ns = journal_time(e, "to", INT64_MAX),
			    .incident = journal_i64(e, "incident", 0),
			    .incident_from_ns = INT64_MIN,
			    .incident_to_ns = INT64_MAX,
			    .user = journal_get(e, "user"),
			    .reason = journal_get(e, "reason"),
			    .actor = e->actor,
			    .approved_by = journal_get(e, "approved_by") };
	return name_forms_of(&p->forms, p->user);
}

/* An incident's time is as it is told now: from its start to its restoration. */
static bool time_incidents(struct holds *h)
{
	struct incidents all;
	bool good = incidents_read(&h->people, &all);

	for (size_t i = 0; i < h->n && good; i++) {
		const struct incident *x = incident_find(&all, h->p[i].incident);

		if (h->p[i].incident == 0 || x == NULL)
			continue;
		h->p[i].incident_from_ns =
			x->time[INCIDENT_STARTED] != INT64_MIN ? x->time[INCIDENT_STARTED] : x->opened_ns;
		if (x->time[INCIDENT_RESTORED] != INT64_MIN)
			h->p[i].incident_to_ns = x->time[INCIDENT_RESTORED];
	}
	incidents_free(&all);
	return good;
}

static int fold(struct holds *h, struct err *e)
{
	bool good = true;

	for (size_t i = 0; i < h->journal.n && good; i++) {
		const struct journal_entry *x = h->journal.p[i];
		struct hold *of = hold_of(h, journal_i64(x, "hold", 0));

		if (slice_is(x->action, "hold.place"))
			good = place(h, x);
		if (slice_is(x->action, "hold.release") && of != NULL) {
			of->released_ns = x->ts_ns;
			of->released_by = journal_get(x, "approved_by");
		}
	}
	return good && time_incidents(h) ? TK_OK : err_set(e, TK_ENOMEM, "no memory for the legal holds");
}

static int take(void *ctx, int64_t seq, int64_t ts_ns, struct slice body)
{
	struct err e;
	int rc = journal_add(ctx, seq, ts_ns, body, &e);

	return rc == TK_EMALFORMED ? TK_OK : rc;
}

int holds_load(struct holds *h, struct ledger *l, struct err *e)
{
	int rc;

	*h = (struct holds){ 0 };
	rc = ledger_records_after(l, "hold", 0, take, &h->journal, e);
	if (rc == TK_OK)
		rc = journal_load(&h->people, l, e);
	return rc == TK_OK ? fold(h, e) : rc;
}

int holds_read(struct holds *h, struct ledger_reader *r, struct err *e)
{
	int rc;

	*h = (struct holds){ 0 };
	rc = ledger_read_records(r, "hold", take, &h->journal, e);
	if (rc == TK_OK)
		rc = journal_read(&h->people, r, e);
	return rc == TK_OK ? fold(h, e) : rc;
}

void holds_free(struct holds *h)
{
	for (size_t i = 0; i < h->n; i++)
		name_forms_free(&h->p[i].forms);
	free(h->p);
	journal_free(&h->journal);
	journal_free(&h->people);
	*h = (struct holds){ 0 };
}

size_t holds_in_force(const struct holds *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->p[i].released_ns == 0;
	return n;
}

/* People's records have their numbers as text. */
static bool of_incident(struct slice line, int64_t incident)
{
	struct slice text;
	int64_t n;

	return (record_number(line, "incident", &n) ||
		(record_string(line, "incident", &text) && scalar_number(text, &n))) &&
	       n == incident;
}

static bool covers(const struct hold *h, struct slice line, const struct record *r)
{
	int64_t from, to;

	if (h->user.n > 0 && !line_names(line, &h->forms))
		return false;
	line_time(line, r, &from, &to);
	if (to < h->from_ns || from >= h->to_ns)
		return false;
	return h->incident == 0 || (to >= h->incident_from_ns && from <= h->incident_to_ns) ||
	       of_incident(line, h->incident);
}

int64_t holds_cover(const struct holds *h, struct slice line, const struct record *r)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->p[i].released_ns == 0 && covers(&h->p[i], line, r))
			return h->p[i].number;
	return 0;
}

int64_t hold_next(const struct holds *h)
{
	int64_t number = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->p[i].number > number)
			number = h->p[i].number;
	return number + 1;
}

static const char *place_refusal(const struct holds *h, const struct journal_entry *next)
{
	int64_t from = journal_time(next, "from", INT64_MIN), to = journal_time(next, "to", INT64_MAX);
	int64_t incident = journal_i64(next, "incident", 0);
	struct incidents all;
	bool known;

	if ((journal_get(next, "from").n > 0 && from == INT64_MIN) ||
	    (journal_get(next, "to").n > 0 && to == INT64_MAX))
		return "not a time";
	if (from >= to)
		return "the hold's time ends before it begins";
	if (journal_get(next, "user").n == 0 && incident == 0 && from == INT64_MIN && to == INT64_MAX)
		return "say what is held: a user, a time or an incident";
	if (journal_get(next, "incident").n == 0)
		return NULL;
	known = incidents_read(&h->people, &all) && incident_find(&all, incident) != NULL;
	incidents_free(&all);
	return known ? NULL : "there is no incident of that number";
}

const char *hold_refusal(const struct holds *h, const struct journal_entry *next)
{
	const struct hold *of = hold_of(h, journal_i64(next, "hold", 0));

	if (journal_get(next, "reason").n == 0 || journal_get(next, "approved_by").n == 0)
		return "a hold is placed and released with a reason and by somebody who approves it";
	if (slice_is(next->action, "hold.place"))
		return place_refusal(h, next);
	return of == NULL	      ? "there is no hold of that number"
	       : of->released_ns != 0 ? "it is released already"
				      : NULL;
}
