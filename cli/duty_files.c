/* tochoku duty survey, duty inquiry --csv: tables of others become an entry of the sheet. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/duty.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/review/facts.h"
#include "reports/say.h"
#include "reports/survey.h"

#define FILE_MAX (16u << 20)
#define VALUE_MAX 8192

/* NULL: told. */
static struct csv_table *read_table(const char *path, struct slice *bytes)
{
	struct csv_problem problem;
	struct csv_table *t;
	struct err e;

	if (sys_slurp(path, FILE_MAX, bytes, &e) != TK_OK) {
		cli_error("%s", e.text);
		return NULL;
	}
	if ((t = csv_table_read(*bytes, &problem)) == NULL)
		cli_error("%s:%u:%u: %s", path, problem.line, problem.column, problem.text);
	return t;
}

static void let_go(struct csv_table *t, struct slice bytes)
{
	csv_table_free(t);
	free((void *)(uintptr_t)bytes.p);
}

int duty_inquiries_file(const struct duty_desk *d, const char *path, int64_t *fresh, int64_t *open)
{
	struct slice bytes = { NULL, 0 };
	struct csv_table *t = read_table(path, &bytes);
	struct inquiries q;
	struct err e;
	int status = t == NULL ? EXIT_INPUT : EXIT_DONE;

	/* those of the day looked at, and of the morning of the sheet */
	if (t != NULL && survey_inquiries(t, d->duty->period.first, d->duty->date, &q, &e) != TK_OK) {
		cli_error("%s:%s", path, e.text);
		status = EXIT_INPUT;
	} else if (t != NULL) {
		*fresh = q.fresh;
		*open = q.open;
	}
	let_go(t, bytes);
	return status;
}

static const char *rate(struct sheet *s, int64_t n, const char *asked)
{
	int64_t of = 0;

	if (asked == NULL || !json_i64(slice_str(asked), &of) || of < n || of <= 0)
		return "―";
	return sheet_text_of(s, say(s, W_PERCENT), say_quotient(s, (figure)n * 100, of, 1));
}

static void put_satisfaction(struct sheet *s, const struct satisfaction *v, const char *asked,
			     struct buf *out)
{
	int64_t sum = 0;
	const char *of[SURVEY_LEVELS];

	for (int i = 0; i < SURVEY_LEVELS; i++) {
		sum += v->of[i] * (i + 1);
		of[i] = say_count(s, v->of[i]);
	}
	buf_fmt(out, say(s, W_SV_SATISFACTION), say_count(s, v->n), rate(s, v->n, asked),
		v->n == 0 ? "―" : say_quotient(s, sum, v->n, 2), of[4], of[3], of[2], of[1], of[0]);
}

static void put_time_saved(struct sheet *s, const struct time_saved *v, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		buf_str(out, i > 0 ? say(s, W_LIST_COMMA) : "");
		buf_fmt(out, say(s, W_SV_TIME), sheet_copy(s, v->of[i].name),
			say_quotient(s, v->of[i].micro_minutes, (figure)v->of[i].n * FACT_UNIT, 1),
			say_count(s, v->of[i].n));
	}
}

static int enter(struct duty_desk *d, const struct duty_options *o, const struct csv_table *t)
{
	struct sheet *s = d->duty->report;
	struct time_saved *saved = calloc(1, sizeof *saved);
	struct satisfaction score = { 0 };
	struct buf value;
	struct err e = { 0 };
	bool levels = strcmp(o->words[0], "M3.3") == 0;
	int status = EXIT_INPUT;

	buf_init(&value, VALUE_MAX);
	if (saved != NULL &&
	    (levels ? survey_satisfaction(t, &score, &e) : survey_time_saved(t, saved, &e)) == TK_OK) {
		if (levels)
			put_satisfaction(s, &score, o->asked, &value);
		else
			put_time_saved(s, saved, &value);
		if (value.n == 0 || value.failed)
			cli_error("%s: no answer in it, or more than one entry can hold", o->words[1]);
		else
			status = duty_enter_value(d, o, o->words[0], buf_cstr(&value),
						  o->text != NULL	 ? o->text
						  : score.comments.n > 0 ? buf_cstr(&score.comments)
									 : NULL);
	} else {
		cli_error("%s:%s", o->words[1], e.text);
	}
	buf_free(&score.comments);
	buf_free(&value);
	free(saved);
	return status;
}

int duty_survey(struct cli *cli, struct duty_options *o)
{
	struct slice bytes = { NULL, 0 };
	struct duty_desk d;
	struct csv_table *t = NULL;
	int status;

	if (o->n_words != 2 || (strcmp(o->words[0], "M3.2") != 0 && strcmp(o->words[0], "M3.3") != 0))
		return cli_usage(&command_duty,
				 "duty survey needs M3.2 (time saved) or M3.3 (satisfaction), and a file");
	if ((status = duty_desk_open(&d, cli, o, o->words[0])) == EXIT_DONE)
		status = (t = read_table(o->words[1], &bytes)) == NULL ? EXIT_INPUT : enter(&d, o, t);
	let_go(t, bytes);
	duty_desk_close(&d);
	return status;
}
