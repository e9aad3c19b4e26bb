#include "sensor/heads.h"

#include <stdio.h>
#include <sys/timex.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/trail/head.h"
#include "core/trail/reader.h"
#include "sensor/collector.h"
#include "sensor/confine/confine.h"
#include "sensor/recorder/control.h"

#define HEAD_NS (15 * 60 * NS_PER_SEC)
#define AGAIN_NS (2 * NS_PER_SEC) /* where no recorder answered */
#define MISSED_TOLD 5
#define COLLECTORS_MAX 8
#define REPLY_MAX 65536

struct sender {
	const struct config *cfg;
	struct collector to[COLLECTORS_MAX];
	size_t n;
	int64_t sequence;
	int64_t segments; /* sealed, at the last head */
	int missed;	  /* tries in a row to which no recorder answered */
	struct buf reply, message;
};

static int sender_open(struct sender *s, const struct config *cfg, struct err *e)
{
	int rc = TK_OK;

	*s = (struct sender){ .cfg = cfg };
	buf_init(&s->reply, REPLY_MAX);
	buf_init(&s->message, 8192);
	if (cfg->n_collectors == 0)
		return err_set(e, TK_ECONFIG, "anchors.collectors: names no collector that could be told");
	if (cfg->n_collectors > COLLECTORS_MAX)
		return err_set(e, TK_ECONFIG, "anchors.collectors: at most %d", COLLECTORS_MAX);
	while (s->n < cfg->n_collectors && rc == TK_OK) {
		rc = collector_open(&s->to[s->n], cfg->collectors[s->n], e);
		s->n++;
	}
	return rc;
}

static void sender_close(struct sender *s)
{
	for (size_t i = 0; i < s->n; i++)
		collector_close(&s->to[i]);
	buf_free(&s->reply);
	buf_free(&s->message);
}

/* ---- a head ---- */

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

static bool read_reply(struct slice reply, struct trail_said *out)
{
	struct slice origin = json_member(reply, "origin"), checkpoint = json_member(reply, "checkpoint");
	uint8_t text[REPLY_MAX];
	size_t n = origin.n > sizeof text ? SIZE_MAX : json_unescape(origin, text);
	int64_t next;

	*out = (struct trail_said){ .seq = -1 };
	if (n == 0 || n > ORIGIN_MAX || !scalar_number(json_member(reply, "next_seq"), &next))
		return false;
	memcpy(out->origin, text, n);
	if (checkpoint.n > 0 && (!scalar_hex32(checkpoint, &out->checkpoint) ||
				 !scalar_number(json_member(reply, "size"), &out->size)))
		return false;
	out->seq = next - 1;
	return next == 0 || scalar_hex32(json_member(reply, "h"), &out->h);
}

/* The reply's head as a message to each collector. */
static int add_message(struct sender *s, struct err *e)
{
	struct slice why = json_member(buf_slice(&s->reply), "error");
	struct trail_said said;

	if (why.n > 0)
		return err_set(e, TK_EIO, "trail: %.*s", (int)why.n, (const char *)why.p);
	if (!read_reply(buf_slice(&s->reply), &said))
		return err_set(e, TK_EMALFORMED, "the recorder named no head: is it of another version?");
	buf_clear(&s->message);
	put_head_message(&s->message,
			 &(struct head_sender){ .host = s->cfg->site.sensor,
						.enterprise_number = s->cfg->export.enterprise_number,
						.pid = getpid(),
						.sequence = ++s->sequence,
						.now_ns = sys_now_ns(),
						.clock = clock_now() },
			 &said);
	if (s->message.failed || s->message.n > COLLECTOR_MESSAGE_MAX)
		return err_set(e, TK_ELIMIT, "a head of more than %d bytes", COLLECTOR_MESSAGE_MAX);
	for (size_t i = 0; i < s->n; i++)
		collector_add(&s->to[i], buf_slice(&s->message));
	return TK_OK;
}

static bool send_all(struct sender *s)
{
	bool all = true;

	for (size_t i = 0; i < s->n; i++)
		all &= collector_send(&s->to[i]);
	return all;
}

int heads_send(const struct config *cfg, struct err *e)
{
	struct sender s;
	int rc = sender_open(&s, cfg, e);

	if (rc == TK_OK)
		rc = control_request(cfg, SLICE("{\"do\":\"head\"}"), &s.reply, e);
	if (rc == TK_OK)
		rc = add_message(&s, e);
	if (rc == TK_OK && !send_all(&s))
		rc = err_set(e, TK_EIO, "not every collector was told");
	sender_close(&s);
	return rc;
}

/* ---- following ---- */

/* True: the next is due at its time, false: soon. */
static bool head_now(struct sender *s)
{
	int64_t sealed = trail_sealed(s->cfg->ledger.trail);
	struct err e = { 0 };
	int rc;

	buf_clear(&s->reply);
	rc = control_look(s->cfg, SLICE("{\"do\":\"head\"}"), &s->reply, &e);
	if (rc == TK_OK)
		rc = add_message(s, &e);
	s->missed = rc == TK_OK ? 0 : s->missed + 1;
	if (s->missed == MISSED_TOLD)
		fprintf(stderr, "tochoku: heads: %s; tried again every 2 s\n", e.text);
	if (rc == TK_OK)
		s->segments = sealed;
	return rc == TK_OK;
}

static int confine_sender(const struct config *cfg, struct err *e)
{
	const char *const read[] = { cfg->ledger.trail, "/dev/null" };

	return confine(CONFINE_HEADS, &(struct confine_paths){ .read = read, .n_read = COUNT(read) }, e);
}

int heads_follow(const struct config *cfg, struct err *e)
{
	int64_t due = 0;
	struct sender s;
	int rc = sender_open(&s, cfg, e);

	if (rc == TK_OK)
		rc = confine_sender(cfg, e);
	while (rc == TK_OK) {
		int64_t now = sys_mono_ns();

		if (now >= due || (s.missed == 0 && trail_sealed(cfg->ledger.trail) != s.segments))
			due = now + (head_now(&s) ? HEAD_NS : AGAIN_NS);
		send_all(&s);
		sleep(1);
	}
	sender_close(&s);
	return rc;
}
