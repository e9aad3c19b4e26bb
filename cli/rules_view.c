#include "cli/rules_view.h"

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
