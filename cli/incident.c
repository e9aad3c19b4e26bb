/* tochoku incident: outages, security incidents, planned windows, and what traffic tells of availability. */
#include "cli/incident.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/asking.h"

enum { JSON = 1000, REASON, FROM, TO, ACCOUNTS, ALL };

/* --title and so on, one a field of the record, then the others. */
static void option_names(struct option names[INCIDENT_FIELDS + 7])
{
	static const struct option others[] = { { "json", no_argument, NULL, JSON },
						{ "reason", required_argument, NULL, REASON },
						{ "from", required_argument, NULL, FROM },
						{ "to", required_argument, NULL, TO },
						{ "accounts", required_argument, NULL, ACCOUNTS },
						{ "all", no_argument, NULL, ALL },
						{ 0 } };

	for (int f = 0; f < INCIDENT_FIELDS; f++)
		names[f] = (struct option){ incident_fields[f].name, required_argument, NULL, f };
	memcpy(names + INCIDENT_FIELDS, others, sizeof others);
}

/* `accepts`: f fields, t title alone, r range, R reason, a accounts, A all. */
static bool accepted(const char *accepts, int c)
{
	if (c == JSON)
		return true;
	if (c < INCIDENT_FIELDS)
		return strchr(accepts, 'f') != NULL || (c == INCIDENT_TITLE && strchr(accepts, 't') != NULL);
	return strchr(accepts, c == REASON ? 'R' : c == ACCOUNTS ? 'a' : c == ALL ? 'A' : 'r') != NULL;
}

static int read_options(struct incident_options *o, int argc, char **argv, const char *accepts)
{
	struct option names[INCIDENT_FIELDS + 7];
	int c, at = -1;

	option_names(names);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, &at)) != -1) {
		if (c == ':')
			return cli_usage(&command_incident, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return cli_usage(&command_incident, "unknown option %s", argv[optind - 1]);
		if (!accepted(accepts, c))
			return cli_usage(&command_incident, "incident %s has no option --%s", argv[0],
					 names[at].name);
		if (c < INCIDENT_FIELDS)
			o->field[c] = optarg;
		o->json |= c == JSON;
		o->all |= c == ALL;
		if (c == REASON || c == FROM || c == TO || c == ACCOUNTS)
			*(c == REASON ? &o->reason
			  : c == FROM ? &o->from
			  : c == TO   ? &o->to
				      : &o->accounts) = optarg;
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return EXIT_DONE;
}

static int send(const struct config *cfg, const struct incident_options *o, struct asking *a, const char *did,
		const char *numbered)
{
	struct buf out;
	int64_t n;
	int status = asking_send(a, cfg, &n);

	buf_init(&out, 1024);
	if (status == EXIT_DONE) {
		n = numbered[0] != '\0' ? asking_number(a, numbered) : strtoll(o->words[0], NULL, 10);
		buf_fmt(&out, o->json ? "{\"action\":\"%s\",\"number\":%" PRId64 "}\n" : "%s: %" PRId64 "\n",
			did, n);
		status = cli_write(NULL, buf_slice(&out));
	}
	buf_free(&out);
	return status;
}

/* With or without seconds and offset; without one in the site's zone. */
static bool take_time(const char *text, int64_t *ns)
{
	char whole[32];

	if (strlen(text) != sizeof "2026-11-23T09:00" - 1)
		return time_parse_rfc3339(slice_str(text), true, ns);
	snprintf(whole, sizeof whole, "%s:00", text);
	return time_parse_rfc3339(slice_str(whole), true, ns);
}

/* The record holds UTC. */
static bool put_fields(struct asking *a, const struct incident_options *o)
{
	int64_t ns;

	for (int f = 0; f < INCIDENT_FIELDS; f++) {
		if (o->field[f] == NULL)
			continue;
		if (incident_fields[f].kind != FIELD_TIME) {
			asking_text(a, incident_fields[f].name, o->field[f]);
			continue;
		}
		if (!take_time(o->field[f], &ns)) {
			cli_error("--%s: \"%s\" is no time as 2026-11-23T09:00 or 2026-11-23T09:00:00+09:00",
				  incident_fields[f].name, o->field[f]);
			return false;
		}
		asking_time(a, incident_fields[f].name, ns);
	}
	return true;
}

static int ask(struct cli *cli, struct incident_options *o, const char *verb, bool numbered)
{
	struct config *cfg = cli_config(cli, true); /* sets the zone in which times are read */
	struct asking a;
	char action[64];
	int status = EXIT_USAGE;

	if (cfg == NULL)
		return EXIT_USAGE;
	snprintf(action, sizeof action, "incident.%s", verb);
	asking_begin(&a, action);
	if (!numbered)
		asking_text(&a, strcmp(verb, "cancel") == 0 ? "window" : "incident", o->words[0]);
	asking_text(&a, "reason", o->reason);
	if (put_fields(&a, o))
		status = send(cfg, o, &a, verb, numbered ? "incident" : "");
	asking_end(&a);
	config_free(cfg);
	return status;
}

static int open_one(struct cli *cli, struct incident_options *o)
{
	return o->n_words > 0 ? cli_usage(&command_incident, "unexpected \"%s\"", o->words[0])
			      : ask(cli, o, "open", true);
}

static int with_number(struct cli *cli, struct incident_options *o, const char *verb)
{
	char *end;

	if (o->n_words != 1 || strtoll(o->words[0], &end, 10) <= 0 || *end != '\0')
		return cli_usage(&command_incident, "incident %s needs one number", verb);
	return ask(cli, o, verb, false);
}

static int update(struct cli *cli, struct incident_options *o)
{
	return with_number(cli, o, "update");
}

static int close_one(struct cli *cli, struct incident_options *o)
{
	return with_number(cli, o, "close");
}

static int reopen(struct cli *cli, struct incident_options *o)
{
	return with_number(cli, o, "reopen");
}

static int cancel(struct cli *cli, struct incident_options *o)
{
	return with_number(cli, o, "cancel");
}

static int window(struct cli *cli, struct incident_options *o)
{
	struct config *cfg;
	struct asking a;
	int64_t from, to;
	int status = EXIT_USAGE;

	if (o->n_words > 0 || o->from == NULL || o->to == NULL || o->field[INCIDENT_TITLE] == NULL)
		return cli_usage(&command_incident, "incident window needs --title, --from and --to");
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	asking_begin(&a, "incident.window");
	asking_text(&a, "title", o->field[INCIDENT_TITLE]);
	asking_text(&a, "accounts", o->accounts);
	if (!take_time(o->from, &from) ||
	    !take_time(o->to, &to)) {
		cli_error("a window is from and to times as 2026-11-28T18:00");
	} else {
		asking_time(&a, "from", from);
		asking_time(&a, "to", to);
		status = send(cfg, o, &a, "window", "window");
	}
	asking_end(&a);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name, *accepts;
		int (*run)(struct cli *cli, struct incident_options *o);
	} verbs[] = {
		{ "list", "A", incident_list },
		{ "show", "", incident_show },
		{ "open", "f", open_one },
		{ "update", "fR", update },
		{ "close", "fR", close_one },
		{ "reopen", "R", reopen },
		{ "window", "tra", window },
		{ "cancel", "R", cancel },
		{ "windows", "A", incident_windows },
		{ "availability", "r", incident_availability },
	};
	struct incident_options o = { 0 };

	for (size_t i = 0; i < COUNT(verbs) && argc > 1; i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);

			return status != EXIT_DONE ? status : verbs[i].run(cli, &o);
		}
	return cli_usage(&command_incident,
			 "say what to do: list, show, open, update, close, reopen, window, cancel,"
			 " windows or availability");
}

const struct command command_incident = {
	.name = "incident",
	.summary = "outages, security incidents, planned windows, availability",
	.help = "Example: tochoku incident open --title 応答なし --severity major --started "
		"2026-11-24T09:12\n"
		"\n"
		"tochoku incident list [--all] [--json]\n"
		"tochoku incident show N [--json]\n"
		"tochoku incident open --title T --started TIME [FIELDS]\n"
		"tochoku incident update N [FIELDS] [--reason WORDS]\n"
		"tochoku incident close N [FIELDS]\n"
		"tochoku incident reopen N --reason WORDS\n"
		"tochoku incident window --title T --from TIME --to TIME [--accounts A,B]\n"
		"tochoku incident windows [--all] [--json]\n"
		"tochoku incident cancel N [--reason WORDS]\n"
		"tochoku incident availability [--from T] [--to T] [--json]\n"
		"\n"
		"  FIELDS: --type outage|security  --severity critical|major|moderate|minor  --started\n"
		"    --detected --responded --restored --completed (times)  --users N --calls N\n"
		"    --departments --cause --workaround --fix --prevention --reported_to --links\n"
		"    --safety_impact 0..5  --personal_data no|yes|wrongful (starts the clocks of a leak "
		"report)\n"
		"\n"
		"list shows open incidents (--all: closed ones too), and of a leak the days left to report "
		"it. A\n"
		"time that was said before is changed with --reason; all versions stay in the trail. A "
		"window is\n"
		"planned, and no loss of availability, when it is entered 72 hours before. availability "
		"infers\n"
		"outages from the traffic of a period (default: this month) and proposes them for entry.\n"
		"Exit status: 0 done, 1 refused, 2 usage or configuration error, 3 no ledger or it cannot be "
		"read.\n",
	.run = run,
};
