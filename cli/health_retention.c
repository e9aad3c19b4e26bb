/* How long records are kept, what is held, and how near the size limit is. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/health.h"
#include "core/base/sys.h"
#include "core/ledger/backup.h"
#include "core/retention/holds.h"
#include "core/retention/policy.h"

#define RUN_LATE_NS (40 * 86400 * INT64_C(1000000000)) /* a month and some */

static int64_t total; /* nftw hands on no context; one thread */

static int add_size(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)path, (void)where;
	total += type == FTW_F ? (int64_t)st->st_size : 0;
	return 0;
}

static int64_t bytes_of(const struct config *cfg)
{
	static const char *const parts[] = { "", "-wal" };
	char path[4096];
	struct stat st;

	total = 0;
	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(path, sizeof path, "%s%s", cfg->ledger.path, parts[i]);
		total += stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
	}
	nftw(cfg->ledger.trail, add_size, 16, FTW_PHYS);
	return total;
}

/* The limit never shortens a period: it only says that there must be more room. */
static void tell_size(struct report_out *o, const struct config *cfg, size_t holds)
{
	int64_t bytes = bytes_of(cfg), max = cfg->retention.max_size;

	if (max == 0)
		return;
	health_tell(
		o,
		bytes >= max	       ? HEALTH_FAIL
		: bytes >= max / 5 * 4 ? HEALTH_WARN
				       : HEALTH_OK,
		"size", "%.2f GiB of retention.max_size, %.2f%s%s", (double)bytes / 1073741824,
		(double)max / 1073741824,
		bytes < max
			? ""
			: ": critical: nothing is erased before its period is over; make room, or raise it",
		bytes < max || holds == 0 ? "" : "; legal holds keep records too");
}

static void put_periods(struct buf *out, const struct config *cfg)
{
	static const enum record_class classes[] = { KEEP_ACCESS, KEEP_FINDINGS };

	buf_str(out, cfg->retention.profile);
	for (size_t i = 0; i < COUNT(classes); i++) {
		struct cfg_period p = retention_period(cfg, classes[i]);

		buf_fmt(out, ", %s ", record_class_name(classes[i]));
		put_period(out, p);
		if (retention_short(p))
			buf_str(out, " (under a year)");
	}
}

static void tell_run(struct report_out *o, struct buf *text, int64_t ran, int64_t due, size_t holds)
{
	bool late = ran != 0 && sys_now_ns() - ran > RUN_LATE_NS;

	buf_str(text, "; prune ran: ");
	if (ran != 0)
		health_age(text, sys_now_ns() - ran);
	buf_str(text, ran == 0 ? "not yet" : " ago");
	buf_fmt(text, "; %zu legal hold%s", holds, holds == 1 ? "" : "s");
	if (due > 0)
		buf_str(text, "; an erasure is not finished: `tochoku seal`, or a start of `tochoku run`, "
			      "finishes it");
	health_tell(o, due > 0 || late ? HEALTH_WARN : HEALTH_OK, "retention", "%s", buf_cstr(text));
}

void health_retention(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	struct holds holds = { 0 };
	struct err e = { 0 };
	struct buf text;
	int64_t ran, due;

	if (r == NULL)
		return;
	buf_init(&text, 4096);
	put_periods(&text, cfg);
	if (ledger_last_control(r, "prune", &ran, &e) == TK_OK &&
	    ledger_erasures_due(r, &due, &e) == TK_OK &&
	    holds_read(&holds, r, &e) == TK_OK)
		tell_run(o, &text, ran, due, holds_in_force(&holds));
	else
		health_tell(o, HEALTH_FAIL, "retention", "%s", e.text);
	tell_size(o, cfg, holds_in_force(&holds));
	holds_free(&holds);
	buf_free(&text);
}
