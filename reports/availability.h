/* Availability inferred from traffic (reports.md 5), for any period. All times UTC ns, half open. */
#ifndef TK_REPORTS_AVAILABILITY_H
#define TK_REPORTS_AVAILABILITY_H

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/ledger/reader.h"
#include "core/review/incident.h"

struct stretch {
	int64_t from, to;
};
struct stretches { /* ascending, not touching */
	struct stretch *p;
	size_t n, cap;
};
void stretches_free(struct stretches *s);

/* From calls in any order. A call failed for a system reason (5xx), was good (2xx, 3xx), or neither, which
 * says nothing of the service. */
enum call_outcome { CALL_GOOD, CALL_FAILED, CALL_NEITHER };
struct outage_finder;
/* For calls that end in [from, to); NULL: no memory. */
struct outage_finder *outages_begin(int64_t from, int64_t to);
void outages_call(struct outage_finder *f, int64_t end_ns, enum call_outcome outcome);
/* The outages; the last one ends at `to` when no good call came. *traffic: minutes in which calls ended.
 * False: no memory. Frees the finder. */
bool outages_end(struct outage_finder *f, struct stretches *out, int64_t *traffic_minutes);

struct availability {
	int64_t from, to;
	int64_t service, planned, unknown, down; /* ns: S, P, U within S - P, D within S - P - U */
	struct stretches outages;		 /* within the period and its service hours */
	int64_t calls, good, failed, minutes, traffic_minutes;
	struct incident_times times; /* of incidents of type outage, or of no type */
};
/* 稼働率 = (S - P - U - D) / (S - P - U); S: the hours of each day in which the system is promised to be up;
 * planned windows are those announced 72 hours before. TK_EIO and the reader's codes. Free in any case. */
int availability_read(struct availability *out, struct ledger_reader *r, const struct incidents *i,
		      struct hours service, int64_t from, int64_t to, struct err *e);
void availability_free(struct availability *a);
/* The sets of times alone; `outages`, `unknown` as met, `windows` any. False: no memory. */
bool availability_of(struct availability *a, struct hours service, const struct stretches *outages,
		     const struct stretches *unknown, const struct window *windows, size_t n_windows);
/* "99.49": two decimals, rounded down; false where nothing was observed. */
bool availability_percent(const struct availability *a, struct buf *out);
/* Up time over the number of outages that began in the period; -1: none. */
int64_t availability_mtbf(const struct availability *a);

#endif
