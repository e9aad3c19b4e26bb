/* `tochoku rules replay`: the ledger's days by other rules. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/reading.h"
#include "cli/rules_view.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "reports/titles.h"

#define OUTPUT_MAX (256u << 20)
#define FINDINGS_MAX (1u << 20)
#define NAMES_BYTES (64u << 20)

struct replaying {
	const struct rules_options *o;
	struct config *cfg;
	struct titles *titles;
	int64_t from_ns, to_ns;
	struct map *gone; /* recorded findings that would not be there, by their number */
	bool failed;	  /* gone is full */
	int64_t more, less, same;
	struct buf out;
};

/* ---- the difference ---- */

static void tell_json(struct replaying *r, const struct finding *f, bool more)
{
	struct json_out o = json_out(&r->out);

	json_open(&o, '{');
	json_key(&o, "change");
	json_str(&o, more ? SLICE("add") : SLICE("drop"));
	json_key(&o, "rule.id");
	json_str(&o, f->rule_id);
	json_key(&o, "rule.name");
	json_str(&o, f->rule_name);
	json_key(&o, "level");
	json_str(&o, f->level);
	json_key(&o, "day");
	json_str(&o, f->day);
	json_key(&o, "count");
	json_int(&o, f->count);
	json_key(&o, "reason");
	json_str(&o, f->reason);
	if (f->entity_json.n > 2) { /* the subject's fields, flat: the members of its object */
		buf_byte(&r->out, ',');
		buf_add(&r->out, slice_of(f->entity_json.p + 1, f->entity_json.n - 2));
	}
	json_close(&o, '}');
	buf_byte(&r->out, '\n');
}

static void tell_text(struct replaying *r, const struct finding *f, bool more)
{
	enum lang lang = strcmp(r->cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA;
	struct buf reason;

	buf_init(&reason, 1 << 16);
	titles_say(r->titles, lang, f, &reason);
	buf_fmt(&r->out, "%c %.*s  ", more ? '+' : '-', (int)f->day.n, (const char *)f->day.p);
	cli_safe(&r->out, f->rule_id);
	buf_fmt(&r->out, "  x%" PRId64 "  ", f->count);
	cli_safe(&r->out, buf_slice(&reason));
	buf_byte(&r->out, '\n');
	buf_free(&reason);
}

static void tell(struct replaying *r, const struct finding *f, bool more)
{
	if (r->o->json)
		tell_json(r, f, more);
	else
		tell_text(r, f, more);
}

static void more(void *ctx, const struct finding *f)
{
	struct replaying *r = ctx;

	r->more++;
	tell(r, f, true);
}

static void less(void *ctx, int64_t id)
{
	struct replaying *r = ctx;

	if (map_put(r->gone, slice_of(&id, sizeof id), 0) == NULL)
		r->failed = true;
}

static void tell_gone(void *ctx, const struct finding *f)
{
	struct replaying *r = ctx;

	if (map_get(r->gone, slice_of(&f->id, sizeof f->id)) == NULL)
		return;
	r->less++;
	tell(r, f, false);
}

/* Those that are recorded and would not be there, as they stand. */
static int tell_less(struct replaying *r, struct err *e)
{
	struct ledger_reader *reader;
	int rc = ledger_reader_open(&reader, r->cfg->ledger.path, e);

	if (rc == TK_OK)
		rc = ledger_findings(reader, INT64_MIN, INT64_MAX, false, tell_gone, r, e);
	ledger_reader_close(reader);
	return rc;
}

/* ---- the days ---- */

static int replay_day(void *ctx, struct evaluate *v, int32_t day, struct err *e)
{
	struct replaying *r = ctx;
	struct findings_difference d = { r, NULL, more, less, 0 };
	int rc = evaluate_compare(v, day, sys_now_ns(), &d, e);

	r->same += d.same;
	return rc;
}

/* ---- the command ---- */

static int replay(struct replaying *r, struct rule_set *set, struct err *e)
{
	struct rules_view v;
	int rc = rules_view_open(&v, r->cfg, set, e);

	if (rc == TK_OK)
		rc = rules_view_days(&v, r->from_ns, r->to_ns, replay_day, r, e);
	rules_view_close(&v);
	if (rc == TK_OK && map_count(r->gone) > 0)
		rc = tell_less(r, e);
	if (rc == TK_OK && r->failed)
		rc = err_set(e, TK_ELIMIT,
			     "more differences than can be held: ask for fewer days with --from and --to");
	return rc;
}

int rules_replay(struct rules_options *o)
{
	struct rules_loaded l = { .json = false };
	struct replaying r = { .o = o };
	struct err e = { 0 };
	int status;

	if (o->n_paths == 0)
		return cli_usage(&command_rules, "rules replay needs the files of the rules to try");
	status = rules_load(&l, o);
	if (status == EXIT_DONE && l.errors > 0)
		status = EXIT_USAGE;
	if (status == EXIT_DONE && cli_range(&command_rules, o->from, o->to, &r.from_ns, &r.to_ns, &status)) {
		r.cfg = l.cfg;
		r.titles = titles_load(l.cfg);
		r.gone = map_new(FINDINGS_MAX, NAMES_BYTES);
		buf_init(&r.out, OUTPUT_MAX);
		if (r.gone == NULL) {
			cli_error("no memory");
			status = EXIT_INPUT;
		} else if (replay(&r, l.set, &e) != TK_OK) {
			cli_error("%s", e.text);
			status = EXIT_INPUT;
		}
		if (status == EXIT_DONE && !o->json)
			buf_fmt(&r.out, "%" PRId64 " more, %" PRId64 " less, %" PRId64 " as before\n", r.more,
				r.less, r.same);
		if (status == EXIT_DONE) {
			status = cli_write(NULL, buf_slice(&r.out));
			cli_log_used(l.cfg, "rules replay", r.from_ns, r.to_ns, r.more + r.less);
		}
		buf_free(&r.out);
		map_free(r.gone);
		titles_free(r.titles);
	}
	rules_unload(&l);
	return status;
}
