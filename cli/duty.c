/* tochoku duty: the check sheets of the day, week and month. */
#include "cli/duty.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"

static const struct option names[] = { { "date", required_argument, NULL, 'd' },
				       { "sheet", required_argument, NULL, 's' },
				       { "json", no_argument, NULL, 'j' },
				       { "as", required_argument, NULL, 'a' },
				       { "for", required_argument, NULL, 'f' },
				       { "text", required_argument, NULL, 't' },
				       { "correct", required_argument, NULL, 'c' },
				       { "coverage-reason", required_argument, NULL, 'C' },
				       { "same-person", required_argument, NULL, 'S' },
				       { "accept-proposed", no_argument, NULL, 'p' },
				       { "new", required_argument, NULL, 'n' },
				       { "open", required_argument, NULL, 'o' },
				       { "block", required_argument, NULL, 'b' },
				       { "low", required_argument, NULL, 'l' },
				       { "high", required_argument, NULL, 'h' },
				       { "source", required_argument, NULL, 'q' },
				       { "function", required_argument, NULL, 'u' },
				       { "from", required_argument, NULL, 'r' },
				       { "title", required_argument, NULL, 'T' },
				       { "owner", required_argument, NULL, 'O' },
				       { "due", required_argument, NULL, 'D' },
				       { "state", required_argument, NULL, 'x' },
				       { "csv", required_argument, NULL, 'v' },
				       { "asked", required_argument, NULL, 'k' },
				       { 0 } };

static void take_text(struct duty_options *o, int c, const char *value)
{
	const struct {
		int c;
		const char **out;
	} rows[] = { { 'd', &o->date },		 { 's', &o->sheet },	   { 'a', &o->as },
		     { 'f', &o->stands_for },	 { 't', &o->text },	   { 'c', &o->correct },
		     { 'C', &o->coverage },	 { 'S', &o->same_person }, { 'n', &o->inquiries_new },
		     { 'o', &o->inquiries_open },    { 'b', &o->block },	   { 'l', &o->low },
		     { 'h', &o->high },		 { 'q', &o->source },	   { 'u', &o->function },
		     { 'r', &o->from },		 { 'T', &o->title },	   { 'O', &o->owner },
		     { 'D', &o->due },		 { 'x', &o->state },	   { 'v', &o->csv },
		     { 'k', &o->asked } };

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].c == c)
			*rows[i].out = value;
}

static int read_options(struct duty_options *o, int argc, char **argv, const char *accepts)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_duty, "%s needs a value", argv[optind - 1]);
		if (c == '?' || strchr(accepts, c) == NULL)
			return cli_usage(&command_duty, "duty %s has no option %s", argv[0],
					 c == '?' || optarg == NULL ? argv[optind - 1] : argv[optind - 2]);
		take_text(o, c, optarg);
		o->json |= c == 'j';
		o->accept |= c == 'p';
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return EXIT_DONE;
}

static bool pick_sheet(const char *name, enum duty_sheet *sheet)
{
	for (int s = 0; s < DUTY_SHEETS; s++)
		if (strcmp(name, duty_sheet_name(s)) == 0) {
			*sheet = s;
			return true;
		}
	return false;
}

/* The sheet on which an item stands. */
static bool sheet_of_item(const char *id, enum duty_sheet *sheet)
{
	for (size_t i = 0; i < duty_item_count; i++)
		if (strcmp(duty_items[i].id, id) == 0) {
			*sheet = duty_sheet_of(duty_items[i].slot);
			return true;
		}
	return false;
}

int duty_desk_open(struct duty_desk *d, struct cli *cli, const struct duty_options *o, const char *item)
{
	struct date day;
	struct err e = { 0 };
	int32_t days;
	int status;

	*d = (struct duty_desk){ .now = sys_now_ns() };
	if (item != NULL && !sheet_of_item(item, &d->sheet))
		return cli_usage(&command_duty, "there is no item \"%s\": see `tochoku duty list`", item);
	if (o->sheet != NULL && !pick_sheet(o->sheet, &d->sheet))
		return cli_usage(&command_duty, "unknown sheet \"%s\", expected daily, weekly or monthly",
				 o->sheet);
	if (o->date != NULL && !date_parse(slice_str(o->date), &day))
		return cli_usage(&command_duty, "there is no day \"%s\", expected YYYY-MM-DD", o->date);
	if ((status = cli_open_ledger(cli, &d->cfg, &d->r)) != EXIT_DONE)
		return status;
	days = o->date != NULL ? date_to_days(day) : zone_day_of(d->now / NS_PER_SEC);
	d->lang = strcmp(d->cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA;
	if ((d->cal = calendar_new(&d->cfg->calendar, &e)) != NULL &&
	    duty_make(&d->duty, d->r, d->cfg, d->cal, d->sheet, days, d->lang, &e) == TK_OK)
		return EXIT_DONE;
	cli_error("%s", e.text);
	return EXIT_INPUT;
}

void duty_desk_close(struct duty_desk *d)
{
	duty_free(d->duty);
	calendar_free(d->cal);
	if (d->cfg == NULL)
		return;
	ledger_reader_close(d->r);
	config_free(d->cfg);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name, *accepts;
		int (*run)(struct cli *cli, struct duty_options *o);
	} verbs[] = {
		{ "list", "dsj", duty_list },	     { "verdict", "dtcj", duty_verdict },
		{ "enter", "dtcj", duty_enter },     { "inquiry", "dtcnovj", duty_inquiry },
		{ "sign", "dsabftcCSpj", duty_sign }, { "handover", "dsj", duty_handover },
		{ "survey", "dtckj", duty_survey },  { "assume", "lhqurtj", duty_assume },
		{ "register", "TODxtj", duty_register }, { "facts", "j", duty_facts },
	};
	struct duty_options o = { 0 };

	for (size_t i = 0; i < COUNT(verbs) && argc > 1; i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);

			return status != EXIT_DONE ? status : verbs[i].run(cli, &o);
		}
	return cli_usage(&command_duty,
			 "say what to do: list, verdict, enter, inquiry, sign, handover, survey, "
			 "assume, register or facts");
}

const struct command command_duty = {
	.name = "duty",
	.summary = "the check sheets of the day, week and month",
	.help = "Example: tochoku duty sign D1.4=normal --accept-proposed\n"
		"\n"
		"tochoku duty list [--date DAY] [--sheet daily|weekly|monthly] [--json]\n"
		"tochoku duty verdict ITEM normal|caution|abnormal [--text REMARK] [--correct REASON] "
		"[--date DAY]\n"
		"tochoku duty enter ITEM VALUE [--text REMARK] [--correct REASON] [--date DAY]\n"
		"tochoku duty inquiry --new N --open N [--text WORDS] [--correct REASON] [--date DAY]\n"
		"tochoku duty inquiry --csv FILE [--text WORDS] [--correct REASON] [--date DAY]\n"
		"tochoku duty sign [ITEM=VERDICT...] [--accept-proposed] [--as checker|approver] [--for "
		"NAME]\n"
		"                  [--block D1|D2|D3|W1|W2] [--coverage-reason WORDS] [--same-person REASON]\n"
		"                  [--text WORDS] [--correct REASON] [--date DAY] [--sheet S]\n"
		"tochoku duty handover WORDS [--date DAY] [--sheet S]\n"
		"tochoku duty survey M3.2|M3.3 FILE [--asked N] [--text WORDS] [--correct REASON] [--date DAY]\n"
		"tochoku duty assume NAME VALUE --source WORDS [--low N --high N] [--function F] [--from DAY]\n"
		"tochoku duty register REGISTER KEY [--title T] [--state S] [--owner NAME] [--due DAY] [--text "
		"WORDS]\n"
		"tochoku duty facts [--json]\n"
		"\n"
		"  --date DAY         the day on which the sheet is done; default: today\n"
		"  --accept-proposed  the proposed verdict for each item that has none yet\n"
		"  --as               checker (default), or approver: another person, after the checker\n"
		"  --for NAME         signs in the stead of NAME; both names are kept\n"
		"  --block B          the signature of whoever did that block alone; the sheet is signed with its last\n"
		"  --correct REASON   an answer or signature that is there already; both versions are kept\n"
		"  --coverage-reason  why less than 99 % of the period was watched: without it such a sheet "
		"is\n"
		"                     not signed\n"
		"\n"
		"inquiry --csv reads the help desk's list (columns opened and status), survey that of satisfaction\n"
		"(M3.3: score 1 to 5, comment; --asked: how many people were asked) or of time saved (M3.2: function,\n"
		"minutes). assume enters what the return on investment is worked out from: adoption and minutes of a\n"
		"function, hourly_cost, other_savings, licences, operation_hours, initial_cost, initial_months.\n"
		"register keeps vulnerabilities, audit_findings and requirements: states are open, planned, done,\n"
		"accepted. facts shows both as they hold today.\n"
		"\n"
		"Every answer is a record of the trail with who and when. A sheet signed after its day is "
		"shown as\n"
		"checked later, one never signed as not done.\n"
		"Exit status: 0 done, 1 refused, 2 usage or configuration error, 3 no ledger or it cannot be "
		"read.\n",
	.run = run,
};
