/* Private to rules/calendar: the parts of struct calendar. */
#ifndef TK_RULES_HOSPITAL_H
#define TK_RULES_HOSPITAL_H

#include "rules/calendar/calendar.h"
#include "rules/calendar/holiday_list.h"
#include "rules/calendar/roster.h"
#include "rules/calendar/site.h"

/* What decides a day, in the order of calendar.md 2. */
enum decider { BY_EXTRA_OPEN, BY_EXTRA_CLOSED, BY_FOUNDING, BY_HOLIDAY, BY_YEAR_END, BY_CLOSURE, BY_WEEK };

/* Hours of the site or of one department or role. */
struct pattern {
	const struct cfg_department_hours *own; /* NULL: the site's */
	struct hours hours, half_day;
	enum saturday saturday;
	const struct week_day *week; /* seven, from Monday */
	int32_t before, after;
	bool always; /* 00:00-24:00: open on every day of the year */
};

struct span {
	int64_t from, to; /* UTC seconds, half open */
};

/* A pattern with the open spans around the local day last asked for, and the opening of one. */
struct place {
	struct slice name; /* empty: the site */
	struct pattern pattern;
	struct span day, open[3];
	bool met; /* `opening` is that of `days` */
	int32_t days;
	enum opening opening;
};

/* A department asked for, and its place: most have none of their own. */
#define MET 256 /* a power of two */
struct met {
	uint8_t n; /* 0: free */
	uint8_t text[61];
	uint16_t place;
};

#define DAYS_KEPT 512 /* a power of two above the 400 of calendar.h */
struct kept_day {
	struct day_info info;
	enum decider by;
};

struct calendar {
	const struct cfg_calendar *cfg;
	struct holiday_list *list; /* NULL: by rule alone */
	struct roster *roster;     /* NULL: none */
	struct site *site;
	struct place *places;      /* [0] is the site, then the departments, then the roles */
	size_t n_places, n_roles;  /* the first without the roles */
	uint16_t *slots;           /* hash table of places by name; 0 is free */
	size_t n_slots;            /* a power of two */
	uint64_t seed;
	struct met met[MET];       /* by where the text lies: a definition's stays at its place */
	struct kept_day days[DAYS_KEPT]; /* a ring: the oldest goes first */
	uint16_t index[2 * DAYS_KEPT];   /* by day: 1 + place in the ring, or 0 */
	size_t next;
};

/* Opening of a day under a pattern; *hours are its open hours. */
enum opening pattern_opening(const struct pattern *p, enum decider by, int32_t days, struct hours *hours);
/* What decides a day for a pattern, where it decides for the site. */
enum decider pattern_decider(const struct calendar *c, const struct pattern *p, enum decider by,
			     int32_t days);
/* What decides a day (cached). */
enum decider calendar_decider(struct calendar *c, int32_t days);
/* Fills c->places and c->slots from cfg. False: no memory. */
bool places_init(struct calendar *c);

#endif
