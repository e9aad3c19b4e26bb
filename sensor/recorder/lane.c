/* A way through events: the run of the rules, and what it remembers of the events before. */
#include "sensor/recorder/evaluation.h"

#define SUPPRESSED 65536
#define SUPPRESSED_BYTES (8u << 20)

int lane_open(struct lane *lane, struct evaluate *v, struct findings *findings, struct err *e)
{
	*lane = (struct lane){ .findings = findings,
			       .derive = { .enrich = v->enrich, .ranges = v->cfg->ranges } };
	flat_event_reset(&lane->own);
	lane->run = rule_run_new(v->set, derive_field, &lane->derive);
	lane->suppressed = map_new(SUPPRESSED, SUPPRESSED_BYTES);
	if (v->wants.travel)
		lane->travel = travel_new();
	if (v->wants.pace)
		lane->pace = pace_new();
	if (findings != NULL && lane->run != NULL && lane->suppressed != NULL &&
	    (lane->travel != NULL || !v->wants.travel) && (lane->pace != NULL || !v->wants.pace))
		return TK_OK;
	lane_close(lane);
	return err_set(e, TK_ENOMEM, "no memory for rules");
}

void lane_close(struct lane *lane)
{
	rule_run_free(lane->run);
	map_free(lane->suppressed);
	travel_free(lane->travel);
	pace_free(lane->pace);
	findings_free(lane->findings);
	*lane = (struct lane){ 0 };
}
