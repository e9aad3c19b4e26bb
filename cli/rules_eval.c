/* `tochoku rules eval`: rules over any JSON lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/rules.h"
#include "core/base/json.h"

#define OUT_FLUSH 65536
#define BAD_TOLD 20

struct evaluation {
	const struct rule_set *set;
	struct rule_run *run;
	const char *file;
	struct buf out, group;
	bool holds;
	uint64_t good, bad;
	int status;
};

/* A line of the input, kept where correlations want the events in order of time. */
struct kept {
	char *text;
	size_t n;
	int64_t ns;
	uint64_t index;
};

struct keep {
	struct kept *list;
	size_t n, cap;
};

/* ---- one event ---- */

static void put_group(struct evaluation *v, struct json_out *o, size_t hit)
{
	json_key(o, "group");
	json_open(o, '[');
	for (size_t i = 0;; i++) {
		buf_clear(&v->group);
		if (!rule_run_group(v->run, hit, i, &v->group))
			break;
		json_str(o, buf_slice(&v->group));
	}
	json_close(o, ']');
	json_key(o, "begins");
	json_bool(o, rule_run_episode(v->run, hit));
}

static void put_hit(struct evaluation *v, size_t hit, uint16_t rule, uint64_t index)
{
	const struct rule_info *info = rule_set_info(v->set, rule);
	struct json_out o = json_out(&v->out);

	if (!v->holds && !rule_run_episode(v->run, hit))
		return;
	json_open(&o, '{');
	json_key(&o, "rule");
	json_str(&o, slice_str(info->id));
	json_key(&o, "event");
	json_int(&o, (int64_t)index);
	if (v->holds && info->correlation)
		put_group(v, &o, hit);
	json_close(&o, '}');
	buf_byte(&v->out, '\n');
}

static void one_event(struct evaluation *v, struct slice line, uint64_t index)
{
	const uint16_t *hits = NULL;
	size_t n = 0;
	struct err e = { 0 };

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (line.n == 0)
		return;
	if (rule_run_json(v->run, line, &hits, &n, &e) != TK_OK) {
		if (v->bad++ < BAD_TOLD)
			cli_error("%s:%llu:1: %s", v->file, (unsigned long long)index + 1, e.text);
		return;
	}
	v->good++;
	for (size_t i = 0; i < n; i++)
		put_hit(v, i, hits[i], index);
	if (v->out.n >= OUT_FLUSH) {
		v->status = cli_write(NULL, buf_slice(&v->out));
		buf_clear(&v->out);
	}
}

/* ---- all events ---- */

/* A line without a time stays behind the one before it. */
static bool keep_line(struct evaluation *v, struct keep *k, struct slice line, uint64_t index)
{
	struct kept *own;
	int64_t ns = k->n > 0 ? k->list[k->n - 1].ns : INT64_MIN;

	if (k->n == k->cap) {
		size_t cap = k->cap == 0 ? 1024 : k->cap * 2;
		struct kept *more = reallocarray(k->list, cap, sizeof *more);

		if (more == NULL)
			return false;
		k->list = more;
		k->cap = cap;
	}
	own = &k->list[k->n];
	*own = (struct kept){ malloc(line.n), line.n, ns, index };
	if (own->text == NULL)
		return false;
	memcpy(own->text, line.p, line.n);
	rule_run_time(v->run, line, &own->ns);
	k->n++;
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void eval_kept(struct evaluation *v, struct keep *k)
{
	if (k->n > 1)
		qsort(k->list, k->n, sizeof *k->list, by_time);
	for (size_t i = 0; i < k->n && v->status == EXIT_DONE; i++)
		one_event(v, slice_of(k->list[i].text, k->list[i].n), k->list[i].index);
}

static bool has_correlations(const struct rule_set *set)
{
	for (size_t i = 0; i < rule_set_count(set); i++)
		if (rule_set_info(set, i)->correlation)
			return true;
	return false;
}

static void read_events(struct evaluation *v, FILE *f)
{
	bool order = has_correlations(v->set);
	struct keep k = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	for (uint64_t i = 0; v->status == EXIT_DONE && (n = getline(&line, &cap, f)) > 0; i++) {
		if (!order) {
			one_event(v, slice_of(line, (size_t)n), i);
		} else if (!keep_line(v, &k, slice_of(line, (size_t)n), i)) {
			cli_error("%s: no memory to put the events in order", v->file);
			v->status = EXIT_INPUT;
		}
	}
	if (v->status == EXIT_DONE && ferror(f)) {
		cli_error("%s: %s", v->file, strerror(errno));
		v->status = EXIT_INPUT;
	}
	eval_kept(v, &k);
	for (size_t i = 0; i < k.n; i++)
		free(k.list[i].text);
	free(k.list);
	free(line);
}

static void tell(const struct evaluation *v)
{
	struct rule_run_counts c = rule_run_counts(v->run);

	if (v->bad > 0)
		cli_error("%s: %llu lines are no events, %llu were evaluated", v->file,
			  (unsigned long long)v->bad, (unsigned long long)v->good);
	if (rule_run_regex_limits(v->run) > 0)
		cli_error("regular expressions reached their limit %llu times, which counted as no match",
			  (unsigned long long)rule_run_regex_limits(v->run));
	if (c.untimed > 0)
		cli_error("%s: %llu events without @timestamp took no part in correlations", v->file,
			  (unsigned long long)c.untimed);
	if (c.evicted > 0)
		cli_error("correlations gave up %llu groups for want of room: what they say may be short of "
			  "events",
			  (unsigned long long)c.evicted);
}

static int eval_events(const struct rules_loaded *l, const struct rules_options *o)
{
	bool input = strcmp(o->events, "-") == 0;
	FILE *f = input ? stdin : fopen(o->events, "re");
	struct evaluation v = { .set = l->set,
				.run = rule_run_new(l->set, NULL, NULL),
				.file = o->events,
				.holds = o->holds,
				.status = EXIT_DONE };

	buf_init(&v.out, 64u << 20);
	buf_init(&v.group, 1u << 20);
	if (f == NULL || v.run == NULL) {
		cli_error("%s: %s", o->events, f == NULL ? strerror(errno) : "no memory");
		v.status = EXIT_INPUT;
	} else {
		rule_run_all(v.run);
		read_events(&v, f);
		if (v.status == EXIT_DONE)
			v.status = cli_write(NULL, buf_slice(&v.out));
		tell(&v);
		if (v.status == EXIT_DONE && v.bad > 0 && v.good == 0)
			v.status = EXIT_INPUT;
	}
	if (f != NULL && !input)
		fclose(f);
	rule_run_free(v.run);
	buf_free(&v.out);
	buf_free(&v.group);
	return v.status;
}

int rules_eval(struct rules_options *o)
{
	struct rules_loaded l = { .quiet = true };
	int status;

	if (o->events == NULL)
		return cli_usage(&command_rules, "rules eval needs --events FILE");
	if (o->n_paths == 0)
		return cli_usage(&command_rules, "rules eval needs --rules PATH");
	status = rules_load(&l, o);
	if (status == EXIT_DONE)
		status = eval_events(&l, o);
	if (status == EXIT_DONE && l.errors > 0)
		status = EXIT_USAGE; /* what loaded was evaluated; what did not was told */
	rules_unload(&l);
	return status;
}
