/* `tochoku rules list --hits`: what rules that are off would have found on the ledger's days. They cost
 * nothing while events come; who wants to know has the days evaluated once more, with all rules on. */
#include <stdlib.h>

#include "cli/reading.h"
#include "cli/rules_view.h"
#include "core/base/sys.h"
#include "core/ledger/findings.h"

struct counting {
	const struct rule_set *all;
	struct rule_hits *hits; /* by number of the rule */
};

static void count(void *ctx, const struct finding *f)
{
	struct counting *c = ctx;

	for (size_t i = 0; i < rule_set_count(c->all); i++) {
		if (!slice_is(f->rule_id, rule_set_info(c->all, i)->id))
			continue;
		c->hits[i].findings++;
		c->hits[i].hits += f->count;
		return;
	}
}

static int count_day(void *ctx, struct evaluate *v, int32_t day, struct err *e)
{
	return evaluate_found(v, day, sys_now_ns(), count, ctx, e);
}

static int count_days(struct counting *c, const struct rules_loaded *l, int64_t from_ns, int64_t to_ns)
{
	struct rules_view v;
	struct err e = { 0 };
	int rc = rules_view_open(&v, l->cfg, l->set, &e);

	if (rc == TK_OK)
		rc = rules_view_days(&v, from_ns, to_ns, count_day, c, &e);
	rules_view_close(&v);
	if (rc != TK_OK)
		cli_error("%s", e.text);
	return rc == TK_OK ? EXIT_DONE : EXIT_INPUT;
}

int rules_hits(const struct rules_options *o, size_t n, struct rule_hits **out)
{
	struct rules_options with = *o;
	struct rules_loaded l = { .quiet = true };
	struct counting c = { 0 };
	int64_t from_ns, to_ns;
	int status;

	*out = NULL;
	with.all_on = true;
	status = rules_load(&l, &with);
	if (status == EXIT_DONE && cli_range(&command_rules, o->from, o->to, &from_ns, &to_ns, &status)) {
		c.all = l.set;
		c.hits = calloc(n + 1, sizeof *c.hits);
		if (c.hits == NULL || rule_set_count(l.set) != n) {
			cli_error(c.hits == NULL ? "no memory"
						 : "the rules changed while they were read: ask again");
			status = EXIT_INPUT;
		} else {
			status = count_days(&c, &l, from_ns, to_ns);
		}
	}
	if (status == EXIT_DONE) {
		cli_log_used(l.cfg, "rules list", from_ns, to_ns, (int64_t)n);
		*out = c.hits;
	} else {
		free(c.hits);
	}
	rules_unload(&l);
	return status;
}
