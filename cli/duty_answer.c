/* tochoku duty verdict, enter, inquiry, sign, handover: what people answer, each a record. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/asking.h"
#include "cli/duty.h"

/* Sends what was begun and tells what came of it. */
static int finish(struct asking *a, const struct duty_desk *d, const char *did, bool json)
{
	struct buf out;
	int64_t n;
	int status = asking_send(a, d->cfg, &n);

	buf_init(&out, 1024);
	if (status == EXIT_DONE) {
		buf_fmt(&out, json ? "{\"action\":\"%s\",\"sheet\":\"%s\",\"date\":\"%s\"}\n" : "%s: %s %s\n",
			did, duty_sheet_name(d->sheet), d->duty->date_text);
		status = cli_write(NULL, buf_slice(&out));
	}
	buf_free(&out);
	return status;
}

static void begin(struct asking *a, const struct duty_desk *d, const char *action)
{
	asking_begin(a, action);
	asking_text(a, "sheet", duty_sheet_name(d->sheet));
	asking_text(a, "date", d->duty->date_text);
}

static const struct duty_line *line_of(const struct duty *d, struct slice id)
{
	for (size_t i = 0; i < d->n; i++)
		if (slice_is(id, d->line[i].info->id))
			return &d->line[i];
	return NULL;
}

static const char *shown(const char *value)
{
	return value[0] != '\0' ? value : NULL;
}

int duty_verdict(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	struct asking a;
	int status;

	if (o->n_words != 2)
		return cli_usage(&command_duty, "duty verdict needs an item and normal, caution or abnormal");
	if ((status = duty_desk_open(&d, cli, o, o->words[0])) == EXIT_DONE) {
		begin(&a, &d, "duty.verdict");
		asking_text(&a, "item", o->words[0]);
		asking_text(&a, "verdict", o->words[1]);
		asking_text(&a, "value", shown(line_of(d.duty, slice_str(o->words[0]))->value));
		asking_text(&a, "text", o->text);
		asking_text(&a, "correction", o->correct);
		status = finish(&a, &d, "verdict", o->json);
		asking_end(&a);
	}
	duty_desk_close(&d);
	return status;
}

int duty_enter_value(struct duty_desk *d, const struct duty_options *o, const char *item, const char *value,
		     const char *text)
{
	struct asking a;
	int status;

	if (line_of(d->duty, slice_str(item))->info->how == HOW_AUTO)
		return cli_usage(&command_duty, "%s is filled from the ledger: give a verdict with a remark",
				 item);
	begin(&a, d, "duty.enter");
	asking_text(&a, "item", item);
	asking_text(&a, "value", value);
	asking_text(&a, "text", text);
	asking_text(&a, "correction", o->correct);
	status = finish(&a, d, "enter", o->json);
	asking_end(&a);
	return status;
}

int duty_enter(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	int status;

	if (o->n_words != 2)
		return cli_usage(&command_duty, "duty enter needs an item and its value");
	if ((status = duty_desk_open(&d, cli, o, o->words[0])) == EXIT_DONE)
		status = duty_enter_value(&d, o, o->words[0], o->words[1], o->text);
	duty_desk_close(&d);
	return status;
}

static int inquiries_said(const struct duty_options *o, int64_t *fresh, int64_t *open)
{
	if (o->inquiries_new == NULL || o->inquiries_open == NULL ||
	    !json_i64(slice_str(o->inquiries_new), fresh) || !json_i64(slice_str(o->inquiries_open), open) ||
	    *fresh < 0 || *open < 0)
		return cli_usage(&command_duty,
				 "duty inquiry needs --new and --open with numbers from 0 on, or --csv");
	return EXIT_DONE;
}

int duty_inquiry(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	int64_t fresh = 0, open = 0;
	char value[128], number[2][24];
	int status = o->n_words > 0   ? cli_usage(&command_duty, "unexpected \"%s\"", o->words[0])
		     : o->csv == NULL ? inquiries_said(o, &fresh, &open)
				      : EXIT_DONE;

	if (status != EXIT_DONE)
		return status;
	if ((status = duty_desk_open(&d, cli, o, "D1.4")) == EXIT_DONE && o->csv != NULL)
		status = duty_inquiries_file(&d, o->csv, &fresh, &open);
	if (status == EXIT_DONE) {
		snprintf(number[0], sizeof number[0], "%" PRId64, fresh);
		snprintf(number[1], sizeof number[1], "%" PRId64, open);
		snprintf(value, sizeof value, word(d.lang, W_INQUIRIES), number[0], number[1]);
		status = duty_enter_value(&d, o, "D1.4", value, o->text);
	}
	duty_desk_close(&d);
	return status;
}

int duty_handover(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	struct asking a;
	int status;

	if (o->n_words != 1)
		return cli_usage(&command_duty, "duty handover needs its text, in quotes");
	if ((status = duty_desk_open(&d, cli, o, NULL)) == EXIT_DONE) {
		begin(&a, &d, "duty.handover");
		asking_text(&a, "text", o->words[0]);
		status = finish(&a, &d, "handover", o->json);
		asking_end(&a);
	}
	duty_desk_close(&d);
	return status;
}

/* ---- signing ---- */

/* "D1.4=normal" of the line, or NULL. */
static const char *said_now(const struct duty_options *o, const char *id)
{
	size_t n = strlen(id);

	for (int i = 0; i < o->n_words; i++)
		if (strncmp(o->words[i], id, n) == 0 && o->words[i][n] == '=')
			return o->words[i] + n + 1;
	return NULL;
}

/* Is the line in what is signed? */
static bool signs(const struct duty_options *o, const struct duty_line *l)
{
	return o->block == NULL || strcmp(o->block, duty_slot_name(l->info->slot)) == 0;
}

static int check_words(const struct duty_desk *d, const struct duty_options *o)
{
	for (int i = 0; i < o->n_words; i++) {
		const char *is = strchr(o->words[i], '=');

		if (is == NULL || line_of(d->duty, slice_of(o->words[i], (size_t)(is - o->words[i]))) == NULL)
			return cli_usage(&command_duty, "\"%s\" is no ITEM=VERDICT of the %s sheet",
					 o->words[i], duty_sheet_name(d->sheet));
		if (!signs(o, line_of(d->duty, slice_of(o->words[i], (size_t)(is - o->words[i])))))
			return cli_usage(&command_duty, "\"%s\" is not in block %s", o->words[i], o->block);
	}
	return EXIT_DONE;
}

/* What the line is to be judged: said now, said before (NULL), or as proposed. False: nobody has said. */
static bool judged(const struct duty_options *o, const struct duty_line *l, const char **verdict)
{
	*verdict = said_now(o, l->info->id);
	if (*verdict != NULL || l->said.verdict != NULL)
		return true;
	if (o->accept && l->proposed != VERDICT_NONE)
		*verdict = duty_verdict_name(l->proposed);
	else if (o->accept && l->value[0] != '\0')
		*verdict = duty_verdict_name(VERDICT_GOOD); /* a figure that nothing is held against */
	return *verdict != NULL;
}

static int all_judged(const struct duty_desk *d, const struct duty_options *o)
{
	struct buf missing;
	const char *verdict;
	int n = 0;

	buf_init(&missing, 4096);
	for (size_t i = 0; i < d->duty->n; i++)
		if (signs(o, &d->duty->line[i]) && !judged(o, &d->duty->line[i], &verdict))
			buf_fmt(&missing, "%s%s", n++ > 0 ? ", " : "", d->duty->line[i].info->id);
	if (n > 0)
		cli_error(
			"nobody has judged %s: say ITEM=VERDICT, or --accept-proposed for those with a value",
			buf_cstr(&missing));
	buf_free(&missing);
	return n > 0 ? EXIT_NO : EXIT_DONE;
}

static void put_verdicts(struct asking *a, const struct duty_desk *d, const struct duty_options *o)
{
	json_key(&a->o, "verdicts");
	json_open(&a->o, '[');
	for (size_t i = 0; i < d->duty->n; i++) {
		const struct duty_line *l = &d->duty->line[i];
		const char *verdict;

		judged(o, l, &verdict);
		if (verdict == NULL || !signs(o, l))
			continue;
		json_str(&a->o, slice_str(l->info->id));
		json_str(&a->o, slice_str(verdict));
		json_str(&a->o, slice_str(l->value));
	}
	json_close(&a->o, ']');
}

static int sign(const struct duty_desk *d, const struct duty_options *o)
{
	bool approves = o->as != NULL && strcmp(o->as, "approver") == 0;
	struct asking a;
	int status = check_words(d, o);

	if (status == EXIT_DONE && !approves)
		status = all_judged(d, o);
	if (status == EXIT_DONE && !approves && duty_coverage_low(d->duty) && o->coverage == NULL) {
		cli_error("%" PRId64 " of %" PRId64
			  " minutes were not watched: say why with --coverage-reason",
			  d->duty->coverage_missed, d->duty->coverage_minutes);
		status = EXIT_NO;
	}
	if (status != EXIT_DONE)
		return status;
	begin(&a, d, "duty.sign");
	asking_text(&a, "as", o->as != NULL ? o->as : "checker");
	asking_text(&a, "block", o->block);
	asking_text(&a, "for", o->stands_for);
	asking_text(&a, "coverage", o->coverage);
	asking_text(&a, "same_person", o->same_person);
	asking_text(&a, "text", o->text);
	asking_text(&a, "correction", o->correct);
	put_verdicts(&a, d, o);
	status = finish(&a, d, approves ? "approved" : "signed", o->json);
	asking_end(&a);
	return status;
}

int duty_sign(struct cli *cli, struct duty_options *o)
{
	struct duty_desk d;
	int status = duty_desk_open(&d, cli, o, NULL);

	if (status == EXIT_DONE)
		status = sign(&d, o);
	duty_desk_close(&d);
	return status;
}
