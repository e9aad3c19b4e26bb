#include "sensor/recorder/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/trail_rows.h"
#include "core/trail/pack.h"
#include "sensor/recorder/erase.h"

#define HEAD_NS (15 * 60 * NS_PER_SEC)
#define HEARTBEAT_NS (5 * 60 * NS_PER_SEC)
#define RETRY_NS (60 * NS_PER_SEC)
#define SLICE_NS (NS_PER_SEC / 5) /* of rendering in one tick */
#define CLOCK_BODY 96
#define CLOCK_STEP NS_PER_SEC	  /* a clock that is set by more is told */
#define SEGMENT_RECORDS 200000
#define SEGMENT_BYTES (64 << 20)
#define STOP (-1) /* of a walk over rows: enough for now */

struct sealer {
	char *folder, *keys, *site, *zone, *path;
	struct ledger *ledger;
	struct trail *trail; /* NULL: it could not be opened */
	struct ledger_reader *reader;
	bool told;
	int64_t retry_ns, head_ns, heartbeat_ns; /* monotonic: when next */
	int64_t resume_ns; /* when an erasure that was cut short is tried again */
	bool erased;
	int64_t wall_ahead_ns, boot_ahead_ns;	 /* of the monotonic clock, at the last tick */
	bool heading;				 /* a head is due and rows are still to be rendered */
};

/* ---- opening ---- */

static void close_trail(struct sealer *s)
{
	trail_close(s->trail);
	ledger_reader_close(s->reader);
	s->trail = NULL;
	s->reader = NULL;
}

/* Told once, until it works again. */
static void broken(struct sealer *s, const struct err *e)
{
	if (!s->told)
		fprintf(stderr, "tochoku: trail: %s; records wait in the ledger until this is mended\n",
			e->text);
	s->told = true;
	s->retry_ns = sys_mono_ns() + RETRY_NS;
	close_trail(s);
}

static int open_trail(struct sealer *s, struct err *e)
{
	struct trail_place place = { s->folder, s->keys, s->site, s->zone };
	int rc = trail_open(&s->trail, &place, sys_now_ns(), e);

	if (rc == TK_OK)
		rc = ledger_reader_open(&s->reader, s->path, e);
	if (rc == TK_OK)
		s->told = false;
	return rc;
}

int sealer_open(struct sealer **out, const struct config *cfg, struct ledger *l, struct err *e)
{
	struct sealer *s = *out = calloc(1, sizeof *s);
	int64_t now = sys_mono_ns();
	struct err why = { 0 };

	if (s == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	s->ledger = l;
	s->folder = strdup(cfg->ledger.trail);
	s->keys = strdup(cfg->ledger.keys);
	s->site = strdup(cfg->site.name == NULL ? "" : cfg->site.name);
	s->zone = strdup(cfg->site.time_zone);
	s->path = strdup(cfg->ledger.path);
	s->head_ns = now + HEAD_NS;
	s->heartbeat_ns = now + HEARTBEAT_NS;
	s->wall_ahead_ns = sys_now_ns() - now;
	s->boot_ahead_ns = sys_boot_ns() - now;
	if (s->folder == NULL || s->keys == NULL || s->site == NULL || s->zone == NULL || s->path == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	if (open_trail(s, &why) != TK_OK)
		broken(s, &why);
	return TK_OK;
}

void sealer_close(struct sealer *s)
{
	if (s == NULL)
		return;
	close_trail(s);
	free(s->folder);
	free(s->keys);
	free(s->site);
	free(s->zone);
	free(s->path);
	free(s);
}

int64_t sealer_records(const struct sealer *s)
{
	return s->trail == NULL ? 0 : trail_next_seq(s->trail);
}

/* ---- rendering ---- */

struct rendering {
	struct sealer *s;
	int64_t before_ns; /* rows recorded then or later wait */
	int64_t until_ns;  /* monotonic; 0: as long as it takes */
	int64_t last_ns;   /* when the last rendered row was recorded */
	bool full, drained;
};

static bool is_full(const struct sealer *s)
{
	struct trail_state t;

	trail_state(s->trail, &t);
	return t.records >= SEGMENT_RECORDS || t.bytes >= SEGMENT_BYTES;
}

static int render_row(void *ctx, const struct trail_row *row, struct err *e)
{
	struct rendering *r = ctx;
	int64_t next = trail_next_seq(r->s->trail) + 1;
	int rc;

	if (row->ts_ns >= r->before_ns)
		return STOP;
	if (row->seq != next)
		return err_set(e, TK_EMALFORMED, "the ledger lacks record %lld", (long long)next);
	rc = row->ev != NULL ? trail_access(r->s->trail, row->ts_ns, row->ev, e)
			     : trail_record(r->s->trail, row->ts_ns, row->type, row->body, e);
	if (rc != TK_OK)
		return rc;
	r->last_ns = row->ts_ns;
	r->full = is_full(r->s);
	if (r->full || (r->until_ns != 0 && row->seq % 256 == 0 && sys_mono_ns() >= r->until_ns)) {
		r->drained = false;
		return STOP;
	}
	return TK_OK;
}

static int render(struct rendering *r, struct err *e)
{
	struct ledger_facts facts;
	int64_t have = trail_next_seq(r->s->trail);
	int rc = TK_OK;

	r->drained = true;
	r->full = is_full(r->s);
	if (r->full)
		return TK_OK;
	rc = ledger_trail_rows(r->s->reader, have, render_row, r, e);
	if (rc != TK_OK && rc != STOP)
		return rc;
	/* a ledger that was put back to an older state, or is another one */
	if (trail_next_seq(r->s->trail) == have && ledger_facts(r->s->reader, &facts, e) == TK_OK &&
	    facts.last_seq < have)
		return err_set(e, TK_EMALFORMED,
			       "it holds %lld records and the ledger %lld: they do not belong together",
			       (long long)have, (long long)facts.last_seq);
	return TK_OK;
}

/* ---- sealing ---- */

static struct clock clock_now(void)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	if (state < 0)
		return (struct clock){ CLOCK_UNKNOWN, 0 };
	return (struct clock){ state == TIME_ERROR || (t.status & STA_UNSYNC) != 0 ? CLOCK_UNSYNCED
										   : CLOCK_SYNCED,
			       (t.maxerror + 999) / 1000 };
}

/* What is known to be lost of the calls of a time; a packet that was dropped counts as one. */
static int64_t known_lost(struct sealer *s, int64_t from, int64_t to)
{
	static const enum loss_reason lost[] = { LOSS_GAP,	 LOSS_KERNEL_DROP, LOSS_INTERFACE_DROP,
						 LOSS_IN_FLIGHT, LOSS_FLOW_LIMIT,  LOSS_EXCHANGE_LIMIT,
						 LOSS_NOT_RECORDED };
	struct coverage c = { 0 };
	struct err e;
	int64_t n;

	if (ledger_coverage(s->reader, from - from % 60, to - to % 60, &c, &e) != TK_OK)
		return 0;
	n = c.rejected_lines;
	for (size_t i = 0; i < COUNT(lost); i++)
		n += (int64_t)c.losses.of[lost[i]].n;
	return n;
}

static int seal_at(struct sealer *s, int64_t closed, struct err *e)
{
	struct trail_state t;

	trail_state(s->trail, &t);
	if (closed < t.opened) /* the clock was set back: time does not go on before it has caught up */
		closed = t.opened;
	return trail_seal(s->trail,
			  &(struct seal_facts){ closed, clock_now(), known_lost(s, t.opened, closed) }, e);
}

static int64_t whole_seconds(int64_t ns)
{
	return ns / NS_PER_SEC + (ns % NS_PER_SEC != 0);
}

/* One step towards a time: renders what was recorded before it, seals what is full. *done: nothing is left.
 */
static int advance(struct sealer *s, int64_t before_ns, int64_t until_ns, bool *done, struct err *e)
{
	struct rendering r = {
		.s = s, .before_ns = before_ns, .until_ns = until_ns, .last_ns = sys_now_ns()
	};
	int rc = render(&r, e);

	if (rc == TK_OK && r.full)
		rc = seal_at(s, whole_seconds(r.last_ns), e);
	*done = rc == TK_OK && r.drained && !r.full;
	return rc;
}

static int note_time(void *ctx, const struct trail_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)ctx = row->ts_ns / NS_PER_SEC;
	return STOP;
}

/* When the open segment's first record was made, which may wait in the ledger; INT64_MAX: there is none. Days
 * without any are not walked through: a clock that was set makes it decades. */
static int first_record(struct sealer *s, const struct trail_state *t, int64_t *at, struct err *e)
{
	int rc = TK_OK;

	*at = t->records > 0 ? t->opened : INT64_MAX;
	if (t->records == 0)
		rc = ledger_trail_rows(s->reader, trail_next_seq(s->trail), note_time, at, e);
	if (*at < t->opened)
		*at = t->opened;
	return rc == STOP ? TK_OK : rc;
}

/* The local midnight behind the last closing that has records before it, if it is over. */
static int seal_days(struct sealer *s, int64_t now, int64_t until_ns, bool *done, struct err *e)
{
	struct trail_state t;
	int64_t midnight = zone_day_start(zone_day_of(now)), first;
	int rc;

	*done = true;
	trail_state(s->trail, &t);
	if (t.opened >= midnight)
		return TK_OK;
	if ((rc = first_record(s, &t, &first, e)) != TK_OK || first >= midnight)
		return rc;
	midnight = zone_day_start(zone_day_of(first) + 1);
	if ((rc = advance(s, midnight * NS_PER_SEC, until_ns, done, e)) != TK_OK || !*done)
		return rc;
	*done = false; /* there may be another day */
	return seal_at(s, midnight, e);
}

/* ---- records of its own ---- */

static int record(struct sealer *s, const char *type, const char *body, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc = ledger_begin(s->ledger, e);

	if (rc == TK_OK)
		rc = ledger_record(s->ledger, type, now, slice_str(body), e);
	return rc == TK_OK ? ledger_commit(s->ledger, now, e) : rc;
}

int sealer_stopped(struct sealer *s, struct err *e)
{
	return record(s, "control", "{\"action\":\"recording-stopped\"}", e);
}

static bool clock_body(char body[CLOCK_BODY], const char *action, int64_t step_ns)
{
	snprintf(body, CLOCK_BODY, "{\"action\":\"%s\",\"step_ms\":%lld}", action,
		 (long long)(step_ns / 1000000));
	return step_ns >= CLOCK_STEP || step_ns <= -CLOCK_STEP;
}

static int record_clock(struct sealer *s, const char *action, int64_t step_ns, struct err *e)
{
	char body[CLOCK_BODY];

	return clock_body(body, action, step_ns) ? record(s, "clock", body, e) : TK_OK;
}

/* A clock that was set moves against the one that only counts; one that tells the sleep of the machine moves
 * by it. */
static int watch_clock(struct sealer *s, int64_t mono, struct err *e)
{
	int64_t ahead = sys_now_ns() - mono, boot = sys_boot_ns() - mono;
	int64_t slept = boot - s->boot_ahead_ns, step = ahead - s->wall_ahead_ns - slept;
	int rc;

	s->wall_ahead_ns = ahead;
	s->boot_ahead_ns = boot;
	rc = record_clock(s, "suspended", slept, e);
	return rc == TK_OK ? record_clock(s, "set", step, e) : rc;
}

int clock_behind(struct ledger *l, int64_t now_ns, struct err *e)
{
	int64_t last = ledger_last_commit_ns(l);
	char body[CLOCK_BODY];

	return last > now_ns && clock_body(body, "behind", now_ns - last)
		       ? ledger_record(l, "clock", now_ns, slice_str(body), e)
		       : TK_OK;
}

int sealer_started(struct sealer *s, struct err *e)
{
	return record(s, "control", "{\"action\":\"recording-started\"}", e);
}

static int pulse(struct sealer *s, int64_t mono, struct err *e)
{
	int rc = watch_clock(s, mono, e);

	if (rc != TK_OK || mono < s->heartbeat_ns)
		return rc;
	s->heartbeat_ns = mono + HEARTBEAT_NS;
	return record(s, "control", "{\"action\":\"heartbeat\"}", e);
}

/* ---- when ---- */

static int work(struct sealer *s, int64_t mono, struct err *e)
{
	bool done;
	int rc = seal_days(s, sys_now_ns() / NS_PER_SEC, mono + SLICE_NS, &done, e);

	s->heading |= mono >= s->head_ns;
	if (rc != TK_OK || !done || !s->heading)
		return rc;
	if ((rc = advance(s, INT64_MAX, mono + SLICE_NS, &done, e)) != TK_OK || !done)
		return rc;
	s->heading = false;
	s->head_ns = mono + HEAD_NS;
	return trail_head(s->trail, e);
}

static void refuse(struct buf *reply, const char *why)
{
	struct json_out o = json_out(reply);

	buf_clear(reply);
	json_open(&o, '{');
	json_key(&o, "ok");
	json_bool(&o, false);
	json_key(&o, "error");
	json_str(&o, slice_str(why));
	json_close(&o, '}');
}

static void begin_answer(struct json_out *o, struct buf *reply)
{
	buf_clear(reply);
	*o = json_out(reply);
	json_open(o, '{');
	json_key(o, "ok");
	json_bool(o, true);
}

static void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

static void put_text(struct json_out *o, const char *key, const char *v)
{
	json_key(o, key);
	json_str(o, slice_str(v));
}

static void answer_seal(struct sealer *s, const struct trail_state *before, struct buf *reply)
{
	struct trail_state t;
	struct json_out o;

	trail_state(s->trail, &t);
	begin_answer(&o, reply);
	put_int(&o, "segment", t.segment - 1);
	put_int(&o, "records", t.next_seq - (before->next_seq - before->records));
	put_int(&o, "size", t.size);
	put_text(&o, "code", t.code);
	json_close(&o, '}');
}

static void answer_head(struct sealer *s, struct buf *reply)
{
	struct trail_state t;
	struct json_out o;
	char hex[65];

	trail_state(s->trail, &t);
	begin_answer(&o, reply);
	put_int(&o, "next_seq", t.next_seq);
	put_text(&o, "origin", t.origin);
	hex_encode(hash_slice(&t.last), hex);
	put_text(&o, "h", hex); /* of the last line */
	if (t.size > 0) {
		hex_encode(hash_slice(&t.checkpoint), hex);
		put_int(&o, "size", t.size);
		put_text(&o, "checkpoint", hex);
	}
	json_close(&o, '}');
}

/* Days that are over and segments that are full are sealed on the way. */
static int render_all(struct sealer *s, struct err *e)
{
	bool done = false;
	int rc = TK_OK;

	while (rc == TK_OK && !done)
		rc = seal_days(s, sys_now_ns() / NS_PER_SEC, 0, &done, e);
	for (done = false; rc == TK_OK && !done;)
		rc = advance(s, INT64_MAX, 0, &done, e);
	return rc;
}

static int seal_all(struct sealer *s, struct err *e)
{
	struct trail_state t;
	int rc = render_all(s, e);

	trail_state(s->trail, &t);
	return rc == TK_OK && t.records > 0 ? seal_at(s, whole_seconds(sys_now_ns()), e) : rc;
}

/* ---- erasing ---- */

/* *n: what was carried out now. A reader that holds the log is waited for later: the rest is done. */
static int carry_out(struct sealer *s, struct erased *n, struct err *e)
{
	bool pending;
	int rc = erase_pending(s->ledger, &pending, e);

	*n = (struct erased){ 0 };
	if (rc != TK_OK || !pending || (rc = seal_all(s, e)) != TK_OK)
		return rc;
	rc = erase_carry_out(s->ledger, s->folder, n, e);
	s->erased |= n->records > 0;
	return rc == TK_EBUSY && n->segments > 0 ? TK_OK : rc;
}

void sealer_resume(struct sealer *s)
{
	struct err why = { 0 };
	struct erased n;
	int64_t mono = sys_mono_ns();

	if (mono < s->resume_ns)
		return;
	s->resume_ns = mono + RETRY_NS;
	if (s->trail != NULL && carry_out(s, &n, &why) != TK_OK)
		fprintf(stderr, "tochoku: an erasure is not finished: %s; it is tried again\n", why.text);
}

bool sealer_erased(struct sealer *s)
{
	bool erased = s->erased;

	s->erased = false;
	return erased;
}

static int answer_erase(struct sealer *s, struct buf *reply, struct err *e)
{
	struct json_out o;
	struct erased n;
	int rc = carry_out(s, &n, e);

	if (rc != TK_OK)
		return rc;
	begin_answer(&o, reply);
	put_int(&o, "records", n.records);
	put_int(&o, "segments", n.segments);
	json_close(&o, '}');
	return TK_OK;
}

static int answer_sign(struct sealer *s, const struct hash32 *sums, struct buf *reply, struct err *e)
{
	struct json_out o;
	struct buf note;
	int rc;

	buf_init(&note, NOTE_MAX);
	if ((rc = trail_sign_pack(s->trail, sums, &note, e)) == TK_OK) {
		begin_answer(&o, reply);
		json_key(&o, "note");
		json_str(&o, buf_slice(&note));
		json_close(&o, '}');
	}
	buf_free(&note);
	return rc;
}

void sealer_answer(struct sealer *s, const struct trail_order *order, struct buf *reply)
{
	struct trail_state before;
	struct err why = { 0 };
	int rc = s->trail == NULL ? open_trail(s, &why) : TK_OK;

	if (rc == TK_OK)
		trail_state(s->trail, &before);
	if (rc == TK_OK && order->what == TRAIL_SEAL)
		sealer_resume(s);
	if (rc == TK_OK && order->what == TRAIL_ERASE)
		rc = answer_erase(s, reply, &why);
	if (rc == TK_OK && order->what == TRAIL_SEAL && (rc = seal_all(s, &why)) == TK_OK)
		answer_seal(s, &before, reply);
	if (rc == TK_OK && order->what == TRAIL_HEAD && (rc = render_all(s, &why)) == TK_OK &&
	    (rc = trail_head(s->trail, &why)) == TK_OK)
		answer_head(s, reply);
	if (rc == TK_OK && order->what == TRAIL_SIGN)
		rc = answer_sign(s, &order->sums, reply, &why);
	if (rc == TK_OK)
		return;
	refuse(reply, why.text);
	broken(s, &why);
}

int sealer_tick(struct sealer *s, struct err *e)
{
	int64_t mono = sys_mono_ns();
	struct err why = { 0 };
	int rc = pulse(s, mono, e);

	if (rc != TK_OK)
		return rc;
	if (s->trail == NULL && mono >= s->retry_ns && open_trail(s, &why) != TK_OK)
		broken(s, &why);
	if (s->trail != NULL && work(s, mono, &why) != TK_OK)
		broken(s, &why);
	sealer_resume(s);
	return TK_OK;
}
