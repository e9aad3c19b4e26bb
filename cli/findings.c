/* tochoku findings list, show: what the rules found. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/reading.h"
#include "core/base/json.h"
#include "core/ledger/finding_json.h"
#include "reports/titles.h"
#include "reports/words.h"
#include "rules/rules.h"

#define FINDINGS_MAX (256u << 20)

extern const struct command command_findings;

struct options {
	const char *from, *to;
	bool json, check, all;
	enum level level; /* at least */
	int64_t id;       /* show: this one; 0: all */
};

struct listing {
	const struct options *o;
	enum lang lang;
	struct titles *titles;
	struct buf out;
	int64_t n;
};

static const char *level_text(enum lang lang, enum level level)
{
	static const enum word words[LEVEL_COUNT] = {
		[LEVEL_INFORMATIONAL] = W_L_INFO, [LEVEL_LOW] = W_L_LOW, [LEVEL_MEDIUM] = W_L_MEDIUM,
		[LEVEL_HIGH] = W_L_HIGH, [LEVEL_CRITICAL] = W_L_CRITICAL,
	};

	return word(lang, words[level]);
}

static void put_line(struct listing *l, const struct finding *f, enum level level)
{
	struct buf *out = &l->out, reason;

	buf_fmt(out, "%-8s %6" PRId64 "  ", level_text(l->lang, level), f->id);
	cli_put_minute(out, f->first_ns);
	if (f->count > 1)
		buf_fmt(out, "  x%" PRId64, f->count);
	buf_str(out, "  ");
	buf_init(&reason, 1 << 16);
	titles_say(l->titles, l->lang, f, &reason);
	cli_safe(out, buf_slice(&reason));
	buf_free(&reason);
	if (!slice_is(f->status, "new")) {
		buf_str(out, "  (");
		cli_safe(out, f->status);
		buf_str(out, ")");
	}
	if (f->provisional)
		buf_str(out, word(l->lang, W_PROVISIONAL));
	if (f->withdrawn)
		buf_str(out, l->lang == LANG_JA ? "［取下げ］" : " [withdrawn]");
	buf_byte(out, '\n');
}

static void take(void *ctx, const struct finding *f)
{
	struct listing *l = ctx;
	enum level level;

	if (!level_parse(f->level, &level))
		level = LEVEL_INFORMATIONAL;
	if (level < l->o->level || (l->o->id != 0 && f->id != l->o->id))
		return;
	l->n++;
	if (l->o->json) {
		finding_json(&l->out, f);
		buf_byte(&l->out, '\n');
	} else {
		put_line(l, f, level);
	}
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
		cli_safe(&text, key);
		buf_str(&text, ": ");
		cli_safe(&text, slice_of(all.p + at, j.pos - at));
		buf_byte(&text, '\n');
	}
	buf_free(&l->out);
	l->out = text;
}

static void count_key(void *ctx, const struct key_row *k)
{
	(void)k;
	++*(int64_t *)ctx;
}

/* A quiet morning with an empty register says why it is quiet. */
static void tell_none(struct listing *l, const struct config *cfg, struct ledger_reader *r)
{
	int64_t keys = (int64_t)cfg->n_keys;
	struct err e;

	ledger_keys(r, false, count_key, &keys, &e);
	if (l->o->json) {
		if (keys == 0)
			cli_error("%s", word(l->lang, W_NO_KEYS));
		return;
	}
	buf_fmt(&l->out, word(l->lang, W_FINDINGS), "0");
	buf_byte(&l->out, '\n');
	if (keys == 0)
		buf_fmt(&l->out, "%s\n", word(l->lang, W_NO_KEYS));
}

static int list(struct cli *cli, const struct options *o, bool show)
{
	struct options plain = *o;
	struct listing l = { .o = &plain };
	struct ledger_reader *r;
	struct config *cfg;
	struct err e;
	int64_t from, to;
	int status = cli_open_ledger(cli, &cfg, &r);

	if (status != EXIT_DONE)
		return status;
	l.lang = strcmp(cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA;
	buf_init(&l.out, FINDINGS_MAX);
	l.titles = o->json || show ? NULL : titles_load(cfg);
	plain.json = o->json || show;
	if (!cli_range(&command_findings, o->from, o->to, &from, &to, &status))
		goto out;
	if (ledger_findings(r, from, to, o->all || show, take, &l, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
		goto out;
	}
	plain.json = o->json;
	if (show && l.n == 0) {
		cli_error("there is no finding %" PRId64, o->id);
		status = EXIT_NO;
		goto out;
	}
	if (show && !o->json)
		show_json_as_text(&l);
	if (l.n == 0)
		tell_none(&l, cfg, r);
	status = cli_write(NULL, buf_slice(&l.out));
	cli_log_used(cfg, show ? "findings show" : "findings list", from, to, l.n);
	if (status == EXIT_DONE && o->check && l.n > 0)
		status = EXIT_NO;
out:
	titles_free(l.titles);
	buf_free(&l.out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' }, { "check", no_argument, NULL, 'c' },
		{ "all", no_argument, NULL, 'a' }, { "level", required_argument, NULL, 'l' }, { 0 }
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		switch (c) {
		case 'f': o->from = optarg; break;
		case 't': o->to = optarg; break;
		case 'j': o->json = true; break;
		case 'c': o->check = true; break;
		case 'a': o->all = true; break;
		case 'l':
			if (!level_parse(slice_str(optarg), &o->level))
				return cli_usage(&command_findings,
						 "unknown level \"%s\", expected informational, low,"
						 " medium, high or critical",
						 optarg);
			break;
		case ':': return cli_usage(&command_findings, "%s needs a value", argv[optind - 1]);
		default: return cli_usage(&command_findings, "unknown option %s", argv[optind - 1]);
		}
	}
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options o = { .level = LEVEL_INFORMATIONAL };
	bool show;
	char *end;
	int status;

	if (argc < 2)
		return cli_usage(&command_findings, "say what to do: list or show");
	show = strcmp(argv[1], "show") == 0;
	if (!show && strcmp(argv[1], "list") != 0)
		return cli_usage(&command_findings,
				 "findings %s is not in this version; there are: list, show", argv[1]);
	if ((status = read_options(&o, argc - 1, argv + 1)) != EXIT_DONE)
		return status;
	argv += optind + 1;
	argc -= optind + 1;
	if (show) {
		if (argc != 1 || (o.id = strtoll(argv[0], &end, 10)) <= 0 || *end != '\0')
			return cli_usage(&command_findings, "findings show needs the id of one finding");
	} else if (argc > 0) {
		return cli_usage(&command_findings, "unexpected \"%s\"", argv[0]);
	}
	return list(cli, &o, show);
}

const struct command command_findings = {
	.name = "findings",
	.summary = "what the rules found, worst first",
	.help = "Example: tochoku findings list --from 2026-11-24 --to 2026-11-24\n"
		"\n"
		"tochoku findings list [--from T] [--to T] [--level L] [--all] [--json] [--check]\n"
		"tochoku findings show ID [--json]\n"
		"\n"
		"  --from, --to   local dates (the last one included) or RFC 3339 times; by the finding's "
		"first event\n"
		"  --level L      this level and worse: informational, low, medium, high, critical\n"
		"  --all          also withdrawn ones\n"
		"  --check        exit status 1 when there are any\n"
		"\n"
		"Findings of days not yet closed are provisional. The use is recorded.\n"
		"Exit status: 0 done, 1 --check found some or there is no such ID, 2 usage or configuration\n"
		"error, 3 no ledger or it cannot be read.\n",
	.run = run,
};
