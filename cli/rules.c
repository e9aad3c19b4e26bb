/* `tochoku rules`: check, list and test rule files; eval and explain in files of their own. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/rules.h"
#include "core/base/json.h"
#include "core/base/sys.h"

#define LISTS_MAX (16u << 20)

/* ---- options ---- */

static int add_path(struct rules_options *o, const char *path)
{
	if (o->n_paths == RULES_PATHS_MAX)
		return cli_usage(&command_rules, "more than %d paths", RULES_PATHS_MAX);
	o->paths[o->n_paths++] = path;
	return EXIT_DONE;
}

/* `accepts`: the letters of the options that this verb has. */
static int read_options(struct rules_options *o, int argc, char **argv, const char *accepts)
{
	static const struct option names[] = {
		{ "rules", required_argument, NULL, 'r' }, { "events", required_argument, NULL, 'e' },
		{ "lists", required_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' },
		{ "holds", no_argument, NULL, 'h' },	   { "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },	   { "hits", no_argument, NULL, 'H' },
		{ 0 }
	};
	int c, status = EXIT_DONE;

	optind = 0; /* glibc: start anew, the program's own options were read before */
	opterr = 0;
	while (status == EXIT_DONE && (c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_rules, "%s needs a value", argv[optind - 1]);
		if (c == '?' || strchr(accepts, c) == NULL)
			return cli_usage(&command_rules, "rules %s has no option %s", argv[0],
					 argv[optind - 1]);
		if (c == 'r')
			status = add_path(o, optarg);
		else if (c == 'e')
			o->events = optarg;
		else if (c == 'l')
			o->lists = optarg;
		else if (c == 'h')
			o->holds = true;
		else if (c == 'H')
			o->hits = true;
		else if (c == 'f')
			o->from = optarg;
		else if (c == 't')
			o->to = optarg;
		else
			o->json = true;
	}
	while (status == EXIT_DONE && optind < argc)
		status = add_path(o, argv[optind++]);
	return status;
}

/* ---- loading ---- */

static void problems_json(const struct problems *p)
{
	struct buf out;

	buf_init(&out, 1u << 20);
	for (size_t i = 0; i < p->n; i++) {
		struct json_out o = json_out(&out);

		json_open(&o, '{');
		json_key(&o, "file");
		json_str(&o, slice_str(p->file));
		json_key(&o, "line");
		json_int(&o, p->list[i].line);
		json_key(&o, "column");
		json_int(&o, p->list[i].column);
		json_key(&o, "kind");
		json_str(&o, p->list[i].warning ? SLICE("warning") : SLICE("error"));
		json_key(&o, "text");
		json_str(&o, slice_str(p->list[i].text));
		json_close(&o, '}');
		buf_byte(&out, '\n');
	}
	cli_write(NULL, buf_slice(&out));
	buf_free(&out);
}

/* Errors alone: warnings are for `check`. */
static void print_errors(const struct problems *p)
{
	struct problems only = { .file = p->file, .list = calloc(p->n + 1, sizeof *only.list) };

	for (size_t i = 0; only.list != NULL && i < p->n; i++)
		if (!p->list[i].warning)
			only.list[only.n++] = p->list[i];
	only.errors = only.n;
	problems_print(&only);
	free(only.list);
}

static void report(void *ctx, const struct problems *p)
{
	struct rules_loaded *l = ctx;

	l->warnings += p->n - (p->n < p->errors ? p->n : p->errors);
	if (l->json)
		problems_json(p);
	else if (!l->quiet)
		problems_print(p);
	else if (p->errors > 0)
		print_errors(p);
}

static int load_lists(struct rules_loaded *l, const char *path)
{
	struct problems p;
	struct slice text;
	struct err e = { 0 };
	bool good;

	if (sys_slurp(path, LISTS_MAX, &text, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	problems_init(&p, path);
	good = lists_from_yaml(&l->lists, text, &p) && p.errors == 0;
	problems_print(&p);
	problems_free(&p);
	free((void *)text.p);
	return good ? EXIT_DONE : EXIT_USAGE;
}

/* Paths of the command line, else the configuration's, else the shipped rules. */
static int load_rules(struct rules_loaded *l, const struct rules_options *o)
{
	const char *const *paths = o->paths;
	size_t n = o->n_paths;
	char *shipped = NULL;
	const char *one;

	if (n == 0) {
		paths = l->cfg->rule_paths;
		n = l->cfg->n_rule_paths;
	}
	if (n == 0) {
		shipped = rules_shipped_path();
		if (shipped == NULL) {
			cli_error("the shipped rules were not found beside the program: name a PATH");
			return EXIT_INPUT;
		}
		one = shipped;
		paths = &one;
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (access(paths[i], R_OK) != 0) {
			cli_error("%s: %s", paths[i], strerror(errno));
			free(shipped);
			return EXIT_INPUT;
		}
	l->set = rule_set_load_lists(paths, n, &l->lists, report, l, &l->errors);
	free(shipped);
	if (l->set == NULL)
		cli_error("no memory for the rules");
	return l->set == NULL ? EXIT_INPUT : EXIT_DONE;
}

int rules_load(struct rules_loaded *l, const struct rules_options *o)
{
	int status = EXIT_DONE;

	l->cfg = cli_config(o->cli, false);
	if (l->cfg == NULL)
		return EXIT_USAGE;
	if (!lists_from_config(&l->lists, l->cfg))
		return EXIT_INPUT;
	l->lists.all_on = o->all_on;
	if (o->lists != NULL)
		status = load_lists(l, o->lists);
	return status == EXIT_DONE ? load_rules(l, o) : status;
}

void rules_unload(struct rules_loaded *l)
{
	rule_set_free(l->set);
	lists_free(&l->lists);
	config_free(l->cfg);
}

/* ---- check ---- */

static int run_check(struct rules_options *o)
{
	struct rules_loaded l = { .json = o->json };
	int status = rules_load(&l, o);

	if (status == EXIT_DONE) {
		if (!o->json)
			printf("%zu rules, %zu errors, %zu warnings\n", rule_set_count(l.set), l.errors,
			       l.warnings);
		status = l.errors > 0 ? EXIT_USAGE : EXIT_DONE;
	}
	rules_unload(&l);
	return status;
}

/* ---- list ---- */

static void key_text(struct json_out *o, const char *key, const char *text)
{
	if (text == NULL)
		return;
	json_key(o, key);
	json_str(o, slice_str(text));
}

/* counted: what the rule would have found; NULL: it is on, or nobody asked. */
static void rule_json(const struct rule_info *r, const struct rule_hits *counted, struct buf *out)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	key_text(&o, "rule.id", r->id);
	key_text(&o, "rule.name", r->name);
	key_text(&o, "title", r->title);
	key_text(&o, "title.ja", r->title_ja);
	key_text(&o, "level", level_name(r->level));
	json_key(&o, "enabled");
	json_bool(&o, r->enabled);
	json_key(&o, "alerts");
	json_bool(&o, r->alerts);
	if (counted != NULL) {
		json_key(&o, "hits");
		json_int(&o, counted->hits);
		json_key(&o, "findings");
		json_int(&o, counted->findings);
	}
	key_text(&o, "once_per", r->once == ONCE_DAY ? "day" : NULL);
	json_key(&o, "entity");
	json_open(&o, '[');
	for (size_t i = 0; i < r->n_entity; i++)
		json_str(&o, slice_str(r->entity[i]));
	json_close(&o, ']');
	key_text(&o, "action.ja", r->action_ja);
	key_text(&o, "action.en", r->action_en);
	key_text(&o, "description", r->description);
	key_text(&o, "rule.author", r->author);
	key_text(&o, "file", r->path);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void rule_text(const struct rule_info *r, const struct rule_hits *counted, const char *language,
		      struct buf *out)
{
	bool ja = r->title_ja != NULL && strcmp(language, "ja") == 0;

	buf_fmt(out, "%-13s %-3s ", level_name(r->level), r->enabled ? "on" : "off");
	cli_safe(out, slice_str(r->id));
	buf_str(out, "  ");
	cli_safe(out, slice_str(ja ? r->title_ja : r->title));
	if (counted != NULL)
		buf_fmt(out,
			strcmp(language, "ja") == 0 ? "(有効なら %" PRId64 " 件、該当 %" PRId64 " 回)"
						    : " (on: %" PRId64 " findings, %" PRId64 " hits)",
			counted->findings, counted->hits);
	buf_byte(out, '\n');
}

static int run_list(struct rules_options *o)
{
	struct rules_loaded l = { .quiet = true };
	struct rule_hits *hits = NULL;
	struct buf out;
	int status;

	if (!o->hits && (o->from != NULL || o->to != NULL))
		return cli_usage(&command_rules, "rules list: --from and --to are for --hits");
	status = rules_load(&l, o);
	if (status == EXIT_DONE && o->hits)
		status = rules_hits(o, rule_set_count(l.set), &hits);
	buf_init(&out, 64u << 20);
	for (size_t i = 0; status == EXIT_DONE && i < rule_set_count(l.set); i++) {
		const struct rule_info *r = rule_set_info(l.set, i);
		const struct rule_hits *counted = hits == NULL || r->enabled ? NULL : &hits[i];

		if (o->json)
			rule_json(r, counted, &out);
		else
			rule_text(r, counted, l.cfg->site.language, &out);
	}
	if (status == EXIT_DONE)
		status = cli_write(NULL, buf_slice(&out));
	if (status == EXIT_DONE && l.errors > 0)
		status = EXIT_USAGE;
	buf_free(&out);
	free(hits);
	rules_unload(&l);
	return status;
}

/* ---- test ---- */

struct testing {
	const struct rule_info *rule;
	bool json;
	size_t passed, failed;
};

static void test_result(void *ctx, const char *name, uint32_t line, bool expected, bool passed)
{
	struct testing *t = ctx;

	if (passed)
		t->passed++;
	else
		t->failed++;
	if (t->json) {
		struct buf out;
		struct json_out o = json_out(&out);

		buf_init(&out, 1u << 20);
		json_open(&o, '{');
		key_text(&o, "rule", t->rule->id);
		key_text(&o, "test", name);
		key_text(&o, "file", t->rule->path);
		json_key(&o, "line");
		json_int(&o, line);
		json_key(&o, "passed");
		json_bool(&o, passed);
		json_close(&o, '}');
		buf_byte(&out, '\n');
		cli_write(NULL, buf_slice(&out));
		buf_free(&out);
	} else if (!passed) {
		cli_error("%s:%u:1: rule '%s', test '%s': expected %s", t->rule->path, line, t->rule->title,
			  name == NULL ? "" : name,
			  expected ? "a match and there was none" : "no match and there was one");
	}
}

static int run_test(struct rules_options *o)
{
	struct rules_loaded l = { .quiet = true };
	struct testing t = { .json = o->json };
	int status = rules_load(&l, o);
	struct rule_run *run = status == EXIT_DONE ? rule_run_new(l.set, NULL, NULL) : NULL;
	size_t without = 0;

	if (status == EXIT_DONE && run == NULL)
		status = EXIT_INPUT;
	for (size_t i = 0; status == EXIT_DONE && i < rule_set_count(l.set); i++) {
		size_t before = t.passed + t.failed;

		t.rule = rule_set_info(l.set, i);
		rule_set_test(run, i, test_result, &t);
		without += t.passed + t.failed == before;
	}
	if (status == EXIT_DONE) {
		if (!o->json)
			printf("%zu rules, %zu tests passed, %zu failed, %zu rules without tests\n",
			       rule_set_count(l.set), t.passed, t.failed, without);
		status = l.errors > 0 ? EXIT_USAGE : t.failed > 0 ? EXIT_NO : EXIT_DONE;
	}
	rule_run_free(run);
	rules_unload(&l);
	return status;
}

/* ---- the command ---- */

static const struct verb {
	const char *name, *accepts;
	int (*run)(struct rules_options *o);
} verbs[] = {
	{ "check", "rlj", run_check },	     { "list", "rlHftj", run_list },
	{ "eval", "relh", rules_eval },	     { "test", "rlj", run_test },
	{ "explain", "rlj", rules_explain }, { "replay", "ltfj", rules_replay },
};

static int run_rules(struct cli *cli, int argc, char **argv)
{
	struct rules_options o = { .cli = cli };
	int status;

	if (argc < 2)
		return cli_usage(&command_rules,
				 "rules needs one of check, list, eval, test, explain, replay");
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);
		return status == EXIT_DONE ? verbs[i].run(&o) : status;
	}
	return cli_usage(&command_rules,
			 "rules has no '%s': there are check, list, eval, test, explain and replay", argv[1]);
}

const struct command command_rules = {
	.name = "rules",
	.summary = "check, list, evaluate, test, explain and replay rule files",
	.help = "  tochoku rules check /etc/tochoku/rules.d\n"
		"\n"
		"usage: tochoku rules check [PATH...] [--lists FILE] [--json]\n"
		"       tochoku rules list [PATH...] [--hits [--from DAY] [--to DAY]] [--json]\n"
		"       tochoku rules eval --rules PATH --events FILE [--lists FILE] [--holds]\n"
		"       tochoku rules test [PATH...] [--lists FILE] [--json]\n"
		"       tochoku rules explain EVENT [PATH...] [--lists FILE] [--json]\n"
		"       tochoku rules replay PATH... [--from DAY] [--to DAY] [--lists FILE] [--json]\n"
		"\n"
		"  check   parses and compiles; every error with file, line and column\n"
		"  list    one line a rule: level, on or off, id, title. --hits: the ledger's days are evaluated\n"
		"          once more with all rules on, and each rule that is off says how many findings it\n"
		"          would have made, of how many hits. Nothing is recorded; while events come, rules\n"
		"          that are off cost nothing and count nothing\n"
		"  eval    rules over any JSON lines (- reads standard input); prints\n"
		"          {\"rule\":ID,\"event\":INDEX} a match, INDEX from 0. An event is an object\n"
		"          of fields, or, where the log source matters,\n"
		"          {\"ls\":{\"category\":..,\"product\":..,\"service\":..},\"ev\":{..}}\n"
		"          A correlation prints the event at which an episode begins; its events are taken\n"
		"          in order of @timestamp. --holds: each event at which it holds, with the values\n"
		"          that it groups by (\"group\") and whether an episode begins (\"begins\")\n"
		"  test    the rules' own tests\n"
		"  explain each condition of the rules with its value at an event, and whether it holds;\n"
		"          * marks what decided. EVENT is an id of the ledger, FILE (- is standard input)\n"
		"          or FILE:LINE of JSON lines as eval takes them. The day of a recorded event is\n"
		"          evaluated once more up to it, so that running counts and what looks back are as\n"
		"          they were, with what they were compared with; rules on minutes and on the day's\n"
		"          close are told for the minute in which it ended and for the close of its day\n"
		"  replay  what rules of these files would have found on the ledger's days, against what "
		"their\n"
		"          ids did find: + a finding more, - one less. A rule that finds as before prints\n"
		"          nothing, and nothing is recorded. Rules on the sensor are left out, for no day's\n"
		"          events tell what they saw\n"
		"\n"
		"PATH is a file or a folder with its .yml files; without one the configuration's rules,\n"
		"else the shipped ones. --lists FILE is YAML (name -> values) for the modifier expand.\n"
		"\n"
		"exit status: 0 done; 1 a test failed; 2 usage error or a broken rule file; 3 a file cannot\n"
		"be read\n",
	.run = run_rules,
};
