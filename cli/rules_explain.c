/* `tochoku rules explain`: each condition of the rules with its value at one event. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/rules.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "rules/explain.h"

struct explaining {
	struct rule_run *run;
	struct buf out, tests; /* tests: of the rule at hand */
	struct json_out list;
	bool json;
};

static const char *const results[] = { [TEST_NO] = "no", [TEST_YES] = "yes", [TEST_OPEN] = "open" };
static const char *const verdicts[] = { [VERDICT_NO] = "no",
					[VERDICT_YES] = "yes",
					[VERDICT_SOURCE] = "other log source",
					[VERDICT_OPEN] = "open" };

/* ---- one rule ---- */

static void test_json(struct explaining *x, const struct explained *t)
{
	json_open(&x->list, '{');
	json_key(&x->list, "field");
	json_str(&x->list, t->field);
	json_key(&x->list, "test");
	json_str(&x->list, t->test);
	json_key(&x->list, "value");
	json_str(&x->list, t->value);
	json_key(&x->list, "holds");
	json_str(&x->list, slice_str(results[t->result]));
	json_key(&x->list, "decided");
	json_bool(&x->list, t->decided);
	json_close(&x->list, '}');
}

static void one_test(void *ctx, const struct explained *t)
{
	struct explaining *x = ctx;

	if (x->json) {
		test_json(x, t);
		return;
	}
	buf_fmt(&x->tests, "  %c %-4s ", t->decided ? '*' : ' ', results[t->result]);
	if (t->field.n == 0)
		buf_str(&x->tests, "any value");
	cli_safe(&x->tests, t->field);
	buf_byte(&x->tests, ' ');
	cli_safe(&x->tests, t->test);
	buf_str(&x->tests, t->result == TEST_OPEN ? "  [known while recording alone]"
			   : t->field.n == 0	  ? ""
			   : t->value.n == 0	  ? "  [nothing]"
						  : "  [");
	if (t->result != TEST_OPEN && t->field.n > 0 && t->value.n > 0) {
		cli_safe(&x->tests, t->value);
		buf_byte(&x->tests, ']');
	}
	buf_byte(&x->tests, '\n');
}

static void one_rule(struct explaining *x, const struct rule_set *set, size_t i)
{
	const struct rule_info *info = rule_set_info(set, i);
	struct json_out o = json_out(&x->out);
	enum verdict v;

	buf_clear(&x->tests);
	x->list = json_out(&x->tests);
	v = rule_run_explain(x->run, i, one_test, x);
	if (x->json) {
		json_open(&o, '{');
		json_key(&o, "rule");
		json_str(&o, slice_str(info->id));
		json_key(&o, "title");
		json_str(&o, slice_str(info->title));
		json_key(&o, "holds");
		json_str(&o, slice_str(verdicts[v]));
		json_key(&o, "tests");
		json_open(&o, '[');
		buf_add(&x->out, buf_slice(&x->tests));
		json_close(&o, ']');
		json_close(&o, '}');
		buf_byte(&x->out, '\n');
		return;
	}
	if (v == VERDICT_SOURCE)
		return;
	buf_fmt(&x->out, "%s%s: ", info->correlation ? "correlation, by this event alone, " : "",
		verdicts[v]);
	cli_safe(&x->out, slice_str(info->id));
	buf_str(&x->out, "  ");
	cli_safe(&x->out, slice_str(info->title));
	buf_byte(&x->out, '\n');
	buf_add(&x->out, buf_slice(&x->tests));
}

static int explain_rules(struct explaining *x, const struct rule_set *set)
{
	for (size_t i = 0; i < rule_set_count(set); i++)
		one_rule(x, set, i);
	return cli_write(NULL, buf_slice(&x->out));
}

/* ---- the event ---- */

struct search {
	struct explaining *x;
	const struct rule_set *set;
	uint8_t id[16];
	int status;
	bool found;
};

static int one_recorded(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct search *s = ctx;
	const uint16_t *hits;

	(void)seq;
	if (!ev_known(ev, F_EVENT_ID) || memcmp(ev_value(ev, F_EVENT_ID)->s.p, s->id, sizeof s->id) != 0)
		return 0;
	s->found = true;
	rule_run_event(s->x->run, ev, &hits);
	s->status = explain_rules(s->x, s->set);
	return 1;
}

static int explain_recorded(struct explaining *x, const struct rules_loaded *l, const struct rules_options *o)
{
	struct search s = { .x = x, .set = l->set, .status = EXIT_INPUT };
	struct config *cfg = NULL;
	struct ledger_reader *r = NULL;
	struct err e = { 0 };
	int status = cli_open_ledger(o->cli, &cfg, &r);

	hex_decode(slice_str(o->event), s.id, sizeof s.id);
	if (status == EXIT_DONE) {
		if (ledger_events(r, INT64_MIN, INT64_MAX, false, one_recorded, &s, &e) != TK_OK && !s.found)
			cli_error("%s", e.text);
		else if (!s.found)
			cli_error("the ledger has no event %s", o->event);
		if (s.found)
			cli_log_used(cfg, "rules explain", INT64_MIN, INT64_MAX, 1);
		status = s.status;
	}
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

/* FILE or FILE:LINE; without a line the first. Caller frees *line. */
static int read_line(const char *name, char **line, size_t *n)
{
	const char *colon = strrchr(name, ':');
	char *end = NULL, *path;
	long want = colon == NULL ? 1 : strtol(colon + 1, &end, 10);
	size_t cap = 0;
	ssize_t got = -1;
	FILE *f;

	if (colon == NULL || colon[1] == 0 || *end != 0 || want < 1) {
		colon = name + strlen(name);
		want = 1;
	}
	path = strndup(name, (size_t)(colon - name));
	f = path == NULL ? NULL : strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	for (long i = 0; f != NULL && i < want; i++)
		got = getline(line, &cap, f);
	if (f == NULL)
		cli_error("%s: %s: an event is an id of the ledger (32 hex digits), FILE or FILE:LINE of "
			  "JSON lines",
			  name, strerror(errno));
	else if (got < 0)
		cli_error("%s has no line %ld", path, want);
	else
		*n = (size_t)got;
	if (f != NULL && f != stdin)
		fclose(f);
	free(path);
	return got < 0 ? EXIT_INPUT : EXIT_DONE;
}

static int explain_json(struct explaining *x, const struct rules_loaded *l, const char *name)
{
	char *line = NULL;
	const uint16_t *hits;
	size_t n = 0, n_hits;
	struct err e = { 0 };
	int status = read_line(name, &line, &n);

	if (status == EXIT_DONE && rule_run_json(x->run, slice_of(line, n), &hits, &n_hits, &e) != TK_OK) {
		cli_error("%s: %s", name, e.text);
		status = EXIT_INPUT;
	} else if (status == EXIT_DONE) {
		status = explain_rules(x, l->set);
	}
	free(line);
	return status;
}

static bool is_id(const char *text)
{
	return strlen(text) == 32 && strspn(text, "0123456789abcdefABCDEF") == 32 && access(text, F_OK) != 0;
}

int rules_explain(struct rules_options *o)
{
	struct rules_loaded l = { .quiet = true };
	struct explaining x = { .json = o->json };
	int status;

	if (o->n_paths == 0)
		return cli_usage(&command_rules, "rules explain needs an EVENT");
	o->event = o->paths[0];
	memmove(o->paths, o->paths + 1, --o->n_paths * sizeof *o->paths);
	status = rules_load(&l, o);
	buf_init(&x.out, 64u << 20);
	buf_init(&x.tests, 16u << 20);
	if (status == EXIT_DONE && (x.run = rule_run_new(l.set, NULL, NULL)) == NULL) {
		cli_error("no memory for the rules");
		status = EXIT_INPUT;
	}
	if (status == EXIT_DONE) {
		rule_run_all(x.run);
		status = is_id(o->event) ? explain_recorded(&x, &l, o) : explain_json(&x, &l, o->event);
	}
	if (status == EXIT_DONE && l.errors > 0)
		status = EXIT_USAGE;
	buf_free(&x.out);
	buf_free(&x.tests);
	rule_run_free(x.run);
	rules_unload(&l);
	return status;
}
