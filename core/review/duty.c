#include "core/review/duty.h"

#include <stdlib.h>

#include "core/base/zone.h"

static const struct {
	const char *sheet;
	const char *const block[DUTY_BLOCKS + 1];
} sheets[] = {
	{ "daily", { "D1", "D2", "D3", NULL } },
	{ "weekly", { "W1", "W2", NULL } },
	{ "monthly", { NULL } },
};

const char *const *duty_blocks(struct slice sheet)
{
	for (size_t i = 0; i < COUNT(sheets); i++)
		if (slice_is(sheet, sheets[i].sheet))
			return sheets[i].block;
	return NULL;
}

bool duty_signs(const struct journal_entry *sign, const char *block)
{
	struct slice named = journal_get(sign, "block");

	return named.n == 0 || slice_is(named, block);
}

static bool is_of(const struct journal_entry *e, struct slice sheet, struct slice date)
{
	return slice_starts(e->action, SLICE("duty.")) && slice_eq(journal_get(e, "sheet"), sheet) &&
	       slice_eq(journal_get(e, "date"), date);
}

/* The whole sheet is signed when each of its blocks is: by the last of them. */
static void take_sign(struct duty_said *out, const char *const *blocks, const struct journal_entry *e)
{
	bool all = true;

	if (slice_is(journal_get(e, "as"), "approver")) {
		out->approver = e;
		return;
	}
	for (int i = 0; blocks != NULL && blocks[i] != NULL; i++) {
		if (duty_signs(e, blocks[i]))
			out->block[i] = e;
		all &= out->block[i] != NULL;
	}
	if (all || journal_get(e, "block").n == 0)
		out->checker = e;
}

bool duty_read(const struct journal *j, struct slice sheet, struct slice date, struct duty_said *out)
{
	const char *const *blocks = duty_blocks(sheet);

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
			take_sign(out, blocks, e);
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

static bool checked_by_same(const struct duty_said *s, const struct journal_entry *next)
{
	bool same = same_person(s->checker, next);

	for (int i = 0; i < DUTY_BLOCKS; i++)
		same |= s->block[i] != NULL && same_person(s->block[i], next);
	return same;
}

/* Where the block is in the sheet; -1: it has no such one. */
static int block_of(const struct journal_entry *next)
{
	const char *const *blocks = duty_blocks(journal_get(next, "sheet"));

	for (int i = 0; blocks[i] != NULL; i++)
		if (slice_is(journal_get(next, "block"), blocks[i]))
			return i;
	return -1;
}

static const char *sign_refusal(const struct duty_said *s, const struct journal_entry *next)
{
	bool approves = slice_is(journal_get(next, "as"), "approver"),
	     corrects = journal_get(next, "correction").n > 0, part = journal_get(next, "block").n > 0;
	const struct journal_entry *before = approves ? s->approver : s->checker;

	if (!approves && !slice_is(journal_get(next, "as"), "checker"))
		return "a sheet is signed as checker or as approver";
	if (part && approves)
		return "an approver signs the whole sheet";
	if (part && block_of(next) < 0)
		return "the sheet has no such block: they are D1, D2, D3 of the day, W1, W2 of the week";
	if (part)
		before = s->block[block_of(next)];
	if (approves && s->checker == NULL)
		return "the checker signs before the approver";
	if (before != NULL && !corrects)
		return "the sheet bears this signature already: a correction needs its reason";
	if (slice_eq(journal_get(next, "for"), next->actor))
		return "nobody stands in for himself";
	if (approves && checked_by_same(s, next) && journal_get(next, "same_person").n == 0)
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
	struct duty_said s;
	const char *why = NULL;
	struct date d;

	if (duty_blocks(journal_get(next, "sheet")) == NULL || !date_parse(journal_get(next, "date"), &d))
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
	const char *const *blocks = duty_blocks(sheet);
	const char *last = "";

	for (; blocks != NULL && *blocks != NULL; blocks++)
		last = *blocks;
	for (size_t i = j->n; i-- > 0;) {
		const struct journal_entry *e = j->p[i];

		if (slice_is(e->action, "duty.sign") && slice_eq(journal_get(e, "sheet"), sheet) &&
		    slice_is(journal_get(e, "as"), "checker") && duty_signs(e, last) && e->ts_ns < before_ns)
			return e;
	}
	return NULL;
}
