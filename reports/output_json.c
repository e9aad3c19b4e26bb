/* The figures as one JSON object with the keys of interface.md 2. Names that are not known have the
 * empty key, so that the parts always add up to the whole. */
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/zone.h"
#include "reports/duty.h"
#include "reports/outputs.h"
#include "reports/figure.h"

static void put_time(struct json_out *o, const char *key, int64_t utc_sec)
{
	char text[TIME_TEXT_MAX];
	size_t n = time_format_local(utc_sec * NS_PER_SEC, text);

	json_key(o, key);
	json_str(o, slice_of(text, n));
}

static void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

/* Sums of money are strings of digits: a busy month passes 2^53. */
static void put_quoted(struct json_out *o, figure pico)
{
	buf_byte(o->b, '"');
	put_digits(o->b, pico);
	buf_byte(o->b, '"');
	o->comma = true;
}

static void put_money(struct json_out *o, const char *key, figure pico)
{
	json_key(o, key);
	put_quoted(o, pico);
}

/* v / scale, or null where it cannot be computed. */
static void put_number(struct json_out *o, const char *key, bool known, figure v, figure scale, int digits)
{
	json_key(o, key);
	if (!known) {
		json_null(o);
		return;
	}
	put_json_quotient(o->b, v, scale, digits);
	o->comma = true;
}

static void put_sums(struct json_out *o, const struct sums *s)
{
	json_open(o, '{');
	put_int(o, "calls", s->calls);
	put_int(o, "tokens", tokens_of(s));
	put_money(o, "pico_usd", s->cost_pico);
	put_int(o, "errors", errors_of(s));
	json_close(o, '}');
}

static void put_names(struct json_out *o, const char *key, const struct named_list *l)
{
	json_key(o, key);
	json_open(o, '{');
	for (size_t i = 0; i < l->n; i++) {
		/* json_key takes a C string; names are slices */
		if (o->comma)
			buf_byte(o->b, ',');
		json_put_string(o->b, l->p[i].name);
		buf_byte(o->b, ':');
		o->comma = false;
		put_sums(o, &l->p[i].s);
	}
	json_close(o, '}');
}

static void put_hours(struct json_out *o, const struct figures *d)
{
	char hour[12];

	json_key(o, "by.hour");
	json_open(o, '{');
	for (int i = 0; i < 24; i++) {
		snprintf(hour, sizeof hour, "%d", i);
		json_key(o, hour);
		put_sums(o, &d->hour[i]);
	}
	json_close(o, '}');
}

static void put_errors(struct json_out *o, const struct sums *s)
{
	json_key(o, "errors");
	json_open(o, '{');
	put_int(o, "denied", s->denied);
	put_int(o, "limited", s->limited);
	put_int(o, "failure", s->failure);
	put_int(o, "error", s->error);
	put_int(o, "timeout", s->timeout);
	put_int(o, "reset", s->reset);
	json_close(o, '}');
}

static void put_findings(struct json_out *o, const struct figures *d)
{
	json_key(o, "findings");
	json_open(o, '{');
	for (int l = LEVEL_COUNT - 1; l >= 0; l--)
		put_int(o, level_name(l), d->by_level[l]);
	json_close(o, '}');
}

static void put_losses(struct json_out *o, const struct losses *l)
{
	json_key(o, "coverage.losses");
	json_open(o, '{');
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		if (l->of[i].n > 0)
			put_int(o, loss_name((enum loss_reason)i), (int64_t)l->of[i].n);
	json_close(o, '}');
}

/* Money that was worked out, as it stands in the figures above, and what is known beside it. */
static void put_costs(struct json_out *o, const struct figures *d)
{
	put_int(o, "cost.repriced_calls", d->total.repriced);
	put_money(o, "cost.recorded_pico_usd", d->cost - d->total.repriced_pico);
	put_int(o, "cost.estimated_calls", d->total.estimated);
	put_int(o, "cost.estimated_tokens", d->total.estimated_tokens);
	put_money(o, "cost.estimated_pico_usd", d->total.estimated_pico);
	json_key(o, "cost.forecast_pico_usd");
	if (d->forecast_known)
		put_quoted(o, d->forecast);
	else
		json_null(o);
	if (d->invoice.entered) {
		json_key(o, "cost.invoice.month");
		json_str(o, slice_str(d->invoice_month));
		put_money(o, "cost.invoice.pico_usd", d->invoice.pico_usd);
		put_money(o, "cost.invoice.computed_pico_usd", d->invoice_computed);
	}
	json_key(o, "cost.lines");
	json_open(o, '[');
	for (size_t i = 0; i < d->costs.n; i++) {
		const struct cost_line *l = &d->costs.line[i];

		json_open(o, '{');
		for (int k = 0; k < COST_NAMES; k++) {
			json_key(o, cost_name_keys[k]);
			json_str(o, l->name[k]);
		}
		put_int(o, "calls", l->s.calls);
		put_int(o, "tokens", tokens_of(&l->s));
		put_money(o, "pico_usd", l->s.cost_pico);
		put_int(o, "unpriced", l->s.unpriced);
		put_int(o, "estimated_tokens", l->s.estimated_tokens);
		put_money(o, "estimated_pico_usd", l->s.estimated_pico);
		put_int(o, "errors", errors_of(&l->s));
		json_close(o, '}');
	}
	json_close(o, ']');
}

static void put_counts(struct json_out *o, const char *key, const struct counted_list *l, bool shares)
{
	json_key(o, key);
	json_open(o, '[');
	for (size_t i = 0; i < l->n; i++) {
		json_open(o, '{');
		json_key(o, "name");
		json_str(o, l->p[i].name);
		put_int(o, "calls", l->p[i].n);
		if (shares)
			put_int(o, "of", l->p[i].of);
		json_close(o, '}');
	}
	json_close(o, ']');
}

static void put_hygiene(struct json_out *o, const struct costs *c)
{
	put_counts(o, "hygiene.streams_without_usage", &c->silent, true);
	put_counts(o, "hygiene.unpriced_models", &c->unpriced, false);
	put_counts(o, "hygiene.keys_without_user", &c->ownerless, false);
	put_counts(o, "hygiene.unread_connections", &c->unread, false);
}

static void put_text(struct json_out *o, const char *key, const char *text)
{
	json_key(o, key);
	json_str(o, slice_str(text));
}

static void put_lines(struct json_out *o, const char *key, const struct sheet_lines *l)
{
	json_key(o, key);
	json_open(o, '[');
	for (const struct sheet_line *line = l->first; line != NULL; line = line->next)
		json_str(o, slice_str(line->text));
	json_close(o, ']');
}

/* The sheet as people read it: each item with what stands at it, and who signed. */
static void put_sheet(struct json_out *o, const struct sheet *s)
{
	static const char *const seals[SHEET_SEALS] = { "prepared_by", "checked_by", "approved_by" };

	put_text(o, "document", s->number);
	json_key(o, "items");
	json_open(o, '[');
	for (const struct sheet_section *b = s->sections; b != NULL; b = b->next)
		for (const struct sheet_item *i = b->items; i != NULL; i = i->next) {
			json_open(o, '{');
			put_text(o, "id", i->id);
			put_text(o, "title", i->title);
			put_lines(o, "results", &i->results);
			put_lines(o, "remarks", &i->remarks);
			json_key(o, "manual");
			json_bool(o, i->manual);
			put_text(o, "proposed", duty_verdict_name(i->verdict));
			put_text(o, "verdict", duty_verdict_name(i->said));
			json_close(o, '}');
		}
	json_close(o, ']');
	for (int i = 0; i < SHEET_SEALS; i++)
		put_text(o, seals[i], s->seal[i] == NULL ? "" : s->seal[i]);
	put_lines(o, "special", &s->special);
}

/* Null where nothing was observed, or it is not of this report. */
static void put_availability(struct json_out *o, const struct availability *a)
{
	int64_t base = a->service - a->planned - a->unknown;

	put_number(o, "availability.percent", base > 0, (figure)(base - a->down) * 100, base, 6);
	put_int(o, "availability.down_ns", a->down);
	put_int(o, "availability.planned_ns", a->planned);
	put_int(o, "availability.unknown_ns", a->unknown);
	put_int(o, "availability.outages", (int64_t)a->outages.n);
	put_number(o, "availability.mttr_ns", a->times.mttr > 0, a->times.mttr, 1, 0);
}

static void object(const struct sheet *s, struct buf *out)
{
	const struct figures *d = s->figures;
	struct json_out o = json_out(out);
	const struct coverage *c = &d->coverage;
	bool names = !s->managers;

	json_open(&o, '{');
	put_time(&o, "period.from", d->from);
	put_time(&o, "period.to", d->to);
	put_int(&o, "calls", d->total.calls);
	put_int(&o, "calls.successful", d->total.successful);
	put_money(&o, "cost.pico_usd", d->cost);
	put_money(&o, "cost.month_pico_usd", d->month.cost);
	put_int(&o, "cost.unpriced_calls", d->total.unpriced);
	put_costs(&o, d);
	put_int(&o, "users.active", d->active_users);
	put_number(&o, "ratio.previous_day", d->day.previous_calls > 0, d->total.calls, d->day.previous_calls,
		   6);
	put_number(&o, "ratio.same_class_day", d->day.has_same_class && d->day.same_class_calls > 0,
		   d->total.calls, d->day.same_class_calls, 6);
	put_number(&o, "latency.mean_ms", d->mean_ns >= 0, d->mean_ns, 1000000, 3);
	put_number(&o, "latency.median_ms", d->median_ns >= 0, d->median_ns, 1000000, 3);
	put_number(&o, "latency.p95_ms", d->p95_ns >= 0, d->p95_ns, 1000000, 3);
	put_number(&o, "latency.max_ms", d->max_ns >= 0, d->max_ns, 1000000, 3);
	put_errors(&o, &d->total);
	put_hours(&o, d);
	put_names(&o, "by.department", &d->department);
	put_names(&o, "by.function", &d->function);
	put_names(&o, "by.model", &d->model);
	put_names(&o, "by.user", names ? &d->user : &(const struct named_list){ 0 });
	put_number(&o, "coverage.percent", c->minutes > 0, (figure)(c->minutes - c->missed_minutes) * 100,
		   c->minutes, 4);
	put_int(&o, "coverage.missed_minutes", c->missed_minutes);
	put_int(&o, "coverage.joined", d->total.joined);
	put_int(&o, "calls.retries", d->total.retries);
	put_int(&o, "calls.operations", d->total.calls - d->total.retries);
	put_losses(&o, &c->losses);
	put_findings(&o, d);
	put_hygiene(&o, &d->costs);
	put_availability(&o, &d->review.availability);
	put_sheet(&o, s);
	json_close(&o, '}');
}

int report_output_json(const struct sheet *const *sheets, size_t n, struct buf *out, struct err *e)
{
	(void)e;
	if (n == 0)
		return TK_OK;
	object(sheets[0], out);
	buf_byte(out, '\n');
	return TK_OK;
}
