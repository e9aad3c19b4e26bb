#include "cli/figures.h"

#include <inttypes.h>

#include "cli/disk_now.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/ledger/ledger.h"

#define FIGURES_MAX (4u << 20)

enum figure {
#define FIGURE(id, name, type, help) FIGURE_##id,
#include "cli/figures.def"
#undef FIGURE
	FIGURE_COUNT
};

static const struct {
	const char *name, *type, *help;
} infos[] = {
#define FIGURE(id, name, type, help) { name, type, help },
#include "cli/figures.def"
#undef FIGURE
};

/* Samples of one figure stand together, whatever the order in which they are met. */
struct figures {
	struct buf of[FIGURE_COUNT];
	bool json;
};
struct label {
	const char *name;
	struct slice value;
};

static void put_label(struct buf *b, const struct label *l, bool first)
{
	buf_fmt(b, "%s%s=\"", first ? "{" : ",", l->name);
	for (size_t i = 0; i < l->value.n; i++) {
		uint8_t c = l->value.p[i];

		if (c == '\\' || c == '"')
			buf_byte(b, '\\');
		if (c == '\n')
			buf_str(b, "\\n");
		else
			buf_byte(b, c);
	}
	buf_byte(b, '"');
}

static void put_json(struct buf *b, enum figure f, const struct label *labels, size_t n, int64_t v)
{
	struct json_out o = json_out(b);

	json_open(&o, '{');
	json_key(&o, "figure");
	json_str(&o, slice_str(infos[f].name));
	for (size_t i = 0; i < n; i++) {
		json_key(&o, labels[i].name);
		json_str(&o, labels[i].value);
	}
	json_key(&o, "value");
	json_int(&o, v);
	json_close(&o, '}');
	buf_byte(b, '\n');
}

static void put(struct figures *t, enum figure f, const struct label *labels, size_t n, int64_t v)
{
	struct buf *b = &t->of[f];

	if (t->json) {
		put_json(b, f, labels, n, v);
		return;
	}
	buf_str(b, infos[f].name);
	for (size_t i = 0; i < n; i++)
		put_label(b, &labels[i], i == 0);
	buf_fmt(b, "%s %" PRId64 "\n", n > 0 ? "}" : "", v);
}

/* Never is no time. */
static void put_time(struct figures *t, enum figure f, const struct label *labels, size_t n, int64_t ns)
{
	if (ns > 0)
		put(t, f, labels, n, ns / NS_PER_SEC);
}

static void take_input(void *ctx, const struct input_state *s)
{
	struct label l[] = { { "input", s->name }, { "reason", SLICE("") } };

	put(ctx, FIGURE_INPUT_EVENTS, l, 1, s->events);
	put_time(ctx, FIGURE_INPUT_EVENT, l, 1, s->last_event_ns);
	put_time(ctx, FIGURE_INPUT_BEAT, l, 1, s->last_heartbeat_ns);
	put(ctx, FIGURE_INPUT_REJECTED, l, 1, s->rejected_lines);
	put(ctx, FIGURE_INPUT_GAP_BYTES, l, 1, s->lost_bytes);
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++) {
		l[1].value = slice_str(loss_name((enum loss_reason)i));
		put(ctx, FIGURE_INPUT_LOSSES, l, 2, (int64_t)s->losses.of[i].n);
	}
}

static const char *const levels[] = { "critical", "high", "medium", "low", "informational" };

struct counted {
	int64_t of[COUNT(levels)];
};

static void take_finding(void *ctx, const struct finding *f)
{
	struct counted *c = ctx;

	for (size_t i = 0; i < COUNT(levels); i++)
		if (slice_is(f->level, levels[i]) && slice_is(f->status, "new"))
			c->of[i]++;
}

static int take_findings(struct figures *t, struct ledger_reader *r, struct err *e)
{
	struct counted c = { 0 };
	int rc = ledger_findings(r, INT64_MIN, INT64_MAX, false, take_finding, &c, e);

	for (size_t i = 0; i < COUNT(levels) && rc == TK_OK; i++)
		put(t, FIGURE_NEW, &(struct label){ "level", slice_str(levels[i]) }, 1, c.of[i]);
	return rc;
}

static int take_ledger(struct figures *t, struct ledger_reader *r, struct err *e)
{
	int64_t to = sys_now_ns() / NS_PER_SEC / 60 * 60 - 60; /* as health_coverage */
	struct ledger_facts f;
	struct coverage c;
	int rc = ledger_facts(r, &f, e);

	if (rc == TK_OK)
		rc = ledger_coverage(r, to - 3600, to, &c, e);
	if (rc != TK_OK)
		return rc;
	put_time(t, FIGURE_COMMIT, NULL, 0, f.last_commit_ns);
	put(t, FIGURE_TRANSACTIONS, NULL, 0, f.transactions);
	put(t, FIGURE_EVENTS, NULL, 0, f.events);
	put(t, FIGURE_LEDGER, NULL, 0, f.page_bytes);
	put(t, FIGURE_MISSED, NULL, 0, c.missed_minutes);
	rc = take_findings(t, r, e);
	return rc == TK_OK ? ledger_inputs(r, take_input, t, e) : rc;
}

static void take_disk(struct figures *t, const struct config *cfg)
{
	struct disk_now d;

	put(t, FIGURE_ASIDES, NULL, 0, ledger_asides(cfg->ledger.path, NULL, 0));
	if (!disk_now(cfg, &d))
		return;
	put(t, FIGURE_DISK, NULL, 0, d.room.free);
	for (int s = 0; s < DISK_STATES; s++) {
		struct label l = { "state", slice_str(disk_name((enum disk_state)s)) };

		put(t, FIGURE_DISK_STATE, &l, 1, d.state == (enum disk_state)s);
	}
	put(t, FIGURE_UNRECORDED, NULL, 0, d.not_recorded);
}

static void join(const struct figures *t, struct buf *out)
{
	for (int f = 0; f < FIGURE_COUNT; f++) {
		if (t->of[f].n > 0 && !t->json)
			buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", infos[f].name, infos[f].help,
				infos[f].name, infos[f].type);
		buf_add(out, buf_slice(&t->of[f]));
		out->failed |= t->of[f].failed;
	}
}

int figures_put(const struct config *cfg, struct ledger_reader *r, bool json, struct buf *out, struct err *e)
{
	struct figures t = { .json = json };
	int rc;

	for (int f = 0; f < FIGURE_COUNT; f++)
		buf_init(&t.of[f], FIGURES_MAX);
	put(&t, FIGURE_UP, NULL, 0, cli_recorder_runs(cfg));
	take_disk(&t, cfg);
	rc = r == NULL ? TK_OK : take_ledger(&t, r, e);
	join(&t, out);
	for (int f = 0; f < FIGURE_COUNT; f++)
		buf_free(&t.of[f]);
	return rc;
}
