/* tochoku calendar show: the hospital's calendar, one line a day. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "rules/calendar/calendar.h"

#define FLUSH_AT 65536

extern const struct command command_calendar;

struct options {
	const char *from, *to;
	bool json;
};

/* The value of "--name VALUE" or "--name=VALUE" at argv[*i]; NULL when it is another option. `missing` is set
 * when nothing follows. */
static const char *value_of(const char *name, int argc, char **argv, int *i, bool *missing)
{
	size_t n = strlen(name);

	if (argv[*i] == NULL || strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != 0)
		return NULL;
	if (*i + 1 == argc) {
		*missing = true;
		return NULL;
	}
	return argv[++*i];
}

static int read_options(int argc, char **argv, struct options *o)
{
	*o = (struct options){ 0 };
	if (argc < 2)
		return cli_usage(&command_calendar, "say what to do: calendar show");
	if (strcmp(argv[1], "show") != 0)
		return cli_usage(&command_calendar, "unknown word \"%s\", expected show", argv[1]);
	for (int i = 2; i < argc; i++) {
		const char *name = argv[i], *v;
		bool missing = false;

		if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if ((v = value_of("--from", argc, argv, &i, &missing)) != NULL)
			o->from = v;
		else if (!missing && (v = value_of("--to", argc, argv, &i, &missing)) != NULL)
			o->to = v;
		else if (missing)
			return cli_usage(&command_calendar, "%s needs a date, as %s 2026-11-23", name, name);
		else
			return cli_usage(&command_calendar, "unknown option \"%s\"", name);
	}
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
static int read_range(const struct options *o, int32_t *from, int32_t *to)
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

static void put_json(struct buf *b, const struct day_info *d)
{
	struct json_out o = json_out(b);
	char date[11];

	date_format(date_from_days(d->days), date);
	json_open(&o, '{');
	json_key(&o, "date");
	json_str(&o, slice_str(date));
	json_key(&o, "opening");
	json_str(&o, slice_str(opening_name(d->opening)));
	json_key(&o, "reason");
	json_str(&o, slice_str(d->reason));
	json_key(&o, "gap_days");
	json_int(&o, d->gap_days);
	json_key(&o, "first_after_holiday");
	json_bool(&o, d->first_after_holiday);
	json_key(&o, "first_business_day_of_month");
	json_bool(&o, d->first_business_day_of_month);
	json_key(&o, "tochoku.calendar.day");
	json_str(&o, slice_str(calendar_day_name(d->kind)));
	json_key(&o, "tochoku.calendar.holiday");
	if (d->holiday != NULL)
		json_str(&o, slice_str(d->holiday));
	else
		json_null(&o);
	json_key(&o, "tochoku.calendar.after_holiday");
	json_bool(&o, d->after_holiday);
	json_close(&o, '}');
	buf_byte(b, '\n');
}

static void put_note(struct buf *b, bool *noted, const char *text)
{
	buf_str(b, *noted ? ", " : "  ");
	buf_str(b, text);
	*noted = true;
}

static void put_text(struct buf *b, const struct day_info *d)
{
	static const char weekday[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	char date[11], gap[40];
	bool noted = false;

	date_format(date_from_days(d->days), date);
	buf_fmt(b, "%s %s  %-6s  %-8s  %-12s", date, weekday[date_weekday(d->days)], opening_name(d->opening),
		calendar_day_name(d->kind), d->reason);
	if (d->holiday != NULL) {
		put_note(b, &noted, "");
		cli_safe(b, slice_str(d->holiday));
	}
	if (d->gap_days > 0) {
		snprintf(gap, sizeof gap, "after %d closed day%s", (int)d->gap_days,
			 d->gap_days == 1 ? "" : "s");
		put_note(b, &noted, gap);
	}
	if (d->first_after_holiday)
		put_note(b, &noted, "first open day after a holiday");
	else if (d->after_holiday)
		put_note(b, &noted, "first business day after a holiday");
	if (d->first_business_day_of_month)
		put_note(b, &noted, "first business day of the month");
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
	buf_byte(b, '\n');
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

static int show_days(struct calendar *c, int32_t from, int32_t to, bool json)
{
	struct buf b;
	int rc = EXIT_DONE;

	buf_init(&b, 2 * FLUSH_AT);
	for (int32_t d = from; d <= to && rc == EXIT_DONE; d++) {
		(json ? put_json : put_text)(&b, calendar_day(c, d));
		if (d < to && b.n < FLUSH_AT && !b.failed)
			continue;
		if (b.failed) {
			cli_error("no memory");
			rc = EXIT_INPUT;
		} else {
			rc = cli_write(NULL, buf_slice(&b));
		}
		buf_clear(&b);
	}
	buf_free(&b);
	return rc;
}

static int show(const struct config *cfg, const struct options *o)
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
	rc = all_known(c, from, to) ? show_days(c, from, to, o->json) : EXIT_USAGE;
	calendar_free(c);
	return rc;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options o;
	struct config *cfg;
	int rc = read_options(argc, argv, &o);

	if (rc != EXIT_DONE)
		return rc;
	cfg = cli_config(cli, false);
	if (cfg == NULL)
		return EXIT_USAGE;
	rc = show(cfg, &o);
	config_free(cfg);
	return rc;
}

const struct command command_calendar = {
	.name = "calendar",
	.summary = "show the hospital's calendar",
	.help =
"Example: tochoku calendar show --from 2026-12-25 --to 2027-01-06\n"
"\n"
"Prints one line a day: how far the hospital is open, the kind of day, the reason, the name of a public\n"
"holiday, and what follows from the days before. Holidays are computed by the law, or come from the list in\n"
"calendar.holidays.\n"
"\n"
"  show          the days of a range\n"
"  --from DATE   first day (default: the first of the month of --to, else of this month)\n"
"  --to DATE     last day, included (default: the last of the month of --from)\n"
"  --json        one JSON object a line\n"
"\n"
"Exit status: 0 done; 2 usage or configuration error, or a date that does not exist; 3 cannot write.\n",
	.run = run,
};
