/* Which records of a sealed segment an order takes: those of classes whose period is over, or those that a
 * request names. What a legal hold covers stays, and records of control, erasure, holds and keys always do.
 * One thread. */
#ifndef TK_RETENTION_PLAN_H
#define TK_RETENTION_PLAN_H

#include "core/retention/holds.h"
#include "core/retention/policy.h"
#include "core/trail/erase.h"

struct erase_order {
	bool prune;		/* by the periods; else by what follows, all of which must hold */
	struct slice user;	/* whose name is a value of the record; empty: not asked */
	struct slice text;	/* that stands anywhere in a value of it; empty: not asked */
	int64_t first, last;	/* seq; -1: not asked */
	int64_t from_ns, to_ns; /* INT64_MIN, INT64_MAX: not asked */
};

struct planning {
	const struct config *cfg;
	const struct erase_order *order;
	struct holds holds;
	int64_t now; /* UTC seconds */
	struct name_forms forms;
	struct buf escaped; /* order->text */
	int64_t *twin;	    /* calls that are the same as one of the user's, ascending */
	size_t n_twins, cap_twins;
};
int planning_open(struct planning *p, const struct config *cfg, const struct erase_order *o, struct ledger *l,
		  int64_t now, struct err *e);
void planning_close(struct planning *p); /* in any case */

struct segment_plan {
	struct manifest m;
	struct hash32 text; /* of the manifest */
	struct trail_run *run;
	size_t n_runs, cap_runs;
	bool whole;	    /* nothing else is left in it */
	bool young;	    /* two people must approve */
	bool read;	    /* its file was looked into */
	unsigned classes;   /* of the records that go */
	unsigned cleared;   /* bits of the classes of which it then has none that the periods let go */
	int64_t records;    /* that go */
	int64_t held, kept; /* chosen, and under a hold, or of a class that is never erased */
	int64_t of[RECORD_TYPES];
};
/* `already`: classes cleared before. TK_ENOTFOUND: no segment of that number is sealed. Keeps the room of
 * runs. */
int plan_segment(struct planning *p, const char *folder, int64_t segment, unsigned already,
		 struct segment_plan *out, struct err *e);
void segment_plan_free(struct segment_plan *s);

#endif
