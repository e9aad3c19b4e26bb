/* Which response times are usual in a local hour: the median, over the days before, of its 95th percentile.
 */
#include <stdlib.h>

#include "sensor/recorder/evaluation.h"

#define LEAST_CALLS 5 /* of an hour that says something */
#define LEAST_DAYS 5  /* with such an hour that make it usual */
#define QUARTER 900

/* By the wall clock, which may show an hour twice or not at all. */
static void hour_of_day(int32_t day, int hour, int64_t *from, int64_t *to)
{
	int64_t end = zone_day_start(day + 1);
	int32_t date, second;

	*from = *to = 0;
	for (int64_t at = zone_day_start(day); at < end; at += QUARTER) {
		zone_wall(at, &date, &second);
		if (second / 3600 != hour)
			continue;
		*from = *to == 0 ? at : *from;
		*to = at + QUARTER;
	}
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int look_up(struct evaluate *v, int32_t day, int hour, int64_t *ms, struct err *e)
{
	struct latency *l = malloc(sizeof *l);
	int64_t found[USUAL_DAYS], from, to;
	size_t n = 0;
	int rc = l == NULL ? err_set(e, TK_ENOMEM, "no memory for response times") : TK_OK;

	for (int32_t d = day - USUAL_DAYS; d < day && rc == TK_OK; d++) {
		hour_of_day(d, hour, &from, &to);
		if (to == 0 || (rc = ledger_response_times(v->ledger, from, to, l, e)) != TK_OK)
			continue;
		if (l->n >= LEAST_CALLS)
			found[n++] = latency_quantile(l, 0.95) / 1000000;
	}
	qsort(found, n, sizeof *found, ascending);
	*ms = n < LEAST_DAYS ? -1 : (found[(n - 1) / 2] + found[n / 2]) / 2;
	free(l);
	return rc;
}

int usual_p95(struct evaluate *v, int32_t day, int hour, int64_t *ms, struct err *e)
{
	struct usual_hour *u = &v->usual[hour];
	int rc = TK_OK;

	if (!u->known || u->day != day)
		rc = look_up(v, day, hour, &u->ms, e);
	u->known = rc == TK_OK;
	u->day = day;
	*ms = u->ms;
	return rc;
}

void usual_forget(struct evaluate *v)
{
	for (size_t i = 0; i < COUNT(v->usual); i++)
		v->usual[i].known = false;
}
