/* Batches: what goes in comes out; what is damaged is refused, never believed. */
#include <stdlib.h>

#include "core/event/wire.h"
#include "tests/lib/tap.h"

static void make_event(struct flat_event *fe, int i)
{
	static const char *const paths[] = { "/v1/chat/completions", "/v1/embeddings", "/v1/models" };

	flat_event_reset(fe);
	memset(fe->ev.digest, i, sizeof fe->ev.digest);
	ev_set_int(&fe->ev, F_TIMESTAMP, INT64_C(1795400670819000000) + i);
	ev_set_int(&fe->ev, F_STATUS, 200 + i % 3);
	ev_set_str(&fe->ev, F_PATH, slice_str(paths[i % 3]));
	ev_set_str(&fe->ev, F_USER, SLICE("tanaka"));
	ev_set_absent(&fe->ev, F_KEY_ID);
	ev_set_int(&fe->ev, F_STREAM, i & 1);
	ev_set_str(&fe->ev, F_ZONE, SLICE("must not travel")); /* a RECORDER field */
}

static struct slice make_batch(struct batch_writer *w, int n, struct batch_head *head)
{
	struct flat_event fe;

	batch_begin(w);
	for (int i = 0; i < n; i++) {
		make_event(&fe, i);
		batch_add(w, &fe.ev);
	}
	batch_add_reject(w, &(struct reject){ .offset = 17, .line = 3, .reason = REJECT_TIME });
	batch_add_loss(w, &(struct loss){ .reason = LOSS_GAP, .n = 1, .bytes = 1000 });
	batch_add_loss(w, &(struct loss){ .reason = LOSS_KERNEL_DROP, .n = 17 });
	*head = (struct batch_head){ .mode = BATCH_TAIL,
				     .flags = BATCH_CAUGHT_UP,
				     .now = 12345,
				     .input = SLICE("gateway"),
				     .path = SLICE("/var/log/a"),
				     .from = 10,
				     .gen = { .token = 7, .position = 500, .line = 9, .prefix_len = 4 } };
	return batch_finish(w, head);
}

static void test_round_trip(struct batch_writer *w, struct batch_reader *r)
{
	struct batch_head head, got;
	struct slice payload = make_batch(w, 1000, &head);
	struct access_event ev;
	struct reject reject;
	struct loss loss;
	uint32_t def[P_COUNT];
	struct err e;
	int n = 0, bad = 0;

	ok_int(batch_open(r, payload, &got, &e), TK_OK, "open");
	ok_slice(got.input, head.input, "input");
	ok_int((int64_t)got.gen.position, 500, "position");
	ok_int(batch_next_reject(r, &reject), TK_OK, "reject");
	ok_int((int64_t)reject.line, 3, "line of the reject");
	ok_int(batch_next_reject(r, &reject), TK_EEND, "one reject");
	ok_int(batch_next_loss(r, &loss), TK_OK, "a loss");
	ok(loss.reason == LOSS_GAP && loss.n == 1 && loss.bytes == 1000, "its reason, number and bytes");
	ok_int(batch_next_loss(r, &loss), TK_OK, "another");
	ok(loss.reason == LOSS_KERNEL_DROP && loss.n == 17 && loss.bytes == 0, "as it was");
	ok_int(batch_next_loss(r, &loss), TK_EEND, "two losses");
	while (batch_next(r, &ev, def, &e) == TK_OK) {
		struct flat_event want;

		make_event(&want, n);
		bad += ev_int(&ev, F_STATUS, 0) != 200 + n % 3 ||
		       !slice_eq(ev_str(&ev, F_PATH), ev_str(&want.ev, F_PATH)) ||
		       !ev_absent(&ev, F_KEY_ID) || ev_known(&ev, F_ZONE) || ev.digest[0] != (uint8_t)n ||
		       ev_int(&ev, F_STREAM, 9) != (n & 1) || def[P_WHAT] != (uint32_t)(n < 3 ? n : n % 3);
		n++;
	}
	ok_int(n, 1000, "all events");
	ok_int(bad, 0, "each as it was");
}

/* Every byte changed once, every length cut once: no crash (the sanitizers watch), no endless loop. */
static void test_damage(void)
{
	struct batch_writer *fresh = batch_writer_new(); /* its definitions must be in the batch */
	struct batch_head head, got;
	struct slice payload = make_batch(fresh, 5, &head);
	uint8_t *copy = malloc(payload.n);
	struct err e;
	int whole = 0;

	for (size_t i = 0; i < payload.n * 2; i++) {
		struct batch_reader *r = batch_reader_new();
		struct access_event ev;
		struct reject reject;
		struct loss loss;
		uint32_t def[P_COUNT];
		size_t n = i < payload.n ? payload.n : i - payload.n;

		memcpy(copy, payload.p, payload.n);
		if (i < payload.n)
			copy[i] ^= 0xff;
		if (batch_open(r, slice_of(copy, n), &got, &e) != TK_OK) {
			batch_reader_free(r);
			continue;
		}
		while (batch_next_reject(r, &reject) == TK_OK)
			;
		while (batch_next_loss(r, &loss) == TK_OK)
			;
		n = 0;
		while (n <= got.n_events && batch_next(r, &ev, def, &e) == TK_OK)
			n++;
		whole += n > got.n_events;
		batch_reader_free(r);
	}
	ok_int(whole, 0, "damaged batches end");
	batch_writer_free(fresh);
	free(copy);
}

/* Definitions go on over batches, begin anew when there are too many, and survive a batch that was
 * dropped. */
static void test_definitions(void)
{
	struct batch_writer *w = batch_writer_new();
	struct batch_reader *r = batch_reader_new();
	int bad = 0, n = 0;

	for (int batch = 0; batch < 60; batch++) {
		struct batch_head head = { .mode = BATCH_TAIL }, got;
		struct access_event ev;
		uint32_t def[P_COUNT];
		char path[32];
		struct flat_event fe;
		struct err e;

		batch_begin(w);
		for (int i = 0; i < 300; i++) {
			make_event(&fe, i);
			ev_set_str(
				&fe.ev, F_PATH,
				slice_of(path, (size_t)snprintf(path, sizeof path, "/%d", batch * 300 + i)));
			batch_add(w, &fe.ev);
		}
		if (batch % 7 == 3)
			continue; /* never finished */
		batch_open(r, batch_finish(w, &head), &got, &e);
		for (int i = 0; batch_next(r, &ev, def, &e) == TK_OK; i++, n++) {
			snprintf(path, sizeof path, "/%d", batch * 300 + i);
			bad += !slice_is(ev_str(&ev, F_PATH), path) ||
			       !slice_is(ev_str(&ev, F_USER), "tanaka");
			ev_set_str(&ev, F_PATH, SLICE("changed"));
			bad += !slice_is(ev_str(&ev, F_PATH), "changed");
			ev.part[P_WHAT] = batch_redefine(r, P_WHAT, def[P_WHAT]);
			bad += !slice_is(ev_str(&ev, F_PATH), path);
		}
	}
	ok_int(n, 300 * (60 - 9), "every event of the batches that were sent");
	ok_int(bad, 0, "with its own definitions");
	ok(batch_resets(r) >= 8, "which began anew after each that was not");
	batch_writer_free(w);
	batch_reader_free(r);
}

static void test_limits(struct batch_writer *w)
{
	struct flat_event fe;
	char path[32];
	int i, rc = TK_OK;

	batch_begin(w);
	for (i = 0; i < 100000 && rc == TK_OK; i++) {
		make_event(&fe, i);
		ev_set_str(&fe.ev, F_PATH, slice_of(path, (size_t)snprintf(path, sizeof path, "/%d", i)));
		rc = batch_add(w, &fe.ev);
	}
	ok_int(rc, TK_ELIMIT, "a batch is full some time");
	ok(i < 20000, "before the frame limit");
}

static void test_reasons(struct batch_writer *w, struct batch_reader *r)
{
	static const uint8_t reasons[] = { LOSS_NONE, LOSS_COUNT, 255 };

	for (size_t i = 0; i < COUNT(reasons); i++) {
		struct batch_head head = { .mode = BATCH_TAIL }, got;
		struct loss l = { .reason = reasons[i], .n = 1 };
		struct err e;

		batch_begin(w);
		batch_add_loss(w, &l);
		ok_int(batch_open(r, batch_finish(w, &head), &got, &e), TK_OK, "a batch");
		ok_int(batch_next_loss(r, &l), TK_EMALFORMED, "with a reason that is none");
	}
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		ok_int(loss_by_name(slice_str(loss_name((enum loss_reason)i))), i,
		       loss_doc((enum loss_reason)i));
	ok_int(loss_by_name(SLICE("")), LOSS_NONE, "no name");
}

static void test_ack(void)
{
	struct batch_ack a = { 1, 2, true, 3, 4 }, b;
	struct buf out;

	buf_init(&out, 1000);
	ack_encode(&a, &out);
	ok_int(ack_decode(buf_slice(&out), &b), TK_OK, "ack");
	ok(b.token == 1 && b.position == 2 && b.discarded && b.new_events == 3 && b.duplicates == 4,
	   "ack's members");
	ok_int(ack_decode(slice_head(buf_slice(&out), out.n - 1), &b), TK_EMALFORMED, "an ack that is cut");
	buf_free(&out);
}

int main(void)
{
	struct batch_writer *w = batch_writer_new();
	struct batch_reader *r = batch_reader_new();

	test_round_trip(w, r);
	test_damage();
	test_limits(w);
	test_definitions();
	test_ack();
	test_reasons(w, r);
	batch_writer_free(w);
	batch_reader_free(r);
	return tap_done();
}
