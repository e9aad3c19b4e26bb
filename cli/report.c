/* tochoku report daily, weekly, monthly. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/report.h"
#include "core/base/shipped.h"
#include "core/base/sys.h"
#include "reports/report.h"

#define REPORT_MAX (64u << 20)

struct options {
	const char *date, *format, *lang, *out, *audience;
	bool era;
};

/* What the arguments ask for. */
struct cli_report {
	const struct report_kind *kind;
	const struct report_output *output;
	struct report_form form;
	struct date day; /* where `dated` */
	bool dated;
	const char *out;
};

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "date", required_argument, NULL, 'd' }, { "format", required_argument, NULL, 'f' },
		{ "lang", required_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' }, { "for", required_argument, NULL, 'a' },
		{ "era", no_argument, NULL, 'e' }, { 0 }
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", names, NULL)) != -1) {
		switch (c) {
		case 'd': o->date = optarg; break;
		case 'f': o->format = optarg; break;
		case 'l': o->lang = optarg; break;
		case 'j': o->format = "json"; break;
		case 'o': o->out = optarg; break;
		case 'a': o->audience = optarg; break;
		case 'e': o->era = true; break;
		case ':': return cli_usage(&command_report, "%s needs a value", argv[optind - 1]);
		default: return cli_usage(&command_report, "unknown option %s", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return cli_usage(&command_report, "unexpected \"%s\"", argv[optind]);
	return EXIT_DONE;
}

static size_t languages(const char *text, enum lang out[2])
{
	static const struct { const char *name; enum lang lang[2]; size_t n; } rows[] = {
		{ "ja", { LANG_JA, LANG_JA }, 1 }, { "en", { LANG_EN, LANG_EN }, 1 },
		{ "ja,en", { LANG_JA, LANG_EN }, 2 }, { "en,ja", { LANG_EN, LANG_JA }, 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(text, rows[i].name) == 0) {
			memcpy(out, rows[i].lang, sizeof rows[i].lang);
			return rows[i].n;
		}
	return 0;
}

static void list_names(char *out, size_t size)
{
	size_t n = 0;
	const struct report_output *o;

	out[0] = '\0';
	for (size_t i = 0; (o = report_output_at(i)) != NULL && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i == 0 ? "" : ", ", o->name);
}

/* The last day that is over, then back to one whose whole period is. */
static struct date last_over(const struct report_kind *kind, struct calendar *cal, const struct config *cfg)
{
	int32_t today = zone_day_of(sys_now_ns() / NS_PER_SEC), day = today - 1;
	struct period p = kind->period(cal, cfg, day);

	return date_from_days(p.last < today ? day : p.first - 1);
}

static int write_report(struct cli_report *c, struct config *cfg, struct ledger_reader *r)
{
	struct calendar *cal;
	struct figures *f = NULL;
	struct err e = { 0 };
	struct buf out;
	char use[32];
	struct period period;
	int status = EXIT_INPUT;

	if ((cal = calendar_new(&cfg->calendar, &e)) == NULL) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	if (!c->dated)
		c->day = last_over(c->kind, cal, cfg);
	period = c->kind->period(cal, cfg, date_to_days(c->day));
	if (report_read(&f, r, cfg, cal, c->kind, c->day, &e) != TK_OK) {
		cli_error("%s", e.text);
		calendar_free(cal);
		return EXIT_INPUT;
	}
	buf_init(&out, REPORT_MAX);
	if (report_render(f, &c->form, c->output, &out, &e) == TK_OK)
		status = cli_write(c->out, buf_slice(&out));
	else
		cli_error("%s", e.text);
	buf_free(&out);
	figures_free(f);
	calendar_free(cal);
	snprintf(use, sizeof use, "report %s", c->kind->name);
	if (status == EXIT_DONE)
		cli_log_used(cfg, use, period.from * NS_PER_SEC, period.to * NS_PER_SEC, 1);
	return status;
}

static int read_arguments(struct cli_report *c, int argc, char **argv, struct options *o)
{
	int status = read_options(o, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if ((c->output = report_output_named(o->format)) == NULL) {
		char names[128];

		list_names(names, sizeof names);
		return cli_usage(&command_report, "unknown format \"%s\", expected %s", o->format, names);
	}
	if (o->date != NULL && !date_parse(slice_str(o->date), &c->day))
		return cli_usage(&command_report, "there is no day \"%s\", expected YYYY-MM-DD", o->date);
	if (o->lang != NULL && languages(o->lang, c->form.langs) == 0)
		return cli_usage(&command_report, "unknown language \"%s\", expected ja, en or ja,en",
				 o->lang);
	if (o->audience != NULL && strcmp(o->audience, "officer") != 0 &&
	    strcmp(o->audience, "managers") != 0)
		return cli_usage(&command_report, "unknown reader \"%s\", expected officer or managers",
				 o->audience);
	c->form.managers = o->audience != NULL && strcmp(o->audience, "managers") == 0;
	c->form.era = o->era;
	c->out = o->out;
	if (c->form.managers && strcmp(c->kind->name, "daily") == 0)
		return cli_usage(&command_report, "the daily check sheet is for those who do the checks; "
						  "--for managers is of weekly and monthly");
	return EXIT_DONE;
}

/* The same words for the program that has the output: `words` from "report" on, and NULL. Does not return,
 * but where that program is missing. */
static int ask_other(const struct cli *cli, const struct report_output *output, int n, char **words)
{
	const char **args = calloc((size_t)n + 4, sizeof *args);
	char name[64], *path;
	size_t at = 0;

	snprintf(name, sizeof name, "tochoku-%s", output->name);
	path = shipped_program(name);
	if (args != NULL && path != NULL) {
		args[at++] = path;
		if (cli->config_file != NULL) {
			args[at++] = "-c";
			args[at++] = cli->config_file;
		}
		memcpy(args + at, words, (size_t)n * sizeof *args);
		execv(path, (char *const *)(uintptr_t)args);
	}
	cli_error("%s is drawn by %s, which %s: install the package whole, or print the html from a browser",
		  output->name, name, path == NULL ? "is not here" : strerror(errno));
	free(path);
	free(args);
	return EXIT_INPUT;
}

static int run_kind(struct cli *cli, const struct report_kind *kind, int argc, char **argv)
{
	struct options o = { .format = "text" };
	struct cli_report c = { .kind = kind };
	struct ledger_reader *r;
	struct config *cfg;
	int status = read_arguments(&c, argc - 1, argv + 1, &o);

	if (status == EXIT_DONE && c.output->render == NULL)
		return ask_other(cli, c.output, argc, argv);
	if (status != EXIT_DONE || (status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	c.form.n_langs = languages(o.lang != NULL ? o.lang : cfg->site.language, c.form.langs);
	if (c.form.n_langs == 0)
		c.form.n_langs = languages("ja", c.form.langs);
	c.dated = o.date != NULL;
	status = write_report(&c, cfg, r);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct report_kind *kind = argc < 2 ? NULL : report_kind_named(argv[1]);

	if (argc < 2)
		return cli_usage(&command_report, "say which report: daily, weekly or monthly; or deliver");
	if (strcmp(argv[1], "deliver") == 0)
		return report_deliver(cli, argc - 1, argv + 1);
	if (kind == NULL)
		return cli_usage(&command_report, "unknown report \"%s\", expected daily, weekly or monthly",
				 argv[1]);
	return run_kind(cli, kind, argc, argv);
}

const struct command command_report = {
	.name = "report",
	.summary = "the check sheet of the morning, the reports of week and month",
	.help =
		"Example: tochoku report daily --date 2026-11-24 --format html -o sheet.html\n"
		"\n"
		"tochoku report daily|weekly|monthly [--date DAY] [--format text|html|pdf|json|csv]\n"
		"        [--lang ja|en|ja,en] [--for officer|managers] [--era] [-o FILE]\n"
		"\n"
		"tochoku report deliver [--to FOLDER] [--days N] [--json]\n"
		"\n"
		"  --date DAY     a local day inside the day, week (Friday to Thursday) or month to report on;\n"
		"                 default: the last one that is over\n"
		"  --format F     text (default), html (self-contained, prints on A4), pdf, json (one object),\n"
		"                 csv (UTF-8 with BOM, for a spreadsheet)\n"
		"  --json         the same as --format json\n"
		"  --lang L       ja, en or both; default: site.language\n"
		"  --for WHO      of week and month: officer (default), or managers: short, no names of users\n"
		"  --era          Japanese dates by era (calendar.eras)\n"
		"  -o FILE        write there instead of standard output\n"
		"\n"
		"deliver files what is due and is not there yet in FOLDER (reports.folder): of each of the\n"
		"last 7 days its sheet, and the reports of week and month made on them, in the forms of\n"
		"reports.formats; and once a day it mails a digest to reports.mail, without names. A timer\n"
		"runs it each morning.\n"
		"\n"
		"Usage is of the local days, errors of a daily sheet of the 24 hours before 09:00 of the day\n"
		"after; the windows are printed. Same ledger and configuration: same bytes. The use is\n"
		"recorded. Exit status: 0 done, 2 usage or configuration error (a date that does not exist\n"
		"among them), 3 no ledger or it cannot be read.\n",
	.run = run,
};
