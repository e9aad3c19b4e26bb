#include "core/review/duty.h"

#include <stdlib.h>

#include "core/base/zone.h"

static bool is_of(const struct journal_entry *e, struct slice sheet, struct slice date)
{
	return slice_starts(e->action, SLICE("duty.")) && slice_eq(journal_get(e, "sheet"), sheet) &&
	       slice_eq(journal_get(e, "date"), date);
}

bool duty_read(const struct journal *j, struct slice sheet, struct slice date, struct duty_said *out)
{
	*out = (struct duty_said){ .p = calloc(j->n + 1, sizeof *out->p) };
	if (out->p == NULL)
		return false;
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = j->p[i];

		if (!is_of(e, sheet, date))
			continue;
		out->p[out->n++] = e;
		if (slice_is(e->action, "duty.handover"))
			out->handover = e;
		if (slice_is(e->action, "duty.sign"))
			*(slice_is(journal_get(e, "as"), "checker") ? &out->checker : &out->approver) = e;
	}
	return true;
}

void duty_item(const struct duty_said *s, struct slice item, struct duty_item_said *out)
{
	*out = (struct duty_item_said){ 0 };
	for (size_t i = 0; i < s->n; i++) {
		bool verdict = slice_is(s->p[i]->action, "duty.verdict");
		const struct journal_entry **last = verdict ? &out->verdict : &out->entry;

		if (!slice_eq(journal_get(s->p[i], "item"), item))
			continue;
		if (*last != NULL) {
			out->was = *last;
			out->corrections++;
		}
		*last = s->p[i];
	}
}

static bool one_of(struct slice text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_is(text, *words))
			return true;
	return false;
}

static bool same_person(const struct journal_entry *checker, const struct journal_entry *approver)
{
	struct slice stands_for[2] = { journal_get(checker, "for"), journal_get(approver, "for") };

	return slice_eq(checker->actor, approver->actor) || slice_eq(checker->actor, stands_for[1]) ||
	       slice_eq(stands_for[0], approver->actor) ||
	       (stands_for[0].n > 0 && slice_eq(stands_for[0], stands_for[1]));
}

static const char *sign_refusal(const struct duty_said *s, const struct journal_entry *next)
{
	bool approves = slice_is(journal_get(next, "as"), "approver");
	const struct journal_entry *before = approves ? s->approver : s->checker;
	bool corrects = journal_get(next, "correction").n > 0;

	if (!approves && !slice_is(journal_get(next, "as"), "checker"))
		return "a sheet is signed as checker or as approver";
	if (approves && s->checker == NULL)
		return "the checker signs before the approver";
	if (before != NULL && !corrects)
		return "the sheet bears this signature already: a correction needs its reason";
	if (slice_eq(journal_get(next, "for"), next->actor))
		return "nobody stands in for himself";
	if (approves && same_person(s->checker, next) && journal_get(next, "same_person").n == 0)
		return "checker and approver are the same person: another one approves, or say why not";
	return NULL;
}

static const char *item_refusal(const struct duty_said *s, const struct journal_entry *next)
{
	static const char *const verdicts[] = { "normal", "caution", "abnormal", NULL };
	bool verdict = slice_is(next->action, "duty.verdict");
	struct duty_item_said said;

	if (journal_get(next, "item").n == 0)
		return "no item is named";
	if (verdict && !one_of(journal_get(next, "verdict"), verdicts))
		return "a verdict is normal, caution or abnormal";
	if (!verdict && journal_get(next, "value").n == 0)
		return "an entry needs its value";
	duty_item(s, journal_get(next, "item"), &said);
	if ((verdict ? said.verdict : said.entry) != NULL && journal_get(next, "correction").n == 0)
		return "the item has been answered: a correction needs its reason";
	return NULL;
}

const char *duty_refusal(const struct journal *j, const struct journal_entry *next)
{
	static const char *const sheets[] = { "daily", "weekly", "monthly", NULL };
	struct duty_said s;
	const char *why = NULL;
	struct date d;

	if (!one_of(journal_get(next, "sheet"), sheets) || !date_parse(journal_get(next, "date"), &d))
		return "a sheet is daily, weekly or monthly, of an existing date";
	if (!duty_read(j, journal_get(next, "sheet"), journal_get(next, "date"), &s))
		return "no memory";
	if (slice_is(next->action, "duty.sign"))
		why = sign_refusal(&s, next);
	else if (slice_is(next->action, "duty.handover"))
		why = journal_get(next, "text").n == 0 ? "a hand-over note needs its text" : NULL;
	else
		why = item_refusal(&s, next);
	free(s.p);
	return why;
}

const struct journal_entry *duty_last_sign(const struct journal *j, struct slice sheet, int64_t before_ns)
{
	for (size_t i = j->n; i-- > 0;) {
		const struct journal_entry *e = j->p[i];

		if (slice_is(e->action, "duty.sign") && slice_eq(journal_get(e, "sheet"), sheet) &&
		    slice_is(journal_get(e, "as"), "checker") && e->ts_ns < before_ns)
			return e;
	}
	return NULL;
}
