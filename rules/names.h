/* What the names in rules stand for on an access event. Pure functions. */
#ifndef TK_RULES_NAMES_H
#define TK_RULES_NAMES_H

#include "core/event/event.h"

enum bind_kind {
	BIND_NONE,    /* no access event has it */
	BIND_FIELD,   /* enum field_id */
	BIND_DERIVED, /* enum derived_id, asked of the caller */
	BIND_VIEW,    /* enum view: computed from the event at hand */
	BIND_ALL      /* keywords: every value */
};

/* Sigma names whose value is no single field (sigma-digest.md 11). */
enum view {
	VIEW_QUERY,     /* part behind '?', and the whole target */
	VIEW_TARGET,    /* path?query as received */
	VIEW_EXTENSION, /* of the path's last segment */
	VIEW_MS,        /* duration in milliseconds */
	VIEW_IN_HOURS,  /* not off_hours */
	VIEW_COUNT
};

struct binding {
	uint8_t kind;
	uint8_t id;
};

struct binding name_bind(struct slice name);
/* The event field's own name where the binding is one, else NULL: a second name to look for in
 * generic events. */
const char *name_canonical(struct binding b);
/* The nearest name that an access event has, or NULL. */
const char *name_nearest(struct slice name);
/* True when the value depends on the events before (usage.*). */
bool name_is_stateful(struct slice name);
/* Is it answered by the roster? */
bool name_asks_roster(struct slice name);

#endif
