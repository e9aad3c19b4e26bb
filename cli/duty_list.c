/* tochoku duty list: a sheet as lines. */
#include <unistd.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/duty.h"
#include "core/base/columns.h"
#include "core/base/json.h"

#define SHEET_MAX (16u << 20)

static void put(struct json_out *o, const char *key, struct slice v)
{
	json_key(o, key);
	json_str(o, v);
}

static void put_some(struct json_out *o, const char *key, struct slice v)
{
	if (v.n > 0)
		put(o, key, v);
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	put(o, key, slice_of(text, time_format_local(ns, text)));
}

/* 代行: both names. */
static struct slice signer(const struct journal_entry *sign, struct buf *b)
{
	struct slice stands_for = sign == NULL ? slice_of(NULL, 0) : journal_get(sign, "for");

	if (sign == NULL)
		return slice_of(NULL, 0);
	buf_clear(b);
	buf_add(b, sign->actor);
	if (stands_for.n > 0) {
		buf_str(b, "（代行、本来 ");
		buf_add(b, stands_for);
		buf_str(b, "）");
	}
	return buf_slice(b);
}

static const char *state_name(enum duty_state s)
{
	static const char *const states[] = { "open", "missed", "signed", "signed_late", "approved" };

	return states[s];
}

static void put_said(struct json_out *o, const struct duty_line *l)
{
	const struct journal_entry *said = l->said.verdict != NULL ? l->said.verdict : l->said.entry;

	if (said == NULL)
		return;
	put(o, "answered_by", said->actor);
	put_time(o, "answered_at", said->ts_ns);
	put_some(o, "remark", journal_get(said, "text"));
	if (l->said.corrections == 0)
		return;
	json_key(o, "corrections");
	json_int(o, l->said.corrections);
	put_some(o, "correction", journal_get(said, "correction"));
	put_some(o, "before.verdict", journal_get(l->said.was, "verdict"));
	put_some(o, "before.value", journal_get(l->said.was, "value"));
}

static void put_json(struct buf *out, const struct duty_desk *d, const struct duty_line *l)
{
	const struct duty_said *s = d->duty->said;
	struct json_out o = json_out(out);
	struct buf name;

	buf_init(&name, 1 << 16);
	json_open(&o, '{');
	put(&o, "id", slice_str(l->info->id));
	put(&o, "title.ja", slice_str(l->info->title[LANG_JA]));
	put(&o, "title.en", slice_str(l->info->title[LANG_EN]));
	if (l->info->how == HOW_MANUAL) {
		json_key(&o, "manual");
		json_bool(&o, true);
	}
	if (l->info->how != HOW_MANUAL || l->value[0] != '\0')
		put(&o, "value", slice_str(l->value));
	put(&o, "proposed", slice_str(duty_verdict_name(l->proposed)));
	put(&o, "verdict",
	    l->said.verdict == NULL ? slice_of(NULL, 0) : journal_get(l->said.verdict, "verdict"));
	put(&o, "signed_by", signer(s->checker, &name));
	put_time(&o, "due", l->due * NS_PER_SEC);
	put(&o, "sheet", slice_str(duty_sheet_name(d->sheet)));
	put(&o, "date", slice_str(d->duty->date_text));
	put(&o, "state", slice_str(state_name(duty_state(d->duty, d->now))));
	if (s->checker != NULL) {
		put_time(&o, "signed_at", s->checker->ts_ns);
		json_key(&o, "late");
		json_bool(&o, duty_is_late(s->checker, d->duty->date));
	}
	if (s->approver != NULL) {
		put(&o, "approved_by", signer(s->approver, &name));
		put_time(&o, "approved_at", s->approver->ts_ns);
	}
	put_said(&o, l);
	json_close(&o, '}');
	buf_byte(out, '\n');
	buf_free(&name);
}

static const char *state_text(enum lang lang, enum duty_state s)
{
	static const enum word words[] = { W_DS_OPEN, W_DS_MISSED, W_DS_SIGNED, W_DS_LATE, W_DS_APPROVED };

	return word(lang, words[s]);
}

static void put_signature(struct buf *out, enum lang lang, enum word role, const struct journal_entry *sign)
{
	struct buf name;

	if (sign == NULL)
		return;
	buf_init(&name, 1 << 16);
	buf_fmt(out, "  %s: ", word(lang, role));
	cli_safe(out, signer(sign, &name));
	buf_byte(out, ' ');
	cli_put_minute(out, sign->ts_ns);
	buf_free(&name);
}

static void put_head(struct buf *out, const struct duty_desk *d)
{
	const struct duty_said *s = d->duty->said;
	enum duty_state state = duty_state(d->duty, d->now);
	char first[11], last[11];

	date_format(date_from_days(d->duty->period.first), first);
	date_format(date_from_days(d->duty->period.last), last);
	buf_fmt(out, "%s  %s (%s..%s)  %s", d->duty->date_text, duty_sheet_name(d->sheet), first, last,
		state_text(d->lang, state));
	/* two functions sign the month: until then it is not approved */
	if (d->sheet == DUTY_MONTHLY && state != DUTY_APPROVED)
		buf_fmt(out, "  %s", word(d->lang, W_NOT_APPROVED));
	put_signature(out, d->lang, W_CHECKED, s->checker);
	put_signature(out, d->lang, W_APPROVED, s->approver);
	buf_byte(out, '\n');
	if (s->handover != NULL) {
		buf_fmt(out, "%s: ", word(d->lang, W_HANDOVER));
		cli_safe(out, journal_get(s->handover, "text"));
		buf_str(out, " (");
		cli_safe(out, s->handover->actor);
		buf_str(out, ")\n");
	}
}

/* "○" of a person; in brackets what is only proposed. */
static void put_verdict(struct buf *out, const struct duty_line *l)
{
	enum verdict v = l->proposed;

	if (l->said.verdict != NULL)
		for (v = VERDICT_BAD; v > VERDICT_NONE; v--)
			if (slice_is(journal_get(l->said.verdict, "verdict"), duty_verdict_name(v)))
				break;
	if (v == VERDICT_NONE)
		buf_str(out, " ―  ");
	else
		buf_fmt(out, l->said.verdict != NULL ? " %s%s" : "(%s)%s", verdict_mark(v),
			columns_text(slice_str(verdict_mark(v))) == 2 ? "" : " ");
	buf_str(out, l->said.verdict != NULL && v != VERDICT_NONE ? " " : "");
}

static void put_line(struct buf *out, const struct duty_desk *d, const struct duty_line *l, bool colour)
{
	const struct journal_entry *said = l->said.verdict != NULL ? l->said.verdict : l->said.entry;

	columns_pad(out, slice_str(l->info->id), 6);
	if (colour && l->said.verdict == NULL && l->proposed != VERDICT_NONE)
		buf_str(out, "\033[2m"); /* light: only proposed */
	put_verdict(out, l);
	buf_str(out, colour ? "\033[0m " : " ");
	columns_pad(out, slice_str(l->info->title[d->lang]), 38);
	if (l->value[0] != '\0')
		cli_safe(out, slice_str(l->value));
	else
		buf_str(out, word(d->lang, W_TO_ENTER));
	if (said != NULL && journal_get(said, "text").n > 0) {
		buf_str(out, " — ");
		cli_safe(out, journal_get(said, "text"));
	}
	if (l->said.corrections > 0) {
		buf_fmt(out, "  [%s: ", word(d->lang, W_CORRECTED));
		cli_safe(out, journal_get(l->said.was, l->said.verdict != NULL ? "verdict" : "value"));
		buf_str(out, " → ");
		cli_safe(out, journal_get(said, "correction"));
		buf_byte(out, ']');
	}
	buf_byte(out, '\n');
}

int duty_list(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	struct buf out;
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_duty, "unexpected \"%s\"", o->words[0]);
	buf_init(&out, SHEET_MAX);
	if ((status = duty_desk_open(&d, cli, o, NULL)) == EXIT_DONE) {
		if (!o->json)
			put_head(&out, &d);
		for (size_t i = 0; i < d.duty->n; i++) {
			if (o->json)
				put_json(&out, &d, &d.duty->line[i]);
			else
				put_line(&out, &d, &d.duty->line[i], colour);
		}
		status = cli_write(NULL, buf_slice(&out));
		cli_log_used(d.cfg, "duty list", d.duty->period.from * NS_PER_SEC,
			     d.duty->period.to * NS_PER_SEC, (int64_t)d.duty->n);
	}
	duty_desk_close(&d);
	buf_free(&out);
	return status;
}
