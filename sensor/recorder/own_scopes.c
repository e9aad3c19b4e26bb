/* The close of a day for each department and each user that called on it. */
#include <stdlib.h>

#include "sensor/recorder/evaluation.h"

#define OWN(field) own[(field)-D_OWN_CALLS]
#define PAIRS 65536 /* of a user and a department, on a day and those that it is compared with */
#define PAIRS_BYTES (2u << 20)

/* Of one user in one department; added up, of a department or a user. */
struct share {
	uint32_t department, user;
	struct slice name;
	struct sums sums;
	int64_t users, prev_calls, yesterday_calls;
};

enum scope { SCOPE_DEPARTMENT, SCOPE_USER };

struct shares {
	struct map *at; /* department and user -> number in the list */
	struct share *list, *sum;
	size_t n, room;
	enum { OF_DAY, OF_PREV, OF_YESTERDAY } adding;
	bool failed;
};

static struct share *share_of(struct shares *s, const struct event_names *of)
{
	uint32_t pair[2] = { (uint32_t)of->department, (uint32_t)of->user };
	struct share *more;
	int64_t *at = map_put(s->at, slice_of(pair, sizeof pair), (int64_t)s->n);

	if (at == NULL) /* more than PAIRS: nobody's */
		return NULL;
	if ((size_t)*at < s->n)
		return &s->list[*at];
	if (s->n == s->room) {
		more = realloc(s->list, (s->room * 2 + 64) * sizeof *more);
		if ((s->failed |= more == NULL))
			return NULL;
		s->list = more;
		s->room = s->room * 2 + 64;
	}
	s->list[s->n] = (struct share){ .department = pair[0], .user = pair[1] };
	return &s->list[s->n++];
}

struct shares *shares_new(void)
{
	struct shares *s = calloc(1, sizeof *s);

	if (s != NULL && (s->at = map_new(PAIRS, PAIRS_BYTES)) != NULL)
		return s;
	free(s);
	return NULL;
}

void shares_free(struct shares *s)
{
	if (s == NULL)
		return;
	map_free(s->at);
	free(s->list);
	free(s->sum);
	free(s);
}

void shares_take(struct shares *s, const struct event_names *of, const struct sums *sums)
{
	struct share *x = s->failed ? NULL : share_of(s, of);

	if (x == NULL)
		return;
	if (s->adding == OF_DAY)
		sums_add(&x->sums, sums);
	else if (s->adding == OF_PREV)
		x->prev_calls += sums->calls;
	else
		x->yesterday_calls += sums->calls;
}

static void add(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *sums)
{
	(void)bucket;
	shares_take(ctx, of, sums);
}

/* A day that the day is compared with. */
static int add_day(struct evaluate *v, struct shares *s, int adding, int32_t day, struct err *e)
{
	s->adding = adding;
	return ledger_counted(v->ledger, zone_day_start(day), zone_day_start(day + 1), add, s, e);
}

/* ---- by department, by user ---- */

static int by_department(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return x->department < y->department ? -1 : x->department > y->department;
}

static int by_user(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return x->user < y->user ? -1 : x->user > y->user;
}

/* Labels are numbered as they came, which may differ where the same calls came another way; names are not. */
static int by_name(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return slice_cmp(x->name, y->name);
}

static size_t add_up(const struct evaluate *v, struct shares *s, enum scope scope)
{
	int (*order)(const void *a, const void *b) = scope == SCOPE_USER ? by_user : by_department;
	size_t n = 0;

	qsort(s->list, s->n, sizeof *s->list, order);
	for (size_t i = 0; i < s->n; i++) {
		const struct share *x = &s->list[i];
		struct share *to;

		if (i == 0 || order(x, &s->list[i - 1]) != 0) {
			s->sum[n++] = (struct share){
				.name = ledger_label_name(v->ledger,
							  scope == SCOPE_USER ? x->user : x->department)
			};
		}
		to = &s->sum[n - 1];
		sums_add(&to->sums, &x->sums);
		to->users += x->user > 1 && x->sums.successful > 0;
		to->prev_calls += x->prev_calls;
		to->yesterday_calls += x->yesterday_calls;
	}
	qsort(s->sum, n, sizeof *s->sum, by_name);
	return n;
}

/* ---- the events ---- */

static int close_one(struct evaluate *v, struct lane *lane, const struct hit_of *of,
		     const struct usage *usage, const struct share *x, enum scope scope, struct err *e)
{
	struct derived own[OWN_FIELDS] = { 0 };
	const struct sums *a = &x->sums;
	struct part *who = &lane->own.parts[P_WHO];
	int rc;

	OWN(D_OWN_SCOPE) = (struct derived){ .kind = DV_STR };
	OWN(D_OWN_SCOPE).s = scope == SCOPE_USER ? SLICE("user") : SLICE("department");
	OWN(D_OWN_CALLS) = derive_int(a->calls);
	OWN(D_OWN_CALLS_PREV_PCT) = derive_percent(a->calls, x->prev_calls);
	OWN(D_OWN_CALLS_YESTERDAY_PCT) = derive_percent(a->calls, x->yesterday_calls);
	OWN(D_OWN_COST_USD) = derive_usd(a->cost_pico);
	OWN(D_OWN_ERROR_PCT) = derive_percent(a->error + a->timeout + a->reset, a->calls);
	lane->derive.usage = *usage;
	if (scope == SCOPE_USER) {
		lane->derive.usage.user_calls = a->calls;
		ev_set_str(&lane->own.ev, F_USER, x->name);
		enrich_person(v->enrich, who);
	} else {
		OWN(D_OWN_USERS) = derive_int(x->users);
		ev_set_str(&lane->own.ev, F_DEPARTMENT, x->name);
	}
	rc = own_run(v, lane, OWN_DAY_CLOSE, of, own, e);
	who->known = 0;
	return rc;
}

static int close_all(struct evaluate *v, struct lane *lane, const struct hit_of *of,
		     const struct usage *usage, struct shares *s, struct err *e)
{
	int rc = TK_OK;

	for (enum scope scope = SCOPE_DEPARTMENT; scope <= SCOPE_USER; scope++) {
		size_t n = add_up(v, s, scope);

		for (size_t i = 0; i < n && rc == TK_OK; i++)
			if (s->sum[i].name.n > 0 && s->sum[i].sums.calls > 0)
				rc = close_one(v, lane, of, usage, &s->sum[i], scope, e);
	}
	return rc;
}

int own_day_close_scopes(struct evaluate *v, struct lane *lane, const struct hit_of *of,
			 const struct usage *usage, struct shares *s, struct err *e)
{
	const struct baseline *base = usage->base;
	int rc = TK_OK;

	if (base->calls > 0 && rule_set_needs_own(v->set, D_OWN_CALLS_PREV_PCT))
		rc = add_day(v, s, OF_PREV, base->day, e);
	if (rc == TK_OK && base->yesterday_calls > 0 && rule_set_needs_own(v->set, D_OWN_CALLS_YESTERDAY_PCT))
		rc = add_day(v, s, OF_YESTERDAY, of->day - 1, e);
	if (rc == TK_OK && s->n > 0)
		s->failed |= (s->sum = calloc(s->n, sizeof *s->sum)) == NULL;
	if (rc == TK_OK && s->failed)
		return err_set(e, TK_ENOMEM, "no memory for a day's sums");
	return rc == TK_OK && s->n > 0 ? close_all(v, lane, of, usage, s, e) : rc;
}
