/* Configuration, keys and rules of the recorder, and their exchange while it runs. */
#include <stdio.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/recorder/recorder_state.h"

static void use(struct recorder *r, struct enrich *en, struct evaluate *v)
{
	if (v != r->evaluate)
		evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	r->enrich = en;
	r->evaluate = v;
	intake_use(r->intake, en, v);
	intake_join(r->intake, r->cfg);
}

/* At a start broken rules are left out; later the set that was whole stays in force. */
int recorder_load(struct recorder *r, struct err *e)
{
	struct enrich *en = enrich_new(r->cfg, r->ledger, fingerprint_chain(&r->keys), e);
	struct evaluate *v = en == NULL ? NULL : evaluate_new(r->cfg, r->ledger, en, e);

	if (v != NULL && r->evaluate != NULL && evaluate_rule_errors(v) > 0) {
		err_set(e, TK_ECONFIG, "%zu errors in the rules", evaluate_rule_errors(v));
		evaluate_free(v);
		v = NULL;
	}
	if (v == NULL) {
		enrich_free(en);
		return e->code;
	}
	use(r, en, v);
	return TK_OK;
}

/* The fingerprint key as it lies there now: settled, or as it was before. */
int recorder_take_keys(struct recorder *r, struct err *e)
{
	struct fingerprint_keys keys;
	int rc = fingerprint_keys(r->cfg, true, &keys, e);
	int64_t linked;

	if (rc == TK_OK)
		rc = fingerprint_settle(r->ledger, &keys, r->cfg->ledger.keys, &linked, e);
	if (rc == TK_OK)
		rc = ledger_commit(r->ledger, sys_now_ns(), e);
	if (rc == TK_OK)
		r->keys = keys;
	explicit_bzero(&keys, sizeof keys);
	return rc;
}

/* New keys: the same configuration and rules over the new register. */
static int reload_register(struct recorder *r, struct err *e)
{
	struct enrich *en;
	int rc = recorder_take_keys(r, e);

	if (rc != TK_OK)
		return rc;
	if ((en = enrich_new(r->cfg, r->ledger, fingerprint_chain(&r->keys), e)) == NULL)
		return e->code;
	evaluate_use(r->evaluate, en);
	use(r, en, r->evaluate);
	return TK_OK;
}

/* SIGHUP: everything anew from the file. */
static int reload_all(struct recorder *r, struct err *e)
{
	struct config *fresh = NULL, *old = r->own_cfg;
	const struct config *before = r->cfg;
	struct problems p;
	int rc;

	if (r->o->config_file != NULL) {
		problems_init(&p, r->o->config_file);
		fresh = config_load(r->o->config_file, &p); /* the supervisor has told the problems */
		problems_free(&p);
	}
	if (fresh != NULL)
		r->cfg = r->own_cfg = fresh;
	if ((rc = recorder_take_keys(r, e)) == TK_OK && (rc = recorder_load(r, e)) == TK_OK) {
		if (fresh != NULL)
			config_free(old);
		return TK_OK;
	}
	r->cfg = before;
	r->own_cfg = old;
	config_free(fresh);
	return rc;
}

int recorder_forget(struct recorder *r, struct err *e)
{
	int rc = ledger_reread(r->ledger, e);

	evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	r->evaluate = NULL;
	r->enrich = NULL;
	return rc == TK_OK ? recorder_load(r, e) : rc;
}

/* Between two transactions, so between two events. What does not load is told, and the old stays. */
void recorder_reread(struct recorder *r)
{
	struct err err = { 0 };
	int rc = r->hangup ? reload_all(r, &err) : reload_register(r, &err);

	if (r->hangup) /* done, whichever way: the supervisor said RELOADING */
		r->alive.ready = false;
	r->hangup = r->reload = false;
	if (rc != TK_OK)
		fprintf(stderr, "tochoku: %s; the old configuration stays\n", err.text);
}
