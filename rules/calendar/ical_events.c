/* VEVENT and VTIMEZONE of a calendar (RFC 5545 3.6), without their meaning. */
#ifndef TOCHOKU_NO_ICAL

#include <stdlib.h>

#include "rules/calendar/ical_parts.h"

#define DEPTH_MAX 8
#define ZONE_BYTES_MAX 65536
#define VALUES_MAX 100000 /* of EXDATE and RDATE in one file */

static bool wrong(struct ical_reader *r, uint32_t column, const char *what)
{
	problem_line(r->p, r->lines.line, column, "%s", what);
	return false;
}

/* Values with commas between, before those that are there. */
static bool add_moments(struct ical_reader *r, struct moment **list)
{
	struct slice rest = r->lines.value, tzid = ical_param(r->lines.params, "TZID");
	const char *zone = tzid.n > 0 ? keep_copy(&r->keep, tzid) : NULL;

	do {
		const uint8_t *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;
		struct slice one = slice_head(rest, comma == NULL ? rest.n : (size_t)(comma - rest.p));
		struct moment *m = keep_get(&r->keep, sizeof *m);

		if (m == NULL)
			return wrong(r, 1, "no memory");
		if (++r->n_values > VALUES_MAX)
			return wrong(r, 1, "more than 100000 values of times");
		*m = (struct moment){ keep_copy(&r->keep, one), zone, r->lines.line,
				      r->lines.column + (uint32_t)(one.p - r->lines.value.p), *list };
		*list = m;
		rest = slice_from(rest, one.n + 1);
	} while (rest.n > 0);
	return true;
}

static bool add_one(struct ical_reader *r, struct moment **at)
{
	struct slice tzid = ical_param(r->lines.params, "TZID");

	if (*at != NULL)
		return wrong(r, 1, "this property is here twice");
	*at = keep_get(&r->keep, sizeof **at);
	if (*at == NULL)
		return wrong(r, 1, "no memory");
	**at = (struct moment){ keep_copy(&r->keep, r->lines.value),
				tzid.n > 0 ? keep_copy(&r->keep, tzid) : NULL, r->lines.line, r->lines.column,
				NULL };
	return true;
}

/* "mailto:tanaka@hospital.example" */
static bool add_person(struct ical_reader *r)
{
	struct slice v = r->lines.value;
	const uint8_t *at;

	if (v.n > 7 && ical_is(slice_head(v, 7), "mailto:"))
		v = slice_from(v, 7);
	at = v.n > 0 ? memchr(v.p, '@', v.n) : NULL;
	if (at != NULL)
		v = slice_head(v, (size_t)(at - v.p));
	if (r->attendees.n > 0)
		buf_byte(&r->attendees, ',');
	buf_add(&r->attendees, v);
	return !r->attendees.failed || wrong(r, 1, "more than 64 KB of attendees");
}

/* TEXT, or a list of them with blanks between. */
static const char *read_text(struct ical_reader *r)
{
	struct slice rest = r->lines.value, one;
	struct buf b;
	const char *kept;

	buf_init(&b, ICAL_LINE_MAX * 2);
	while (rest.n > 0) {
		one = ical_text(rest, &rest);
		buf_add(&b, one);
		if (rest.n > 0)
			buf_byte(&b, ',');
	}
	kept = keep_copy(&r->keep, b.failed ? SLICE("") : buf_slice(&b));
	buf_free(&b);
	return kept;
}

static bool read_property(struct ical_reader *r, struct vevent *ev)
{
	struct slice name = r->lines.name;

	if (ical_is(name, "DTSTART"))
		return add_one(r, &ev->start);
	if (ical_is(name, "DTEND"))
		return add_one(r, &ev->end);
	if (ical_is(name, "DURATION"))
		return add_one(r, &ev->duration);
	if (ical_is(name, "RRULE"))
		return add_one(r, &ev->rule);
	if (ical_is(name, "RECURRENCE-ID")) {
		if (ical_param(r->lines.params, "RANGE").n > 0)
			return wrong(r, 1, "RANGE is not supported: write the changed instances one by one");
		return add_one(r, &ev->instead);
	}
	if (ical_is(name, "RDATE") && ical_is(ical_param(r->lines.params, "VALUE"), "PERIOD"))
		return wrong(r, 1, "VALUE=PERIOD is not supported");
	if (ical_is(name, "RDATE"))
		return add_moments(r, &ev->more);
	if (ical_is(name, "EXDATE"))
		return add_moments(r, &ev->except);
	if (ical_is(name, "ATTENDEE"))
		return add_person(r);
	if (ical_is(name, "SUMMARY"))
		ev->summary = read_text(r);
	else if (ical_is(name, "CATEGORIES"))
		ev->categories = read_text(r);
	else if (ical_is(name, "UID"))
		ev->uid = keep_copy(&r->keep, r->lines.value);
	else if (ical_is(name, "STATUS"))
		ev->cancelled = ical_is(r->lines.value, "CANCELLED");
	return true;
}

/* Passes over a component of no interest, up to its END. */
static bool skip_component(struct ical_reader *r, unsigned depth)
{
	while (ical_next(&r->lines)) {
		if (ical_is(r->lines.name, "END"))
			return true;
		if (ical_is(r->lines.name, "BEGIN") &&
		    (depth >= DEPTH_MAX ? !wrong(r, 1, "components nested too deep")
					: !skip_component(r, depth + 1)))
			return false;
	}
	return r->lines.wrong != NULL ? false : wrong(r, 1, "the file ends inside a component");
}

static bool add_event(struct ical_reader *r, struct vevent **ev)
{
	if (r->n == ICAL_EVENTS_MAX)
		return wrong(r, 1, "more than 10000 events");
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 256 : r->cap * 2;
		struct vevent *more = realloc(r->event, cap * sizeof *more);

		if (more == NULL)
			return wrong(r, 1, "no memory");
		r->event = more;
		r->cap = cap;
	}
	*ev = &r->event[r->n++];
	**ev = (struct vevent){ .line = r->lines.line };
	return true;
}

static bool read_event(struct ical_reader *r)
{
	struct vevent *ev = NULL;

	if (!add_event(r, &ev))
		return false;
	buf_clear(&r->attendees);
	while (ical_next(&r->lines)) {
		if (ical_is(r->lines.name, "END")) {
			if (r->attendees.n > 0)
				ev->people = keep_copy(&r->keep, buf_slice(&r->attendees));
			return ical_is(r->lines.value, "VEVENT") || wrong(r, 1, "expected END:VEVENT");
		}
		if (ical_is(r->lines.name, "BEGIN") ? !skip_component(r, 2) : !read_property(r, ev))
			return false;
	}
	return r->lines.wrong != NULL ? false : wrong(r, 1, "the file ends inside an event");
}

static bool read_zone(struct ical_reader *r)
{
	uint32_t line = r->lines.line;
	const char *name = NULL, *why = NULL;
	struct buf text;
	unsigned depth = 1;

	buf_init(&text, ZONE_BYTES_MAX);
	buf_str(&text, "BEGIN:VTIMEZONE\r\n");
	while (depth > 0 && ical_next(&r->lines)) {
		depth += ical_is(r->lines.name, "BEGIN");
		depth -= ical_is(r->lines.name, "END");
		if (ical_is(r->lines.name, "TZID"))
			name = keep_copy(&r->keep, r->lines.value);
		buf_add(&text, buf_slice(&r->lines.text));
		buf_str(&text, "\r\n");
	}
	if (r->lines.wrong == NULL && depth > 0)
		why = "the file ends inside a time zone";
	else if (r->lines.wrong == NULL && (text.failed || name == NULL))
		why = "a time zone without TZID, or longer than 64 KB";
	else if (r->lines.wrong == NULL)
		why = ical_zone_add(&r->zones, buf_cstr(&text), name);
	buf_free(&text);
	if (why != NULL)
		problem_line(r->p, line, 1, "%s", why);
	return why == NULL && r->lines.wrong == NULL;
}

bool ical_read_components(struct ical_reader *r)
{
	bool calendar = false, good = true;

	while (good && ical_next(&r->lines)) {
		struct slice v = r->lines.value;

		if (!ical_is(r->lines.name, "BEGIN")) {
			good = calendar || wrong(r, 1, "expected BEGIN:VCALENDAR");
			continue;
		}
		if (ical_is(v, "VCALENDAR"))
			calendar = true;
		else if (!calendar)
			good = wrong(r, 1, "expected BEGIN:VCALENDAR");
		else if (ical_is(v, "VEVENT"))
			good = read_event(r);
		else if (ical_is(v, "VTIMEZONE"))
			good = read_zone(r);
		else
			good = skip_component(r, 1);
	}
	if (r->lines.wrong != NULL)
		return wrong(r, 1, r->lines.wrong);
	return good && (calendar || wrong(r, 1, "expected BEGIN:VCALENDAR"));
}

#endif
