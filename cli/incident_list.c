/* tochoku incident list, show, windows, availability. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/incident.h"
#include "core/base/columns.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "reports/availability.h"

#define LIST_MAX_BYTES (16u << 20)
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define MINUTE_NS (60 * NS_PER_SEC)

struct desk {
	struct config *cfg;
	struct ledger_reader *r;
	struct journal journal;
	struct incidents all;
	struct buf out;
	int64_t now, n;
};

static int desk_open(struct desk *d, struct cli *cli)
{
	struct err e = { 0 };
	int status;

	*d = (struct desk){ .now = sys_now_ns() };
	buf_init(&d->out, LIST_MAX_BYTES);
	if ((status = cli_open_ledger(cli, &d->cfg, &d->r)) != EXIT_DONE)
		return status;
	if (journal_read(&d->journal, d->r, &e) == TK_OK && incidents_read(&d->journal, &d->all))
		return EXIT_DONE;
	cli_error("%s", e.text[0] != '\0' ? e.text : "no memory for the incidents");
	return EXIT_INPUT;
}

/* Writes what was gathered and records the use, where all went well. */
static int desk_close(struct desk *d, int status, const char *what)
{
	if (status == EXIT_DONE) {
		status = cli_write(NULL, buf_slice(&d->out));
		cli_log_used(d->cfg, what, INT64_MIN, INT64_MAX, d->n);
	}
	incidents_free(&d->all);
	journal_free(&d->journal);
	buf_free(&d->out);
	if (d->cfg != NULL) {
		ledger_reader_close(d->r);
		config_free(d->cfg);
	}
	return status;
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_local(ns, text)));
}

static void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

/* Whole days until then, rounded down: -1 from the first moment behind it. */
static int64_t days_left(int64_t until, int64_t now)
{
	int64_t left = until - now;

	return left >= 0 ? left / DAY_NS : -((-left + DAY_NS - 1) / DAY_NS);
}

static void put_leak(struct json_out *o, const struct incident *i, int64_t now)
{
	int64_t first, full;

	if (!incident_leak(i, &first, &full))
		return;
	put_time(o, "leak.first_notice", first);
	put_int(o, "leak.first_notice_days", days_left(first, now));
	put_time(o, "leak.full_report", full);
	put_int(o, "leak.full_report_days", days_left(full, now));
}

static void put_json(struct buf *out, const struct incident *i, int64_t now)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_int(&o, "incident", i->number);
	json_key(&o, "status");
	json_str(&o, i->closed				       ? SLICE("closed")
		     : i->time[INCIDENT_RESTORED] != INT64_MIN ? SLICE("restored")
							       : SLICE("open"));
	for (int f = 0; f < INCIDENT_FIELDS; f++) {
		if (i->field[f].n == 0)
			continue;
		if (incident_fields[f].kind == FIELD_TIME) {
			put_time(&o, incident_fields[f].name, i->time[f]);
		} else {
			json_key(&o, incident_fields[f].name);
			json_str(&o, i->field[f]);
		}
	}
	json_key(&o, "opened_by");
	json_str(&o, i->opened_by);
	put_time(&o, "opened_at", i->opened_ns);
	put_int(&o, "changes", i->changes);
	put_leak(&o, i, now);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_line(struct buf *out, const struct incident *i, int64_t now)
{
	int64_t first, full;

	buf_fmt(out, "%4" PRId64 "  ", i->number);
	columns_pad(out, i->field[INCIDENT_SEVERITY].n > 0 ? i->field[INCIDENT_SEVERITY] : SLICE("-"), 9);
	cli_put_minute(out, i->time[INCIDENT_STARTED]);
	buf_str(out, " .. ");
	if (i->time[INCIDENT_RESTORED] == INT64_MIN)
		columns_pad(out, SLICE("open"), 16);
	else
		cli_put_minute(out, i->time[INCIDENT_RESTORED]);
	buf_str(out, i->time[INCIDENT_RESTORED] == INT64_MIN ? " " : "  ");
	cli_safe(out, i->field[INCIDENT_TITLE]);
	if (incident_leak(i, &first, &full))
		buf_fmt(out, "  [漏えい等報告 速報 %" PRId64 " 日・確報 %" PRId64 " 日]",
			days_left(first, now), days_left(full, now));
	buf_byte(out, '\n');
}

int incident_list(struct cli *cli, struct incident_options *o)
{
	struct desk d;
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_incident, "unexpected \"%s\"", o->words[0]);
	status = desk_open(&d, cli);
	for (size_t i = 0; i < d.all.n && status == EXIT_DONE; i++) {
		if (d.all.p[i].closed && !o->all && !o->json)
			continue;
		d.n++;
		(o->json ? put_json : put_line)(&d.out, &d.all.p[i], d.now);
	}
	return desk_close(&d, status, "incident list");
}

/* Each step with its words, so that every version of a time is seen. */
static void put_steps(struct desk *d, int64_t number)
{
	for (size_t k = 0; k < d->journal.n; k++) {
		const struct journal_entry *e = d->journal.p[k];

		if (!slice_starts(e->action, SLICE("incident.")) || journal_i64(e, "incident", 0) != number)
			continue;
		cli_put_minute(&d->out, e->ts_ns);
		buf_str(&d->out, "  ");
		columns_pad(&d->out, slice_from(e->action, 9), 8);
		columns_pad(&d->out, e->actor, 12);
		for (size_t m = 0; m < e->n; m++) {
			if (slice_is(e->member[m].key, "action") || slice_is(e->member[m].key, "actor") ||
			    slice_is(e->member[m].key, "incident"))
				continue;
			cli_safe(&d->out, e->member[m].key);
			buf_byte(&d->out, '=');
			cli_safe(&d->out, e->member[m].value);
			buf_byte(&d->out, ' ');
		}
		buf_byte(&d->out, '\n');
	}
}

int incident_show(struct cli *cli, struct incident_options *o)
{
	const struct incident *i;
	struct desk d;
	int64_t number;
	int status;

	if (o->n_words != 1 || !json_i64(slice_str(o->words[0]), &number))
		return cli_usage(&command_incident, "incident show needs one number");
	if ((status = desk_open(&d, cli)) == EXIT_DONE) {
		if ((i = incident_find(&d.all, number)) == NULL) {
			cli_error("there is no incident %" PRId64, number);
			status = EXIT_NO;
		} else {
			d.n = 1;
			(o->json ? put_json : put_line)(&d.out, i, d.now);
			if (!o->json)
				put_steps(&d, number);
		}
	}
	return desk_close(&d, status, "incident show");
}

static void put_window(struct desk *d, const struct window *w, bool json)
{
	struct json_out o = json_out(&d->out);
	const char *state = w->cancelled ? "cancelled" : w->planned ? "planned" : "late";

	if (!json) {
		buf_fmt(&d->out, "%4" PRId64 "  %-9s  ", w->number, state);
		cli_put_minute(&d->out, w->from_ns);
		buf_str(&d->out, " .. ");
		cli_put_minute(&d->out, w->to_ns);
		buf_str(&d->out, "  ");
		cli_safe(&d->out, w->title);
		buf_byte(&d->out, '\n');
		return;
	}
	json_open(&o, '{');
	put_int(&o, "window", w->number);
	json_key(&o, "status");
	json_str(&o, slice_str(state));
	put_time(&o, "from", w->from_ns);
	put_time(&o, "to", w->to_ns);
	put_time(&o, "announced", w->announced_ns);
	json_key(&o, "title");
	json_str(&o, w->title);
	if (w->accounts.n > 0) {
		json_key(&o, "accounts");
		json_str(&o, w->accounts);
	}
	json_close(&o, '}');
	buf_byte(&d->out, '\n');
}

int incident_windows(struct cli *cli, struct incident_options *o)
{
	struct desk d;
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_incident, "unexpected \"%s\"", o->words[0]);
	status = desk_open(&d, cli);
	for (size_t i = 0; i < d.all.n_windows && status == EXIT_DONE; i++) {
		const struct window *w = &d.all.window[i];

		if (!o->json && !o->all && (w->cancelled || w->to_ns < d.now))
			continue;
		d.n++;
		put_window(&d, w, o->json);
	}
	return desk_close(&d, status, "incident windows");
}

/* ---- availability ---- */

/* Is there an incident whose time meets the outage? Then it needs no entry any more. */
static bool entered(const struct incidents *all, const struct stretch *s)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct incident *in = &all->p[i];
		int64_t end =
			in->time[INCIDENT_RESTORED] == INT64_MIN ? INT64_MAX : in->time[INCIDENT_RESTORED];

		if (in->time[INCIDENT_STARTED] < s->to && end > s->from)
			return true;
	}
	return false;
}

static void availability_json(struct desk *d, const struct availability *a)
{
	struct json_out o = json_out(&d->out);
	struct buf percent;

	buf_init(&percent, 64);
	json_open(&o, '{');
	put_time(&o, "period.from", a->from);
	put_time(&o, "period.to", a->to);
	json_key(&o, "availability.percent");
	if (availability_percent(a, &percent))
		json_str(&o, buf_slice(&percent));
	else
		json_null(&o);
	put_int(&o, "service_ns", a->service);
	put_int(&o, "planned_ns", a->planned);
	put_int(&o, "unknown_ns", a->unknown);
	put_int(&o, "down_ns", a->down);
	put_int(&o, "calls", a->calls);
	put_int(&o, "calls.successful", a->good);
	put_int(&o, "calls.failed", a->failed);
	put_int(&o, "minutes", a->minutes);
	put_int(&o, "minutes.traffic", a->traffic_minutes);
	put_int(&o, "outages", (int64_t)a->outages.n);
	put_int(&o, "mtbf_ns", availability_mtbf(a));
	put_int(&o, "incidents.restored", a->times.n);
	put_int(&o, "incidents.open", a->times.open);
	put_int(&o, "mttr_ns", a->times.mttr);
	put_int(&o, "restore.median_ns", a->times.median);
	put_int(&o, "restore.max_ns", a->times.max);
	put_int(&o, "detect_ns", a->times.mean_detect);
	put_int(&o, "respond_ns", a->times.mean_respond);
	json_close(&o, '}');
	buf_byte(&d->out, '\n');
	for (size_t i = 0; i < a->outages.n; i++) {
		o = json_out(&d->out);
		json_open(&o, '{');
		put_time(&o, "outage.from", a->outages.p[i].from);
		put_time(&o, "outage.to", a->outages.p[i].to);
		json_key(&o, "entered");
		json_bool(&o, entered(&d->all, &a->outages.p[i]));
		json_close(&o, '}');
		buf_byte(&d->out, '\n');
	}
	buf_free(&percent);
}

static void put_minutes(struct buf *out, const char *name, int64_t ns)
{
	columns_pad(out, slice_str(name), 24);
	if (ns < 0)
		buf_str(out, "該当なし\n");
	else
		buf_fmt(out, "%10" PRId64 ".%" PRId64 " min\n", ns / MINUTE_NS,
			ns % MINUTE_NS * 10 / MINUTE_NS);
}

static void availability_text(struct desk *d, const struct availability *a)
{
	struct buf *out = &d->out, percent;

	buf_init(&percent, 64);
	cli_put_minute(out, a->from);
	buf_str(out, " .. ");
	cli_put_minute(out, a->to);
	buf_fmt(out, "\n%-24s%12s %%\n", "availability",
		availability_percent(a, &percent) ? buf_cstr(&percent) : "-");
	put_minutes(out, "down", a->down);
	put_minutes(out, "planned", a->planned);
	put_minutes(out, "unknown", a->unknown);
	put_minutes(out, "MTTR", a->times.mttr);
	put_minutes(out, "MTBF", availability_mtbf(a));
	put_minutes(out, "time to detect", a->times.mean_detect);
	put_minutes(out, "time to respond", a->times.mean_respond);
	buf_fmt(out, "%-24s%10" PRId64 " of %" PRId64 "\n", "minutes with traffic", a->traffic_minutes,
		a->minutes);
	buf_fmt(out, "%-24s%10" PRId64 " of %" PRId64 "\n", "successful calls", a->good, a->calls);
	for (size_t i = 0; i < a->outages.n; i++) {
		buf_str(out, "outage  ");
		cli_put_minute(out, a->outages.p[i].from);
		buf_str(out, " .. ");
		cli_put_minute(out, a->outages.p[i].to);
		buf_str(out,
			entered(&d->all, &a->outages.p[i]) ? "\n" : "  not entered: tochoku incident open\n");
	}
	buf_free(&percent);
}

int incident_availability(struct cli *cli, struct incident_options *o)
{
	struct availability a = { 0 };
	struct desk d;
	struct err e;
	int64_t from, to;
	struct date day;
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_incident, "unexpected \"%s\"", o->words[0]);
	if ((status = desk_open(&d, cli)) == EXIT_DONE &&
	    cli_range(&command_incident, o->from, o->to, &from, &to, &status)) {
		day = date_from_days(zone_day_of(d.now / NS_PER_SEC));
		day.day = 1;
		if (o->from == NULL)
			from = zone_day_start(date_to_days(day)) * NS_PER_SEC;
		if (to > d.now) /* nobody has watched what is still to come */
			to = d.now / MINUTE_NS * MINUTE_NS;
		if (availability_read(&a, d.r, &d.all, d.cfg->reports.service, from, to, &e) != TK_OK) {
			cli_error("%s", e.text);
			status = EXIT_INPUT;
		} else {
			d.n = 1;
			(o->json ? availability_json : availability_text)(&d, &a);
		}
	}
	availability_free(&a);
	return desk_close(&d, status, "incident availability");
}
