/* tochoku maintain prune and erase: first what would go, and with an approval its erasure. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/erasing.h"
#include "cli/maintain.h"
#include "core/base/zone.h"

enum {
	OPT_APPROVED = 256,
	OPT_SCHEDULED,
	OPT_SHORT,
	OPT_REASON,
	OPT_USER,
	OPT_TEXT,
	OPT_SEQ,
	OPT_FROM,
	OPT_TO,
	OPT_WHY,
	OPT_REFERENCE,
	OPT_JSON
};

struct said {
	const char *seq, *from, *to;
	bool scheduled;
};

static bool take(struct erasing_order *o, struct said *s, int c, const char *value)
{
	switch (c) {
	case OPT_APPROVED:
		if (o->n_approvers == APPROVERS_MAX || value[0] == '\0')
			return false;
		o->approver[o->n_approvers++] = value;
		break;
	case OPT_SCHEDULED:
		s->scheduled = true;
		break;
	case OPT_SHORT:
		o->accept_short = true;
		break;
	case OPT_REASON:
		o->reason = value;
		break;
	case OPT_USER:
		o->user = value;
		break;
	case OPT_TEXT:
		o->text = value;
		break;
	case OPT_SEQ:
		s->seq = value;
		break;
	case OPT_FROM:
		s->from = value;
		break;
	case OPT_TO:
		s->to = value;
		break;
	case OPT_WHY:
		o->why = value;
		break;
	case OPT_REFERENCE:
		o->reference = value;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	default:
		return false;
	}
	return true;
}

static int parse(struct erasing_order *o, struct said *s, const struct option *names, int argc, char **argv)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_maintain, "unknown option %s", argv[optind - 1]);
		if (c == ':')
			return cli_usage(&command_maintain, "%s needs a value", argv[optind - 1]);
		if (!take(o, s, c, optarg))
			return cli_usage(&command_maintain, "%s: not a name, or too many of them",
					 argv[optind - 1]);
	}
	return optind < argc ? cli_usage(&command_maintain, "unexpected \"%s\"", argv[optind]) : EXIT_DONE;
}

/* "17" or "17..29". */
static bool take_seq(const char *text, int64_t *first, int64_t *last)
{
	const char *dots = strstr(text, "..");
	struct slice a = slice_of(text, dots == NULL ? strlen(text) : (size_t)(dots - text));

	if (!scalar_number(a, first))
		return false;
	*last = *first;
	return dots == NULL || (scalar_number(slice_str(dots + 2), last) && *last >= *first);
}

/* What was not sealed is not looked into: the day's records are sealed first. */
static int seal(const struct config *cfg)
{
	struct asking a;
	int64_t count;
	int status;

	asking_begin(&a, "seal");
	status = asking_send(&a, cfg, &count);
	asking_end(&a);
	return status;
}

static size_t distinct(const struct erasing_order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_approvers; i++) {
		size_t k = 0;

		while (k < i && strcmp(o->approver[k], o->approver[i]) != 0)
			k++;
		n += k == i;
	}
	return n;
}

static void say(const struct erasing_order *o, const char *ja, const char *en)
{
	if (!o->json)
		printf("%s\n", strcmp(o->cfg->site.language, "en") == 0 ? en : ja);
}

static int refuse_one(const struct erasing_order *o, const struct erasing_sums *s)
{
	erasing_tell(o, s, false);
	cli_error("two people must approve it (--approved-by twice): %lld records are younger than their "
		  "period, or a year",
		  (long long)s->two);
	return EXIT_NO;
}

static int execute(struct erasing_order *o)
{
	struct erasing_sums s;
	int status = erasing_finish(o);

	if (status == EXIT_DONE && o->verb[0] == 'e')
		status = seal(o->cfg);
	if (status == EXIT_DONE)
		status = erasing_preview(o, &s);
	if (status != EXIT_DONE)
		return status;
	if (s.two > 0 && distinct(o) < 2)
		return refuse_one(o, &s);
	if ((status = erasing_run(o, &s)) == EXIT_DONE)
		erasing_tell(o, &s, true);
	if (status == EXIT_DONE && s.records > 0)
		say(o, "以前のバックアップには残っています。", "Backups made before still hold them.");
	return status;
}

static int preview(struct erasing_order *o)
{
	struct erasing_sums s;
	int status = erasing_preview(o, &s);

	if (status != EXIT_DONE)
		return status;
	if (o->verb[0] == 'e') /* whether there is something of somebody is a use of the log */
		cli_log_used(o->cfg, "maintain erase", o->from_ns, o->to_ns, s.records);
	erasing_tell(o, &s, false);
	if (o->verb[0] == 'e')
		say(o, "まだ封印されていない記録は数えていません。実行時には先に封印します。",
		    "Records that are not sealed yet are not counted; they are sealed before an erasure.");
	if (s.records > 0)
		say(o,
		    o->verb[0] == 'p'
			    ? "何も消していません。消去するには --approved-by 氏名"
			    : "何も消していません。消去するには --why request|order --approved-by 氏名",
		    o->verb[0] == 'p'
			    ? "Nothing was erased. To erase: --approved-by NAME"
			    : "Nothing was erased. To erase: --why request|order --approved-by NAME");
	return EXIT_DONE;
}

int maintain_prune(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "approved-by", required_argument, NULL, OPT_APPROVED },
					       { "scheduled", no_argument, NULL, OPT_SCHEDULED },
					       { "i-accept-short-retention", no_argument, NULL, OPT_SHORT },
					       { "reason", required_argument, NULL, OPT_REASON },
					       { "json", no_argument, NULL, OPT_JSON },
					       { 0 } };
	struct erasing_order o = {
		.verb = "prune", .first = -1, .last = -1, .from_ns = INT64_MIN, .to_ns = INT64_MAX
	};
	struct said s = { 0 };
	struct config *cfg;
	int status = parse(&o, &s, names, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	o.cfg = cfg;
	for (size_t i = 0; s.scheduled && i < cfg->retention.n_approved_by && o.n_approvers < APPROVERS_MAX;
	     i++)
		o.approver[o.n_approvers++] = cfg->retention.approved_by[i];
	if (s.scheduled && o.n_approvers == 0) {
		cli_error("%s: retention.approved_by names nobody: --scheduled erases in their names",
			  cfg->file);
		status = EXIT_USAGE;
	} else {
		status = o.n_approvers > 0 ? execute(&o) : preview(&o);
	}
	config_free(cfg);
	return status;
}

int maintain_erase(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "user", required_argument, NULL, OPT_USER },
					       { "text", required_argument, NULL, OPT_TEXT },
					       { "seq", required_argument, NULL, OPT_SEQ },
					       { "from", required_argument, NULL, OPT_FROM },
					       { "to", required_argument, NULL, OPT_TO },
					       { "why", required_argument, NULL, OPT_WHY },
					       { "reference", required_argument, NULL, OPT_REFERENCE },
					       { "approved-by", required_argument, NULL, OPT_APPROVED },
					       { "json", no_argument, NULL, OPT_JSON },
					       { 0 } };
	struct erasing_order o = { .verb = "erase", .first = -1, .last = -1 };
	struct said s = { 0 };
	struct config *cfg;
	int status = parse(&o, &s, names, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if (o.why != NULL && strcmp(o.why, "request") != 0 && strcmp(o.why, "order") != 0)
		return cli_usage(&command_maintain, "--why %s: expected request or order", o.why);
	if ((o.why == NULL) != (o.n_approvers == 0))
		return cli_usage(&command_maintain,
				 "an erasure needs --why and --approved-by; without both it is shown");
	if (s.seq != NULL && !take_seq(s.seq, &o.first, &o.last))
		return cli_usage(&command_maintain, "--seq %s: expected a record's number, or two as 17..29",
				 s.seq);
	if (o.user == NULL && o.text == NULL && s.seq == NULL && s.from == NULL && s.to == NULL)
		return cli_usage(&command_maintain, "say what: --user, --text, --seq, --from or --to");
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	o.cfg = cfg;
	if (cli_range(&command_maintain, s.from, s.to, &o.from_ns, &o.to_ns, &status))
		status = o.n_approvers > 0 ? execute(&o) : preview(&o);
	config_free(cfg);
	return status;
}
