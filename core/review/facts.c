#include "core/review/facts.h"

#include <stdlib.h>

#include "core/base/zone.h"

const struct assumption_info assumption_infos[ASSUMPTIONS] = {
#define ASSUME(id, name, per_function, needed, ja, en) { name, per_function, needed, { ja, en } },
#include "core/review/assumptions.def"
#undef ASSUME
};
const struct register_info register_infos[REGISTERS] = {
#define REGISTER(id, name, item, ja, en) { name, item, { ja, en } },
#include "core/review/registers.def"
#undef REGISTER
};
const char *const register_states[] = { "open", "planned", "done", "accepted", NULL };
#define STATES_OPEN 2

bool fact_decimal(struct slice text, int64_t *out)
{
	int64_t v = 0, unit = FACT_UNIT;
	size_t i = 0, digits = 0;

	for (; i < text.n && digits <= 12 && text.p[i] >= '0' && text.p[i] <= '9'; i++, digits++)
		v = v * 10 + (text.p[i] - '0');
	if (digits == 0 || digits > 12)
		return false;
	v *= FACT_UNIT;
	if (i < text.n && text.p[i] == '.') {
		if (++i == text.n || text.n - i > 6)
			return false;
		for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
			v += (text.p[i] - '0') * (unit /= 10);
	}
	*out = v;
	return i == text.n;
}

/* ---- assumptions ---- */

static bool read_assumed(const struct journal_entry *e, struct assumed *out)
{
	*out = (struct assumed){ .entry = e,
				 .source = journal_get(e, "source"),
				 .from = journal_get(e, "from"),
				 .function = journal_get(e, "function") };
	return fact_decimal(journal_get(e, "value"), &out->value) &&
	       fact_decimal(journal_get(e, "low"), &out->low) &&
	       fact_decimal(journal_get(e, "high"), &out->high) && out->low <= out->value &&
	       out->value <= out->high;
}

static enum assumption assumption_of(struct slice name)
{
	enum assumption a = 0;

	while (a < ASSUMPTIONS && !slice_is(name, assumption_infos[a].name))
		a++;
	return a;
}

void fact_assumed(const struct journal *j, enum assumption a, struct slice function, struct slice day,
		  struct assumed *out)
{
	for (size_t i = j->n; i-- > 0;) {
		const struct journal_entry *e = j->p[i];

		if (slice_is(e->action, "duty.assume") && assumption_of(journal_get(e, "name")) == a &&
		    slice_eq(journal_get(e, "function"), function) &&
		    slice_cmp(journal_get(e, "from"), day) <= 0 && read_assumed(e, out))
			return;
	}
	*out = (struct assumed){ 0 };
}

static const char *assume_refusal(const struct journal_entry *next)
{
	enum assumption a = assumption_of(journal_get(next, "name"));
	struct assumed v;
	struct date d;

	if (a == ASSUMPTIONS)
		return "no such assumption: they are adoption, minutes, hourly_cost, other_savings, "
		       "licences, "
		       "operation_hours, initial_cost and initial_months";
	if (assumption_infos[a].per_function != (journal_get(next, "function").n > 0))
		return "adoption and minutes are of a function, the others are not";
	if (!read_assumed(next, &v))
		return "value, low and high are numbers from 0, low not above value, high not below it";
	if (a == ASSUME_ADOPTION && v.high > FACT_UNIT)
		return "an adoption rate is at most 1";
	if (a == ASSUME_SHARE && v.low < FACT_UNIT)
		return "the initial cost is shared by one month or more";
	if (!date_parse(v.from, &d))
		return "an assumption holds from an existing day on";
	return v.source.n == 0 ? "an assumption needs its source" : NULL;
}

/* ---- registers ---- */

static enum fact_register register_of(struct slice name)
{
	enum fact_register r = 0;

	while (r < REGISTERS && !slice_is(name, register_infos[r].name))
		r++;
	return r;
}

static void said_last(struct slice *to, const struct journal_entry *e, const char *key)
{
	struct slice v = journal_get(e, key);

	if (v.n > 0)
		*to = v;
}

static void put_row(struct register_row *row, const struct journal_entry *e)
{
	said_last(&row->key, e, "key");
	said_last(&row->title, e, "title");
	said_last(&row->owner, e, "owner");
	said_last(&row->due, e, "due");
	said_last(&row->state, e, "state");
	said_last(&row->text, e, "text");
	row->changes += row->last != NULL;
	row->last = e;
	row->ended = true;
	for (int i = 0; i < STATES_OPEN; i++)
		row->ended &= !slice_is(row->state, register_states[i]);
}

bool fact_register(const struct journal *j, enum fact_register r, int64_t before_ns,
		   struct register_row **out, size_t *n)
{
	struct register_row *p = *out = calloc(j->n + 1, sizeof *p);

	*n = 0;
	for (size_t i = 0; p != NULL && i < j->n; i++) {
		const struct journal_entry *e = j->p[i];
		size_t at = 0;

		if (!slice_is(e->action, "duty.register") || register_of(journal_get(e, "register")) != r ||
		    e->ts_ns >= before_ns)
			continue;
		while (at < *n && !slice_eq(p[at].key, journal_get(e, "key")))
			at++;
		*n += at == *n;
		put_row(&p[at], e);
	}
	return p != NULL;
}

static bool is_state(struct slice text)
{
	for (size_t i = 0; register_states[i] != NULL; i++)
		if (slice_is(text, register_states[i]))
			return true;
	return false;
}

static bool is_entered(const struct journal *j, const struct journal_entry *next)
{
	for (size_t i = 0; i < j->n; i++)
		if (slice_is(j->p[i]->action, "duty.register") &&
		    slice_eq(journal_get(j->p[i], "register"), journal_get(next, "register")) &&
		    slice_eq(journal_get(j->p[i], "key"), journal_get(next, "key")))
			return true;
	return false;
}

static const char *register_refusal(const struct journal *j, const struct journal_entry *next)
{
	struct slice key = journal_get(next, "key"), due = journal_get(next, "due"),
		     state = journal_get(next, "state");
	struct date d;

	if (register_of(journal_get(next, "register")) == REGISTERS)
		return "no such register: they are vulnerabilities, audit_findings and requirements";
	if (key.n == 0 || key.n > REGISTER_KEY_MAX)
		return "an entry has a number or name of up to 64 bytes";
	if (due.n > 0 && !date_parse(due, &d))
		return "an entry is due on an existing day";
	if (state.n > 0 && !is_state(state))
		return "a state is open, planned, done or accepted";
	if (!is_entered(j, next) && (journal_get(next, "title").n == 0 || state.n == 0))
		return "a new entry needs a title and a state";
	return NULL;
}

const char *fact_refusal(const struct journal *j, const struct journal_entry *next)
{
	return slice_is(next->action, "duty.assume") ? assume_refusal(next) : register_refusal(j, next);
}
