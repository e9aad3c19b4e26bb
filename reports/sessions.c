/* Time of use (reports.md W1.1): a session is the calls of one user with gaps of at most 30 minutes, its
 * length from its first call to the end of its last. */
#include <stdlib.h>

#include "core/base/map.h"
#include "reports/figures.h"

#define GAP_NS (30 * 60 * NS_PER_SEC)
#define USERS_MAX (1u << 20)

struct open_session {
	int64_t from, to;
};
struct reading {
	struct map *users; /* name -> place in open[] */
	struct open_session *open;
	size_t cap;
	struct sessions *sum;
};

static void close_session(struct sessions *sum, const struct open_session *o)
{
	sum->n++;
	sum->total_ns = add_saturating(sum->total_ns, o->to - o->from);
}

/* Events come in the order in which they ended. */
static int take_event(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct reading *r = ctx;
	struct slice user = ev_str(ev, F_USER);
	int64_t from = ev_int(ev, F_TIMESTAMP, 0), to = add_saturating(from, ev_int(ev, F_DURATION, 0)), *at;
	struct open_session *o;

	(void)seq;
	if (user.n == 0)
		return TK_OK;
	if ((at = map_put(r->users, user, -1)) == NULL)
		return TK_ENOMEM;
	if (*at < 0) {
		if (map_count(r->users) > r->cap) {
			size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
			struct open_session *more = realloc(r->open, cap * sizeof *more);

			if (more == NULL)
				return TK_ENOMEM;
			r->open = more;
			r->cap = cap;
		}
		*at = (int64_t)map_count(r->users) - 1;
		r->open[*at] = (struct open_session){ from, to };
		return TK_OK;
	}
	o = &r->open[*at];
	if (from - o->to > GAP_NS) {
		close_session(r->sum, o);
		*o = (struct open_session){ from, to };
		return TK_OK;
	}
	o->from = from < o->from ? from : o->from;
	o->to = to > o->to ? to : o->to;
	return TK_OK;
}

int figures_read_sessions(struct figures *f, struct ledger_reader *reader, struct err *e)
{
	struct reading r = { .users = map_new(USERS_MAX, USERS_MAX * 64), .sum = &f->sessions };
	int rc = r.users == NULL ? TK_ENOMEM
				 : ledger_events(reader, f->from * NS_PER_SEC, f->to * NS_PER_SEC, true,
						 take_event, &r, e);

	for (size_t i = 0; r.users != NULL && r.open != NULL && i < map_count(r.users) && i < r.cap; i++)
		close_session(&f->sessions, &r.open[i]);
	map_free(r.users);
	free(r.open);
	return rc == TK_ENOMEM ? err_set(e, rc, "out of memory") : rc;
}
