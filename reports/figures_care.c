/* What was done for ledger and trail: before the maintenance hour is over (W2.4 to W2.10), and in a month. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/backup.h"
#include "core/trail/copy.h"
#include "core/trail/files.h"
#include "reports/figures.h"

#define DAY INT64_C(86400)
#define TABLE_MAX (64u << 20)

static struct slice member(struct slice body, const char *key)
{
	struct json j;

	json_init(&j, body);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return slice_of(NULL, 0);
	while (json_next(&j) == JSON_KEY) {
		bool wanted = slice_is(j.text, key);
		enum json_type t = json_next(&j);

		if (wanted)
			return t == JSON_STRING || t == JSON_NUMBER ? j.text : slice_of(NULL, 0);
		if (t != JSON_STRING && t != JSON_NUMBER)
			break;
	}
	return slice_of(NULL, 0);
}

static struct care_done done_at(struct figures *f, int64_t ns, struct slice body)
{
	return (struct care_done){ .ns = ns,
				   .actor = pool_copy(&f->pool, member(body, "actor")),
				   .records = pool_copy(&f->pool, member(body, "records")),
				   .segments = pool_copy(&f->pool, member(body, "segments")) };
}

/* In order of time: the last one stands. */
static void take(void *ctx, int64_t ns, struct slice type, struct slice body)
{
	struct figures *f = ctx;
	struct care *c = &f->care;
	struct slice action = member(body, "action");

	if (slice_is(type, "erase")) {
		c->erased += ns >= c->from;
	} else if (slice_is(type, "clock")) {
		c->clocks += ns >= c->from;
	} else if (slice_is(action, "optimise")) {
		c->optimised = done_at(f, ns, body);
	} else if (slice_is(action, "prune")) {
		c->pruned = done_at(f, ns, body);
	} else if (slice_is(action, "backup")) {
		c->backup = done_at(f, ns, body);
	} else if (slice_is(action, "restore-test")) {
		c->failed = !slice_is(member(body, "result"), "ok");
		if (!c->failed)
			c->tested = done_at(f, ns, body);
	}
}

static void count_windows(struct figures *f)
{
	int64_t due = zone_day_start(f->said.date) * NS_PER_SEC;

	for (size_t i = 0; i < f->said.incidents.n_windows; i++) {
		const struct window *w = &f->said.incidents.window[i];

		if (w->cancelled || w->to_ns < due || w->from_ns > due + 14 * DAY * NS_PER_SEC)
			continue;
		f->care.windows++;
		f->care.windows_late += !w->planned;
	}
}

/* "12<tab>13<tab>...<tab>FZXA-0JBH-JJ4Y-BPZX-17GN": the size of the tree is the segment's number and one. */
static bool read_row(struct slice row, int64_t *segment, char code[SHORT_CODE_LEN + 1])
{
	const uint8_t *tab = row.n <= SHORT_CODE_LEN ? NULL : memchr(row.p, '\t', row.n);

	return tab != NULL && scalar_number(slice_head(row, (size_t)(tab - row.p)), segment) &&
	       short_code_read(slice_from(row, row.n - SHORT_CODE_LEN), code);
}

/* Segments that were closed in (from, to], UTC seconds. A trail that is not there, or cannot be read, has
 * none to tell: `verify` says why. */
static void read_seals(const struct config *cfg, int64_t from, int64_t to, struct seals *out)
{
	char path[TRAIL_PATH_MAX], code[SHORT_CODE_LEN + 1];
	struct slice text = { NULL, 0 }, row;
	int64_t segment, closed, seq;
	struct err e;

	*out = (struct seals){ 0 };
	if (!file_path(path, sizeof path, cfg->ledger.trail, "anchors.tsv") || !file_there(path) ||
	    sys_slurp(path, TABLE_MAX, &text, &e) != TK_OK)
		return;
	for (struct slice rest = text; take_line(&rest, &row);) {
		if (!read_row(row, &segment, code) ||
		    trail_segment_end(cfg->ledger.trail, segment, &closed, &seq, &e) != TK_OK || closed > to)
			continue;
		out->size = segment + 1;
		memcpy(out->code, code, sizeof out->code);
		out->n += closed > from;
	}
	free((void *)(uintptr_t)text.p);
}

int figures_read_trail(struct figures *f, struct ledger_reader *r, struct err *e)
{
	f->care.from = f->from * NS_PER_SEC;
	f->care.to = f->to * NS_PER_SEC;
	read_seals(f->cfg, f->from, f->to, &f->seals);
	return ledger_care(r, f->care.to, take, f, e);
}

int figures_read_care(struct figures *f, struct ledger_reader *r, struct err *e)
{
	int32_t day = zone_day_of(duty_due(&f->said.options, SLOT_W2, f->said.date));

	f->care.to = zone_day_start(day + 1) * NS_PER_SEC;
	f->care.from = zone_day_start(day - 6) * NS_PER_SEC;
	read_seals(f->cfg, f->care.from / NS_PER_SEC, f->care.to / NS_PER_SEC, &f->seals);
	count_windows(f);
	return ledger_care(r, f->care.to, take, f, e);
}
