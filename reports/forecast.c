/* The month to come (reports.md 6): so far, and for each day that comes the mean of its class of day. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/figures.h"

#define FORECAST_DAYS 28

struct days_seen {
	int32_t first, last; /* local days that are looked at */
	int32_t from;	     /* first day with a call */
	__int128 cost[FORECAST_DAYS];
};

static void take_day(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct days_seen *m = ctx;
	int32_t day = zone_day_of(bucket);

	(void)name;
	if (day < m->first || day > m->last)
		return;
	if (s->calls > 0 && day < m->from)
		m->from = day;
	m->cost[day - m->first] += s->cost_pico;
}

/* Over the days of that class since the first call; of every class where there was none yet. */
static struct class_mean mean_of(const struct days_seen *m, struct calendar *cal, int class)
{
	struct class_mean mean = { 0 };

	for (int32_t day = m->from; day <= m->last; day++)
		if (class == CLASS_COUNT || (int)calendar_class(cal, day) == class) {
			mean.sum += m->cost[day - m->first];
			mean.n++;
		}
	return mean.n > 0 || class == CLASS_COUNT ? mean : mean_of(m, cal, CLASS_COUNT);
}

__int128 forecast_until(const struct figures *f, int days)
{
	int64_t of[CLASS_COUNT] = { 0 };
	__int128 sum = f->month.cost;

	for (int i = f->month.past; i < days; i++)
		of[f->month.class[i]]++;
	for (int class = 0; class < CLASS_COUNT; class ++) {
		const struct class_mean *m = &f->class_mean[class];

		if (m->n > 0) /* half up, once a class */
			sum += (m->sum * of[class] * 2 + m->n) / (2 * m->n);
	}
	return sum;
}

int figures_read_forecast(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct days_seen m = { .first = f->last - FORECAST_DAYS + 1, .last = f->last, .from = INT32_MAX };
	int rc = ledger_sums(r, figures_bucket(zone_day_start(m.first)), figures_bucket(f->to), BY_BUCKET,
			     take_day, &m, e);

	f->forecast_known = rc == TK_OK && m.from != INT32_MAX && f->month.cost > 0;
	for (int class = 0; class < CLASS_COUNT && f->forecast_known; class ++)
		f->class_mean[class] = mean_of(&m, cal, class);
	if (f->forecast_known)
		f->forecast = forecast_until(f, f->month.days);
	return rc;
}
