#include "sensor/recorder/minutes.h"

#include <stdlib.h>
#include <string.h>

#include "core/ledger/sums.h"

#define WINDOW 10
#define TIMES_MAX (1u << 20) /* calls a day whose response times are held; behind them p95_ms is not known   \
			      */

struct slot {
	int32_t calls, own, errors, users;
	int64_t cost_pico, completion_ns;
	uint8_t id[16];
	uint32_t times; /* chain: place + 1 */
};

struct response_time {
	uint32_t next;
	uint16_t bin;
};

struct minutes {
	int32_t next;			 /* the first that was not handed out */
	int32_t last;			 /* the last one handed out that had calls; -1 */
	int64_t calls, cost_pico, users; /* of the day before `next` */
	bool response_times;
	struct response_time *times;
	size_t n_times, cap_times;
	int32_t window_from, window_to; /* minutes whose times are in the window */
	int64_t window_n;
	uint32_t window[LATENCY_BINS];
	struct slot slots[MINUTES_MAX];
};

struct minutes *minutes_new(bool response_times)
{
	struct minutes *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->response_times = response_times;
	minutes_clear(m);
	return m;
}

void minutes_free(struct minutes *m)
{
	if (m != NULL)
		free(m->times);
	free(m);
}

void minutes_clear(struct minutes *m)
{
	m->next = m->window_from = m->window_to = 0;
	m->last = -1;
	m->calls = m->cost_pico = m->users = m->window_n = 0;
	m->n_times = 0;
	memset(m->window, 0, sizeof m->window);
	memset(m->slots, 0, sizeof m->slots);
}

static void add_time(struct minutes *m, struct slot *s, int64_t ns)
{
	if (m->n_times == m->cap_times) {
		size_t cap = m->cap_times == 0 ? 4096 : 2 * m->cap_times;
		struct response_time *more = cap > TIMES_MAX ? NULL : realloc(m->times, cap * sizeof *more);

		if (more == NULL) {
			m->n_times = m->cap_times = TIMES_MAX + 1; /* no more of this day */
			return;
		}
		m->times = more;
		m->cap_times = cap;
	}
	m->times[m->n_times] = (struct response_time){ s->times, (uint16_t)latency_bin(ns) };
	s->times = (uint32_t)++m->n_times;
}

static int32_t within(int32_t at)
{
	return at < 0 ? 0 : at >= MINUTES_MAX ? MINUTES_MAX - 1 : at;
}

bool minutes_add(struct minutes *m, const struct minute_call *c)
{
	struct slot *s = &m->slots[within(c->at)];

	if (s->calls == 0 || c->completion_ns > s->completion_ns ||
	    (c->completion_ns == s->completion_ns && memcmp(c->id, s->id, sizeof s->id) > 0)) {
		s->completion_ns = c->completion_ns;
		memcpy(s->id, c->id, sizeof s->id);
	}
	s->calls++;
	s->errors += c->error;
	if (c->own) {
		s->own++;
		s->cost_pico = add_saturating(s->cost_pico, c->cost_pico);
	}
	if (m->response_times && c->duration_ns >= 0)
		add_time(m, s, c->duration_ns);
	return within(c->at) < m->next;
}

bool minutes_move_user(struct minutes *m, int32_t from, int32_t to)
{
	if (from != NO_MINUTE)
		m->slots[within(from)].users--;
	m->slots[within(to)].users++;
	return within(to) < m->next;
}

/* ---- response times of ten minutes ---- */

static void shift_times(struct minutes *m, int32_t at, int sign)
{
	for (uint32_t i = m->slots[at].times; i != 0; i = m->times[i - 1].next) {
		m->window[m->times[i - 1].bin] += (uint32_t)sign;
		m->window_n += sign;
	}
}

static int64_t p95_ms(struct minutes *m, int32_t at)
{
	int64_t left;

	if (!m->response_times || m->n_times > TIMES_MAX)
		return -1;
	for (; m->window_to <= at; m->window_to++)
		shift_times(m, m->window_to, 1);
	for (; m->window_from < at - (WINDOW - 1); m->window_from++)
		shift_times(m, m->window_from, -1);
	if (m->window_n == 0)
		return -1;
	left = (m->window_n * 95 + 99) / 100; /* nearest rank */
	for (unsigned bin = 0; bin < LATENCY_BINS; bin++)
		if ((left -= m->window[bin]) <= 0)
			return latency_middle(bin) / 1000000;
	return -1;
}

bool minutes_next(struct minutes *m, int32_t end, struct minute *out)
{
	const struct slot *s;

	for (; m->next < MINUTES_MAX && m->next < end && m->slots[m->next].calls == 0; m->next++)
		;
	if (m->next >= MINUTES_MAX || m->next >= end)
		return false;
	s = &m->slots[m->next];
	m->calls += s->own;
	m->users += s->users;
	m->cost_pico = add_saturating(m->cost_pico, s->cost_pico);
	*out = (struct minute){ .at = m->next,
				.since = m->last < 0 ? -1 : m->next - m->last,
				.calls = s->calls,
				.day_calls = m->calls,
				.day_cost_pico = m->cost_pico,
				.day_users = m->users,
				.p95_ms = p95_ms(m, m->next),
				.completion_ns = s->completion_ns,
				.id = s->id };
	for (int32_t i = m->next; i > m->next - WINDOW && i >= 0; i--) {
		out->calls_10m += m->slots[i].calls;
		out->errors_10m += m->slots[i].errors;
	}
	m->last = m->next++;
	return true;
}
