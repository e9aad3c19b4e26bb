/* Open hours of the site and its departments (calendar.md 3). */
#include <stdlib.h>

#include "core/base/hash.h"
#include "rules/calendar/hospital.h"

#define DAY 86400
#define PLACES_MAX (UINT16_MAX - 1)

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

static struct place place_of(const struct cfg_department_hours *d)
{
	return (struct place){ .name = slice_str(d->name),
			       .pattern = { .own = d,
					    .hours = d->hours,
					    .half_day = d->half_day,
					    .saturday = d->saturday,
					    .week = d->week,
					    .before = d->before,
					    .after = d->after,
					    .always = is_always(d->hours) } };
}

bool places_init(struct calendar *c)
{
	const struct cfg_calendar *cfg = c->cfg;
	size_t n = cfg->n_departments < PLACES_MAX ? cfg->n_departments : PLACES_MAX;

	c->n_slots = 4;
	while (c->n_slots < 2 * n)
		c->n_slots *= 2;
	c->n_roles = cfg->n_roles < PLACES_MAX ? cfg->n_roles : PLACES_MAX;
	c->places = calloc(n + 1 + c->n_roles, sizeof *c->places);
	c->slots = calloc(c->n_slots, sizeof *c->slots);
	if (c->places == NULL || c->slots == NULL || !random_bytes(&c->seed, sizeof c->seed))
		return false;
	c->n_places = n + 1;
	c->places[0].pattern = (struct pattern){ .hours = cfg->hours,	  .half_day = cfg->half_day,
						 .saturday = cfg->saturday, .week = cfg->week,
						 .before = cfg->before,	  .after = cfg->after };
	for (size_t i = 0; i < n; i++) {
		c->places[i + 1] = place_of(&cfg->departments[i]);
		*slot_of(c, c->places[i + 1].name) = (uint16_t)(i + 1);
	}
	for (size_t i = 0; i < c->n_roles; i++)
		c->places[c->n_places + i] = place_of(&cfg->roles[i]);
	return true;
}

static struct place *find_department(struct calendar *c, struct slice department)
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

static struct place *find_place(struct calendar *c, const struct person *who)
{
	struct place *p = find_department(c, who->department);
	struct slice roles = who->roles, role;

	if (p != c->places || c->n_roles == 0)
		return p;
	while (next_role(&roles, &role))
		for (size_t i = 0; i < c->n_roles; i++)
			if (slice_eq(c->places[c->n_places + i].name, role))
				return &c->places[c->n_places + i];
	return p;
}

enum opening calendar_opening(struct calendar *c, const struct person *who, int32_t days)
{
	struct place *p = find_place(c, who);
	struct hours hours;

	if (!p->met || p->days != days) {
		enum decider by = pattern_decider(c, &p->pattern, calendar_decider(c, days), days);

		p->opening = pattern_opening(&p->pattern, by, days, &hours);
		p->days = days;
		p->met = true;
	}
	return p->opening;
}

bool calendar_always_open(struct calendar *c, const struct person *who)
{
	return find_place(c, who)->pattern.always;
}

/* The open hours of one local day with the allowance; empty on a closed day. */
static struct span open_span(struct calendar *c, const struct pattern *p, int32_t days)
{
	enum decider by = pattern_decider(c, p, calendar_decider(c, days), days);
	struct hours h;

	if (pattern_opening(p, by, days, &h) == OPEN_CLOSED)
		return (struct span){ 0, 0 };
	return (struct span){ zone_instant(days, h.from, false) - p->before,
			      zone_instant(days, h.to, true) + p->after };
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

bool calendar_off_hours(struct calendar *c, const struct person *who, int64_t utc_sec)
{
	struct place *p = find_place(c, who);

	if (p->pattern.always)
		return false;
	if (!holds(p->day, utc_sec))
		place_fill(c, p, utc_sec);
	return !holds(p->open[0], utc_sec) && !holds(p->open[1], utc_sec) && !holds(p->open[2], utc_sec);
}
