#include "reports/frame.h"

const char *frame_number(struct sheet *s, const char *prefix)
{
	struct date first = date_from_days(s->figures->first);

	return sheet_text_of(s, "%s-%04d%02d%02d-1", prefix, (int)first.year, first.month, first.day);
}

void frame_head(struct sheet *s, const char *prefix, enum word period)
{
	const struct figures *f = s->figures;
	const char *text = say_date(s, f->first);

	s->number = frame_number(s, prefix);
	if (f->last != f->first)
		text = sheet_text_of(s, say(s, W_FROM_TO), text, say_date(s, f->last));
	sheet_add_field(s, W_SITE, sheet_copy(s, slice_str(f->cfg->site.name)));
	sheet_add_field(s, period, text);
}

void frame_window(struct sheet *s)
{
	const struct figures *f = s->figures;

	sheet_add_field(s, W_WINDOW,
			sheet_text_of(s, say(s, W_WINDOW_IS), say_time(s, f->from), say_time(s, f->to),
				      f->cfg->site.time_zone));
}

/* What a sealed or stamped sheet is a witness of (audit-trail.md 5). */
void frame_seal(struct sheet *s)
{
	const struct seals *seals = &s->figures->seals;

	if (seals->size > 0)
		sheet_add_field(s, W_TRAIL,
				sheet_text_of(s, say(s, W_SEAL_IS), say_count(s, seals->size - 1),
					      say_count(s, seals->size),
					      sheet_copy(s, slice_str(seals->code))));
}

/* More than 1 % unknown is said aloud (reports.md 5). */
static const char *blind_part(struct sheet *s, const struct coverage *c)
{
	return sheet_text_of(s, say(s, W_BLIND_PART), say_count(s, c->missed_minutes),
			     say_quotient(s, (figure)c->missed_minutes * 100, c->minutes, 2));
}

void frame_warnings(struct sheet *s)
{
	const struct figures *d = s->figures;
	const struct coverage *c = &d->coverage;

	if (d->from == d->to)
		sheet_add_line(s, &s->warnings, say(s, W_NO_DAY));
	else if (figures_blind(d))
		sheet_add_line(s, &s->warnings, say(s, W_BLIND_DAY));
	else if (c->missed_minutes * 100 > c->minutes)
		sheet_add_line(s, &s->warnings, blind_part(s, c));
	if (d->keys_registered == 0)
		sheet_add_line(s, &s->warnings, say(s, W_NO_KEYS));
	if (d->cfg->n_geoip == 0)
		sheet_add_line(s, &s->warnings, say(s, W_NO_GEOIP));
}
