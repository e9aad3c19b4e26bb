#include "cli/disk_now.h"

#include <stdio.h>

#include "cli/reading.h"
#include "core/trail/scalar.h"
#include "sensor/recorder/control.h"

static void keep(struct slice text, char *out, size_t n)
{
	snprintf(out, n, "%.*s", (int)(text.n < n ? text.n : n - 1), text.n == 0 ? "" : (const char *)text.p);
}

/* What the recorder says: a write may have failed whatever room there is. */
static bool ask(const struct config *cfg, struct disk_now *out)
{
	enum disk_state state;
	struct buf reply;
	struct err e = { 0 };
	bool good;

	buf_init(&reply, 65536);
	good = control_look(cfg, SLICE("{\"do\":\"disk\"}"), &reply, &e) == TK_OK;
	state = good ? disk_by_name(cli_member(buf_slice(&reply), "state")) : DISK_STATES;
	if (state != DISK_STATES) {
		out->state = state;
		scalar_number(cli_member(buf_slice(&reply), "not_recorded"), &out->not_recorded);
		keep(cli_member(buf_slice(&reply), "since"), out->since, sizeof out->since);
		keep(cli_member(buf_slice(&reply), "cause"), out->cause, sizeof out->cause);
	}
	buf_free(&reply);
	return state != DISK_STATES;
}

bool disk_now(const struct config *cfg, struct disk_now *out)
{
	struct disk_limits limits;

	*out = (struct disk_now){ 0 };
	if (!disk_measure(cfg->ledger.path, &out->room))
		return false;
	disk_limits(cfg, &out->room, &limits);
	if (!ask(cfg, out))
		out->state = disk_next(DISK_OK, 0, &out->room, &limits);
	return true;
}
