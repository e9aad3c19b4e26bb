#include "sensor/recorder/habits.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/recorder/derive.h"

#define SPAN 60
#define LEAST 10 /* active days, or nights with calls, that make a habit */

struct habits {
	struct ledger *l;
	struct calendar *calendar; /* while counters are read */
	int32_t day;
	bool loaded;
	int32_t nights[LEDGER_LABELS][SPAN]; /* calls */
	uint32_t hours[LEDGER_LABELS][SPAN]; /* a bit an hour */
};

struct habits *habits_new(struct ledger *l)
{
	struct habits *h = calloc(1, sizeof *h);

	if (h != NULL)
		h->l = l;
	return h;
}

void habits_free(struct habits *h)
{
	free(h);
}

void habits_forget(struct habits *h)
{
	h->loaded = false;
}

static void add(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s)
{
	struct habits *h = ctx;
	int64_t user = of->user;
	int32_t at = h->day - 1 - zone_day_of(bucket), day, second;

	if (at < 0 || at >= SPAN || user <= 1 || user >= LEDGER_LABELS)
		return;
	zone_wall(bucket, &day, &second);
	if (s->calls > s->denied)
		h->hours[user][at] |= UINT32_C(1) << second / 3600;
	if (derive_night(h->calendar, bucket))
		h->nights[user][at] += (int32_t)s->calls;
}

static int ascending(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int64_t median_micro(const int32_t *calls)
{
	int32_t sorted[SPAN];
	size_t n = 0;

	for (size_t i = 0; i < SPAN; i++)
		if (calls[i] > 0)
			sorted[n++] = calls[i];
	if (n < LEAST)
		return 0;
	qsort(sorted, n, sizeof *sorted, ascending);
	return ((int64_t)sorted[(n - 1) / 2] + sorted[n / 2]) * 500000;
}

static int8_t is_new_hour(const uint32_t *hours, int hour)
{
	uint32_t all = 0;
	int active = 0;

	for (size_t i = 0; i < SPAN; i++) {
		all |= hours[i];
		active += hours[i] != 0;
	}
	return active < LEAST ? -1 : !(all >> hour & 1);
}

int habits_of(struct habits *h, struct calendar *c, int32_t day, int64_t user, int hour, struct habit *out,
	      struct err *e)
{
	int rc = TK_OK;

	*out = (struct habit){ .new_hour = -1 };
	if (!h->loaded || h->day != day) {
		memset(h->nights, 0, sizeof h->nights);
		memset(h->hours, 0, sizeof h->hours);
		h->day = day;
		h->calendar = c;
		rc = ledger_counted(h->l, zone_day_start(day - SPAN), zone_day_start(day), add, h, e);
		h->loaded = rc == TK_OK;
	}
	if (rc != TK_OK || user <= 1 || user >= LEDGER_LABELS)
		return rc;
	out->night_micro = median_micro(h->nights[user]);
	out->new_hour = is_new_hour(h->hours[user], hour);
	return TK_OK;
}
