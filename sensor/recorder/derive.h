/* The derived fields of the event at hand (rules/derived.def). */
#ifndef TK_SENSOR_RECORDER_DERIVE_H
#define TK_SENSOR_RECORDER_DERIVE_H

#include "rules/rules.h"
#include "sensor/recorder/enrich.h"

struct derive {
	struct enrich *enrich;
	int64_t user_day_calls, site_day_calls; /* this event included; 0: not known */
	char date[12], prefix[ADDR_TEXT_MAX + 8]; /* of the event at hand: each field has its own room */
};

/* A derive_fn; ctx is a struct derive. */
void derive_field(void *ctx, const struct access_event *ev, enum derived_id id, struct derived *out);

#endif
