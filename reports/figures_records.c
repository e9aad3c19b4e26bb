/* The records of a month by type, and which requirements they show (audit-requirements.md 1). */
#include "core/ledger/backup.h"
#include "reports/figures.h"

const struct requirement requirement_list[] = {
#define REQUIREMENT(id, source, en, ja, types, where) { id, { ja, en }, types },
#include "reports/export/requirements.def"
#undef REQUIREMENT
};
const size_t requirement_count = COUNT(requirement_list);

static void take(void *ctx, struct slice type, int64_t n)
{
	struct figures *f = ctx;
	enum record_type t = record_type_of(type);

	if (t != RECORD_TYPES)
		f->review.records[t] = n;
}

int64_t requirement_records(const struct figures *f, const struct requirement *r)
{
	int64_t n = 0;

	for (int t = 0; t < RECORD_TYPES; t++)
		if (strstr(r->types, record_type_name((enum record_type)t)) != NULL)
			n += f->review.records[t];
	return n;
}

int figures_read_records(struct figures *f, struct ledger_reader *r, struct err *e)
{
	int rc = ledger_record_counts(r, f->from * NS_PER_SEC, f->to * NS_PER_SEC, take, f, e);

	f->review.records[RECORD_ACCESS] = f->total.calls;
	f->review.required = (int64_t)requirement_count;
	for (size_t i = 0; i < requirement_count; i++)
		f->review.evidenced += requirement_records(f, &requirement_list[i]) > 0;
	return rc;
}
