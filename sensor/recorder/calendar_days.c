/* What the calendar said of each day when it was first met or last evaluated; where it says something else
 * now, the day is evaluated again. A roster or a declared emergency may come late, a closed day may be
 * announced late. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/recorder/derive_calendar.h"
#include "sensor/recorder/evaluation.h"

#define REACH 30 /* days behind one whose class changed, which are compared with others of a class */

static void add_text(struct buf *b, struct slice s)
{
	buf_fmt(b, "%zu:", s.n);
	buf_add(b, s);
}

static void add_row(void *ctx, const struct site_row *row)
{
	struct buf *b = ctx;

	buf_fmt(b, "|%d %" PRId64 " %" PRId64 " ", (int)row->kind, row->from, row->to);
	add_text(b, row->who);
}

static void add_shift(void *ctx, const struct roster_row *row)
{
	struct buf *b = ctx;

	buf_fmt(b, "|%" PRId64 " %" PRId64 " ", row->utc_from, row->utc_to);
	add_text(b, row->who);
}

/* A number of what rules may ask of the day; its class in the lowest two bits. */
static int64_t sign(struct calendar *c, int32_t day, struct buf *b)
{
	const struct day_info *d = calendar_day(c, day);
	uint8_t hash[32];
	int64_t number;

	buf_clear(b);
	buf_fmt(b, "%d %d %d %d %d ", (int)d->opening, (int)d->kind, (int)d->gap_days, d->after_holiday,
		calendar_has_roster(c, day));
	add_text(b, slice_str(d->holiday == NULL ? "" : d->holiday));
	site_between(calendar_site(c), true, zone_day_start(day), zone_day_start(day + 1), add_row, b);
	for (int32_t i = day - 1; i <= day && calendar_roster(c) != NULL;
	     i++) /* shifts reach over midnight */
		roster_day(calendar_roster(c), i, add_shift, b);
	sha256_once(buf_slice(b), hash);
	memcpy(&number, hash, sizeof number);
	return (number & (INT64_MAX ^ 3)) | (int64_t)calendar_class(c, day);
}

static int look_at(struct evaluate *v, int32_t day, struct buf *b, bool begin, struct err *e)
{
	int64_t now = sign(enrich_calendar(v->enrich), day, b), before;
	char name[32];
	int rc;

	snprintf(name, sizeof name, "calendar_day %" PRId32, day);
	if (b->failed)
		return err_set(e, TK_ENOMEM, "no memory for the calendar of a day");
	if ((rc = ledger_number(v->ledger, name, -1, &before, e)) != TK_OK || before == now)
		return rc;
	if (before < 0 && !begin) /* met before this was kept */
		return TK_OK;
	rc = ledger_set_number(v->ledger, name, now, e);
	if (rc == TK_OK && before >= 0)
		rc = days_disturb(v, day, (before & 3) != (now & 3) ? day + REACH : day, e);
	return rc;
}

int calendar_day_met(struct evaluate *v, int32_t day, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	rc = look_at(v, day, &b, true, e);
	buf_free(&b);
	return rc;
}

int calendar_days_check(struct evaluate *v, struct err *e)
{
	struct buf b;
	int rc = TK_OK;

	if (v->calendar_checked)
		return TK_OK;
	buf_init(&b, 1 << 20);
	for (int32_t day = v->first_day; day <= v->last_day && rc == TK_OK; day++)
		rc = look_at(v, day, &b, false, e);
	buf_free(&b);
	v->calendar_checked = rc == TK_OK;
	return rc;
}

struct access_event calendar_of_now(struct evaluate *v, const struct access_event *ev, struct part *when)
{
	int64_t sec = seconds_of_ns(ev_int(ev, F_TIMESTAMP, 0));
	struct person who = person_of(ev);
	bool off = enrich_off_hours(v->enrich, &who, sec);
	enum on_duty duty = off ? calendar_duty(enrich_calendar(v->enrich), &who, sec) : DUTY_UNKNOWN;
	struct access_event now = *ev;

	when->serial = 0;
	enrich_when(v->enrich, when, zone_day_of(sec), off, duty);
	now.part[P_WHEN] = when;
	return now;
}
