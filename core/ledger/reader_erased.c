/* What was erased, as control records tell it. */
#include "core/ledger/reader_db.h"

int ledger_erased(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, struct erased_facts *out,
		  struct err *e)
{
	const int64_t span[] = { from_ns, to_ns };
	const struct {
		const char *sql;
		int64_t *to;
	} rows[] = {
		{ "SELECT count(*) FROM records WHERE ts >= ?1 AND ts < ?2 AND type = 'control'"
		  " AND json_extract(body, '$.action') = 'prune'",
		  &out->runs },
		{ "SELECT sum(json_extract(body, '$.records')) FROM records WHERE ts >= ?1 AND ts < ?2"
		  " AND type = 'control' AND json_extract(body, '$.action') = 'erased'",
		  &out->records },
		{ "SELECT count(*) FROM records WHERE ts >= ?1 AND ts < ?2 AND type = 'erase'",
		  &out->declared },
		{ "SELECT count(*) FROM erasures_due WHERE ?1 < ?2", &out->due },
	};
	int rc = TK_OK;

	*out = (struct erased_facts){ 0 };
	for (size_t i = 0; i < COUNT(rows) && rc == TK_OK; i++)
		rc = reader_number(r, rows[i].sql, span, COUNT(span), 0, rows[i].to, e);
	return rc;
}
