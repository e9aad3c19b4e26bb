/* Two views of one call (architecture.md 5): at the tap, and in the gateway's log. A view with an id of the
 * call waits for its twin; what waited alone is recorded, and stays known for a twin that comes later: then a
 * new event takes the place of the recorded one, which stays as it is. Everything here is rows of the
 * transaction under way, so a kill loses neither view. */
#ifndef TK_LEDGER_TWINS_H
#define TK_LEDGER_TWINS_H

#include "core/ledger/ledger.h"

enum side { SIDE_LOG = 1, SIDE_CAPTURE = 2, SIDE_BOTH = SIDE_LOG | SIDE_CAPTURE };

#define CALL_ID_MAX 128       /* a longer id joins nothing */
#define CALLS_KEPT (1 << 20)  /* recorded calls whose twin may still come: the newest */

struct view {
	enum side side;
	struct slice request, response; /* ids; empty: none */
	int64_t start_ns, completion_ns;
	int64_t due_ns;  /* until then it waits */
	uint8_t id[16];  /* of its event */
	int64_t ordinal; /* negative: an import brought it */
	int64_t input;   /* label */
	int64_t row;     /* what the ledger knows it by; 0: not in it yet */
	int64_t seq;     /* of its event; 0: it waits */
	struct slice event; /* as ledger_view_wait was given it; borrowed until the next call */
	struct slice input_name; /* likewise */
};

/* The sides that the ledger has met. */
int ledger_sides(struct ledger *l, unsigned *sides, struct err *e);
/* From the moment when both are met: the calls recorded until then can find their twins. Once. */
int ledger_views_begin(struct ledger *l, struct err *e);
/* The view of the other side that has the same request id, else the same response id, and lies at most
 * `within_ns` away: the one whose end is nearest. TK_ENOTFOUND. */
int ledger_view_find(struct ledger *l, const struct view *v, int64_t within_ns, struct view *out,
		     struct err *e);
/* The first one that was to wait until `horizon_ns` at most. TK_ENOTFOUND. */
int ledger_view_due(struct ledger *l, int64_t horizon_ns, struct view *out, struct err *e);
/* Takes a placed line (ledger_place) in without an event of its own. */
int ledger_view_wait(struct ledger *l, const struct view *v, struct err *e);

/* Records the event of one view that waited alone. */
int ledger_view_alone(struct ledger *l, const struct view *v, const struct access_event *ev,
		      const int64_t rows[P_COUNT], const struct event_names *names, struct err *e);
/* Records the event of both, under the capture's id. If one was recorded, its event (`old`, counted under
 * `old_names`) is superseded, its amounts move, and a `supplement` record says so; NULL: none was. */
struct joined {
	const struct view *capture, *log;
	const struct access_event *ev;
	const int64_t *rows;
	const struct event_names *names;
	const struct access_event *old;
	const struct event_names *old_names;
};
int ledger_view_join(struct ledger *l, const struct joined *j, int64_t now_ns, struct err *e);
/* The recorded event of a view. Valid until the next call. */
int ledger_view_event(struct ledger *l, int64_t seq, struct access_event **ev, struct err *e);

/* ---- usage that answers repeat ---- */
/* Is this the first time that the usage of this answer is told? Remembers the newest ANSWERS_KEPT. */
#define ANSWERS_KEPT (1 << 18)
int ledger_answer_first(struct ledger *l, struct slice provider, struct slice id, bool *first, struct err *e);

#endif
