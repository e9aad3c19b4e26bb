/* The checks that status and doctor share. */
#include "cli/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "geoip/geoip.h"
#include "rules/rules.h"
#include "sensor/input/capture_open.h"

#define FRESH (180 * NS_PER_SEC)          /* a heartbeat comes at least every minute */
#define GEOIP_OLD (INT64_C(180) * 86400)  /* seconds */
#define DAY_NS (86400 * NS_PER_SEC)
#define WAL_LARGE (INT64_C(128) << 20)

void health_tell(struct report_out *r, enum health h, const char *subject, const char *fmt, ...)
{
	static const char *const names[] = { "OK", "WARN", "FAIL" };
	struct json_out o = json_out(&r->out);
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (h > r->worst)
		r->worst = h;
	if (r->json) {
		json_open(&o, '{');
		json_key(&o, "check");
		json_str(&o, slice_str(subject));
		json_key(&o, "state");
		json_str(&o, slice_str(names[h]));
		json_key(&o, "text");
		json_str(&o, slice_str(text));
		json_close(&o, '}');
	} else {
		buf_fmt(&r->out, "%-5s", names[h]);
		cli_safe(&r->out, slice_str(subject));
		buf_str(&r->out, ": ");
		cli_safe(&r->out, slice_str(text));
	}
	buf_byte(&r->out, '\n');
}

void health_age(struct buf *out, int64_t ns)
{
	int64_t s = ns < 0 ? 0 : ns / NS_PER_SEC;

	if (s < 120)
		buf_fmt(out, "%" PRId64 " s", s);
	else if (s < 7200)
		buf_fmt(out, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		buf_fmt(out, "%" PRId64 " h", s / 3600);
	else
		buf_fmt(out, "%" PRId64 " days", s / 86400);
}

/* "3 min ago", or never. */
static const char *ago(int64_t at, char out[32])
{
	struct buf b;

	if (at == 0)
		return "never";
	buf_init(&b, 64);
	health_age(&b, sys_now_ns() - at);
	snprintf(out, 32, "%.*s ago", (int)b.n, (const char *)b.p);
	buf_free(&b);
	return out;
}

void health_recorder(struct report_out *o, const struct config *cfg)
{
	if (cli_recorder_runs(cfg))
		health_tell(o, HEALTH_OK, "recorder", "running");
	else
		health_tell(o, HEALTH_FAIL, "recorder", "not running: start `tochoku run`");
}

static int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

void health_ledger(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	struct ledger_facts f;
	char path[4096], when[32];
	struct err e;
	int64_t wal;

	if (r == NULL)
		return;
	if (ledger_facts(r, &f, &e) != TK_OK) {
		health_tell(o, HEALTH_FAIL, "ledger", "%s", e.text);
		return;
	}
	snprintf(path, sizeof path, "%s-wal", cfg->ledger.path);
	wal = file_size(path);
	health_tell(o, wal > WAL_LARGE ? HEALTH_WARN : HEALTH_OK, "ledger",
		    "%s: %" PRId64 " events, %" PRId64 " findings, %" PRId64
		    " transactions, last commit %s, %.1f MiB,"
		    " write-ahead log %.1f MiB",
		    cfg->ledger.path, f.events, f.findings, f.transactions, ago(f.last_commit_ns, when),
		    (double)f.page_bytes / 1048576, wal < 0 ? 0.0 : (double)wal / 1048576);
	if (f.dictionary_overflow > 0)
		health_tell(o, HEALTH_WARN, "ledger",
			    "%" PRId64 " values found no room in a dictionary: names among them"
			    " are counted as `other`",
			    f.dictionary_overflow);
}

void health_losses(struct buf *out, const struct losses *l)
{
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		if (l->of[i].n > 0)
			buf_fmt(out, ", %" PRIu64 " %s", l->of[i].n, loss_name((enum loss_reason)i));
}

struct inputs_seen {
	struct report_out *o;
	const struct config *cfg;
	bool *met; /* tails, then syslog, then captures */
};

/* Its number among tails, syslog inputs and captures, or -1. */
static int64_t configured_input(const struct config *cfg, struct slice name)
{
	for (size_t i = 0; i < cfg->n_tails; i++)
		if (slice_is(name, cfg->tails[i].name))
			return (int64_t)i;
	for (size_t i = 0; i < cfg->n_syslog; i++)
		if (slice_is(name, cfg->syslog[i].name))
			return (int64_t)(cfg->n_tails + i);
	for (size_t i = 0; i < cfg->n_captures; i++)
		if (slice_is(name, cfg->captures[i].name))
			return (int64_t)(cfg->n_tails + cfg->n_syslog + i);
	return -1;
}

static void tell_capture(struct inputs_seen *in, const struct cfg_capture *c, const struct input_state *s,
			 bool fresh)
{
	char event[32], beat[32];
	struct capture_interface now;
	struct buf lost;

	buf_init(&lost, 4096);
	health_losses(&lost, &s->losses);
	capture_interface(c->interface, &now);
	health_tell(in->o, !fresh || !now.up ? HEALTH_FAIL : HEALTH_OK, "input",
		    "%s: captures from %s (%s), %" PRId64 " events, last one %s, last heartbeat %s%.*s%s",
		    c->name, c->interface, now.up ? "up" : "not there, or down", s->events,
		    ago(s->last_event_ns, event), ago(s->last_heartbeat_ns, beat), (int)lost.n,
		    (const char *)lost.p,
		    fresh ? "" : ": not being captured now");
	buf_free(&lost);
}

static void take_input(void *ctx, const struct input_state *s)
{
	struct inputs_seen *in = ctx;
	char event[32], beat[32];
	bool fresh = sys_now_ns() - s->last_heartbeat_ns < FRESH;
	int64_t number = configured_input(in->cfg, s->name);
	bool configured = number >= 0;

	if (configured)
		in->met[number] = true;
	if (number >= (int64_t)(in->cfg->n_tails + in->cfg->n_syslog)) {
		tell_capture(in, &in->cfg->captures[(size_t)number - in->cfg->n_tails - in->cfg->n_syslog], s,
			     fresh);
		return;
	}
	health_tell(
		in->o, !configured || fresh ? s->rejected_lines > 0 ? HEALTH_WARN : HEALTH_OK : HEALTH_FAIL,
		"input",
		"%.*s%s: %" PRId64 " events, last one %s, last heartbeat %s, %" PRId64
		" lines not understood,"
		" %" PRId64 " gaps (%" PRId64 " bytes)%s",
		(int)s->name.n, (const char *)s->name.p, configured ? "" : " (not in the configuration)",
		s->events, ago(s->last_event_ns, event), ago(s->last_heartbeat_ns, beat), s->rejected_lines,
		s->gaps, s->lost_bytes, configured && !fresh ? ": not being read now" : "");
}

void health_inputs(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	struct inputs_seen in = { o, cfg,
				  calloc(cfg->n_tails + cfg->n_syslog + cfg->n_captures + 1, sizeof(bool)) };
	struct err e;

	if (in.met == NULL)
		return;
	if (cfg->n_tails + cfg->n_syslog + cfg->n_captures == 0)
		health_tell(o, HEALTH_WARN, "input",
			    "none is configured: add one under inputs.tails, inputs.syslog or inputs.captures");
	if (r != NULL && ledger_inputs(r, take_input, &in, &e) != TK_OK)
		health_tell(o, HEALTH_FAIL, "input", "%s", e.text);
	for (size_t i = 0; i < cfg->n_tails; i++)
		if (!in.met[i])
			health_tell(o, HEALTH_FAIL, "input", "%s: never read (%s)", cfg->tails[i].name,
				    cfg->tails[i].path);
	for (size_t i = 0; i < cfg->n_syslog; i++)
		if (!in.met[cfg->n_tails + i])
			health_tell(o, HEALTH_FAIL, "input", "%s: does not listen at %s %s yet",
				    cfg->syslog[i].name, cfg->syslog[i].transport, cfg->syslog[i].listen);
	for (size_t i = 0; i < cfg->n_captures; i++)
		if (!in.met[cfg->n_tails + cfg->n_syslog + i])
			health_tell(o, HEALTH_FAIL, "input", "%s: nothing captured from %s yet",
				    cfg->captures[i].name, cfg->captures[i].interface);
	free(in.met);
}

void health_coverage(struct report_out *o, struct ledger_reader *r)
{
	/* the running minute is not over; heartbeats of the last one may be on their way */
	int64_t to = sys_now_ns() / NS_PER_SEC / 60 * 60 - 60;
	struct coverage c;
	struct buf lost;
	struct err e;

	if (r == NULL)
		return;
	if (ledger_coverage(r, to - 3600, to, &c, &e) != TK_OK) {
		health_tell(o, HEALTH_FAIL, "coverage", "%s", e.text);
		return;
	}
	buf_init(&lost, 4096);
	health_losses(&lost, &c.losses);
	health_tell(o, c.missed_minutes > 0 ? HEALTH_WARN : HEALTH_OK, "coverage",
		    "last hour %" PRId64 " of %" PRId64 " minutes watched, %" PRId64
		    " lines not understood, %" PRId64 " gaps%.*s",
		    c.minutes - c.missed_minutes, c.minutes, c.rejected_lines, c.gaps, (int)lost.n,
		    (const char *)lost.p);
	buf_free(&lost);
}

void health_geoip(struct report_out *o, const struct config *cfg)
{
	struct mmdb_set *set = mmdb_set_new();
	struct err e;

	if (cfg->n_geoip == 0)
		health_tell(o, HEALTH_WARN, "geoip",
			    "no database: countries are not known (geoip.databases, `make geoip`)");
	for (size_t i = 0; i < cfg->n_geoip && set != NULL; i++) {
		size_t n = mmdb_set_count(set);
		char when[32];

		if (mmdb_set_open(set, cfg->geoip[i], &e) != TK_OK) {
			health_tell(o, HEALTH_FAIL, "geoip", "%s", e.text);
			continue;
		}
		health_tell(o,
			    sys_now_ns() / NS_PER_SEC - mmdb_set_built(set, n) > GEOIP_OLD ? HEALTH_WARN
											   : HEALTH_OK,
			    "geoip", "%s: %s, built %s", cfg->geoip[i], mmdb_set_type(set, n),
			    ago(mmdb_set_built(set, n) * NS_PER_SEC, when));
	}
	mmdb_set_free(set);
}

void health_rules(struct report_out *o, const struct config *cfg)
{
	char *shipped = cfg->n_rule_paths == 0 ? rules_shipped_path() : NULL;
	const char *const one[] = { shipped };
	struct rule_set *set;
	size_t errors = 0;

	if (cfg->n_rule_paths == 0 && shipped == NULL) {
		health_tell(o, HEALTH_FAIL, "rules",
			    "the shipped rules were not found: name some under rules.paths");
		return;
	}
	set = rule_set_load(shipped != NULL ? one : cfg->rule_paths, shipped != NULL ? 1 : cfg->n_rule_paths,
			    cfg, NULL, NULL, &errors);
	health_tell(o,
		    set == NULL || errors > 0  ? HEALTH_FAIL
		    : rule_set_count(set) == 0 ? HEALTH_WARN
					       : HEALTH_OK,
		    "rules", "%zu loaded, %zu errors%s", set == NULL ? 0 : rule_set_count(set), errors,
		    errors > 0 ? ": see `tochoku rules check`" : "");
	rule_set_free(set);
	free(shipped);
}

static void count_key(void *ctx, const struct key_row *k)
{
	(void)k;
	++*(int64_t *)ctx;
}

void health_keys(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	int64_t n = 0;
	struct err e;

	if (r != NULL && ledger_keys(r, false, count_key, &n, &e) != TK_OK) {
		health_tell(o, HEALTH_FAIL, "keys", "%s", e.text);
		return;
	}
	if (n < (int64_t)cfg->n_keys)
		n = (int64_t)cfg->n_keys;
	if (n == 0)
		health_tell(o, HEALTH_WARN, "keys",
			    "none is registered, so no key is judged: `tochoku keys list --seen`,"
			    " then `tochoku keys adopt`");
	else
		health_tell(o, HEALTH_OK, "keys", "%" PRId64 " registered", n);
}
