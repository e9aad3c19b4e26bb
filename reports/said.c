#include "reports/said.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/duty.h"

int said_read(struct said *out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      enum duty_sheet kind, struct period p, struct err *e)
{
	int rc = journal_read(&out->journal, r, e);

	out->kind = kind;
	out->options = duty_options(cfg);
	out->date = duty_date_of(cal, &out->options, kind, p);
	date_format(date_from_days(out->date), out->date_text);
	if (rc == TK_OK && !(incidents_read(&out->journal, &out->incidents) &&
			     duty_read(&out->journal, slice_str(duty_sheet_name(kind)),
				       slice_str(out->date_text), &out->sheet)))
		rc = err_set(e, TK_ENOMEM, "no memory for the records of people");
	return rc;
}

void said_free(struct said *s)
{
	free(s->sheet.p);
	incidents_free(&s->incidents);
	journal_free(&s->journal);
	*s = (struct said){ 0 };
}

void said_count(const struct said *s, int64_t *judged, int64_t *abnormal)
{
	*judged = *abnormal = 0;
	for (size_t i = 0; i < duty_item_count; i++) {
		struct duty_item_said item;

		duty_item(&s->sheet, slice_str(duty_items[i].id), &item);
		if (item.verdict == NULL)
			continue;
		++*judged;
		*abnormal += slice_is(journal_get(item.verdict, "verdict"), "abnormal");
	}
}

bool duty_is_late(const struct journal_entry *sign, int32_t date)
{
	return zone_day_of(sign->ts_ns / NS_PER_SEC) > date;
}

void said_signer(const struct journal_entry *sign, enum lang lang, struct buf *out)
{
	struct slice stands_for = journal_get(sign, "for");

	buf_add(out, sign->actor);
	if (stands_for.n == 0)
		return;
	buf_str(out, word(lang, W_PROXY_FOR));
	buf_add(out, stands_for);
	buf_str(out, word(lang, W_PROXY_END));
}

/* ---- onto the sheet ---- */

static const char *signer(struct sheet *s, const struct journal_entry *sign)
{
	struct buf b;
	const char *text;

	buf_init(&b, 1 << 16);
	said_signer(sign, s->lang, &b);
	text = sheet_copy(s, buf_slice(&b));
	buf_free(&b);
	return text;
}

/* 2026-11-24 09:12, local */
static const char *minute(struct sheet *s, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	time_format_local(ns, text);
	text[10] = ' ';
	return sheet_copy(s, slice_of(text, 16));
}

static const char *member(struct sheet *s, const struct journal_entry *e, const char *key)
{
	return sheet_copy(s, journal_get(e, key));
}

static enum verdict verdict_of(const struct journal_entry *e)
{
	enum verdict v = VERDICT_BAD;

	while (v > VERDICT_NONE && !slice_is(journal_get(e, "verdict"), duty_verdict_name(v)))
		v--;
	return v;
}

/* What stood there before, in the reader's language. */
static const char *before(struct sheet *s, const struct journal_entry *was)
{
	enum verdict v = verdict_of(was);

	return v == VERDICT_NONE ? member(s, was, "value") : say(s, verdict_word(v));
}

/* Names of people are for those who do the checks. */
static void put_item(struct sheet *s, struct sheet_item *i, const struct duty_item_said *said)
{
	const struct journal_entry *last = said->verdict != NULL ? said->verdict : said->entry;

	if (last == NULL)
		return;
	i->manual = false;
	if (said->entry != NULL && s->managers)
		sheet_add_line(s, &i->results, member(s, said->entry, "value"));
	else if (said->entry != NULL)
		item_result(s, i, W_ENTERED, member(s, said->entry, "value"), signer(s, said->entry),
			    minute(s, said->entry->ts_ns));
	if (said->entry != NULL && journal_get(said->entry, "text").n > 0)
		sheet_add_line(s, &i->remarks, member(s, said->entry, "text"));
	if (said->verdict != NULL) {
		i->said = verdict_of(said->verdict);
		s->judged = true;
		if (journal_get(said->verdict, "text").n > 0)
			sheet_add_line(s, &i->remarks, member(s, said->verdict, "text"));
	}
	if (said->corrections > 0 && !s->managers)
		item_remark(s, i, W_CORRECTED_FROM, before(s, said->was), member(s, last, "correction"),
			    signer(s, last), minute(s, last->ts_ns));
}

static void put_block(struct sheet *s, struct sheet_section *b, const struct said *said)
{
	const char *const *blocks = duty_blocks(slice_str(duty_sheet_name(said->kind)));
	const char *id = b->items == NULL ? "" : b->items->id;

	for (int i = 0; blocks != NULL && blocks[i] != NULL; i++) {
		const struct journal_entry *sign = said->sheet.block[i];

		if (sign == NULL || strncmp(id, blocks[i], strlen(blocks[i])) != 0)
			continue;
		b->actual = minute(s, sign->ts_ns);
		b->checker = signer(s, sign);
	}
}

static const char *seal(struct sheet *s, const struct journal_entry *sign)
{
	char number[24];

	if (sign == NULL)
		return NULL;
	snprintf(number, sizeof number, "%lld", (long long)sign->seq);
	return sheet_text_of(s, say(s, W_SEALED), signer(s, sign), minute(s, sign->ts_ns),
			     sheet_copy(s, slice_str(number)));
}

static void put_special(struct sheet *s, const struct journal_entry *sign)
{
	static const struct {
		const char *key;
		enum word w;
	} rows[] = {
		{ "text", W_SP_TEXT },
		{ "coverage", W_SP_COVERAGE },
		{ "same_person", W_SP_SAME },
		{ "correction", W_SP_SIGN_CORRECTED },
	};

	for (size_t i = 0; sign != NULL && i < COUNT(rows); i++)
		if (journal_get(sign, rows[i].key).n > 0)
			sheet_add_line(s, &s->special,
				       sheet_text_of(s, say(s, rows[i].w), member(s, sign, rows[i].key),
						     signer(s, sign)));
}

static void put_signatures(struct sheet *s, const struct duty_said *said)
{
	const struct journal_entry *last = NULL;

	s->seal[1] = seal(s, said->checker);
	s->seal[2] = seal(s, said->approver);
	for (size_t i = 0; i < said->n; i++)
		if (slice_is(said->p[i]->action, "duty.handover"))
			sheet_add_line(s, &s->special,
				       sheet_text_of(s, say(s, W_SP_HANDOVER), member(s, said->p[i], "text"),
						     signer(s, said->p[i])));
	for (int i = 0; i < DUTY_BLOCKS; i++)
		if (said->block[i] != last && said->block[i] != said->checker)
			put_special(s, last = said->block[i]);
	put_special(s, said->checker);
	put_special(s, said->approver);
}

static enum word state_of(const struct said *said)
{
	const struct duty_said *d = &said->sheet;

	if (d->checker == NULL)
		return W_DS_OPEN;
	if (d->approver != NULL)
		return W_DS_APPROVED;
	return said->kind == DUTY_MONTHLY	      ? W_NOT_APPROVED
	       : duty_is_late(d->checker, said->date) ? W_DS_LATE
						      : W_DS_SIGNED;
}

void said_put(struct sheet *s, const struct said *said)
{
	for (struct sheet_section *b = s->sections; b != NULL; b = b->next) {
		for (struct sheet_item *i = b->items; i != NULL; i = i->next) {
			struct duty_item_said item;

			duty_item(&said->sheet, slice_str(i->id), &item);
			put_item(s, i, &item);
		}
		put_block(s, b, said);
	}
	put_signatures(s, &said->sheet);
	sheet_add_field(s, W_SHEET_STATE,
			sheet_text_of(s, say(s, W_SHEET_IS), say(s, state_of(said)), said->date_text));
}
