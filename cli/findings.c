/* tochoku findings: what the rules found, and what people decided about it. */
#include "cli/findings.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/columns.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "reports/words.h"

#define GROUPS_SHOWN 4096

struct group {
	enum level level;
	int64_t n, open;
	struct buf rule, title;
};

struct listing {
	const struct findings_options *o;
	const struct findings_desk *desk;
	struct titles *titles;
	struct buf out;
	bool as_json, colour;
	int64_t n, hidden;
	struct map *groups;
	struct group group[GROUPS_SHOWN];
};

static void count_group(struct listing *l, const struct finding *f, const struct decision *now)
{
	int64_t *at = map_put(l->groups, f->rule_id, (int64_t)map_count(l->groups));
	struct group *g = at == NULL ? NULL : &l->group[*at];
	enum level level = LEVEL_INFORMATIONAL;

	if (g == NULL)
		return;
	if (g->n++ == 0) {
		buf_init(&g->rule, 4096);
		buf_init(&g->title, 1 << 16);
		buf_add(&g->rule, f->rule_id);
		titles_title(l->titles, l->desk->lang, f, &g->title);
	}
	g->open += now->status == FINDING_NEW || now->status == FINDING_ACKNOWLEDGED ||
		   now->status == FINDING_REOPENED;
	if (level_parse(f->level, &level) && level > g->level)
		g->level = level;
}

static void take(void *ctx, const struct finding *found)
{
	struct listing *l = ctx;
	struct finding f = *found;
	struct decision now;

	findings_state(l->desk, &f, &now);
	if (!findings_wanted(l->desk, l->o, &f, &now))
		return;
	if (now.status == FINDING_SUPPRESSED && !l->as_json && l->o->status == NULL && l->o->n_words == 0) {
		l->hidden++;
		return;
	}
	l->n++;
	if (l->o->group)
		count_group(l, &f, &now);
	else if (l->as_json)
		findings_put_json(&l->out, &f, &now);
	else
		findings_put_line(&l->out, l->desk, l->titles, &f, &now, l->colour);
}

static void put_group(struct listing *l, struct group *g)
{
	struct json_out o = json_out(&l->out);

	if (l->o->json) {
		json_open(&o, '{');
		json_key(&o, "rule.id");
		json_str(&o, buf_slice(&g->rule));
		json_key(&o, "title");
		json_str(&o, buf_slice(&g->title));
		json_key(&o, "findings");
		json_int(&o, g->n);
		json_key(&o, "open");
		json_int(&o, g->open);
		json_close(&o, '}');
		buf_byte(&l->out, '\n');
	} else {
		buf_str(&l->out, findings_colour(g->level, l->colour));
		columns_pad(&l->out, slice_str(findings_level(l->desk->lang, g->level)), 8);
		buf_str(&l->out, l->colour ? "\033[0m" : "");
		buf_fmt(&l->out, "%6" PRId64 " /%6" PRId64 "  ", g->open, g->n);
		cli_safe(&l->out, buf_slice(&g->rule));
		buf_str(&l->out, "  ");
		cli_safe(&l->out, buf_slice(&g->title));
		buf_byte(&l->out, '\n');
	}
	buf_free(&g->rule);
	buf_free(&g->title);
}

static void put_head(struct listing *l)
{
	const struct journal_entry *s = l->desk->signed_off;
	struct buf date, who;

	if (s == NULL || l->as_json || !l->desk->since_sign_off)
		return;
	buf_init(&date, 256);
	buf_init(&who, 4096);
	cli_safe(&date, journal_get(s, "date"));
	cli_safe(&who, s->actor);
	buf_fmt(&l->out, word(l->desk->lang, W_SINCE_SIGN), buf_cstr(&date), buf_cstr(&who));
	buf_byte(&l->out, '\n');
	buf_free(&date);
	buf_free(&who);
}

static void put_hidden(struct listing *l)
{
	char n[24];

	if (l->hidden == 0)
		return;
	snprintf(n, sizeof n, "%" PRId64, l->hidden);
	buf_fmt(&l->out, word(l->desk->lang, W_HIDDEN), n);
	buf_byte(&l->out, '\n');
}

static void show_json_as_text(struct listing *l)
{
	/* `show` prints the same facts, one member a line */
	struct json j;
	struct slice all = buf_slice(&l->out);
	struct buf text;

	buf_init(&text, FINDINGS_MAX);
	json_init(&j, all);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return;
	while (json_next(&j) == JSON_KEY) {
		struct slice key = j.text;
		size_t at = j.pos;

		if (!json_skip(&j))
			break;
		while (at < j.pos && (all.p[at] == ':' || all.p[at] == ' '))
			at++;
		columns_pad(&text, key, 20);
		cli_safe(&text, slice_of(all.p + at, j.pos - at));
		buf_byte(&text, '\n');
	}
	buf_free(&l->out);
	l->out = text;
}

/* Every decision about the finding, in order. */
static void show_history(struct listing *l, int64_t id)
{
	const struct journal *j = &l->desk->journal;

	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = j->p[i];

		if (!slice_starts(e->action, SLICE("findings.")) || journal_i64(e, "finding", 0) != id)
			continue;
		cli_put_minute(&l->out, e->ts_ns);
		buf_str(&l->out, "  ");
		columns_pad(&l->out, slice_from(e->action, 9), 12);
		columns_pad(&l->out, e->actor, 12);
		cli_safe(&l->out, journal_get(e, "reason"));
		buf_str(&l->out, " ");
		cli_safe(&l->out, journal_get(e, "text"));
		buf_byte(&l->out, '\n');
	}
}

static void count_key(void *ctx, const struct key_row *k)
{
	(void)k;
	++*(int64_t *)ctx;
}

/* A quiet morning with an empty register says why it is quiet. */
static void tell_none(struct listing *l)
{
	int64_t keys = (int64_t)l->desk->cfg->n_keys;
	struct err e;

	ledger_keys(l->desk->r, false, count_key, &keys, &e);
	if (l->as_json) {
		if (keys == 0)
			cli_error("%s", word(l->desk->lang, W_NO_KEYS));
		return;
	}
	buf_fmt(&l->out, word(l->desk->lang, W_FINDINGS), "0");
	buf_byte(&l->out, '\n');
	if (keys == 0)
		buf_fmt(&l->out, "%s\n", word(l->desk->lang, W_NO_KEYS));
}

static void finish(struct listing *l, bool show)
{
	for (size_t i = 0; i < map_count(l->groups); i++)
		put_group(l, &l->group[i]);
	if (show && !l->o->json) {
		show_json_as_text(l);
		show_history(l, strtoll(l->o->words[0], NULL, 10));
	}
	if (l->n == 0)
		tell_none(l);
	if (!l->as_json)
		put_hidden(l);
}

static int list(const struct findings_desk *d, const struct findings_options *o, bool show)
{
	struct listing *l = calloc(1, sizeof *l);
	struct err e;
	int status = EXIT_INPUT;

	if (l == NULL || (l->groups = map_new(GROUPS_SHOWN, GROUPS_SHOWN * 512)) == NULL) {
		free(l);
		cli_error("no memory");
		return EXIT_INPUT;
	}
	l->o = o;
	l->desk = d;
	l->as_json = o->json || show;
	l->colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	l->titles = o->json && !o->group ? NULL : titles_load(d->cfg);
	buf_init(&l->out, FINDINGS_MAX);
	put_head(l);
	if (ledger_findings(d->r, d->since_sign_off ? INT64_MIN : d->from, d->to, o->all || show, take, l,
			    &e) != TK_OK) {
		cli_error("%s", e.text);
	} else if (show && l->n == 0) {
		cli_error("there is no finding %s", o->words[0]);
		status = EXIT_NO;
	} else {
		finish(l, show);
		status = cli_write(NULL, buf_slice(&l->out));
		cli_log_used(d->cfg, show ? "findings show" : "findings list", d->from, d->to, l->n);
		if (status == EXIT_DONE && o->check && l->n > 0)
			status = EXIT_NO;
	}
	titles_free(l->titles);
	map_free(l->groups);
	buf_free(&l->out);
	free(l);
	return status;
}

/* ---- options ---- */

enum { TEXTS = 256 };
static const struct option names[] = { { "from", required_argument, NULL, 'f' },
				       { "to", required_argument, NULL, 't' },
				       { "json", no_argument, NULL, 'j' },
				       { "check", no_argument, NULL, 'c' },
				       { "all", no_argument, NULL, 'a' },
				       { "open", no_argument, NULL, 'o' },
				       { "group", no_argument, NULL, 'g' },
				       { "preview", no_argument, NULL, 'p' },
				       { "level", required_argument, NULL, 'l' },
				       { "rule", required_argument, NULL, 'r' },
				       { "status", required_argument, NULL, 's' },
				       { "owner", required_argument, NULL, 'w' },
				       { "reason", required_argument, NULL, 'R' },
				       { "text", required_argument, NULL, 'T' },
				       { "until", required_argument, NULL, 'u' },
				       { "incident", required_argument, NULL, 'i' },
				       { "title", required_argument, NULL, 'I' },
				       { "severity", required_argument, NULL, 'S' },
				       { "max-count", required_argument, NULL, 'm' },
				       { 0 } };

static bool take_text(struct findings_options *o, int c, const char *value)
{
	const struct {
		int c;
		const char **out;
	} rows[] = { { 'f', &o->from },	    { 't', &o->to },	 { 'r', &o->rule },	{ 's', &o->status },
		     { 'w', &o->owner },    { 'R', &o->reason }, { 'T', &o->text },	{ 'u', &o->until },
		     { 'i', &o->incident }, { 'I', &o->title },	 { 'S', &o->severity }, { 'm', &o->count } };

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].c == c) {
			*rows[i].out = value;
			return true;
		}
	return false;
}

static int take_option(struct findings_options *o, int c, const char *word)
{
	switch (c) {
	case 'j':
		o->json = true;
		break;
	case 'c':
		o->check = true;
		break;
	case 'a':
		o->all = true;
		break;
	case 'o':
		o->open = true;
		break;
	case 'g':
		o->group = true;
		break;
	case 'p':
		o->preview = true;
		break;
	case 'l':
		if (!level_parse(slice_str(optarg), &o->level))
			return cli_usage(&command_findings,
					 "unknown level \"%s\", expected informational, low, medium, high or"
					 " critical",
					 optarg);
		break;
	case ':':
		return cli_usage(&command_findings, "%s needs a value", word);
	default:
		return cli_usage(&command_findings, "unknown option %s", word);
	}
	return EXIT_DONE;
}

/* `accepts`: the letters of the verb's options. */
static int read_options(struct findings_options *o, int argc, char **argv, const char *accepts)
{
	int c, status = EXIT_DONE;

	optind = 0;
	opterr = 0;
	while (status == EXIT_DONE && (c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c != ':' && c != '?' && strchr(accepts, c) == NULL)
			return cli_usage(
				&command_findings, "findings %s has no option %s", argv[0],
				argv[optind - (optarg == NULL || strchr(argv[optind - 1], '=') ? 1 : 2)]);
		if (!take_text(o, c, optarg))
			status = take_option(o, c, argv[optind - 1]);
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	for (int i = 0; i < o->n_words && status == EXIT_DONE; i++) {
		char *end;

		if (strtoll(o->words[i], &end, 10) <= 0 || *end != '\0')
			status = cli_usage(&command_findings, "unexpected \"%s\": a finding has a number",
					   o->words[i]);
	}
	return status;
}

static bool is_status(const char *text)
{
	for (int s = 0; s < FINDING_STATUSES; s++)
		if (strcmp(text, finding_status_name(s)) == 0)
			return true;
	return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name, *accepts;
	} verbs[] = {
		{ "list", "ftjcaolgrs" },    { "show", "j" },
		{ "acknowledge", "ftrlTj" }, { "assign", "ftrlwTj" },
		{ "escalate", "ftrliISTj" }, { "accept", "ftrluTmj" },
		{ "suppress", "ftrluTpj" },  { "close", "ftrlRTj" },
		{ "reopen", "ftrlTj" },
	};
	struct findings_options o = { .level = LEVEL_INFORMATIONAL };
	struct findings_desk desk;
	size_t v = 0;
	int status;

	if (argc < 2)
		return cli_usage(&command_findings,
				 "say what to do: list, show, acknowledge, assign, escalate,"
				 " accept, suppress, close or reopen");
	while (v < COUNT(verbs) && strcmp(argv[1], verbs[v].name) != 0)
		v++;
	if (v == COUNT(verbs))
		return cli_usage(&command_findings,
				 "unknown word \"%s\", expected list, show, acknowledge, assign,"
				 " escalate, accept, suppress, close or reopen",
				 argv[1]);
	if ((status = read_options(&o, argc - 1, argv + 1, verbs[v].accepts)) != EXIT_DONE)
		return status;
	if (o.status != NULL && !is_status(o.status))
		return cli_usage(&command_findings,
				 "unknown status \"%s\", expected new, acknowledged, escalated,"
				 " accepted, suppressed, closed or reopened",
				 o.status);
	if (v == 1 && o.n_words != 1)
		return cli_usage(&command_findings, "findings show needs the id of one finding");
	if (v == 0 && o.n_words > 0)
		return cli_usage(&command_findings, "unexpected \"%s\"", o.words[0]);
	if (v > 1)
		return findings_decide(cli, argv[1], &o);
	if ((status = findings_desk_open(&desk, cli, &o)) == EXIT_DONE)
		status = list(&desk, &o, v == 1);
	findings_desk_close(&desk);
	return status;
}

const struct command command_findings = {
	.name = "findings",
	.summary = "what the rules found, worst first, and what was decided",
	.help = "Example: tochoku findings close --rule 000000000301 --reason expected --text 月次の棚卸し\n"
		"\n"
		"tochoku findings list [--from T] [--to T] [--level L] [--rule R] [--status S] [--open] "
		"[--group]\n"
		"                      [--all] [--json] [--check]\n"
		"tochoku findings show ID [--json]\n"
		"tochoku findings acknowledge WHICH [--text WORDS]\n"
		"tochoku findings assign WHICH --owner NAME\n"
		"tochoku findings escalate WHICH --incident N | --title WORDS [--severity S]\n"
		"tochoku findings accept WHICH --until DAY --text WORDS [--max-count N]\n"
		"tochoku findings suppress WHICH --until DAY --text WORDS [--preview]\n"
		"tochoku findings close WHICH --reason CODE [--text WORDS]\n"
		"tochoku findings reopen WHICH [--text WORDS]\n"
		"\n"
		"  WHICH          ids, or --rule R with --from, --to, --level: all of the rule to which the "
		"word applies\n"
		"  --rule R       a rule by its id, the end of its id, or its title\n"
		"  --from, --to   local dates (the last one included) or RFC 3339 times; by the finding's "
		"first event.\n"
		"                 Without them: since the last signed daily sheet, and what is undecided "
		"(--json: all)\n"
		"  --level L      this level and worse: informational, low, medium, high, critical\n"
		"  --open         undecided ones: new, acknowledged, reopened\n"
		"  --group        one line a rule: undecided and all findings\n"
		"  --all          also withdrawn ones\n"
		"  --check        exit status 1 when there are any\n"
		"  --reason CODE  true_positive, false_positive, benign, expected, duplicate, test\n"
		"  --max-count N  the envelope of an accepted risk: a finding that counts more is reopened\n"
		"                 (default: what the finding counts now)\n"
		"  --preview      what the suppression would have hidden in the last 30 days; nothing is "
		"recorded\n"
		"\n"
		"An accepted or suppressed pattern is the rule with the finding's subject: it holds for "
		"later\n"
		"findings too, until the day is over. Each decision is a record of the trail, as is the "
		"use.\n"
		"Exit status: 0 done, 1 refused, or --check found some, or there is no such ID, 2 usage or\n"
		"configuration error, 3 no ledger or it cannot be read.\n",
	.run = run,
};
