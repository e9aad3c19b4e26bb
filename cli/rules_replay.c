/* `tochoku rules replay`: the ledger's days by other rules, on a copy of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/rules.h"
#include "core/ledger/backup.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "reports/titles.h"
#include "sensor/recorder/evaluate.h"
#include "sensor/recorder/fingerprint.h"

#define OUTPUT_MAX (256u << 20)
#define FINDINGS_MAX (1u << 20)
#define NAMES_BYTES (64u << 20)

struct replaying {
	const struct rules_options *o;
	struct config *cfg;
	struct titles *titles;
	char folder[4096], copy[4200];
	int64_t from_ns, to_ns;
	struct map *rules;  /* ids of the rules at hand */
	struct map *before; /* findings by their number */
	struct map *after;
	enum { BEFORE, AFTER, TELL_LESS, TELL_MORE } pass;
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

static void take(void *ctx, const struct finding *f)
{
	struct replaying *r = ctx;
	struct slice id = slice_of(&f->id, sizeof f->id);

	if (map_get(r->rules, f->rule_id) == NULL)
		return;
	if (r->pass == BEFORE || r->pass == AFTER) {
		map_put(r->pass == BEFORE ? r->before : r->after, id, 0);
		return;
	}
	if (map_get(r->pass == TELL_LESS ? r->after : r->before, id) != NULL) {
		r->same += r->pass == TELL_MORE;
		return;
	}
	if (r->pass == TELL_LESS && map_get(r->before, id) == NULL)
		return; /* it was found meanwhile */
	if (r->o->json)
		tell_json(r, f, r->pass == TELL_MORE);
	else
		tell_text(r, f, r->pass == TELL_MORE);
	*(r->pass == TELL_MORE ? &r->more : &r->less) += 1;
}

/* One look at the findings of the days: in the ledger as it is, or in the copy. */
static int look(struct replaying *r, const char *path, int pass, struct err *e)
{
	struct ledger_reader *reader;
	int rc = ledger_reader_open(&reader, path, e);

	r->pass = pass;
	if (rc == TK_OK)
		rc = ledger_findings(reader, r->from_ns, r->to_ns, false, take, r, e);
	ledger_reader_close(reader);
	return rc;
}

/* ---- the copy ---- */

static int make_copy(struct replaying *r, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct ledger_reader *reader;
	int rc;

	snprintf(r->folder, sizeof r->folder, "%s/tochoku-replay-XXXXXX",
		 tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
	if (mkdtemp(r->folder) == NULL) {
		r->folder[0] = '\0';
		return err_set(e, TK_EIO, "no folder for a copy of the ledger can be made: set TMPDIR");
	}
	snprintf(r->copy, sizeof r->copy, "%s/ledger.db", r->folder);
	if ((rc = ledger_reader_open(&reader, r->cfg->ledger.path, e)) == TK_OK)
		rc = ledger_copy(reader, r->copy, e);
	ledger_reader_close(reader);
	return rc;
}

static void drop_copy(struct replaying *r)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	char path[4300];

	if (r->folder[0] == '\0')
		return;
	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(path, sizeof path, "%s%s", r->copy, ends[i]);
		unlink(path);
	}
	rmdir(r->folder);
}

static int replay_days(struct replaying *r, struct ledger *l, struct evaluate *v, struct err *e)
{
	int64_t to = r->to_ns == INT64_MAX ? INT64_MAX : r->to_ns / NS_PER_SEC - 1;
	int32_t day, first, last;
	int rc = ledger_day_range(l, &first, &last, e);

	if (rc == TK_ENOTFOUND)
		return TK_OK;
	if (rc == TK_OK && r->from_ns != INT64_MIN && zone_day_of(r->from_ns / NS_PER_SEC) > first)
		first = zone_day_of(r->from_ns / NS_PER_SEC);
	if (rc == TK_OK && to != INT64_MAX && zone_day_of(to) < last)
		last = zone_day_of(to);
	for (day = first; day <= last && rc == TK_OK; day++) {
		rc = ledger_begin(l, e);
		if (rc == TK_OK)
			rc = evaluate_day(v, day, sys_now_ns(), e);
		if (rc == TK_OK)
			rc = ledger_commit(l, sys_now_ns(), e);
	}
	return rc;
}

static int replay_copy(struct replaying *r, struct err *e)
{
	struct config cfg = *r->cfg;
	struct fingerprint_keys keys;
	struct ledger *l = NULL;
	struct enrich *en = NULL;
	struct evaluate *v = NULL;
	int rc = fingerprint_keys(r->cfg, false, &keys, e);

	cfg.rule_paths = (const char **)(uintptr_t)r->o->paths;
	cfg.n_rule_paths = r->o->n_paths;
	if (rc == TK_OK)
		rc = ledger_open(&l, r->copy, e);
	if (rc == TK_OK && (en = enrich_new(&cfg, l, fingerprint_chain(&keys), e)) == NULL)
		rc = e->code;
	if (rc == TK_OK && (v = evaluate_new(&cfg, l, en, e)) == NULL)
		rc = e->code;
	if (rc == TK_OK)
		rc = replay_days(r, l, v, e);
	evaluate_free(v);
	enrich_free(en);
	ledger_close(l);
	explicit_bzero(&keys, sizeof keys);
	return rc;
}

/* ---- the command ---- */

static void note_rules(struct replaying *r, const struct rule_set *set)
{
	for (size_t i = 0; i < rule_set_count(set); i++)
		map_put(r->rules, slice_str(rule_set_info(set, i)->id), 0);
}

static int replay(struct replaying *r, struct err *e)
{
	int rc = make_copy(r, e);

	if (rc == TK_OK)
		rc = look(r, r->copy, BEFORE, e);
	if (rc == TK_OK)
		rc = replay_copy(r, e);
	if (rc == TK_OK)
		rc = look(r, r->copy, AFTER, e);
	if (rc == TK_OK)
		rc = look(r, r->cfg->ledger.path, TELL_LESS, e);
	if (rc == TK_OK)
		rc = look(r, r->copy, TELL_MORE, e);
	drop_copy(r);
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
		r.rules = map_new(65536, NAMES_BYTES);
		r.before = map_new(FINDINGS_MAX, NAMES_BYTES);
		r.after = map_new(FINDINGS_MAX, NAMES_BYTES);
		buf_init(&r.out, OUTPUT_MAX);
		if (r.rules == NULL || r.before == NULL || r.after == NULL) {
			cli_error("no memory");
			status = EXIT_INPUT;
		} else {
			note_rules(&r, l.set);
			if (replay(&r, &e) != TK_OK) {
				cli_error("%s", e.text);
				status = EXIT_INPUT;
			}
		}
		if (status == EXIT_DONE && !o->json)
			buf_fmt(&r.out, "%" PRId64 " more, %" PRId64 " less, %" PRId64 " as before\n", r.more,
				r.less, r.same);
		if (status == EXIT_DONE) {
			status = cli_write(NULL, buf_slice(&r.out));
			cli_log_used(l.cfg, "rules replay", r.from_ns, r.to_ns, r.more + r.less);
		}
		buf_free(&r.out);
		map_free(r.rules);
		map_free(r.before);
		map_free(r.after);
		titles_free(r.titles);
	}
	rules_unload(&l);
	return status;
}
