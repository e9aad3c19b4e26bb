#include "sensor/recorder/erase.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/ledger/erase.h"
#include "core/ledger/ledger.h"
#include "core/trail/erase.h"

struct runs {
	struct trail_run *p;
	size_t n, cap;
};

static int take_run(void *ctx, int64_t first, int64_t last)
{
	struct runs *r = ctx;

	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
		struct trail_run *p = realloc(r->p, cap * sizeof *p);

		if (p == NULL)
			return TK_ENOMEM;
		r->p = p;
		r->cap = cap;
	}
	r->p[r->n++] = (struct trail_run){ first, last };
	return TK_OK;
}

static int cut_file(struct ledger *l, const char *folder, const struct erasing *x, struct runs *runs,
		    struct err *e)
{
	struct hash32 text, want;
	struct manifest m;
	int rc = trail_segment_manifest(folder, x->segment, &m, &text, e);

	if (rc == TK_ENOTFOUND)
		return err_set(e, TK_EMALFORMED,
			       "the trail has no segment %lld, of which records are to be erased",
			       (long long)x->segment);
	if (rc == TK_OK && x->whole)
		return trail_segment_remove(folder, &m, e);
	runs->n = 0;
	if (rc == TK_OK)
		rc = ledger_erasing_runs(l, x->segment, take_run, runs, e);
	memcpy(want.b, x->sha256, sizeof want.b);
	return rc == TK_OK ? trail_segment_cut(folder, &m, runs->p, runs->n, &want, e) : rc;
}

static int cut_files(struct ledger *l, const char *folder, int64_t *segments, struct err *e)
{
	struct erasing x = { .segment = -1 };
	struct runs runs = { 0 };
	int rc;

	while ((rc = ledger_erasing_next(l, x.segment, &x, e)) == TK_OK) {
		if ((rc = cut_file(l, folder, &x, &runs, e)) != TK_OK)
			break;
		++*segments;
	}
	free(runs.p);
	return rc == TK_ENOTFOUND ? TK_OK : rc;
}

static int take_rows(struct ledger *l, struct erased *out, struct err *e)
{
	int64_t now = sys_now_ns();
	char body[128];
	int rc = ledger_begin(l, e);

	if (rc == TK_OK)
		rc = ledger_erase_rows(l, &out->records, e);
	snprintf(body, sizeof body, "{\"action\":\"erased\",\"records\":%lld,\"segments\":%lld}",
		 (long long)out->records, (long long)out->segments);
	if (rc == TK_OK)
		rc = ledger_record(l, "control", now, slice_str(body), e);
	return rc == TK_OK ? ledger_commit(l, now, e) : rc;
}

int erase_pending(struct ledger *l, bool *pending, struct err *e)
{
	struct erasing x;
	int64_t scrub = 0;
	int rc = ledger_erasing_next(l, -1, &x, e);

	*pending = rc == TK_OK;
	if (rc == TK_ENOTFOUND)
		rc = ledger_number(l, "scrub", 0, &scrub, e);
	*pending |= scrub != 0;
	return rc;
}

int erase_carry_out(struct ledger *l, const char *folder, struct erased *out, struct err *e)
{
	int rc;

	*out = (struct erased){ 0 };
	rc = cut_files(l, folder, &out->segments, e);
	if (rc == TK_OK && out->segments > 0)
		rc = take_rows(l, out, e);
	return rc == TK_OK ? ledger_scrub(l, e) : rc;
}
