#include "sensor/recorder/join.h"

static const enum field_id usage[] = {
	F_INPUT_TOKENS,	 F_OUTPUT_TOKENS, F_CACHE_READ_TOKENS, F_CACHE_WRITE_TOKENS, F_REASONING_TOKENS,
	F_USAGE_DETAILS, F_QUALITY
};

static void clear(struct access_event *ev, enum field_id f)
{
	struct part *p = ev->part[event_fields[f].part];
	uint32_t bit = UINT32_C(1) << event_fields[f].slot;

	p->known &= ~bit;
	p->absent &= ~bit;
}

static void take(struct access_event *to, const struct access_event *from, enum field_id f)
{
	if (ev_known(from, f))
		*ev_make_known(to, f) = *ev_value(from, f);
	else if (ev_absent(from, f) && !ev_known(to, f))
		ev_set_absent(to, f);
}

static bool has_usage(const struct access_event *ev)
{
	return ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS);
}

/* A department belongs to the user that it stands with. */
static void join_who(struct access_event *capture, const struct access_event *log)
{
	if (ev_known(log, F_USER))
		clear(capture, F_DEPARTMENT);
	take(capture, log, F_USER);
	take(capture, log, F_DEPARTMENT);
	take(capture, log, F_KEY_ID);
}

/* The figures of one usage are never mixed with those of the other. */
static void join_usage(struct access_event *capture, const struct access_event *log)
{
	bool exact = has_usage(capture) && slice_is(ev_str(capture, F_QUALITY), "exact");

	for (size_t i = 0; i < COUNT(usage) && !exact && has_usage(log); i++) {
		clear(capture, usage[i]);
		take(capture, log, usage[i]);
	}
}

void event_join(struct access_event *capture, const struct access_event *log)
{
	join_who(capture, log);
	join_usage(capture, log);
	for (enum field_id f = 0; f < F_COUNT; f++) {
		bool figure = false;

		for (size_t i = 0; i < COUNT(usage); i++)
			figure |= f == usage[i];
		if (!figure && !ev_known(capture, f) && event_fields[f].part != P_WHEN)
			take(capture, log, f);
	}
}

void event_bare(const struct access_event *ev, struct flat_event *out)
{
	flat_event_reset(out);
	for (int p = 0; p < P_COUNT; p++) {
		out->parts[p] = *ev->part[p];
		out->parts[p].serial = 0;
	}
	for (enum field_id f = 0; f < F_COUNT; f++)
		if (event_fields[f].origin == FO_RECORDER)
			clear(&out->ev, f);
}
