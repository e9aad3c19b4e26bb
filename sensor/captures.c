#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "sensor/captures_state.h"
#include "sensor/input/capture_open.h"

#define BLOCKS_A_STEP 8			  /* of one ring: then the others have their turn */
#define FLUSH_BYTES (64u << 10)		  /* a batch that goes into the socket's buffer at once */
#define STALL_NS (30 * NS_PER_SEC)
#define FLUSH_NS (INT64_C(100) * 1000000) /* an event waits no longer than this */
#define COUNT_NS NS_PER_SEC		  /* how often the kernel is asked what it dropped */
#define LATE_NS (INT64_C(2) * CAPTURE_RETIRE_MS * 1000000) /* a packet may come so late out of the ring */
#define SECRETS 65536			  /* TLS connections of a capture: as many as are followed */
#define SECRETS_LATE_NS (3 * NS_PER_SEC)  /* a file takes a second to be found, a buffer one to be written */
#define LAST_KEYS 64			  /* steps that a stop takes to read its key log to the end */

/* ---- batches ---- */

static bool new_session(struct capture *p)
{
	struct generation fresh = { 0 };

	if (!random_bytes(&fresh.token, sizeof fresh.token))
		return false;
	fresh.token |= fresh.token == 0;
	p->session = fresh;
	p->from = 0;
	return true;
}

bool captures_can_send(const struct captures *c, unsigned n)
{
	return c->may_wait || outbox_ready(c->outbox, n);
}

static int open_batch(struct captures *c, struct capture *p, struct err *e)
{
	int rc;

	if (c->pending == p)
		return TK_OK;
	rc = outbox_open(c->outbox, &c->user, e);
	if (rc != TK_OK)
		return rc;
	c->pending = p;
	c->pending_since = c->mono;
	p->from = p->session.position;
	return TK_OK;
}

/* What finds no room is told with the next batch. */
static void add_losses(struct captures *c, struct capture *p)
{
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++) {
		struct loss *l = &p->losses.of[i];

		l->reason = (uint8_t)i;
		if ((l->n > 0 || l->bytes > 0) && batch_add_loss(c->outbox->w, l) == TK_OK)
			l->n = l->bytes = 0;
	}
}

static int send_batch(struct captures *c, struct err *e)
{
	struct capture *p = c->pending;
	struct batch_head head = { .mode = BATCH_TAIL, .flags = BATCH_LIVE };
	struct outbox_batch b = { .user = &c->user };
	int rc = outbox_wait(c->outbox, e);

	if (rc != TK_OK)
		return rc;
	add_losses(c, p);
	if (p->begins)
		head.flags |= BATCH_BEGINS;
	if (p->up && p->drained) {
		head.flags |= BATCH_CAUGHT_UP;
		p->begins = false;
	}
	p->session.line = p->told_line = tap_in_flight(p->tap);
	head.now = c->wall;
	head.input = slice_str(p->name);
	head.path = slice_str(p->interface);
	head.from = p->from;
	b.to = p->session;
	b.entry = (size_t)(p - c->list);
	b.tag = p->session.position - p->from;
	c->pending = NULL;
	p->sent_at = c->mono;
	return outbox_send(c->outbox, &b, &head, e);
}

static int flush_pending(void *ctx, struct err *e)
{
	return send_batch(ctx, e);
}

/* The recorder refuses a batch only when a position is not what it has: its events are lost, and what follows
 * goes on as a session of its own. */
static int take_answer(void *ctx, const struct outbox_batch *sent, const struct batch_ack *a, struct err *e)
{
	struct captures *c = ctx;
	struct capture *p = &c->list[sent->entry];

	if (!a->discarded)
		return TK_OK;
	losses_add(&p->losses, LOSS_IN_FLIGHT, sent->tag, 0);
	if (sent->to.token == p->session.token) {
		uint64_t open = c->pending == p ? p->session.position - p->from : 0;

		if (!new_session(p))
			return err_set(e, TK_EIO, "no random numbers");
		p->session.position = open;
	}
	return TK_OK;
}

/* An event that finds no room: the recorder has stood still for long, or one packet completed thousands. */
static int add_event(struct captures *c, struct capture *p, const struct access_event *ev)
{
	int rc = TK_OK;

	if (c->pending != p && c->outbox->open != NULL && !captures_can_send(c, 1))
		return TK_ELIMIT;
	if ((rc = open_batch(c, p, &c->err)) != TK_OK)
		return rc;
	rc = batch_add(c->outbox->w, ev);
	if (rc != TK_ELIMIT || !captures_can_send(c, 1))
		return rc;
	if ((rc = send_batch(c, &c->err)) == TK_OK && (rc = open_batch(c, p, &c->err)) == TK_OK)
		rc = batch_add(c->outbox->w, ev);
	return rc;
}

static void take_event(void *ctx, struct access_event *ev)
{
	struct capture *p = ctx;
	struct captures *c = p->owner;

	if (c->rc != TK_OK)
		return;
	c->rc = add_event(c, p, ev);
	if (c->rc == TK_ELIMIT) {
		losses_add(&p->losses, LOSS_EXCHANGE_LIMIT, 1, 0);
		c->rc = TK_OK;
		return;
	}
	if (c->rc != TK_OK)
		return;
	p->session.position++;
	if (batch_bytes(c->outbox->w) >= FLUSH_BYTES && captures_can_send(c, 1)) {
		p->drained = false;
		c->rc = send_batch(c, &c->err);
	}
}

static int tell_killed(struct captures *c, struct err *e)
{
	int rc = TK_OK;

	while (rc == TK_OK && c->n_killed > 0 && captures_can_send(c, 2)) {
		const struct killed *k = &c->killed[c->n_killed - 1];
		struct loss l = { .reason = LOSS_IN_FLIGHT, .n = k->session.line };
		struct batch_head head = { .mode = BATCH_TAIL,
					   .flags = BATCH_LIVE,
					   .now = c->wall,
					   .input = slice_str(k->capture->name),
					   .path = slice_str(k->capture->interface),
					   .from = k->session.position };
		struct outbox_batch b = { .user = &c->user,
					  .to = k->session,
					  .entry = (size_t)(k->capture - c->list) };

		b.to.finished = true;
		rc = outbox_open(c->outbox, &c->user, e);
		if (rc == TK_OK && l.n > 0)
			batch_add_loss(c->outbox->w, &l);
		if (rc == TK_OK && (rc = outbox_wait(c->outbox, e)) == TK_OK)
			rc = outbox_send(c->outbox, &b, &head, e);
		c->n_killed--;
	}
	return rc;
}

/* ---- what is told ---- */

struct captures *captures_new(struct outbox *outbox, const struct parse_context *fields,
			      const struct captures_sink *sink)
{
	struct captures *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->outbox = outbox;
	c->user = (struct outbox_user){ .ctx = c, .flush = flush_pending, .answer = take_answer };
	c->fields = fields;
	c->sink = *sink;
	return c;
}

void captures_free(struct captures *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		capture_ring_close(&c->list[i].ring);
		tap_free(c->list[i].tap);
		capture_keys_free(c->list[i].keys);
		free(c->list[i].name);
		free(c->list[i].interface);
	}
	free(c->killed);
	free(c);
}

size_t captures_count(const struct captures *c)
{
	return c->n;
}

int captures_input(struct captures *c, const struct role_capture_input *in, struct err *e)
{
	const struct tap_limits limits = TAP_LIMITS_DEFAULT;
	struct capture *p = &c->list[c->n];
	struct tap_sink sink = { .ctx = p, .event = take_event };

	if (in->number != c->n || c->n == CAPTURES_MAX || in->name.n == 0 || in->interface.n == 0)
		return err_set(e, TK_EMALFORMED, "capture %u comes out of turn", in->number);
	*p = (struct capture){ .owner = c,
			       .ring = { .fd = -1 },
			       .name = strndup((const char *)in->name.p, in->name.n),
			       .interface = strndup((const char *)in->interface.p, in->interface.n),
			       .tap = tap_new(&limits, c->fields, &sink) };
	c->n++;
	if (p->name == NULL || p->interface == NULL || p->tap == NULL || !new_session(p))
		return err_set(e, TK_ENOMEM, "no memory for a capture");
	if (!in->keylog)
		return TK_OK;
	if ((p->keys = capture_keys_new(SECRETS)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for a key log");
	tap_use_keys(p->tap, capture_keys_log(p->keys));
	if (!tap_linger(p->tap, SECRETS_LATE_NS))
		return err_set(e, TK_ENOMEM, "no memory for encrypted connections");
	return TK_OK;
}

int captures_resume(struct captures *c, struct slice input, const struct generation *g, struct err *e)
{
	struct killed *list;
	size_t i = 0;

	while (i < c->n && !slice_is(input, c->list[i].name))
		i++;
	if (i == c->n || g->finished)
		return TK_OK;
	list = realloc(c->killed, (c->n_killed + 1) * sizeof *list);
	if (list == NULL)
		return err_set(e, TK_ENOMEM, "no memory for a session");
	c->killed = list;
	list[c->n_killed++] = (struct killed){ &c->list[i], *g };
	return TK_OK;
}

static void close_ring(struct capture *p)
{
	losses_add(&p->losses, LOSS_KERNEL_DROP, capture_ring_drops(&p->ring), 0);
	losses_add(&p->losses, LOSS_BAD_PACKET, p->ring.bad, 0);
	capture_ring_close(&p->ring);
	p->close_at = 0;
}

int captures_open(struct captures *c, const struct role_capture *r, int fd, struct err *e)
{
	struct capture_ring ring;
	struct capture *p;
	int rc;

	if (r->input >= c->n) {
		sys_close(fd);
		return err_set(e, TK_EMALFORMED, "a capture that belongs to no input");
	}
	if ((rc = capture_ring_map(&ring, fd, r->link_type, r->block_size, r->n_blocks, e)) != TK_OK)
		return rc;
	p = &c->list[r->input];
	close_ring(p);
	p->ring = ring;
	p->id = r->id;
	p->up = p->begins = true;
	return TK_OK;
}

int captures_keylog(struct captures *c, uint32_t input, int fd, struct err *e)
{
	if (input < c->n && c->list[input].keys != NULL) {
		capture_keys_file(c->list[input].keys, fd);
		return TK_OK;
	}
	sys_close(fd);
	return err_set(e, TK_EMALFORMED, "a key log of a capture that has none");
}

/* What is in the ring, and in the block that the kernel is filling, is read before it is closed. */
static void went_down(struct captures *c, struct capture *p)
{
	if (!p->up)
		return;
	p->up = false;
	p->close_at = c->mono + LATE_NS;
	losses_add(&p->losses, LOSS_CAPTURE_DOWN, 1, 0);
}

int captures_state(struct captures *c, const struct role_capture_state *s, struct err *e)
{
	if (s->input >= c->n)
		return err_set(e, TK_EMALFORMED, "the state of a capture that belongs to no input");
	losses_add(&c->list[s->input].losses, LOSS_INTERFACE_DROP, s->drops, 0);
	if (s->gone)
		went_down(c, &c->list[s->input]);
	return TK_OK;
}

/* ---- packets ---- */

static void read_block(struct captures *c, struct capture *p)
{
	struct packet packet;

	while (c->rc == TK_OK && capture_ring_next(&p->ring, &packet))
		tap_packet(p->tap, packet.ns, packet.link_type, packet.bytes, packet.wire_len);
}

static void read_ring(struct captures *c, struct capture *p, unsigned blocks, bool *busy)
{
	p->drained = false;
	for (; blocks > 0 && c->rc == TK_OK; blocks--) {
		/* Not now: the packets stay where they are. */
		if (!captures_can_send(c, 2))
			return;
		if (!capture_ring_begin(&p->ring)) {
			p->drained = true;
			tap_time(p->tap, c->wall - LATE_NS);
			return;
		}
		/* Whoever sends what is encrypted has its secret, and has written it by now. */
		captures_read_keys(c, p);
		read_block(c, p);
	}
	*busy = true;
}

static void count_losses(struct capture *p)
{
	struct losses l;

	tap_losses(p->tap, &l);
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		losses_add(&p->losses, (enum loss_reason)i, l.of[i].n, l.of[i].bytes);
	losses_add(&p->losses, LOSS_KERNEL_DROP, capture_ring_drops(&p->ring), 0);
	losses_add(&p->losses, LOSS_BAD_PACKET, p->ring.bad, 0);
	p->ring.bad = 0;
}

static bool any_loss(const struct capture *p)
{
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		if (p->losses.of[i].n > 0)
			return true;
	return false;
}

/* Is it time for a batch, if only to say that nothing is new? */
static bool is_due(const struct captures *c, const struct capture *p)
{
	int64_t quiet = c->mono - p->sent_at;

	if (c->pending == p)
		return c->mono - c->pending_since >= FLUSH_NS;
	if (p->up && p->drained && (p->begins || quiet >= CAPTURES_BEAT_NS))
		return true;
	return quiet >= COUNT_NS && (any_loss(p) || (p->up && p->told_line != tap_in_flight(p->tap)));
}

static int send_due(struct captures *c, struct capture *p, struct err *e)
{
	int rc;

	if (!is_due(c, p) || !captures_can_send(c, 2))
		return TK_OK;
	rc = open_batch(c, p, e);
	return rc == TK_OK ? send_batch(c, e) : rc;
}

static int failed(const struct captures *c, struct err *e)
{
	if (c->rc != TK_OK)
		*e = c->err;
	return c->rc;
}

/* Two turns lie a moment apart. If more has passed, by whatever clock, the sensor stood still, the machine
 * slept, or the clock was set forward: nobody can say that every minute in between was watched. */
static void note_stall(struct captures *c, int64_t mono, int64_t wall)
{
	if (c->mono == 0 || (mono - c->mono < STALL_NS && wall - c->wall < STALL_NS))
		return;
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].up) {
			c->list[i].begins = true;
			losses_add(&c->list[i].losses, LOSS_STALL, 1, 0);
		}
}

int captures_step(struct captures *c, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e)
{
	bool busy = false, count = mono - c->counted_at >= COUNT_NS;
	int rc;

	if (c->n == 0)
		return TK_OK;
	note_stall(c, mono, wall);
	c->mono = mono;
	c->wall = wall;
	rc = tell_killed(c, e);
	for (size_t i = 0; rc == TK_OK && i < c->n; i++) {
		struct capture *p = &c->list[i];

		busy |= captures_look_at_keys(c, p);
		read_ring(c, p, BLOCKS_A_STEP, &busy);
		if (p->close_at != 0 && mono >= p->close_at && p->drained)
			close_ring(p);
		if (count)
			count_losses(p);
		rc = c->rc == TK_OK ? send_due(c, p, e) : failed(c, e);
	}
	if (count)
		c->counted_at = mono;
	if (busy)
		*sleep_ns = 0;
	else if (*sleep_ns > CAPTURES_SLEEP_NS)
		*sleep_ns = CAPTURES_SLEEP_NS;
	return rc;
}

size_t captures_poll(const struct captures *c, struct pollfd polled[CAPTURES_MAX])
{
	/* What cannot be read now is not waited for; an error is told all the same. */
	short events = captures_can_send(c, 2) ? POLLIN : 0;

	for (size_t i = 0; i < c->n; i++)
		polled[i] = (struct pollfd){ .fd = c->list[i].ring.fd, .events = events };
	return c->n;
}

void captures_polled(struct captures *c, const struct pollfd *polled, size_t n)
{
	for (size_t i = 0; i < n && i < c->n; i++) {
		struct capture *p = &c->list[i];

		if ((polled[i].revents & POLLERR) == 0 || polled[i].fd != p->ring.fd)
			continue;
		if (capture_ring_error(&p->ring) != 0 && p->up) {
			went_down(c, p);
			c->sink.lost(c->sink.ctx, p->id);
		}
	}
}

/* ---- the end ---- */

static void read_all(struct captures *c)
{
	bool busy;

	for (size_t i = 0; i < c->n; i++) {
		c->list[i].keys_at = c->mono - KEYS_NS;
		for (int steps = 0; steps < LAST_KEYS && captures_look_at_keys(c, &c->list[i]); steps++)
			;
		read_ring(c, &c->list[i], c->list[i].ring.n_blocks + 1, &busy);
	}
}

int captures_finish(struct captures *c, int64_t wall, struct err *e)
{
	int rc;

	if (c->n == 0)
		return TK_OK;
	c->wall = wall;
	c->may_wait = true;
	rc = tell_killed(c, e);
	read_all(c);
	poll(NULL, 0, CAPTURE_RETIRE_MS + 10); /* the block that the kernel is filling */
	read_all(c);
	for (size_t i = 0; rc == TK_OK && i < c->n; i++) {
		struct capture *p = &c->list[i];

		if (c->rc == TK_OK)
			tap_finish(p->tap);
		count_losses(p);
		if ((rc = failed(c, e)) != TK_OK)
			break;
		/* It never began. */
		if (p->sent_at == 0 && p->session.position == 0 && !p->up && !any_loss(p))
			continue;
		p->session.finished = true;
		if ((rc = open_batch(c, p, e)) == TK_OK)
			rc = send_batch(c, e);
	}
	return rc;
}
