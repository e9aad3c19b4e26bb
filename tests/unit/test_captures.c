/* The captures of a sensor over rings that are files in memory, with a recorder made of an array: sessions
 * and their positions, losses, heartbeats, and that nobody waits for the recorder. The clock is the test's
 * own. */
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/captures.h"
#include "sensor/input/batcher.h"
#include "sensor/input/capture_ring.h"
#include "tests/lib/tap.h"

#define BLOCK 4096u
#define BLOCKS 8u
#define BATCHES 256
#define ROUNDS 14 /* more than there may be batches for, no more than the ring holds beside them */
#define WALL (INT64_C(1795400670) * NS_PER_SEC)

struct batch {
	struct batch_head head;
	char input[16];
	uint32_t events;
	struct losses losses;
};

struct bench {
	struct batcher batcher;
	struct outbox outbox;
	struct captures *captures;
	struct batch_reader *reader;
	struct batch list[BATCHES];
	size_t n, answered;
	bool hold, refuse; /* answers nothing; discards */
	bool stuffed;	   /* the socket takes nothing */
	size_t waited;
	uint64_t lost;
	size_t said;
	int64_t mono;
	int ring[2]; /* our own descriptors of the rings */
	unsigned block[2];
	uint16_t port;
};

/* ---- the recorder ---- */

static int take(void *ctx, struct slice payload, struct err *e)
{
	struct bench *b = ctx;
	struct batch *t = &b->list[b->n++ % BATCHES];
	struct flat_event fe;
	uint32_t def[P_COUNT];
	struct loss l;

	*t = (struct batch){ 0 };
	if (batch_open(b->reader, payload, &t->head, e) != TK_OK)
		return e->code;
	memcpy(t->input, t->head.input.p, t->head.input.n < 15 ? t->head.input.n : 15);
	while (batch_next_loss(b->reader, &l) == TK_OK)
		losses_add(&t->losses, l.reason, l.n, l.bytes);
	flat_event_reset(&fe);
	while (batch_next(b->reader, &fe.ev, def, e) == TK_OK)
		t->events++;
	return TK_OK;
}

static int answer(struct bench *b)
{
	struct batch *t = &b->list[b->answered++ % BATCHES];
	struct batch_ack a = { .token = t->head.gen.token,
			       .discarded = b->refuse,
			       .position = b->refuse ? 7 : t->head.gen.position };

	return outbox_answer(&b->outbox, &a, NULL);
}

static int wait_answer(void *ctx, struct err *e)
{
	struct bench *b = ctx;

	(void)e;
	b->waited++;
	return answer(b);
}

static bool writable(void *ctx)
{
	return !((struct bench *)ctx)->stuffed;
}

static void told_lost(void *ctx, uint64_t id)
{
	((struct bench *)ctx)->lost = id;
}

static void say(void *ctx, const char *text)
{
	((struct bench *)ctx)->said += strstr(text, "other") != NULL;
}

/* ---- the kernel ---- */

static int new_ring(struct bench *b, unsigned i)
{
	if (b->ring[i] > 0)
		sys_close(b->ring[i]);
	b->ring[i] = memfd_create("ring", MFD_CLOEXEC);
	b->block[i] = 0;
	if (ftruncate(b->ring[i], BLOCK * BLOCKS) != 0)
		abort();
	return dup(b->ring[i]);
}

struct wire {
	uint8_t bytes[BLOCK];
	uint32_t n, packets;
	int64_t ns;
};

/* One TCP segment as it lies in a block. */
static void put(struct wire *w, bool answer, uint16_t port, uint32_t seq, uint32_t ack, uint8_t flags,
		const char *text)
{
	uint32_t n = (uint32_t)strlen(text), at = w->n, whole = 14 + 40 + n;
	struct tpacket3_hdr h = { .tp_next_offset = (82 + whole + 7) & ~7u,
				  .tp_sec = (uint32_t)(w->ns / NS_PER_SEC),
				  .tp_nsec = (uint32_t)(w->ns % NS_PER_SEC),
				  .tp_snaplen = whole,
				  .tp_len = whole,
				  .tp_mac = 82 };
	uint8_t *p = w->bytes + at + 82;
	uint16_t from = answer ? 80 : port, to = answer ? port : 80;

	memcpy(w->bytes + at, &h, sizeof h);
	memset(p, 0, 54);
	p[12] = 8;
	p[14] = 0x45;
	p[16] = (uint8_t)((40 + n) >> 8);
	p[17] = (uint8_t)(40 + n);
	p[22] = 64;
	p[23] = 6;
	p[26] = p[30] = 10;
	p[29] = answer ? 2 : 1;
	p[33] = answer ? 1 : 2;
	p[34] = (uint8_t)(from >> 8);
	p[35] = (uint8_t)from;
	p[36] = (uint8_t)(to >> 8);
	p[37] = (uint8_t)to;
	for (int i = 0; i < 4; i++) {
		p[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
		p[42 + i] = (uint8_t)(ack >> (24 - 8 * i));
	}
	p[46] = 0x50;
	p[47] = flags;
	memcpy(p + 54, text, n);
	w->n += h.tp_next_offset;
	w->packets++;
	w->ns += 1000;
}

#define SYN 2
#define ACK 16
#define REQUEST_TEXT "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
#define RESPONSE_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* A connection with a call; `whole`: with its answer. */
static void call(struct bench *b, struct wire *w, bool whole)
{
	uint16_t port = (uint16_t)(20000 + b->port++);
	uint32_t a = 1000, s = 5000, n = sizeof REQUEST_TEXT - 1;

	put(w, false, port, a, 0, SYN, "");
	put(w, true, port, s, a + 1, SYN | ACK, "");
	put(w, false, port, a + 1, s + 1, ACK, REQUEST_TEXT);
	if (whole)
		put(w, true, port, s + 1, a + 1 + n, ACK, RESPONSE_TEXT);
}

static void wire_begin(const struct bench *b, struct wire *w)
{
	memset(w, 0, sizeof *w);
	w->n = 48;
	w->ns = WALL + b->mono;
}

static void wire_end(struct bench *b, unsigned ring, struct wire *w)
{
	struct tpacket_hdr_v1 h = { .num_pkts = w->packets,
				    .offset_to_first_pkt = 48,
				    .blk_len = w->n,
				    .block_status = TP_STATUS_USER };
	off_t at = (off_t)(b->block[ring]++ % BLOCKS) * BLOCK;

	memcpy(w->bytes + offsetof(struct tpacket_block_desc, hdr), &h, sizeof h);
	ok_int(pwrite(b->ring[ring], w->bytes, BLOCK, at), BLOCK, "a block");
}

static void calls(struct bench *b, unsigned ring, int n, bool whole)
{
	struct wire w;

	wire_begin(b, &w);
	for (int i = 0; i < n; i++)
		call(b, &w, whole);
	wire_end(b, ring, &w);
}

/* ---- the bench ---- */

static void hand_in(struct bench *b, unsigned i, uint64_t id)
{
	struct role_capture r = {
		.id = id, .input = i, .link_type = 1, .block_size = BLOCK, .n_blocks = BLOCKS
	};
	struct err e;

	ok_int(captures_open(b->captures, &r, new_ring(b, i), &e), TK_OK, "handed in");
}

static struct bench *bench_new(unsigned n)
{
	struct bench *b = calloc(1, sizeof *b);
	const struct outbox_line line = { .ctx = b, .send = take, .wait = wait_answer, .writable = writable };
	const struct captures_sink sink = { .ctx = b, .lost = told_lost, .say = say };
	static const char *const names[] = { "tap", "other" };
	struct err e;

	b->mono = 1000 * NS_PER_SEC;
	b->reader = batch_reader_new();
	batcher_init(&b->batcher, slice_of(NULL, 0), NULL, 0);
	outbox_init(&b->outbox, &line, b->batcher.w);
	b->captures = captures_new(&b->outbox, &b->batcher.ctx, &sink);
	for (unsigned i = 0; i < n; i++) {
		struct role_capture_input in = { .number = i,
						 .name = slice_str(names[i]),
						 .interface = SLICE("eth9"),
						 .keylog = i == 1 };

		ok_int(captures_input(b->captures, &in, &e), TK_OK, "an input");
	}
	return b;
}

static void bench_free(struct bench *b)
{
	captures_free(b->captures);
	batch_reader_free(b->reader);
	batcher_free(&b->batcher);
	for (int i = 0; i < 2; i++)
		if (b->ring[i] > 0)
			sys_close(b->ring[i]);
	free(b);
}

/* Time passes. */
static void run(struct bench *b, int64_t ns)
{
	int64_t until = b->mono + ns, sleep_ns;
	struct err e = { 0 };

	for (; b->mono < until; b->mono += 10 * 1000000) {
		sleep_ns = NS_PER_SEC;
		if (captures_step(b->captures, b->mono, WALL + b->mono, &sleep_ns, &e) != TK_OK)
			ok(false, e.text);
		while (!b->hold && b->answered < b->n)
			answer(b);
	}
}

static uint32_t events_since(const struct bench *b, size_t from)
{
	uint32_t n = 0;

	for (size_t i = from; i < b->n; i++)
		n += b->list[i % BATCHES].events;
	return n;
}

static uint64_t lost_since(const struct bench *b, size_t from, enum loss_reason r)
{
	uint64_t n = 0;

	for (size_t i = from; i < b->n; i++)
		n += b->list[i % BATCHES].losses.of[r].n;
	return n;
}

static const struct batch *last(const struct bench *b)
{
	return &b->list[(b->n - 1) % BATCHES];
}

/* ---- */

static void test_session(void)
{
	struct bench *b = bench_new(1);
	int wrong = 0;
	size_t before;
	uint64_t token;
	struct err e;

	run(b, NS_PER_SEC);
	ok_int((int64_t)b->n, 0, "a capture that never was says nothing");
	hand_in(b, 0, 1);
	run(b, NS_PER_SEC);
	ok_int((int64_t)b->n, 1, "then that it begins");
	ok_int(last(b)->head.flags, BATCH_LIVE | BATCH_BEGINS | BATCH_CAUGHT_UP, "watched from now");
	ok(last(b)->head.gen.position == 0 && last(b)->head.gen.dev == 0 && last(b)->head.gen.ino == 0,
	   "at 0");
	token = last(b)->head.gen.token;
	for (int i = 0; i < 3; i++) {
		calls(b, 0, 5, true);
		run(b, NS_PER_SEC);
	}
	ok_int(events_since(b, 0), 15, "each call once");
	for (size_t i = 1; i < b->n; i++)
		wrong += b->list[i].head.from != b->list[i - 1].head.gen.position ||
			 b->list[i].head.gen.token != token || (b->list[i].head.flags & BATCH_BEGINS) != 0 ||
			 b->list[i].head.gen.position != b->list[i].head.from + b->list[i].events;
	ok_int(wrong, 0, "each batch goes on where the one before ended");
	ok(token != 0 && last(b)->head.gen.position == 15, "at 15");
	before = b->n;
	run(b, 21 * NS_PER_SEC);
	ok(b->n - before >= 4 && b->n - before <= 5, "silence is told every 5 s");
	ok_int(last(b)->head.flags, BATCH_LIVE | BATCH_CAUGHT_UP, "as watched");
	calls(b, 0, 2, false);
	run(b, 2 * NS_PER_SEC);
	ok_int((int64_t)last(b)->head.gen.line, 2, "how many are under way is told");
	before = b->n;
	calls(b, 0, 1, true);
	ok_int(captures_finish(b->captures, WALL + b->mono, &e), TK_OK, "a clean stop");
	ok_int(events_since(b, before), 3, "what is under way or in the ring becomes events");
	ok(last(b)->head.gen.finished && last(b)->head.gen.line == 0 && last(b)->head.gen.position == 18,
	   "and the session is finished");
	bench_free(b);
}

static void test_killed(void)
{
	struct bench *b = bench_new(1);
	const struct generation killed = { .token = 99, .position = 40, .line = 3 };
	const struct generation old = { .token = 98, .position = 40, .line = 3, .finished = true };
	struct err e;

	captures_resume(b->captures, SLICE("tap"), &killed, &e);
	captures_resume(b->captures, SLICE("tap"), &old, &e);
	captures_resume(b->captures, SLICE("nobody"), &killed, &e);
	hand_in(b, 0, 1);
	run(b, NS_PER_SEC);
	ok_int((int64_t)b->n, 2, "one for the session that was killed, one that begins");
	ok(b->list[0].head.gen.token == 99 && b->list[0].head.gen.finished && b->list[0].head.from == 40 &&
		   b->list[0].head.gen.position == 40 && (b->list[0].head.flags & BATCH_CAUGHT_UP) == 0,
	   "it is over, where it was");
	ok_int((int64_t)b->list[0].losses.of[LOSS_IN_FLIGHT].n, 3, "with what was under way");
	ok(b->list[1].head.gen.token != 99 && b->list[1].head.from == 0, "and a new one begins");
	bench_free(b);
}

static void test_down(void)
{
	struct bench *b = bench_new(1);
	struct role_capture_state gone = { .input = 0, .gone = true, .drops = 12 };
	size_t before;
	struct err e;

	hand_in(b, 0, 1);
	run(b, NS_PER_SEC);
	before = b->n;
	captures_state(b->captures, &gone, &e);
	captures_state(b->captures, &gone, &e);
	calls(b, 0, 1, true); /* was in the block that the kernel was filling */
	run(b, 60 * NS_PER_SEC);
	ok_int((int64_t)lost_since(b, before, LOSS_CAPTURE_DOWN), 1,
	       "an interface that goes is counted once");
	ok_int((int64_t)lost_since(b, before, LOSS_INTERFACE_DROP), 24, "with what the card dropped");
	ok_int(events_since(b, before), 1, "what the ring still held is read");
	for (size_t i = before; i < b->n; i++)
		ok((b->list[i].head.flags & BATCH_CAUGHT_UP) == 0, "nothing is watched meanwhile");
	ok(b->n - before < 5, "and silence is not told");
	before = b->n;
	hand_in(b, 0, 2);
	calls(b, 0, 1, true);
	run(b, NS_PER_SEC);
	ok_int(events_since(b, before), 1, "it is back");
	ok((b->list[before].head.flags & (BATCH_BEGINS | BATCH_CAUGHT_UP)) ==
		   (BATCH_BEGINS | BATCH_CAUGHT_UP),
	   "and watched from there");
	ok(b->list[before].head.from == 1 &&
		   (last(b)->head.flags & BATCH_BEGINS) == (before + 1 == b->n ? BATCH_BEGINS : 0),
	   "the session goes on");
	bench_free(b);
}

/* The recorder stands still: packets stay in the ring, nobody waits, and nothing is lost when it goes on. */
static void test_slow_recorder(void)
{
	struct bench *b = bench_new(2);
	const struct role_capture_state drop = { .input = 1, .drops = 1 };
	struct pollfd polled[CAPTURES_MAX];
	struct err e;

	hand_in(b, 0, 1);
	hand_in(b, 1, 2);
	run(b, NS_PER_SEC);
	b->hold = true;
	for (int i = 0; i < 30; i++) {
		if (i < ROUNDS) {
			calls(b, 0, 3, true);
			calls(b, 1, 3, true);
		}
		captures_state(b->captures, &drop, &e);
		run(b, NS_PER_SEC);
	}
	run(b, 100 * NS_PER_SEC);
	ok_int((int64_t)b->waited, 0, "nobody waited");
	ok(b->outbox.n >= OUTBOX_MAX - 2 && b->outbox.n <= OUTBOX_MAX,
	   "as many batches as may be on their way");
	ok_int((int64_t)captures_poll(b->captures, polled), 2, "both rings are watched");
	ok(polled[0].events == 0 && polled[1].events == 0, "but not for packets");
	b->hold = false;
	while (b->answered < b->n)
		answer(b);
	run(b, 10 * NS_PER_SEC);
	ok_int(events_since(b, 0), 2 * 3 * ROUNDS, "each call came in the end, once");
	ok_int((int64_t)lost_since(b, 0, LOSS_INTERFACE_DROP), 30, "and each loss");
	captures_poll(b->captures, polled);
	ok_int(polled[0].events, POLLIN, "and packets are waited for again");
	b->stuffed = true;
	calls(b, 0, 3, true);
	run(b, 10 * NS_PER_SEC);
	ok_int(events_since(b, 0), 2 * 3 * ROUNDS, "nor is a full socket waited for");
	b->stuffed = false;
	run(b, NS_PER_SEC);
	ok_int(events_since(b, 0), 2 * 3 * ROUNDS + 3, "until it is not");
	ok_int((int64_t)lost_since(b, 0, LOSS_EXCHANGE_LIMIT), 0, "nothing was given up");
	bench_free(b);
}

static void test_refused(void)
{
	struct bench *b = bench_new(1);
	uint64_t token;
	size_t before;

	hand_in(b, 0, 1);
	run(b, NS_PER_SEC);
	token = last(b)->head.gen.token;
	b->hold = true;
	calls(b, 0, 4, true);
	run(b, NS_PER_SEC);
	b->hold = false;
	b->refuse = true;
	before = b->n;
	while (b->answered < b->n)
		answer(b);
	b->refuse = false;
	calls(b, 0, 2, true);
	run(b, 2 * NS_PER_SEC);
	ok(last(b)->head.gen.token != token && b->list[before].head.from == 0,
	   "a refused batch begins a new session");
	ok_int((int64_t)lost_since(b, before, LOSS_IN_FLIGHT), 4, "and its events are told as lost");
	ok_int((int64_t)last(b)->head.gen.position, 2, "the next ones are not");
	bench_free(b);
}

/* A tail and a capture write in turn: who opens a batch has the other's sent. */
static int other_flush(void *ctx, struct err *e)
{
	struct bench *b = ctx;
	static struct outbox_user user; /* answers are nobody's business here */
	struct batch_head head = { .mode = BATCH_TAIL, .input = SLICE("tail") };
	struct outbox_batch batch = { .user = &user, .to = { .token = 5, .ino = 1 } };

	return outbox_send(&b->outbox, &batch, &head, e);
}

static void test_shared_outbox(void)
{
	struct bench *b = bench_new(1);
	const struct outbox_user other = { .ctx = b, .flush = other_flush };
	struct flat_event fe;
	struct err e;

	b->hold = true;
	hand_in(b, 0, 1);
	run(b, NS_PER_SEC);
	flat_event_reset(&fe);
	ev_set_int(&fe.ev, F_TIMESTAMP, WALL);
	outbox_open(&b->outbox, &other, &e);
	batch_add(b->outbox.w, &fe.ev);
	calls(b, 0, 1, true);
	run(b, 20 * 1000000);
	ok(b->n == 2 && strcmp(last(b)->input, "tail") == 0 && last(b)->events == 1,
	   "the tail's batch goes out first");
	outbox_open(&b->outbox, &other, &e);
	ok(b->n == 3 && strcmp(last(b)->input, "tap") == 0 && last(b)->events == 1,
	   "and the capture's, when it is its turn");
	outbox_discard(&b->outbox);
	bench_free(b);
}

static void test_keys(void)
{
	struct bench *b = bench_new(2);
	int fd = memfd_create("keys", MFD_CLOEXEC);
	struct err e;

	ok_int(captures_keylog(b->captures, 0, dup(fd), &e), TK_EMALFORMED, "one that was not announced");
	ok_int(captures_keylog(b->captures, 2, dup(fd), &e), TK_EMALFORMED, "one of no capture");
	ok_int(captures_keylog(b->captures, 1, dup(fd), &e), TK_OK, "one that was");
	run(b, NS_PER_SEC);
	ok_int((int64_t)b->said, 0, "an empty one is none to speak of");
	for (int i = 0; i < 3; i++) {
		ok_int(write(fd, "nonsense here\n", 14), 14, "what is no key log");
		run(b, NS_PER_SEC);
		ok_int((int64_t)b->said, 1, "is told once");
	}
	sys_close(fd);
	bench_free(b);
}

int main(void)
{
	test_session();
	test_killed();
	test_down();
	test_slow_recorder();
	test_refused();
	test_shared_outbox();
	test_keys();
	return tap_done();
}
