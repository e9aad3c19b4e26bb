/* The days before the one that is evaluated again, for correlations that reach over midnight: what their
 * minutes, their closes and the running counts of their calls were. Nothing of it is found once more. */
#include <stdlib.h>

#include "sensor/recorder/evaluation.h"

/* A call that began on one day may end on the next: two days are counted at a time. */
struct past {
	struct day_counts day[2];
	int32_t at; /* days before it are over */
};

struct past *past_new(const struct evaluate *v)
{
	struct past *p = calloc(1, sizeof *p);

	if (p != NULL && day_counts_new(&p->day[0], v->wants.times) &&
	    day_counts_new(&p->day[1], v->wants.times))
		return p;
	past_free(p);
	return NULL;
}

void past_free(struct past *p)
{
	if (p == NULL)
		return;
	day_counts_free(&p->day[0]);
	day_counts_free(&p->day[1]);
	free(p);
}

void past_begin(struct evaluate *v, const struct day_counts *d)
{
	if (v->past == NULL)
		return;
	v->past->at = past_first(v, d->day);
	v->past->day[0].loaded = v->past->day[1].loaded = false;
}

int32_t past_first(const struct evaluate *v, int32_t day)
{
	return zone_day_of(zone_day_start(day) - v->wants.memory_ns / NS_PER_SEC);
}

struct day_counts *past_of(struct evaluate *v, int32_t day)
{
	struct day_counts *d = &v->past->day[day & 1];

	if (!d->loaded || d->day != day)
		day_counts_clear(d, day);
	d->loaded = true;
	return d;
}

/* A quiet day has a close too, one that was never met has none. */
static int end_day(struct evaluate *v, struct lane *lane, int32_t day, struct err *e)
{
	bool known = false;
	int rc = own_minutes(v, lane, past_of(v, day), MINUTES_MAX, e);

	if (rc == TK_OK && v->wants.close_memory_ns > 0)
		rc = ledger_day_known(v->ledger, day, &known, e);
	return rc == TK_OK && known ? own_day_close(v, lane, day, e) : rc;
}

int past_advance(struct evaluate *v, struct lane *lane, int32_t day, struct err *e)
{
	int rc = TK_OK;

	if (v->past == NULL)
		return TK_OK;
	lane->reminding = true;
	for (; v->past->at < day && rc == TK_OK; v->past->at++)
		rc = end_day(v, lane, v->past->at, e);
	lane->reminding = false;
	return rc;
}
