/* Captures in `doctor`: interface, right, and why nothing is seen. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/health.h"
#include "core/base/sys.h"
#include "reports/figure.h"
#include "sensor/input/capture_open.h"

#define DAY_SEC INT64_C(86400)

struct asked {
	const char *name;
	int64_t last_event_ns;
	bool met;
};

static void take_input(void *ctx, const struct input_state *s)
{
	struct asked *a = ctx;

	if (!slice_is(s->name, a->name))
		return;
	a->met = true;
	a->last_event_ns = s->last_event_ns;
}

/* "1,240 TEXT" as a warning of this capture. */
static void warn_of(struct report_out *o, const struct cfg_capture *c, uint64_t n, const char *text)
{
	struct buf b;

	buf_init(&b, 64);
	put_grouped(&b, (figure)n);
	health_tell(o, HEALTH_WARN, "capture", "%s: %.*s %s", c->name, (int)b.n, (const char *)b.p, text);
	buf_free(&b);
}

static void check_drops(struct report_out *o, const struct cfg_capture *c, const struct losses *l)
{
	static const struct {
		enum loss_reason reason;
		const char *text;
	} hints[] = {
		{ LOSS_KERNEL_DROP, "packets were dropped in 24 h because the ring was full: make "
				    "inputs.captures.ring larger, or the filter narrower" },
		{ LOSS_INTERFACE_DROP,
		  "packets were dropped by the card in 24 h: `ethtool -G` makes its own ring "
		  "larger; a mirror port may be too slow for what it mirrors" },
		{ LOSS_CUT_PACKET, "packets were cut short in 24 h: make inputs.captures.snaplen larger" },
		{ LOSS_ONE_SIDED,
		  "calls of 24 h were seen in one direction only: does the mirror port copy both?" },
		{ LOSS_FRAGMENT,
		  "IP fragments in 24 h that could not be put together: is there a tunnel with too small an "
		  "MTU before this place?" },
	};

	for (size_t i = 0; i < COUNT(hints); i++)
		if (l->of[hints[i].reason].n > 0)
			warn_of(o, c, l->of[hints[i].reason].n, hints[i].text);
}

/* No call in a day: what was there instead? */
static void check_silence(struct report_out *o, const struct cfg_capture *c, const struct losses *l)
{
	if (l->of[LOSS_TLS].n > 0 && c->keylog != NULL)
		warn_of(o, c, l->of[LOSS_TLS].n,
			"TLS records that the key log does not open, and no readable HTTP here: does the "
			"gateway write its secrets there?");
	else if (l->of[LOSS_TLS].n > 0)
		warn_of(o, c, l->of[LOSS_TLS].n,
			"TLS records and no readable HTTP here: tap the inner hop, or give a key log, or "
			"tail the log");
	else if (l->of[LOSS_NOT_HTTP].n > 0)
		warn_of(o, c, l->of[LOSS_NOT_HTTP].n,
			"connections of something other than HTTP and no call: does the filter name the "
			"gateway's port?");
	else
		health_tell(o, HEALTH_WARN, "capture",
			    "%s: no call in 24 h: do the gateway's unencrypted calls pass %s, and does the "
			    "filter \"%s\" "
			    "name their port?",
			    c->name, c->interface, c->filter);
}

static void check_ledger(struct report_out *o, const struct cfg_capture *c, struct ledger_reader *r)
{
	int64_t now = sys_now_ns() / NS_PER_SEC;
	struct asked a = { .name = c->name };
	struct losses l;
	struct err e;

	if (ledger_losses(r, c->name, now - DAY_SEC, now + 60, &l, &e) != TK_OK ||
	    ledger_inputs(r, take_input, &a, &e) != TK_OK) {
		health_tell(o, HEALTH_FAIL, "capture", "%s", e.text);
		return;
	}
	check_drops(o, c, &l);
	if (a.met && a.last_event_ns < (now - DAY_SEC) * NS_PER_SEC)
		check_silence(o, c, &l);
}

static void check_interface(struct report_out *o, const struct cfg_capture *c)
{
	struct capture_interface now;

	capture_interface(c->interface, &now);
	if (now.up)
		health_tell(o, HEALTH_OK, "capture", "%s: interface %s is up", c->name, c->interface);
	else if (now.index != 0)
		health_tell(o, HEALTH_FAIL, "capture",
			    "%s: interface %s is down or has no link: `ip link set %s up`", c->name,
			    c->interface, c->interface);
	else
		health_tell(o, HEALTH_FAIL, "capture", "%s: there is no interface %s: `ip link` lists them",
			    c->name, c->interface);
}

static void check_keylog(struct report_out *o, const struct cfg_capture *c, bool runs)
{
	struct stat st;
	int fd;

	if (c->keylog == NULL)
		return;
	if (stat(c->keylog, &st) == 0 && !S_ISREG(st.st_mode)) {
		health_tell(o, HEALTH_FAIL, "capture", "%s: the key log %s is no regular file", c->name,
			    c->keylog);
		return;
	}
	fd = sys_open(c->keylog, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd >= 0)
		health_tell(o, HEALTH_OK, "capture", "%s: the key log %s can be read", c->name, c->keylog);
	else if (errno == ENOENT)
		health_tell(o, HEALTH_WARN, "capture",
			    "%s: there is no key log %s; `run` waits for it. Does the gateway write one?",
			    c->name, c->keylog);
	else
		/* Who runs the supervisor may be another user. */
		health_tell(o, runs ? HEALTH_WARN : HEALTH_FAIL, "capture",
			    "%s: as this user the key log %s cannot be read: %s", c->name, c->keylog,
			    strerror(errno));
	sys_close(fd);
}

void health_captures(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	struct err e = { 0 };

	if (cfg->n_captures == 0)
		return;
	/* Who runs the sensor needs the right, and may be another user. */
	if (capture_allowed(&e) == TK_OK)
		health_tell(o, HEALTH_OK, "capture", "this user has the right to capture");
	else
		health_tell(o, cli_recorder_runs(cfg) ? HEALTH_WARN : HEALTH_FAIL, "capture",
			    "as this user: %s", e.text);
	for (size_t i = 0; i < cfg->n_captures; i++) {
		check_interface(o, &cfg->captures[i]);
		check_keylog(o, &cfg->captures[i], cli_recorder_runs(cfg));
		if (r != NULL)
			check_ledger(o, &cfg->captures[i], r);
	}
}
