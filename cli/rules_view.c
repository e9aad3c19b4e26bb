#include "cli/rules_view.h"

#include "core/base/zone.h"
#include "core/ledger/view.h"

int rules_view_open(struct rules_view *v, const struct config *cfg, struct rule_set *set, struct err *e)
{
	int rc;

	*v = (struct rules_view){ 0 };
	rc = fingerprint_keys(cfg, false, &v->keys, e);
	if (rc == TK_OK)
		rc = ledger_view(&v->ledger, cfg->ledger.path, e);
	if (rc == TK_OK)
		rc = ledger_view_begin(v->ledger, e);
	if (rc == TK_OK && (v->enrich = enrich_new(cfg, v->ledger, fingerprint_chain(&v->keys), e)) == NULL)
		rc = e->code;
	if (rc == TK_OK && (v->evaluate = evaluate_look(cfg, v->ledger, v->enrich, set, e)) == NULL)
		rc = e->code;
	if (v->ledger != NULL)
		ledger_view_end(v->ledger);
	return rc;
}

void rules_view_close(struct rules_view *v)
{
	evaluate_free(v->evaluate);
	enrich_free(v->enrich);
	ledger_close(v->ledger);
	explicit_bzero(&v->keys, sizeof v->keys);
}

int rules_view_days(struct rules_view *v, int64_t from_ns, int64_t to_ns, rules_day_fn each, void *ctx,
		    struct err *e)
{
	int64_t to = to_ns == INT64_MAX ? INT64_MAX : to_ns / NS_PER_SEC - 1;
	int32_t first, last;
	int rc = evaluate_days(v->evaluate, &first, &last, e);

	if (rc == TK_ENOTFOUND)
		return TK_OK;
	if (rc == TK_OK && from_ns != INT64_MIN && zone_day_of(from_ns / NS_PER_SEC) > first)
		first = zone_day_of(from_ns / NS_PER_SEC);
	if (rc == TK_OK && to != INT64_MAX && zone_day_of(to) < last)
		last = zone_day_of(to);
	for (int32_t day = first; day <= last && rc == TK_OK; day++) {
		if ((rc = ledger_view_begin(v->ledger, e)) == TK_OK)
			rc = each(ctx, v->evaluate, day, e);
		ledger_view_end(v->ledger);
	}
	return rc;
}
