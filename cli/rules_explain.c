/* `tochoku rules explain`: each condition of the rules with its value at one event. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/rules_view.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/view.h"
#include "rules/eval.h"
#include "rules/explain.h"

struct explaining {
	struct rule_run *run;
	const struct look *look; /* NULL: the event is no recorded one */
	bool *told;		 /* by rule: it was asked somewhere */
	bool matched;		 /* a test of the rule at hand holds */
	struct buf out, tests;	 /* tests: of the rule at hand */
	struct json_out list;
	bool json;
};

static const char *const results[] = { [TEST_NO] = "no", [TEST_YES] = "yes", [TEST_OPEN] = "open" };
static const char *const places[] = {
	[LOOK_EVENT] = "event", [LOOK_MINUTE] = "minute", [LOOK_DAY_CLOSE] = "day_close"
};
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

	x->matched |= t->result == TEST_YES;
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

/* ---- what the rule's fields compare with ---- */

struct compared {
	bool day, yesterday, budget, night;
};

static struct compared compared_by(const struct look *l, const struct rule_info *info)
{
	if (l == NULL)
		return (struct compared){ 0 };
	return (struct compared){
		info->uses[D_SITE_DAY_PREV_PCT] || info->uses[D_OWN_CALLS_PREV_PCT],
		info->uses[D_SITE_DAY_YESTERDAY_PCT] || info->uses[D_OWN_CALLS_YESTERDAY_PCT],
		info->uses[D_SITE_DAY_BUDGET_PCT] || info->uses[D_OWN_BUDGET_PCT],
		info->uses[D_USER_NIGHT_PCT],
	};
}

static void baseline_json(struct explaining *x, const struct rule_info *info, struct json_out *o)
{
	const struct look *l = x->look;
	struct compared c = compared_by(l, info);

	if (!c.day && !c.yesterday && !c.budget && !c.night)
		return;
	json_key(o, "baseline");
	json_open(o, '{');
	if (c.day && l->base_calls > 0) {
		char date[11];

		date_format(date_from_days(l->base_day), date);
		json_key(o, "day");
		json_str(o, slice_str(date));
		json_key(o, "calls");
		json_int(o, l->base_calls);
	}
	if (c.yesterday && l->yesterday_calls > 0) {
		json_key(o, "yesterday_calls");
		json_int(o, l->yesterday_calls);
	}
	if (c.budget && l->budget_pico > 0) {
		json_key(o, "budget_usd");
		json_micro(o, l->budget_pico / 1000000);
	}
	if (c.night && l->usual_night_micro > 0) {
		json_key(o, "usual_night_calls");
		json_micro(o, l->usual_night_micro);
	}
	json_close(o, '}');
}

static void baseline_text(struct explaining *x, const struct rule_info *info)
{
	const struct look *l = x->look;
	struct compared c = compared_by(l, info);
	char date[11];

	date_format(date_from_days(l == NULL ? 0 : l->base_day), date);
	if (c.day && l->base_calls > 0)
		buf_fmt(&x->out,
			"         compared with %s, the last earlier day of its class: %" PRId64 " calls\n",
			date, l->base_calls);
	else if (c.day)
		buf_str(&x->out,
			"         learning: no earlier day of its class with calls, or the first 14 days\n");
	if (c.yesterday && l->yesterday_calls > 0)
		buf_fmt(&x->out, "         compared with the day before: %" PRId64 " calls\n",
			l->yesterday_calls);
	else if (c.yesterday)
		buf_str(&x->out, "         learning: no calls on the day before, or the first 14 days\n");
	if (c.budget && l->budget_pico > 0)
		buf_fmt(&x->out, "         compared with the day's budget: %.2f USD\n",
			(double)l->budget_pico / 1e12);
	else if (c.budget)
		buf_str(&x->out,
			"         there is no budget to compare with (budget in the configuration)\n");
	if (c.night && l->usual_night_micro > 0)
		buf_fmt(&x->out, "         compared with the user's usual night: %.1f calls\n",
			(double)l->usual_night_micro / 1e6);
	else if (c.night)
		buf_str(&x->out, "         learning: the user has had fewer than 10 nights with calls\n");
}

/* ---- one rule ---- */

static void rule_json(struct explaining *x, const struct rule_info *info, enum verdict v)
{
	struct json_out o = json_out(&x->out);

	json_open(&o, '{');
	json_key(&o, "rule");
	json_str(&o, slice_str(info->id));
	json_key(&o, "title");
	json_str(&o, slice_str(info->title));
	json_key(&o, "holds");
	json_str(&o, slice_str(verdicts[v]));
	if (x->look != NULL && v != VERDICT_SOURCE) {
		json_key(&o, "at");
		json_str(&o, slice_str(places[x->look->at]));
	}
	json_key(&o, "tests");
	json_open(&o, '[');
	buf_add(&x->out, buf_slice(&x->tests));
	json_close(&o, ']');
	if (x->look != NULL && v != VERDICT_SOURCE)
		baseline_json(x, info, &o);
	json_close(&o, '}');
	buf_byte(&x->out, '\n');
}

static void one_rule(struct explaining *x, const struct rule_set *set, size_t i)
{
	const struct rule_info *info = rule_set_info(set, i);
	enum verdict v;

	buf_clear(&x->tests);
	x->list = json_out(&x->tests);
	x->matched = false;
	v = rule_run_explain(x->run, i, one_test, x);
	if (x->look != NULL &&
	    (v == VERDICT_SOURCE || (info->correlation && x->look->at != LOOK_EVENT && !x->matched)))
		return;
	if (x->told != NULL)
		x->told[i] = true;
	if (x->json) {
		rule_json(x, info, v);
		return;
	}
	if (v == VERDICT_SOURCE)
		return;
	buf_fmt(&x->out, "%s%s: ",
		!info->correlation ? ""
		: x->look != NULL  ? "correlation, "
				   : "correlation, by this event alone, ",
		verdicts[v]);
	cli_safe(&x->out, slice_str(info->id));
	buf_str(&x->out, "  ");
	cli_safe(&x->out, slice_str(info->title));
	buf_byte(&x->out, '\n');
	buf_add(&x->out, buf_slice(&x->tests));
	baseline_text(x, info);
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
	int64_t time_ns;
	bool found;
};

static int find_recorded(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct search *s = ctx;

	(void)seq;
	if (!ev_known(ev, F_EVENT_ID) || memcmp(ev_value(ev, F_EVENT_ID)->s.p, s->id, sizeof s->id) != 0)
		return 0;
	s->found = true;
	s->time_ns = ev_int(ev, F_TIMESTAMP, 0);
	return 1;
}

static void see(void *ctx, const struct look *l)
{
	struct search *s = ctx;
	struct explaining *x = s->x;
	char time[TIME_TEXT_MAX];

	x->run = l->run;
	x->look = l;
	if (!x->json && l->at == LOOK_MINUTE) {
		size_t n = time_format_local(l->start_ns, time);

		buf_fmt(&x->out, "== the minute %.*s, in which it ended\n", (int)(n < 16 ? n : 16), time);
	} else if (!x->json && l->at == LOOK_DAY_CLOSE) {
		buf_str(&x->out, "== the close of its day\n");
	}
	for (size_t i = 0; i < rule_set_count(s->set); i++)
		one_rule(x, s->set, i);
	x->run = NULL;
	x->look = NULL;
}

/* Rules that are asked at none of the places. */
static void tell_others(struct explaining *x, const struct rule_set *set)
{
	buf_clear(&x->tests);
	for (size_t i = 0; x->json && i < rule_set_count(set); i++)
		if (!x->told[i])
			rule_json(x, rule_set_info(set, i), VERDICT_SOURCE);
}

static int explain_day(struct search *s, const struct rules_loaded *l, const struct config *cfg,
		       struct err *e)
{
	struct rules_view view;
	int rc = rules_view_open(&view, cfg, l->set, e);

	if (rc == TK_OK)
		rc = ledger_view_begin(view.ledger, e);
	if (rc == TK_OK)
		rc = evaluate_at(view.evaluate,
				 zone_day_of(s->time_ns / NS_PER_SEC - (s->time_ns % NS_PER_SEC < 0)), s->id,
				 sys_now_ns(), see, s, e);
	rules_view_close(&view);
	return rc;
}

static int explain_recorded(struct explaining *x, const struct rules_loaded *l, const struct rules_options *o)
{
	struct search s = { .x = x, .set = l->set };
	struct config *cfg = NULL;
	struct ledger_reader *r = NULL;
	struct err e = { 0 };
	int status = cli_open_ledger(o->cli, &cfg, &r);

	hex_decode(slice_str(o->event), s.id, sizeof s.id);
	x->told = calloc(rule_set_count(l->set) + 1, sizeof *x->told);
	if (status == EXIT_DONE && x->told == NULL) {
		cli_error("no memory");
		status = EXIT_INPUT;
	} else if (status == EXIT_DONE) {
		int rc = ledger_events(r, INT64_MIN, INT64_MAX, false, find_recorded, &s, &e);

		if (s.found) /* which ended the search with a code of its own */
			rc = explain_day(&s, l, cfg, &e);
		status = EXIT_INPUT;
		if (rc != TK_OK) {
			cli_error("%s", e.text);
		} else if (!s.found) {
			cli_error("the ledger has no event %s", o->event);
		} else {
			tell_others(x, l->set);
			status = cli_write(NULL, buf_slice(&x->out));
			cli_log_used(cfg, "rules explain", INT64_MIN, INT64_MAX, 1);
		}
	}
	free(x->told);
	x->told = NULL;
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

	if (status == EXIT_DONE && (x->run = rule_run_new(l->set, NULL, NULL)) == NULL) {
		cli_error("no memory for the rules");
		status = EXIT_INPUT;
	}
	if (status == EXIT_DONE)
		rule_run_all(x->run);
	if (status == EXIT_DONE && rule_run_json(x->run, slice_of(line, n), &hits, &n_hits, &e) != TK_OK) {
		cli_error("%s: %s", name, e.text);
		status = EXIT_INPUT;
	} else if (status == EXIT_DONE) {
		status = explain_rules(x, l->set);
	}
	rule_run_free(x->run);
	x->run = NULL;
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
	o->all_on = true;
	status = rules_load(&l, o);
	buf_init(&x.out, 64u << 20);
	buf_init(&x.tests, 16u << 20);
	if (status == EXIT_DONE)
		status = is_id(o->event) ? explain_recorded(&x, &l, o) : explain_json(&x, &l, o->event);
	if (status == EXIT_DONE && l.errors > 0)
		status = EXIT_USAGE;
	buf_free(&x.out);
	buf_free(&x.tests);
	rules_unload(&l);
	return status;
}
