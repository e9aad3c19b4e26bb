/* A recorder without its sockets: batches of two inputs, `tap` and `gateway`, into a ledger of its own. */
#ifndef TK_TESTS_RECORDER_RIG_H
#define TK_TESTS_RECORDER_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/zone.h"
#include "core/ledger/reader.h"
#include "sensor/recorder/intake.h"
#include "tests/lib/tap.h"

#define T0 INT64_C(1795400670000000000)
#define RIG_NOW (T0 + 3600 * NS_PER_SEC)

enum { TAP, LOG };

struct rig {
	struct config *cfg;
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	struct intake *intake;
	struct stream stream[2];
	struct batch_writer *writer[2];
	uint64_t sent[2], committed[2]; /* positions */
	char folder[32], path[64];
};

static struct err e;

static inline void rig_die(const char *what)
{
	printf("Bail out! %s: %s\n", what, e.text);
	exit(1);
}

static inline void rig_start(struct rig *w)
{
	uint8_t key[32] = { 1 };

	if (ledger_open(&w->ledger, w->path, &e) != TK_OK ||
	    (w->enrich = enrich_new(w->cfg, w->ledger, slice_of(key, sizeof key), &e)) == NULL ||
	    (w->evaluate = evaluate_new(w->cfg, w->ledger, w->enrich, &e)) == NULL ||
	    (w->intake = intake_new(w->ledger, &e)) == NULL)
		rig_die("start");
	for (int i = 0; i < 2; i++) {
		if (stream_init(&w->stream[i]) != TK_OK || (w->writer[i] = batch_writer_new()) == NULL)
			rig_die("start");
		w->sent[i] = w->committed[i];
	}
	intake_use(w->intake, w->enrich, w->evaluate);
	intake_join(w->intake, w->cfg);
}

/* Without a commit: a kill. */
static inline void rig_kill(struct rig *w)
{
	for (int i = 0; i < 2; i++) {
		stream_free(&w->stream[i]);
		batch_writer_free(w->writer[i]);
	}
	intake_free(w->intake);
	evaluate_free(w->evaluate);
	enrich_free(w->enrich);
	ledger_close(w->ledger);
}

static inline void rig_new(struct rig *w)
{
	snprintf(w->folder, sizeof w->folder, "/tmp/tochoku-test-XXXXXX");
	if (mkdtemp(w->folder) == NULL)
		rig_die("mkdtemp");
	snprintf(w->path, sizeof w->path, "%s/ledger.db", w->folder);
	memset(w->committed, 0, sizeof w->committed);
	rig_start(w);
}

static inline void rig_end(struct rig *w)
{
	char command[64];

	rig_kill(w);
	snprintf(command, sizeof command, "rm -rf %s", w->folder);
	ok_int(system(command), 0, "cleaned up");
}

static inline void rig_commit(struct rig *w)
{
	if (evaluate_flush(w->evaluate, T0, &e) != TK_OK || ledger_commit(w->ledger, T0, &e) != TK_OK)
		rig_die("commit");
	for (int i = 0; i < 2; i++)
		w->committed[i] = w->sent[i];
}

/* What waits until `horizon` is recorded. */
static inline void rig_release(struct rig *w, int64_t horizon)
{
	if (ledger_begin(w->ledger, &e) != TK_OK || intake_release(w->intake, horizon, RIG_NOW, &e) != TK_OK)
		rig_die("release");
}

/* An event of one side, to be filled in: its identity is the number. */
static inline void rig_event(struct flat_event *fe, int number, int side, int64_t start)
{
	flat_event_reset(fe);
	memset(fe->ev.digest, side + 1, sizeof fe->ev.digest);
	memcpy(fe->ev.digest, &number, sizeof number);
	ev_set_int(&fe->ev, F_TIMESTAMP, start);
	if (side == TAP)
		ev_set_int(&fe->ev, F_COMPLETE, 1);
}

static inline void rig_begin(struct rig *w, int side)
{
	batch_begin(w->writer[side]);
}

/* The batch that rig_begin began; n events were added to its writer. */
static inline void rig_send(struct rig *w, int side, enum batch_mode mode, int n)
{
	struct batch_head head = {
		.mode = (uint8_t)mode, .now = T0, .path = SLICE("x"), .flags = BATCH_FIRST
	};
	struct batch_head got;
	struct batch_ack ack;

	head.input = side == TAP ? SLICE("tap") : SLICE("gateway");
	if (mode == BATCH_TAIL) {
		head.flags = side == TAP ? BATCH_LIVE : 0;
		head.from = w->sent[side];
		w->sent[side] += (uint64_t)n;
		head.gen = (struct generation){ .token = 7 + (uint64_t)side, .position = w->sent[side] };
	}
	if (ledger_begin(w->ledger, &e) != TK_OK ||
	    intake_batch(w->intake, &w->stream[side], batch_finish(w->writer[side], &head), RIG_NOW, &got,
			 &ack, &e) != TK_OK)
		rig_die("batch");
}

#endif
