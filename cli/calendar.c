/* tochoku calendar: the verbs and their options. */
#include <getopt.h>
#include <string.h>

#include "cli/calendar.h"
#include "core/base/sys.h"

struct verb {
	const char *name, *accepts; /* letters of its options */
	bool reads_file;            /* one argument, FILE */
};
static const struct verb verbs[] = {
	{ "show", "ftj", false },
	{ "import", "ftkendj", true },
	{ "export", "fto", false },
	{ "emergency", "ftraE", false },
};
enum { SHOW, IMPORT, EXPORT, EMERGENCY };

static const struct verb *find_verb(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return &verbs[i];
	if (argc < 2)
		cli_usage(&command_calendar, "say what to do: show, import, export or emergency");
	else
		cli_usage(&command_calendar,
			  "unknown word \"%s\", expected show, import, export or emergency", argv[1]);
	return NULL;
}

static const struct option names[] = {
	{ "from", required_argument, NULL, 'f' },   { "to", required_argument, NULL, 't' },
	{ "output", required_argument, NULL, 'o' }, { "kind", required_argument, NULL, 'k' },
	{ "reason", required_argument, NULL, 'r' }, { "approver", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },	    { "edit", no_argument, NULL, 'e' },
	{ "dry-run", no_argument, NULL, 'd' },	    { "end", no_argument, NULL, 'E' },
	{ "n", no_argument, NULL, 'n' },	    { 0 }
};

static void set_option(struct calendar_options *o, int c)
{
	switch (c) {
	case 'f': o->from = optarg; break;
	case 't': o->to = optarg; break;
	case 'o': o->out = optarg; break;
	case 'k': o->kind = optarg; break;
	case 'r': o->reason = optarg; break;
	case 'a': o->approver = optarg; break;
	case 'j': o->json = true; break;
	case 'e': o->edit = true; break;
	case 'E': o->end = true; break;
	default: o->dry_run = true;
	}
}

static int read_options(const struct verb *v, int argc, char **argv, struct calendar_options *o)
{
	int c;

	*o = (struct calendar_options){ 0 };
	optind = 0; /* glibc: start anew, the program's own options were read before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:n", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_calendar, "%s needs a value%s", argv[optind - 1],
					 strncmp(argv[optind - 1], "--from", 6) == 0 ||
							 strncmp(argv[optind - 1], "--to", 4) == 0
						 ? ", as 2026-11-23"
						 : "");
		if (c == '?' || (strchr(v->accepts, c) == NULL && !(c == 'n' && v->reads_file)))
			return cli_usage(&command_calendar, "calendar %s has no option \"%s\"", v->name,
					 argv[optind - 1]);
		set_option(o, c);
	}
	if (v->reads_file && optind < argc)
		o->file = argv[optind++];
	if (v->reads_file && o->file == NULL)
		return cli_usage(&command_calendar, "calendar import needs a FILE");
	if (optind < argc)
		return cli_usage(&command_calendar, "unexpected \"%s\"", argv[optind]);
	return EXIT_DONE;
}

/* A date, or the local day that holds an RFC 3339 time. */
static bool day_of(const char *text, int32_t *days)
{
	struct date d;
	int64_t ns;

	if (date_parse(slice_str(text), &d)) {
		*days = date_to_days(d);
		return true;
	}
	if (!cli_when(slice_str(text), false, &ns))
		return false;
	*days = zone_day_of(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0));
	return true;
}

static int32_t month_start(int32_t days)
{
	return days - date_from_days(days).day + 1;
}

static int32_t month_end(int32_t days)
{
	return month_start(month_start(days) + 31) - 1;
}

/* Without --from or --to: the month of the other one, or the current month. */
static int read_range(const struct calendar_options *o, int32_t *from, int32_t *to)
{
	int32_t today = 0;

	if (o->from == NULL && o->to == NULL)
		today = zone_day_of(sys_now_ns() / NS_PER_SEC);
	if ((o->from != NULL && !day_of(o->from, from)) || (o->to != NULL && !day_of(o->to, to)))
		return EXIT_USAGE;
	if (o->from == NULL)
		*from = month_start(o->to != NULL ? *to : today);
	if (o->to == NULL)
		*to = month_end(*from);
	if (*from > *to)
		return cli_usage(&command_calendar, "--from %s is after --to %s", o->from, o->to);
	return EXIT_DONE;
}

/* Holidays that nobody knows must not look like working days. */
static bool all_known(const struct calendar *c, int32_t from, int32_t to)
{
	int32_t last = date_from_days(to).year;

	for (int32_t y = date_from_days(from).year; y <= last; y++)
		if (!calendar_knows(c, y)) {
			cli_error("the public holidays of %d are not known: they are computed for %d to %d, "
				  "other years need the official list (calendar.holidays)",
				  (int)y, JP_FIRST_YEAR, JP_LAST_YEAR);
			return false;
		}
	return true;
}

/* show and export. */
static int over_days(const struct config *cfg, const struct calendar_options *o, bool export)
{
	struct calendar *c;
	struct err e;
	int32_t from, to;
	int rc = read_range(o, &from, &to);

	if (rc != EXIT_DONE)
		return rc;
	c = calendar_new(&cfg->calendar, &e);
	if (c == NULL) {
		cli_error("%s", e.text);
		return EXIT_USAGE;
	}
	if (!all_known(c, from, to))
		rc = EXIT_USAGE;
	else
		rc = export ? calendar_export(c, from, to, o->out) : calendar_show(c, from, to, o->json);
	calendar_free(c);
	return rc;
}

/* What of a calendar's events is taken: by default this year and the next. */
static int import(const struct config *cfg, const struct calendar_options *o)
{
	int32_t year = date_from_days(zone_day_of(sys_now_ns() / NS_PER_SEC)).year;
	int32_t from = date_to_days((struct date){ year, 1, 1 }),
		to = date_to_days((struct date){ year + 1, 12, 31 });

	if ((o->from != NULL && !day_of(o->from, &from)) || (o->to != NULL && !day_of(o->to, &to)))
		return EXIT_USAGE;
	if (from > to)
		return cli_usage(&command_calendar, "--from is after --to");
	return calendar_import(cfg, o, from, to);
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct verb *v = find_verb(argc, argv);
	struct calendar_options o;
	struct config *cfg;
	int rc = v == NULL ? EXIT_USAGE : read_options(v, argc - 1, argv + 1, &o);

	if (rc != EXIT_DONE)
		return rc;
	cfg = cli_config(cli, v == &verbs[IMPORT] || v == &verbs[EMERGENCY]);
	if (cfg == NULL)
		return EXIT_USAGE;
	if (v == &verbs[IMPORT])
		rc = import(cfg, &o);
	else if (v == &verbs[EMERGENCY])
		rc = calendar_emergency(cfg, &o);
	else
		rc = over_days(cfg, &o, v == &verbs[EXPORT]);
	config_free(cfg);
	return rc;
}

const struct command command_calendar = {
	.name = "calendar",
	.summary = "show the hospital's calendar; import holidays, rosters, iCalendar",
	.help =
"Example: tochoku calendar show --from 2026-12-25 --to 2027-01-06\n"
"\n"
"tochoku calendar show [--from DATE] [--to DATE] [--json]\n"
"tochoku calendar import FILE [-n] [--edit] [--from DATE] [--to DATE] [--kind KIND] [--json]\n"
"tochoku calendar export [--from DATE] [--to DATE] [-o FILE]\n"
"tochoku calendar emergency --reason R --approver A [--from TIME] --to TIME | --end\n"
"\n"
"show prints one line a day: how far the hospital is open, the kind of day, the reason, the name of a\n"
"public holiday, what follows from the days before, departments that differ, windows, and who is on duty.\n"
"import knows by its content what FILE is, shows what changes, and replaces the file that the configuration\n"
"names as a whole; the ledger keeps a record of it. A file with an error changes nothing.\n"
"  the official list of holidays, CP932 or UTF-8, into calendar.holidays\n"
"  a roster, date,shift,user,from,to, into calendar.roster: its dates replace those that are there\n"
"  days and windows, from,to,kind,name,who,approver, into calendar.days\n"
"  iCalendar (.ics): duties into the roster, holiday, closed, open and maintenance into the days\n"
"export writes holidays, closed and opened days as iCalendar. emergency declares a period of emergency in\n"
"calendar.days, with its reason, approver and expiry (local, as 2026-11-28T22:00); --end ends the one that\n"
"is open. Both are recorded in the ledger, and a running sensor takes them up.\n"
"\n"
"  --from, --to DATE  the range, both days included. show and export: the current month, or the month of\n"
"                     the other one; import: of an .ics what begins in it, this year and the next\n"
"  -n, --dry-run      only show what would change\n"
"  --edit             rows come behind those that are there, as changes to them (swaps, 代休)\n"
"  --kind KIND        what the events of an .ics are, whatever their words: holiday, closed, open,\n"
"                     maintenance, or a shift: day, evening, night, duty, holiday_duty\n"
"  --json             JSON, one object a line\n"
"\n"
"Exit status: 0 done; 1 refused; 2 usage or configuration error, a date that does not exist, an error in\n"
"FILE; 3 cannot read or write.\n",
	.run = run,
};
