#include "sensor/recorder/memory.h"

#include <stdlib.h>

#include "core/base/hash.h"

#define SPAN 60		/* days that are looked back on */
#define LEARN_DAYS 14	/* a key is known when it was first seen so long ago */
#define LEARN_ACTIVE 10 /* a user, when active on so many days */
#define WINDOW 128	/* days of which the table knows */
#define PLACES_MIN 4096
#define PLACES_MAX (1u << 17) /* a power of two; the table is at most half full */
#define PENDING 8192
#define SHORTCUTS 8192 /* a power of two */
#define DAY_BYTES (16u << 20)

typedef unsigned __int128 days_mask; /* bit i: day base + i */

enum kind { KIND_KEY, KIND_USER, KIND_KEY_IP, KIND_KEY_AGENT, KIND_USER_MODEL };

struct place {
	uint64_t number; /* 0: free */
	uint64_t days[2];
};

struct pending {
	int32_t day;
	uint64_t number;
};

struct subject {
	uint64_t number; /* 0: nobody */
	bool known;	 /* for long enough */
};

/* Calls whose parts have these rows were met on that day already. */
struct shortcut {
	uint32_t a, b, c;
	int32_t day;
	uint32_t age;
	struct recall recall;
	bool remembered;
};

struct memory {
	struct ledger *l;
	disturb_fn disturb;
	void *ctx;
	uint64_t seed;
	bool asks_idle, asks[KIND_USER_MODEL + 1];
	int32_t base, last; /* of the window; the last day in the ledger */
	bool loaded;
	uint32_t age; /* shortcuts of another one are void */
	struct place *places;
	size_t cap, n;
	struct pending pending[PENDING];
	size_t n_pending;
	struct shortcut of_key[SHORTCUTS], of_user[SHORTCUTS];
	struct recall answer;
	struct buf blob;
	int64_t dropped;
};

/* ---- masks ---- */

static days_mask mask_of(const struct place *p)
{
	return (days_mask)p->days[1] << 64 | p->days[0];
}

static void set_day(struct place *p, int at)
{
	p->days[at / 64] |= UINT64_C(1) << at % 64;
}

/* Bits [from, to]; those below 0 are none. */
static days_mask between(int from, int to)
{
	days_mask below_to = to >= WINDOW - 1 ? ~(days_mask)0 : ((days_mask)1 << (to + 1)) - 1;
	days_mask below_from = from <= 0 ? 0 : ((days_mask)1 << from) - 1;

	return to < 0 || to < from ? 0 : below_to & ~below_from;
}

static int count_days(days_mask m)
{
	return __builtin_popcountll((uint64_t)m) + __builtin_popcountll((uint64_t)(m >> 64));
}

/* Highest bit; m is not 0. */
static int last_day(days_mask m)
{
	uint64_t high = (uint64_t)(m >> 64);

	return high != 0 ? 127 - __builtin_clzll(high) : 63 - __builtin_clzll((uint64_t)m);
}

static int first_day(days_mask m)
{
	uint64_t low = (uint64_t)m;

	return low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll((uint64_t)(m >> 64));
}

static bool met_before(days_mask m, int at)
{
	return (m & between(at - SPAN, at - 1)) != 0;
}

static bool learned(enum kind subject, days_mask m, int at)
{
	if (subject == KIND_KEY)
		return (m & between(at - SPAN, at - LEARN_DAYS)) != 0;
	return count_days(m & between(at - SPAN, at - 1)) >= LEARN_ACTIVE;
}

/* ---- the table ---- */

static uint64_t subject_number(const struct memory *m, enum kind kind, struct slice subject)
{
	uint64_t number = hash64(subject, m->seed + (uint64_t)kind);

	return number == 0 ? 1 : number;
}

static uint64_t pair_number(uint64_t subject, enum kind kind, struct slice object)
{
	uint64_t number = hash64(object, subject + (uint64_t)kind);

	return number == 0 ? 1 : number;
}

static struct place *find(struct memory *m, uint64_t number)
{
	size_t at = number & (m->cap - 1);

	while (m->places[at].number != 0 && m->places[at].number != number)
		at = (at + 1) & (m->cap - 1);
	return &m->places[at];
}

static bool grow_table(struct memory *m)
{
	struct place *old = m->places;
	size_t n = m->cap;

	if (n >= PLACES_MAX || (m->places = calloc(2 * n, sizeof *m->places)) == NULL) {
		m->places = old;
		return false;
	}
	m->cap = 2 * n;
	for (size_t i = 0; i < n; i++)
		if (old[i].number != 0)
			*find(m, old[i].number) = old[i];
	free(old);
	return true;
}

/* The number's place, made if need be; NULL: no room. */
static struct place *put(struct memory *m, uint64_t number)
{
	struct place *p = find(m, number);

	if (p->number != 0)
		return p;
	if (2 * (m->n + 1) > m->cap) {
		if (!grow_table(m))
			return NULL;
		p = find(m, number);
	}
	p->number = number;
	m->n++;
	return p;
}

static int load_day(struct memory *m, int32_t day, struct err *e)
{
	int rc;

	buf_clear(&m->blob);
	if ((rc = ledger_memory_read(m->l, day, &m->blob, e)) != TK_OK)
		return rc;
	for (size_t i = 0; i + 8 <= m->blob.n; i += 8) {
		uint64_t number = 0;
		struct place *p;

		for (int k = 7; k >= 0; k--)
			number = number << 8 | m->blob.p[i + (size_t)k];
		if ((p = put(m, number)) != NULL)
			set_day(p, day - m->base);
		else
			m->dropped++;
	}
	return TK_OK;
}

/* The window knows the 60 days before the day, and those behind it as far as there are any. */
static int move_window(struct memory *m, int32_t day, struct err *e)
{
	int32_t end = m->base + WINDOW - 1;
	int rc;

	if (m->loaded && day - SPAN >= m->base && day <= end && (day + SPAN <= end || m->last <= end))
		return TK_OK;
	if ((rc = memory_flush(m, e)) != TK_OK)
		return rc;
	m->base = day - SPAN - 3;
	m->loaded = true;
	m->age++;
	memset(m->places, 0, m->cap * sizeof *m->places);
	m->n = 0;
	for (int32_t d = m->base; d < m->base + WINDOW && d <= m->last && rc == TK_OK; d++)
		rc = load_day(m, d, e);
	return rc;
}

int memory_flush(struct memory *m, struct err *e)
{
	int rc = TK_OK;

	while (m->n_pending > 0 && rc == TK_OK) {
		int32_t day = m->pending[0].day;
		size_t left = 0;

		buf_clear(&m->blob);
		for (size_t i = 0; i < m->n_pending; i++) {
			uint64_t number = m->pending[i].number;

			if (m->pending[i].day != day) {
				m->pending[left++] = m->pending[i];
				continue;
			}
			for (int k = 0; k < 8; k++, number >>= 8)
				buf_byte(&m->blob, (uint8_t)number);
		}
		m->n_pending = left;
		rc = ledger_memory_add(m->l, day, buf_slice(&m->blob), e);
	}
	return rc;
}

/* ---- late calls ---- */

/* The subject's day is new: on later days it may be known by now, or sleep less. */
static int mark_subject(struct memory *m, enum kind kind, uint64_t number, days_mask before, int at,
			struct err *e)
{
	days_mask later = before & between(at + 1, at + SPAN);
	bool asked =
		kind == KIND_KEY ? m->asks[KIND_KEY_IP] || m->asks[KIND_KEY_AGENT] : m->asks[KIND_USER_MODEL];
	int32_t previous, next;
	int rc = TK_OK;

	for (; asked && later != 0 && rc == TK_OK; later &= later - 1) {
		int day = first_day(later);

		if (learned(kind, before, day) != learned(kind, before | (days_mask)1 << at, day))
			rc = m->disturb(m->ctx, m->base + day, e);
	}
	if (rc != TK_OK || kind != KIND_KEY || !m->asks_idle)
		return rc;
	rc = ledger_key_days(m->l, number, m->base + at, &previous, &next, e);
	return rc == TK_OK && next != INT32_MAX ? m->disturb(m->ctx, next, e) : rc;
}

/* The pair's next day may have been its first. */
static int mark_pair(struct memory *m, enum kind kind, days_mask before, int at, struct err *e)
{
	days_mask later = before & between(at + 1, at + SPAN);
	int next;

	if (!m->asks[kind] || later == 0)
		return TK_OK;
	next = first_day(later);
	return met_before(before, next) ? TK_OK : m->disturb(m->ctx, m->base + next, e);
}

/* ---- a call ---- */

static int remember(struct memory *m, enum kind kind, uint64_t number, int32_t day, struct err *e)
{
	struct place *p = put(m, number);
	int at = day - m->base, rc = TK_OK;
	days_mask before;

	if (p == NULL) {
		m->dropped++;
		return TK_OK;
	}
	before = mask_of(p);
	if (before >> at & 1)
		return TK_OK;
	set_day(p, at);
	if (day < m->last) {
		m->age++;
		rc = kind <= KIND_USER ? mark_subject(m, kind, number, before, at, e)
				       : mark_pair(m, kind, before, at, e);
	} else {
		m->last = day;
	}
	if (rc == TK_OK && kind == KIND_KEY)
		rc = ledger_key_used(m->l, number, day, e);
	if (rc == TK_OK && m->n_pending == PENDING)
		rc = memory_flush(m, e);
	if (rc == TK_OK)
		m->pending[m->n_pending++] = (struct pending){ day, number };
	return rc;
}

static bool refused(const struct access_event *ev)
{
	int64_t status = ev_int(ev, F_STATUS, 0);

	return status == 401 || status == 403;
}

struct slice agent_family(struct slice agent)
{
	for (size_t i = 0; i + 1 < agent.n; i++)
		if ((agent.p[i] == ' ' || agent.p[i] == '/') && agent.p[i + 1] >= '0' &&
		    agent.p[i + 1] <= '9')
			return slice_head(agent, i);
	return agent;
}

static int one_subject(struct memory *m, enum kind kind, struct slice name, int32_t day, bool keep,
		       struct subject *out, struct err *e)
{
	*out = (struct subject){ 0 };
	if (name.n == 0)
		return TK_OK;
	out->number = subject_number(m, kind, name);
	out->known = learned(kind, mask_of(find(m, out->number)), day - m->base);
	return keep ? remember(m, kind, out->number, day, e) : TK_OK;
}

/* One pair of a subject: whether its day is the first, and, if it is to be, remembered. */
static int one_pair(struct memory *m, enum kind kind, const struct subject *s, struct slice object,
		    int32_t day, bool keep, int8_t *first, struct err *e)
{
	uint64_t number;

	*first = -1;
	if (s->number == 0 || object.n == 0)
		return TK_OK;
	number = pair_number(s->number, kind, object);
	if (s->known)
		*first = !met_before(mask_of(find(m, number)), day - m->base);
	return keep ? remember(m, kind, number, day, e) : TK_OK;
}

static int idle_days(struct memory *m, uint64_t key, int32_t day, int32_t *out, struct err *e)
{
	days_mask before = mask_of(find(m, key)) & between(0, day - m->base - 1);
	int32_t previous, next;
	int rc = TK_OK;

	if (before != 0)
		previous = m->base + last_day(before);
	else
		rc = ledger_key_days(m->l, key, day, &previous, &next, e);
	if (rc == TK_OK)
		*out = previous == INT32_MIN ? -1 : day - previous;
	return rc;
}

static int of_key(struct memory *m, const struct access_event *ev, int32_t day, bool keep, struct recall *out,
		  struct err *e)
{
	struct slice agent = agent_family(ev_str(ev, F_USER_AGENT)), ip = slice_of(NULL, 0);
	struct subject key;
	int rc = move_window(m, day, e);

	out->idle_days = -1;
	if (ev_known(ev, F_SOURCE_IP))
		ip = slice_of(ev_value(ev, F_SOURCE_IP)->ip.b, sizeof ev_value(ev, F_SOURCE_IP)->ip.b);
	if (rc == TK_OK)
		rc = one_subject(m, KIND_KEY, ev_str(ev, F_KEY_ID), day, keep, &key, e);
	if (rc == TK_OK)
		rc = one_pair(m, KIND_KEY_IP, &key, ip, day, keep, &out->key_ip, e);
	if (rc == TK_OK)
		rc = one_pair(m, KIND_KEY_AGENT, &key, agent, day, keep, &out->key_agent, e);
	return rc == TK_OK && key.number != 0 && m->asks_idle
		       ? idle_days(m, key.number, day, &out->idle_days, e)
		       : rc;
}

static int of_user(struct memory *m, const struct access_event *ev, int32_t day, bool keep,
		   struct recall *out, struct err *e)
{
	struct subject user;
	struct slice model = ev_str(ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL);
	int rc = move_window(m, day, e);

	if (rc == TK_OK)
		rc = one_subject(m, KIND_USER, ev_str(ev, F_USER), day, keep, &user, e);
	return rc == TK_OK ? one_pair(m, KIND_USER_MODEL, &user, model, day, keep, &out->user_model, e) : rc;
}

/* The shortcut for these rows; *fresh: it knows the answer. */
static struct shortcut *shortcut(const struct memory *m, struct shortcut *list, int64_t row_a, int64_t row_b,
				 int64_t row_c, int32_t day, bool *fresh)
{
	uint32_t a = (uint32_t)row_a, b = (uint32_t)row_b, c = (uint32_t)row_c;
	uint64_t h = ((uint64_t)a * 31 + b) * 31 + c;
	struct shortcut *s = &list[(h * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (SHORTCUTS - 1)];

	*fresh = s->a == a && s->b == b && s->c == c && s->day == day && s->age == m->age;
	if (!*fresh)
		*s = (struct shortcut){ .a = a, .b = b, .c = c, .day = day };
	return s;
}

static int event_key(struct memory *m, const struct access_event *ev, int32_t day,
		     const int64_t rows[P_COUNT], bool keep, struct err *e)
{
	bool fresh;
	struct shortcut *s;
	int rc = TK_OK;

	if (!ev_known(ev, F_KEY_ID)) {
		m->answer.idle_days = m->answer.key_ip = m->answer.key_agent = -1;
		return TK_OK;
	}
	s = shortcut(m, m->of_key, rows[P_WHO], rows[P_WHERE], rows[P_HOW], day, &fresh);
	if (!fresh || (keep && !s->remembered)) {
		rc = of_key(m, ev, day, keep, &s->recall, e);
		s->remembered |= keep;
		s->age = m->age;
	}
	m->answer = s->recall;
	return rc;
}

int memory_event(struct memory *m, const struct access_event *ev, int32_t day, const int64_t rows[P_COUNT],
		 const struct recall **out, struct err *e)
{
	bool keep = !refused(ev), fresh;
	int rc = event_key(m, ev, day, rows, keep, e);
	struct shortcut *s;

	*out = &m->answer;
	m->answer.user_model = -1;
	if (rc != TK_OK || !ev_known(ev, F_USER))
		return rc;
	s = shortcut(m, m->of_user, rows[P_WHO], rows[P_WHAT], 0, day, &fresh);
	if (!fresh || (keep && !s->remembered)) {
		rc = of_user(m, ev, day, keep, &s->recall, e);
		s->remembered |= keep;
		s->age = m->age;
	}
	m->answer.user_model = s->recall.user_model;
	return rc;
}

int memory_recall(struct memory *m, const struct access_event *ev, int32_t day, struct recall *out,
		  struct err *e)
{
	int rc = of_key(m, ev, day, false, out, e);

	return rc == TK_OK ? of_user(m, ev, day, false, out, e) : rc;
}

int64_t memory_dropped(const struct memory *m)
{
	return m->dropped;
}

static void note_questions(struct memory *m, const struct rule_set *set)
{
	m->asks_idle = rule_set_needs(set, D_KEY_IDLE_DAYS);
	m->asks[KIND_KEY_IP] = rule_set_needs(set, D_FIRST_KEY_IP);
	m->asks[KIND_KEY_AGENT] = rule_set_needs(set, D_FIRST_KEY_AGENT);
	m->asks[KIND_USER_MODEL] = rule_set_needs(set, D_FIRST_USER_MODEL);
}

struct memory *memory_new(struct ledger *l, const struct rule_set *set, disturb_fn disturb, void *ctx,
			  struct err *e)
{
	struct memory *m = calloc(1, sizeof *m);

	if (m == NULL || (m->places = calloc(PLACES_MIN, sizeof *m->places)) == NULL) {
		free(m);
		err_set(e, TK_ENOMEM, "no memory");
		return NULL;
	}
	m->l = l;
	m->disturb = disturb;
	m->ctx = ctx;
	m->cap = PLACES_MIN;
	m->age = 1;
	buf_init(&m->blob, DAY_BYTES);
	note_questions(m, set);
	if (ledger_memory_seed(l, &m->seed, e) == TK_OK && ledger_memory_last(l, &m->last, e) == TK_OK)
		return m;
	memory_free(m);
	return NULL;
}

void memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	free(m->places);
	buf_free(&m->blob);
	free(m);
}
