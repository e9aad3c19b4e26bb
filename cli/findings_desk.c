/* The findings with what was decided about them. */
#include "cli/findings.h"

#include <stdlib.h>

#include "core/base/sys.h"
#include "core/review/duty.h"

/* What lies before the day on which the last daily sheet was due was on a sheet: however long the weekend. */
static void since_sign_off(struct findings_desk *d)
{
	struct date day;

	d->signed_off = duty_last_sign(&d->journal, SLICE("daily"), INT64_MAX);
	d->since_sign_off = true;
	if (d->signed_off != NULL && date_parse(journal_get(d->signed_off, "date"), &day))
		d->from = zone_day_start(date_to_days(day)) * NS_PER_SEC;
}

int findings_desk_open(struct findings_desk *d, struct cli *cli, const struct findings_options *o)
{
	struct err e;
	int status;

	*d = (struct findings_desk){ .now = sys_now_ns() };
	if ((status = cli_open_ledger(cli, &d->cfg, &d->r)) != EXIT_DONE)
		return status;
	d->lang = strcmp(d->cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA;
	if (!cli_range(&command_findings, o->from, o->to, &d->from, &d->to, &status))
		return status;
	if (journal_read(&d->journal, d->r, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	if ((d->decisions = decisions_new(&d->journal)) == NULL) {
		cli_error("no memory for the records of decisions");
		return EXIT_INPUT;
	}
	if (decisions_have_windows(d->decisions))
		d->rules = titles_load(d->cfg);
	if (o->from == NULL && o->to == NULL && o->n_words == 0 && !o->json && !o->all)
		since_sign_off(d);
	return EXIT_DONE;
}

void findings_desk_close(struct findings_desk *d)
{
	titles_free(d->rules);
	decisions_free(d->decisions);
	journal_free(&d->journal);
	if (d->cfg == NULL)
		return;
	ledger_reader_close(d->r);
	config_free(d->cfg);
}

void findings_state(const struct findings_desk *d, struct finding *f, struct decision *out)
{
	struct finding_facts facts = { .id = f->id,
				       .first_ns = f->first_ns,
				       .count = f->count,
				       .rule_id = f->rule_id,
				       .entity = f->entity_json,
				       .asks_duty = titles_asks_duty(d->rules, f) };

	decisions_of(d->decisions, &facts, d->now, out);
	f->status = slice_str(finding_status_name(out->status));
}

static bool is_open(enum finding_status s)
{
	return s == FINDING_NEW || s == FINDING_ACKNOWLEDGED || s == FINDING_REOPENED;
}

static bool is_among(const struct findings_options *o, int64_t id)
{
	for (int i = 0; i < o->n_words; i++)
		if (strtoll(o->words[i], NULL, 10) == id)
			return true;
	return o->n_words == 0;
}

/* A rule is named by its id, the end of its id, or its title. */
static bool is_rule(const struct finding *f, const char *rule)
{
	return slice_ends(f->rule_id, slice_str(rule)) || slice_is(f->rule_name, rule);
}

bool findings_wanted(const struct findings_desk *d, const struct findings_options *o, const struct finding *f,
		     const struct decision *now)
{
	enum level level = LEVEL_INFORMATIONAL;

	level_parse(f->level, &level);
	if (level < o->level || !is_among(o, f->id) || (o->rule != NULL && !is_rule(f, o->rule)))
		return false;
	if (o->status != NULL && !slice_is(f->status, o->status))
		return false;
	if (o->open && !is_open(now->status))
		return false;
	return !d->since_sign_off || f->first_ns >= d->from || is_open(now->status);
}
