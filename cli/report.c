/* tochoku report daily: the morning's check sheet. */
#include <getopt.h>
#include <stdio.h>

#include "cli/reading.h"
#include "core/base/sys.h"
#include "reports/report.h"

#define REPORT_MAX (64u << 20)

extern const struct command command_report;

struct options {
	const char *date, *format, *lang, *out;
};

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "date", required_argument, NULL, 'd' }, { "format", required_argument, NULL, 'f' },
		{ "lang", required_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' }, { 0 }
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

static bool render(const struct daily *d, const char *format, const enum lang *langs, size_t n,
		   struct buf *out)
{
	if (strcmp(format, "json") == 0) {
		daily_json(d, out);
		buf_byte(out, '\n');
	} else if (strcmp(format, "html") == 0) {
		daily_html_all(d, langs, n, out);
	} else {
		for (size_t i = 0; i < n; i++) {
			buf_str(out, i == 0 ? "" : "\n");
			daily_text(d, langs[i], out);
		}
	}
	return !out->failed;
}

static int write_report(const struct options *o, struct config *cfg, struct ledger_reader *r, struct date day,
			const enum lang *langs, size_t n_langs)
{
	int64_t from = zone_day_start(date_to_days(day)) * NS_PER_SEC,
		to = zone_day_start(date_to_days(day) + 1) * NS_PER_SEC;
	struct calendar *cal;
	struct daily *d;
	struct err e = { 0 };
	struct buf out;
	int status = EXIT_INPUT;

	if ((cal = calendar_new(&cfg->calendar, &e)) == NULL ||
	    daily_read(&d, r, cfg, cal, day, &e) != TK_OK) {
		cli_error("%s", e.text);
		calendar_free(cal);
		return EXIT_INPUT;
	}
	buf_init(&out, REPORT_MAX);
	if (render(d, o->format, langs, n_langs, &out))
		status = cli_write(o->out, buf_slice(&out));
	else
		cli_error("the report passes %u MiB or memory ran out", REPORT_MAX >> 20);
	buf_free(&out);
	daily_free(d);
	calendar_free(cal);
	if (status == EXIT_DONE)
		cli_log_used(cfg, "report daily", from, to, 1);
	return status;
}

/* The day asked for, or the last local day that is over. */
static bool pick_day(const char *text, struct date *day)
{
	if (text == NULL) {
		*day = date_from_days(zone_day_of(sys_now_ns() / NS_PER_SEC) - 1);
		return true;
	}
	return date_parse(slice_str(text), day);
}

static int run_daily(struct cli *cli, int argc, char **argv)
{
	struct options o = { .format = "text" };
	enum lang langs[2];
	struct ledger_reader *r;
	struct config *cfg;
	struct date day;
	size_t n;
	int status = read_options(&o, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if (strcmp(o.format, "text") != 0 && strcmp(o.format, "html") != 0 && strcmp(o.format, "json") != 0)
		return cli_usage(&command_report, "unknown format \"%s\", expected text, html or json",
				 o.format);
	if (o.date != NULL && !date_parse(slice_str(o.date), &day))
		return cli_usage(&command_report, "there is no day \"%s\", expected YYYY-MM-DD", o.date);
	if (o.lang != NULL && languages(o.lang, langs) == 0)
		return cli_usage(&command_report, "unknown language \"%s\", expected ja, en or ja,en",
				 o.lang);
	if ((status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	n = languages(o.lang != NULL ? o.lang : cfg->site.language, langs);
	if (n == 0)
		n = languages("ja", langs);
	if (pick_day(o.date, &day))
		status = write_report(&o, cfg, r, day, langs, n);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	if (argc < 2)
		return cli_usage(&command_report, "say which report: daily");
	if (strcmp(argv[1], "daily") == 0)
		return run_daily(cli, argc - 1, argv + 1);
	if (strcmp(argv[1], "weekly") == 0 || strcmp(argv[1], "monthly") == 0)
		return cli_usage(&command_report, "report %s is not in this version; there is: daily",
				 argv[1]);
	return cli_usage(&command_report, "unknown report \"%s\", expected daily", argv[1]);
}

const struct command command_report = {
	.name = "report",
	.summary = "the morning's check sheet, from the ledger",
	.help =
		"Example: tochoku report daily --date 2026-11-24 --format html -o sheet.html\n"
		"\n"
		"tochoku report daily [--date DAY] [--format text|html|json] [--lang ja|en|ja,en] [-o FILE]\n"
		"\n"
		"  --date DAY     local day to report on; default: the last one that is over\n"
		"  --format F     text (default), html (self-contained, prints on A4), json (one object)\n"
		"  --json         the same as --format json\n"
		"  --lang L       ja, en or both; default: site.language\n"
		"  -o FILE        write there instead of standard output\n"
		"\n"
		"Usage is of the local day, errors of the 24 hours before 09:00 of the day after; both\n"
		"windows are printed. Same ledger and configuration: same bytes. The use is recorded.\n"
		"Exit status: 0 done, 2 usage or configuration error (a date that does not exist among\n"
		"them), 3 no ledger or it cannot be read.\n",
	.run = run,
};
