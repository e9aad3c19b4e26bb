/* The events of a calendar as they stand in the file. Private to rules/calendar. */
#ifndef TK_RULES_ICAL_PARTS_H
#define TK_RULES_ICAL_PARTS_H

#include "rules/calendar/ical.h"
#include "rules/calendar/ical_kind.h"
#include "rules/calendar/ical_lines.h"
#include "rules/calendar/ical_time.h"

struct vevent {
	const char *uid, *summary, *categories, *people;
	struct moment *start, *end, *duration, *instead, *rule, *more, *except;
	bool cancelled;
	uint32_t line;
};

/* An instance that an event with RECURRENCE-ID stands for. */
struct taken {
	struct slice uid;
	int64_t at;
};

struct ical_reader {
	struct ical_lines lines;
	struct ical_zones zones;
	struct keep keep;
	struct problems *p;
	struct vevent *event;
	size_t n, cap, n_values;
	struct taken *taken;
	size_t n_taken;
	int32_t from, to;
	struct ical_kind all; /* .kind -1: each by its words */
	struct ical_result *out;
	size_t rows;
	int32_t budget;	      /* steps of recurrences that are left */
	struct buf attendees; /* of the event at hand, with commas between */
};

/* Reads all components into r->event and r->zones. False: told in r->p. */
bool ical_read_components(struct ical_reader *r);

#endif
