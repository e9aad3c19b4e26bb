/* The disk that the ledger lies on. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/disk_now.h"
#include "cli/health.h"
#include "core/ledger/ledger.h"

#define DAY_NS (86400 * NS_PER_SEC)
#define DAYS_WARN 30
#define DAYS_SHOWN 99999
#define GIB 1073741824.0

static enum health health_of(enum disk_state s)
{
	static const enum health healths[DISK_STATES] = {
#define DISK(id, name, limit, actions, health, en, ja) [DISK_##id] = health,
#include "sensor/recorder/disk.def"
#undef DISK
	};

	return healths[s];
}

/* Days that the room lasts at the rate so far; -1: nothing tells yet. */
static double days_left(struct ledger_reader *r, const struct disk_room *room)
{
	struct ledger_facts f = { 0 };
	struct err e;
	int64_t span;

	if (r == NULL || ledger_facts(r, &f, &e) != TK_OK)
		return -1;
	span = f.last_event_ns - f.first_event_ns;
	if (span < DAY_NS || f.page_bytes <= 0)
		return -1;
	return (double)room->free / ((double)f.page_bytes / ((double)span / (double)DAY_NS));
}

static void tell_state(struct report_out *o, const struct config *cfg, const struct disk_now *d)
{
	bool ja = cfg->site.language != NULL && strcmp(cfg->site.language, "ja") == 0;

	if (d->state == DISK_FULL && d->since[0] != '\0')
		health_tell(o, HEALTH_FAIL, "disk",
			    "full since %s (%s): %s; %" PRId64 " calls counted so far; %s", d->since,
			    d->cause, disk_text(d->state, false), d->not_recorded,
			    ja ? disk_text(d->state, true) : "`tochoku` needs no restart");
	else
		health_tell(o, health_of(d->state), "disk", "%s: %s%s%s", disk_name(d->state),
			    disk_text(d->state, false), ja ? "; " : "", ja ? disk_text(d->state, true) : "");
}

void health_disk(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	struct disk_now d;
	double days;

	if (!disk_now(cfg, &d))
		return;
	days = days_left(r, &d.room);
	if (d.state != DISK_OK)
		tell_state(o, cfg, &d);
	else if (days < 0)
		health_tell(o, HEALTH_OK, "disk", "ok: %.1f GiB free", (double)d.room.free / GIB);
	else
		health_tell(o, days < DAYS_WARN ? HEALTH_WARN : HEALTH_OK, "disk",
			    "ok: %.1f GiB free, enough for about %.0f days at the rate so far",
			    (double)d.room.free / GIB, days > DAYS_SHOWN ? DAYS_SHOWN : days);
}

void health_asides(struct report_out *o, const struct config *cfg)
{
	char latest[256];
	int n = ledger_asides(cfg->ledger.path, latest, sizeof latest);

	if (n > 0)
		health_tell(
			o, HEALTH_WARN, "ledger",
			"%d damaged %s set aside beside it, the last one is %s: look for what failed (memory,"
			" disk), and move it away once it is understood",
			n, n == 1 ? "ledger was" : "ledgers were", latest);
}
