/* Open hours of the site and its departments (calendar.md 3). */
#include <stdlib.h>

#include "core/base/hash.h"
#include "rules/calendar/hospital.h"

#define DAY 86400

static bool is_always(struct hours h)
{
	return h.from == 0 && h.to == DAY;
}

/* Where a name is in the table, or the free slot where it would be. */
static uint16_t *slot_of(const struct calendar *c, struct slice name)
{
	size_t at = hash64(name, c->seed) & (c->n_slots - 1);

	while (c->slots[at] != 0 && !slice_eq(c->places[c->slots[at]].name, name))
		at = (at + 1) & (c->n_slots - 1);
	return &c->slots[at];
}

bool places_init(struct calendar *c)
{
	const struct cfg_calendar *cfg = c->cfg;
	size_t n = cfg->n_departments < UINT16_MAX - 1 ? cfg->n_departments : UINT16_MAX - 1;

	c->n_slots = 4;
	while (c->n_slots < 2 * n)
		c->n_slots *= 2;
	c->places = calloc(n + 1, sizeof *c->places);
	c->slots = calloc(c->n_slots, sizeof *c->slots);
	if (c->places == NULL || c->slots == NULL || !random_bytes(&c->seed, sizeof c->seed))
		return false;
	c->n_places = n + 1;
	c->places[0].pattern = (struct pattern){ .hours = cfg->hours, .half_day = cfg->half_day,
						 .saturday = cfg->saturday };
	for (size_t i = 0; i < n; i++) {
		const struct cfg_department_hours *d = &cfg->departments[i];
		struct place *p = &c->places[i + 1];

		p->name = slice_str(d->name);
		p->pattern = (struct pattern){ .hours = d->hours,
					       .half_day = d->half_day,
					       .saturday = d->saturday,
					       .always = is_always(d->hours) };
		*slot_of(c, p->name) = (uint16_t)(i + 1);
	}
	return true;
}

static struct place *find_place(struct calendar *c, struct slice department)
{
	struct met *m = &c->met[((uintptr_t)department.p >> 3) % MET];

	if (c->n_places == 1 || department.n == 0)
		return &c->places[0];
	if (slice_eq(slice_of(m->text, m->n), department))
		return &c->places[m->place];
	if (department.n > sizeof m->text)
		return &c->places[*slot_of(c, department)];
	memcpy(m->text, department.p, department.n);
	m->n = (uint8_t)department.n;
	m->place = *slot_of(c, department);
	return &c->places[m->place];
}

enum opening calendar_department_opening(struct calendar *c, struct slice department, int32_t days)
{
	return pattern_opening(&find_place(c, department)->pattern, calendar_decider(c, days), days);
}

/* The open hours of one local day with the allowance; empty on a closed day. */
static struct span open_span(struct calendar *c, const struct pattern *p, int32_t days)
{
	enum opening o = pattern_opening(p, calendar_decider(c, days), days);
	struct hours h = o == OPEN_HALF ? p->half_day : p->hours;

	if (o == OPEN_CLOSED || h.from == h.to)
		return (struct span){ 0, 0 };
	return (struct span){ zone_instant(days, h.from, false) - c->cfg->before,
			      zone_instant(days, h.to, true) + c->cfg->after };
}

static bool holds(struct span s, int64_t at)
{
	return at >= s.from && at < s.to;
}

/* The allowance may reach over midnight, so the neighbouring days count too. */
static void place_fill(struct calendar *c, struct place *p, int64_t utc_sec)
{
	int32_t days = zone_day_of(utc_sec);

	p->day = (struct span){ zone_day_start(days), zone_day_start(days + 1) };
	for (int i = 0; i < 3; i++)
		p->open[i] = open_span(c, &p->pattern, days - 1 + i);
}

bool calendar_off_hours(struct calendar *c, struct slice department, int64_t utc_sec)
{
	struct place *p = find_place(c, department);

	if (p->pattern.always)
		return false;
	if (!holds(p->day, utc_sec))
		place_fill(c, p, utc_sec);
	return !holds(p->open[0], utc_sec) && !holds(p->open[1], utc_sec) && !holds(p->open[2], utc_sec);
}
