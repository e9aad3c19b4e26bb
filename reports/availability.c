#include "reports/availability.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/figure.h"

#define MINUTE_NS (60 * NS_PER_SEC)
#define LOOK_BACK_NS (2 * INT64_C(86400) * NS_PER_SEC) /* the state before a period: silence inherits it */
#define LOOK_AHEAD_NS (INT64_C(3600) * NS_PER_SEC)
#define PERIOD_MAX_NS (INT64_C(400) * 86400 * NS_PER_SEC)

void stretches_free(struct stretches *s)
{
	free(s->p);
	*s = (struct stretches){ 0 };
}

/* Behind the last one; one that touches it makes it longer. */
static bool add(struct stretches *s, int64_t from, int64_t to)
{
	if (from >= to)
		return true;
	if (s->n > 0 && from <= s->p[s->n - 1].to) {
		if (to > s->p[s->n - 1].to)
			s->p[s->n - 1].to = to;
		return true;
	}
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 16 : 2 * s->cap;
		struct stretch *p = realloc(s->p, cap * sizeof *p);

		if (p == NULL)
			return false;
		s->p = p;
		s->cap = cap;
	}
	s->p[s->n++] = (struct stretch){ from, to };
	return true;
}

static int64_t length(const struct stretches *s)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->p[i].to - s->p[i].from;
	return sum;
}

/* What of [from, to) is in none of the spans of `less`. */
static bool add_without(struct stretches *out, struct stretch of, const struct stretches *less)
{
	bool good = true;

	for (size_t i = 0; i < less->n && good && of.from < of.to; i++) {
		if (less->p[i].to <= of.from)
			continue;
		if (less->p[i].from >= of.to)
			break;
		good = add(out, of.from, less->p[i].from < of.from ? of.from : less->p[i].from);
		of.from = less->p[i].to;
	}
	return good && add(out, of.from, of.to);
}

/* ---- outages ---- */

struct minute {
	uint32_t ended, failed;
	int64_t first_failed, first_good;
};
struct outage_finder {
	int64_t from, to;
	size_t n;
	struct minute minute[];
};

struct outage_finder *outages_begin(int64_t from, int64_t to)
{
	size_t n = (size_t)((to - from + MINUTE_NS - 1) / MINUTE_NS);
	struct outage_finder *f = calloc(1, sizeof *f + n * sizeof *f->minute);

	if (f == NULL)
		return NULL;
	f->from = from;
	f->to = to;
	f->n = n;
	for (size_t i = 0; i < n; i++)
		f->minute[i].first_failed = f->minute[i].first_good = INT64_MAX;
	return f;
}

void outages_call(struct outage_finder *f, int64_t end_ns, enum call_outcome outcome)
{
	struct minute *m;

	if (end_ns < f->from || end_ns >= f->to)
		return;
	m = &f->minute[(end_ns - f->from) / MINUTE_NS];
	m->ended++;
	m->failed += outcome == CALL_FAILED;
	if (outcome == CALL_FAILED && end_ns < m->first_failed)
		m->first_failed = end_ns;
	if (outcome == CALL_GOOD && end_ns < m->first_good)
		m->first_good = end_ns;
}

/* Of a few calls all failed: a bad minute only beside another that fails. */
static bool fails(const struct minute *m)
{
	return m->ended >= 3 ? m->failed * 2 >= m->ended : m->ended > 0 && m->failed == m->ended;
}

static bool is_bad(const struct outage_finder *f, size_t i, const struct minute *before)
{
	const struct minute *m = &f->minute[i];

	if (!fails(m) || m->ended >= 3)
		return fails(m);
	if (before != NULL && fails(before))
		return true;
	for (i++; i < f->n; i++)
		if (f->minute[i].ended > 0)
			return fails(&f->minute[i]);
	return false;
}

bool outages_end(struct outage_finder *f, struct stretches *out, int64_t *traffic_minutes)
{
	const struct minute *before = NULL;
	int64_t since = INT64_MAX; /* of the outage that goes on */
	bool good = true;

	*out = (struct stretches){ 0 };
	*traffic_minutes = 0;
	for (size_t i = 0; i < f->n && good; i++) {
		const struct minute *m = &f->minute[i];

		if (m->ended == 0)
			continue;
		++*traffic_minutes;
		if (is_bad(f, i, before)) {
			if (since == INT64_MAX)
				since = m->first_failed;
		} else if (since != INT64_MAX && m->first_good != INT64_MAX) {
			good = add(out, since, m->first_good);
			since = INT64_MAX;
		}
		before = m;
	}
	if (since != INT64_MAX)
		good = good && add(out, since, f->to);
	for (size_t i = out->n; i-- > 1;) { /* short gaps join */
		if (out->p[i].from - out->p[i - 1].to >= 5 * MINUTE_NS)
			continue;
		out->p[i - 1].to = out->p[i].to;
		memmove(&out->p[i], &out->p[i + 1], (--out->n - i) * sizeof *out->p);
	}
	free(f);
	return good;
}

/* ---- the figures ---- */

static int by_from(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static bool planned_stretches(const struct availability *a, const struct window *w, size_t n,
			      struct stretches *out)
{
	struct window *sorted = calloc(n + 1, sizeof *sorted);
	bool good = sorted != NULL;

	if (good && n > 0) {
		memcpy(sorted, w, n * sizeof *w);
		qsort(sorted, n, sizeof *sorted, by_from);
	}
	for (size_t i = 0; i < n && good; i++)
		if (sorted[i].planned && sorted[i].from_ns < a->to && sorted[i].to_ns > a->from)
			good = add(out, sorted[i].from_ns < a->from ? a->from : sorted[i].from_ns,
				   sorted[i].to_ns > a->to ? a->to : sorted[i].to_ns);
	free(sorted);
	return good;
}

static bool clip(const struct availability *a, const struct stretches *s, struct stretches *out)
{
	bool good = true;

	for (size_t i = 0; i < s->n && good; i++)
		good = add(out, s->p[i].from < a->from ? a->from : s->p[i].from,
			   s->p[i].to > a->to ? a->to : s->p[i].to);
	return good;
}

static bool without(const struct stretches *s, const struct stretches *less, struct stretches *out)
{
	bool good = true;

	for (size_t i = 0; i < s->n && good; i++)
		good = add_without(out, s->p[i], less);
	return good;
}

/* The times of the period outside the service hours of its local days. */
static bool off_service(const struct availability *a, struct hours service, struct stretches *out)
{
	int32_t first = zone_day_of(a->from / NS_PER_SEC), last = zone_day_of((a->to - 1) / NS_PER_SEC);
	struct stretches off = { 0 };
	bool good = true;

	for (int32_t day = first; day <= last && good; day++) {
		int64_t begins = zone_day_start(day) * NS_PER_SEC,
			ends = zone_day_start(day + 1) * NS_PER_SEC;
		int64_t up = zone_instant(day, service.from, false) * NS_PER_SEC,
			down = service.to >= 86400 ? ends : zone_instant(day, service.to, true) * NS_PER_SEC;

		good = add(&off, begins, service.from == 0 ? begins : up) && add(&off, down, ends);
	}
	good = good && clip(a, &off, out);
	stretches_free(&off);
	return good;
}

bool availability_of(struct availability *a, struct hours service, const struct stretches *outages,
		     const struct stretches *unknown, const struct window *windows, size_t n_windows)
{
	struct stretches off = { 0 }, announced = { 0 }, planned = { 0 }, clipped = { 0 }, seen_not = { 0 },
			 u = { 0 }, d = { 0 }, rest = { 0 };
	bool good = off_service(a, service, &off) && planned_stretches(a, windows, n_windows, &announced) &&
		    without(&announced, &off, &planned) && clip(a, unknown, &clipped) &&
		    without(&clipped, &off, &seen_not) && without(&seen_not, &planned, &u);

	stretches_free(&clipped);
	good = good && clip(a, outages, &clipped) && without(&clipped, &off, &a->outages) &&
	       without(&a->outages, &planned, &d) && without(&d, &u, &rest);
	a->service = a->to - a->from - length(&off);
	a->planned = length(&planned);
	a->unknown = length(&u);
	a->down = length(&rest);
	stretches_free(&off);
	stretches_free(&announced);
	stretches_free(&planned);
	stretches_free(&clipped);
	stretches_free(&seen_not);
	stretches_free(&u);
	stretches_free(&d);
	stretches_free(&rest);
	return good;
}

bool availability_percent(const struct availability *a, struct buf *out)
{
	int64_t base = a->service - a->planned - a->unknown;

	if (base <= 0)
		return false;
	put_quotient_down(out, (figure)(base - a->down) * 100, base, 2);
	return true;
}

int64_t availability_mtbf(const struct availability *a)
{
	int64_t n = 0;

	for (size_t i = 0; i < a->outages.n; i++)
		n += a->outages.p[i].from > a->from; /* what began before is the period's before */
	return n == 0 ? -1 : (a->service - a->planned - a->unknown - a->down) / n;
}

/* ---- from the ledger ---- */

struct reading {
	struct availability *a;
	struct outage_finder *finder;
};

static void take_call(void *ctx, int64_t start, int64_t end, int64_t status)
{
	struct reading *r = ctx;
	enum outcome o = outcome_of(status);
	bool failed = o == OUT_ERROR || o == OUT_TIMEOUT || o == OUT_RESET;

	(void)start;
	outages_call(r->finder, end, failed ? CALL_FAILED : o == OUT_SUCCESSFUL ? CALL_GOOD : CALL_NEITHER);
	if (end < r->a->from || end >= r->a->to)
		return;
	r->a->calls++;
	r->a->good += o == OUT_SUCCESSFUL;
	r->a->failed += failed;
}

static int read_unknown(struct ledger_reader *r, const struct availability *a, struct stretches *out,
			struct err *e)
{
	int64_t from = a->from / NS_PER_SEC / 60 * 60, to = (a->to / NS_PER_SEC + 59) / 60 * 60;
	uint8_t *unseen = calloc(1, (size_t)((to - from) / 60 + 1));
	struct coverage c;
	int rc = unseen == NULL ? err_set(e, TK_ENOMEM, "no memory for the minutes of the period")
				: ledger_unseen(r, from, to, unseen, &c, e);

	for (int64_t i = 0; i < (to - from) / 60 && rc == TK_OK; i++)
		if (unseen[i] && !add(out, (from + i * 60) * NS_PER_SEC, (from + i * 60 + 60) * NS_PER_SEC))
			rc = err_set(e, TK_ENOMEM, "no memory for the minutes of the period");
	free(unseen);
	return rc;
}

static int read_outages(struct ledger_reader *r, struct availability *a, struct stretches *out, struct err *e)
{
	int64_t from = a->from - LOOK_BACK_NS, to = a->to + LOOK_AHEAD_NS, all_minutes;
	struct reading reading = { a, outages_begin(from, to) };
	int rc;

	if (reading.finder == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the minutes of the period");
	rc = ledger_call_times(r, from, to, take_call, &reading, e);
	for (size_t i = 0; i < reading.finder->n; i++) {
		int64_t at = from + (int64_t)i * MINUTE_NS;

		a->traffic_minutes += at >= a->from && at < a->to && reading.finder->minute[i].ended > 0;
	}
	if (!outages_end(reading.finder, out, &all_minutes) && rc == TK_OK)
		rc = err_set(e, TK_ENOMEM, "no memory for the outages of the period");
	return rc;
}

int availability_read(struct availability *out, struct ledger_reader *r, const struct incidents *i,
		      struct hours service, int64_t from, int64_t to, struct err *e)
{
	struct stretches outages = { 0 }, unknown = { 0 };
	int rc;

	*out = (struct availability){ .from = from, .to = to, .minutes = (to - from) / MINUTE_NS };
	if (to <= from || to - from > PERIOD_MAX_NS)
		return err_set(e, TK_ELIMIT, "availability is asked for from a minute to 400 days");
	rc = read_unknown(r, out, &unknown, e);
	if (rc == TK_OK)
		rc = read_outages(r, out, &outages, e);
	if (rc == TK_OK && !availability_of(out, service, &outages, &unknown, i->window, i->n_windows))
		rc = err_set(e, TK_ENOMEM, "no memory for the outages of the period");
	if (!incident_times(i, from, to, &out->times) && rc == TK_OK)
		rc = err_set(e, TK_ENOMEM, "no memory for the incidents of the period");
	stretches_free(&outages);
	stretches_free(&unknown);
	return rc;
}

void availability_free(struct availability *a)
{
	stretches_free(&a->outages);
}
