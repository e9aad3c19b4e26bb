/* What intake.c and intake_parts.c share: one batch under way. Nobody else includes this. */
#ifndef TK_SENSOR_RECORDER_INTAKE_JOB_H
#define TK_SENSOR_RECORDER_INTAKE_JOB_H

#include "core/base/zone.h"
#include "sensor/recorder/intake.h"

#define CANDIDATES 32        /* inputs that an import's lines are looked up under */
#define QUIET_MINUTES (14 * 24 * 60) /* a longer jump in a log is not taken for watched silence */
#define INPUTS 64
#define WHEN_CACHE 16
#define NO_DEF UINT32_MAX

/* What is known of one definition. */
struct resolved {
	uint64_t stamp;            /* of the stream, when it was resolved */
	uint32_t absent_event;     /* P_SHAPE */
	bool varies;               /* P_WHO: the key has an end */
	const struct registered_key *key; /* P_WHAT: whose call it was, where functions ask for that */
	int64_t row;
	int64_t label[2];          /* WHO: user, department; WHAT: function, model */
	struct price_memo price;   /* P_WHAT */
	struct prospects may;      /* rules that such a part leaves possible */
};

struct watched_input {
	int64_t label, last_minute;
};

struct when_entry {
	bool used;
	int32_t day;
	bool off;
	enum on_duty duty; /* of calls outside hours, else unknown */
	int64_t row;
	struct part part;
	struct prospects may;
};

struct intake {
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	uint32_t uses; /* of intake_use */
	struct watched_input inputs[INPUTS];
	struct when_entry when[WHEN_CACHE];
	int64_t join_ns;           /* 0: views are not joined */
	unsigned sides, configured_sides; /* enum side: met, or named by the configuration */
	bool views_begun;          /* both are */
	int64_t horizon_ns;        /* event time: the latest completion */
	struct buf waiting;        /* scratch: the event that is to wait */
};

/* An input whose lines an import may hold. */
struct candidate {
	char name[256];
	uint8_t mask[16];
};

/* One batch under way. */
struct job {
	struct intake *in;
	struct candidate candidate[CANDIDATES];
	size_t n_candidates; /* 0: the input is named */
	struct stream *stream;
	const struct batch_head *head;
	struct slice input;
	int64_t input_label, now_ns, last_event_ns, events, duplicates;
	struct losses lost;
	int64_t watched_from, watched_to; /* minutes; INT64_MIN: none yet */
	uint8_t mask[16];
	struct err *e;
};

static inline int64_t seconds_of(int64_t ns)
{
	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

/* intake_parts.c: everything that is known of the event's parts: their rows, the names that it is counted
 * under, its cost, and the rules that they leave possible. */
int intake_resolve(struct job *j, struct access_event *ev, const uint32_t def[P_COUNT], int64_t rows[P_COUNT],
		   struct event_names *names, struct prospects *may);

/* The same for an event that belongs to no batch; its parts are enriched in place. `function`: which it was
 * found to be before, when its headers were known. */
struct view;
int intake_resolve_flat(struct job *j, struct flat_event *fe, const struct view *v, struct slice function,
			int64_t rows[P_COUNT], struct event_names *names);

#endif
