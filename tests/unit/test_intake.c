/* Batches into the ledger: one that does not continue at the committed position changes nothing, but its
 * definitions hold for the batches behind it. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/zone.h"
#include "core/ledger/reader.h"
#include "sensor/recorder/intake.h"
#include "tests/lib/tap.h"

#define T0 INT64_C(1795400670000000000)

static struct err e;

struct world {
	struct config *cfg;
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	struct intake *intake;
	struct stream stream;
	struct batch_writer *writer;
};

static void send(struct world *w, uint64_t from, uint64_t to, int first, int n, struct batch_ack *ack)
{
	struct batch_head head = { .mode = BATCH_TAIL,
				   .now = T0,
				   .input = SLICE("gateway"),
				   .path = SLICE("/log"),
				   .from = from,
				   .gen = { .token = 7, .position = to } };
	struct batch_head got;
	struct flat_event fe;

	batch_begin(w->writer);
	for (int i = first; i < first + n; i++) {
		flat_event_reset(&fe);
		memset(fe.ev.digest, i + 1, sizeof fe.ev.digest);
		ev_set_int(&fe.ev, F_TIMESTAMP, T0 + i * NS_PER_SEC);
		ev_set_int(&fe.ev, F_STATUS, 200);
		ev_set_str(&fe.ev, F_USER, SLICE("tanaka"));
		batch_add(w->writer, &fe.ev);
	}
	ledger_begin(w->ledger, &e);
	ok_int(intake_batch(w->intake, &w->stream, batch_finish(w->writer, &head), T0, &got, ack, &e), TK_OK,
	       "taken");
	evaluate_flush(w->evaluate, T0, &e);
	ledger_commit(w->ledger, T0, &e);
}

static int count_users(void *ctx, int64_t seq, const struct access_event *ev)
{
	(void)seq;
	*(int *)ctx += slice_is(ev_str(ev, F_USER), "tanaka") && slice_is(ev_str(ev, F_INPUT), "gateway");
	return 0;
}

static void test_positions(struct world *w, const char *path)
{
	struct ledger_reader *r = NULL;
	struct batch_ack ack;
	uint64_t position;
	int n = 0;

	send(w, 50, 100, 0, 3, &ack);
	ok(ack.discarded && ack.position == 0,
	   "a batch from the middle of an unknown file is sent back to its beginning");
	send(w, 0, 100, 0, 3, &ack);
	ok(!ack.discarded && ack.position == 100 && ack.new_events == 3, "from there it counts");
	send(w, 0, 100, 0, 3, &ack);
	ok(ack.discarded && ack.position == 100 && ack.new_events == 0, "once");
	send(w, 200, 300, 9, 2, &ack);
	ok(ack.discarded && ack.position == 100, "nothing is passed over");
	send(w, 100, 200, 3, 4, &ack);
	ok(!ack.discarded && ack.new_events == 4, "and the rest follows");
	ok_int(ledger_position(w->ledger, 7, &position, &e), TK_OK, "the position is committed");
	ok_int((int64_t)position, 200, "with its events");
	ledger_reader_open(&r, path, &e);
	ledger_events(r, INT64_MIN / 2, INT64_MAX / 2, false, count_users, &n, &e);
	ok_int(n, 7, "each event once, with the definitions of the batches that were sent back");
	ledger_reader_close(r);
}

static void send_live(struct world *w, uint8_t flags, int minute, uint64_t position, const struct loss *loss)
{
	struct batch_head head = { .mode = BATCH_TAIL,
				   .flags = BATCH_LIVE | flags,
				   .now = T0 + minute * 60 * NS_PER_SEC,
				   .input = SLICE("tap"),
				   .path = SLICE("eth1"),
				   .from = position - 1,
				   .gen = { .token = 8, .position = position } };
	struct batch_head got;
	struct batch_ack ack;
	struct flat_event fe;

	batch_begin(w->writer);
	flat_event_reset(&fe);
	memset(fe.ev.digest, (int)position + 100, sizeof fe.ev.digest);
	ev_set_int(&fe.ev, F_TIMESTAMP, T0 + (minute - 2) * 60 * NS_PER_SEC); /* a call of two minutes ago */
	batch_add(w->writer, &fe.ev);
	if (loss != NULL)
		batch_add_loss(w->writer, loss);
	ledger_begin(w->ledger, &e);
	ok_int(intake_batch(w->intake, &w->stream, batch_finish(w->writer, &head), head.now, &got, &ack, &e),
	       TK_OK, "taken");
	evaluate_flush(w->evaluate, head.now, &e);
	ledger_commit(w->ledger, head.now, &e);
}

/* A capture is watched from one heartbeat to the next, and not while it was away. */
static void test_live(struct world *w, const char *path)
{
	const struct loss drop = { .reason = LOSS_KERNEL_DROP, .n = 5, .bytes = 0 };
	int64_t minute = T0 / NS_PER_SEC / 60;
	struct ledger_reader *r = NULL;
	struct losses l;
	struct coverage c;

	send_live(w, BATCH_BEGINS | BATCH_CAUGHT_UP, 1000, 1, NULL);
	send_live(w, BATCH_CAUGHT_UP, 1003, 2, &drop);
	send_live(w, 0, 1005, 3, NULL); /* its interface has gone */
	send_live(w, BATCH_BEGINS, 1020, 4, NULL); /* it is back, and not at its end yet */
	send_live(w, BATCH_BEGINS | BATCH_CAUGHT_UP, 1021, 5, NULL);
	send_live(w, BATCH_CAUGHT_UP, 1024, 6, NULL);
	ledger_reader_open(&r, path, &e);
	ok_int(ledger_coverage(r, (minute + 995) * 60, (minute + 1030) * 60, &c, &e), TK_OK, "coverage");
	ok_int(c.minutes - c.missed_minutes, 4 + 4, "watched from heartbeat to heartbeat, but for the hole");
	ledger_coverage(r, (minute + 1003) * 60, (minute + 1004) * 60, &c, &e);
	ok_int((int64_t)c.losses.of[LOSS_KERNEL_DROP].n, 5, "losses lie where they happened");
	ok_int(ledger_losses(r, "tap", (minute + 1003) * 60, (minute + 1004) * 60, &l, &e), TK_OK,
	       "by input");
	ok_int((int64_t)l.of[LOSS_KERNEL_DROP].n, 5, "the same");
	ledger_losses(r, "gateway", (minute + 1003) * 60, (minute + 1004) * 60, &l, &e);
	ok_int((int64_t)l.of[LOSS_KERNEL_DROP].n, 0, "and not another's");
	ledger_reader_close(r);
}

int main(void)
{
	char folder[] = "/tmp/tochoku-test-XXXXXX", path[64], command[64];
	uint8_t key[32] = { 1 };
	struct world w = { .cfg = config_defaults(), .writer = batch_writer_new() };

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/ledger.db", folder);
	zone_use("Asia/Tokyo", &e);
	if (ledger_open(&w.ledger, path, &e) != TK_OK ||
	    (w.enrich = enrich_new(w.cfg, w.ledger, slice_of(key, sizeof key), &e)) == NULL ||
	    (w.evaluate = evaluate_new(w.cfg, w.ledger, w.enrich, &e)) == NULL ||
	    (w.intake = intake_new(w.ledger, &e)) == NULL || stream_init(&w.stream) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		return 1;
	}
	intake_use(w.intake, w.enrich, w.evaluate);
	test_positions(&w, path);
	test_live(&w, path);
	stream_free(&w.stream);
	intake_free(w.intake);
	evaluate_free(w.evaluate);
	enrich_free(w.enrich);
	ledger_close(w.ledger);
	config_free(w.cfg);
	batch_writer_free(w.writer);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || tap_done();
}
