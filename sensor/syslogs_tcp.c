/* One connection that brings log lines: looked at in the kernel, taken out when committed. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "sensor/input/syslog_frame.h"
#include "sensor/syslogs_state.h"

#define STUCK_NS (INT64_C(50) * 1000000) /* woken without news: not at once again */

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	sys_close(c->fd);
	free(c->path);
	free(c);
}

/* Only a longer wait than what is there wakes us: what waits stays where it is. */
static void wake_above(const struct connection *c, size_t n)
{
	int above = (int)(n < WINDOW ? n + 1 : WINDOW);

	setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &above, sizeof above);
}

/* Takes out of the kernel what is committed. */
static void take_out(struct connection *c)
{
	while (c->taken < connection_at(c)) {
		uint64_t rest = connection_at(c) - c->taken;
		ssize_t n =
			recv(c->fd, NULL, rest < WINDOW ? (size_t)rest : WINDOW, MSG_TRUNC | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) { /* reset: nothing of it is left */
			c->ended = true;
			c->base += c->taken - connection_at(c);
			return;
		}
		c->taken += (uint64_t)n;
	}
}

void connection_resume(struct connection *c, const struct generation *g)
{
	if (g->position < c->taken)
		return; /* another ledger than that which let it be taken out: it begins as a new one */
	c->base = 0;
	c->gen = *g;
	c->gen.finished = false;
	take_out(c);
}

static bool new_generation(struct connection *c)
{
	struct generation fresh = { .line = 1 };

	if (!random_bytes(&fresh.token, sizeof fresh.token))
		return false;
	fresh.token |= fresh.token == 0;
	c->base = c->taken;
	c->gen = fresh;
	return true;
}

bool connection_answer(struct syslogs *s, struct connection *c, const struct outbox_batch *sent,
		       const struct batch_ack *a)
{
	c->busy = false;
	c->seen = 0;
	if (a->discarded) {
		/* It was not recorded, and is still in the kernel: sent again under another name. */
		c->finished = c->skip_line = false;
		c->skip = 0;
		return !new_generation(c);
	}
	c->gen = sent->to;
	take_out(c);
	if (c->finished)
		s->sink.done(s->sink.ctx, c->id);
	return c->finished;
}

/* Bytes of a message that was too long; of `in` those that are passed over. */
static size_t pass_over(struct connection *c, struct slice in)
{
	size_t n = c->skip < in.n ? (size_t)c->skip : in.n;

	c->skip -= n;
	while (c->skip == 0 && c->skip_line && n < in.n) {
		c->skip_line = in.p[n] != '\n' && in.p[n] != '\0';
		n++;
	}
	return n;
}

static int add(struct syslogs *s, struct connection *c, const struct syslog_frame *f, struct err *e)
{
	struct syslog_input *in = &s->inputs[c->input];
	struct line line = { .text = f->text,
			     .offset = connection_at(c),
			     .end = connection_at(c) + f->size,
			     .number = in->lines + 1 };
	int rc;

	if (f->found == SYSLOG_TOO_LONG)
		line.reject = REJECT_TOO_LONG;
	else if (f->found == SYSLOG_CUT)
		line.reject = REJECT_MALFORMED;
	else if (f->text.n == 0)
		return TK_OK;
	rc = syslogs_line(s, in, &line, e);
	if (rc == TK_OK && f->found == SYSLOG_TOO_LONG) {
		c->skip_line = f->to_line_end;
		c->skip = f->size;
	}
	return rc;
}

/* The messages of `in` into the open batch, until it is full enough. *used: bytes of them. */
static int fill(struct syslogs *s, struct connection *c, struct slice in, bool last, size_t *used,
		struct err *e)
{
	struct syslog_frame f;
	int rc = TK_OK;

	*used = 0;
	while (*used < in.n && batch_bytes(s->batcher->w) < BATCH_FLUSH_BYTES) {
		struct slice rest = slice_from(in, *used);
		size_t n = pass_over(c, rest);

		if (n == 0) {
			syslog_frame(rest, last, &f);
			if (f.found == SYSLOG_MORE)
				break;
			if ((rc = add(s, c, &f, e)) != TK_OK)
				break;
			n = f.found == SYSLOG_TOO_LONG ? 0 : (size_t)f.size;
		}
		*used += n;
		c->gen.position += n;
	}
	return rc == TK_ELIMIT && *used > 0 ? TK_OK : rc;
}

static int send_connection(struct syslogs *s, struct connection *c, uint64_t from, struct err *e)
{
	const struct syslog_input *in = &s->inputs[c->input];
	struct batch_head head = { .mode = BATCH_TAIL,
				   .flags = BATCH_LIVE,
				   .now = s->wall,
				   .input = slice_str(in->name),
				   .path = slice_str(c->path),
				   .from = from };
	struct outbox_batch b = { .user = &s->user, .to = c->gen, .entry = SYSLOG_MAX, .tag = c->id };
	int rc = outbox_wait(s->outbox, e);

	c->busy = true;
	return rc == TK_OK ? outbox_send(s->outbox, &b, &head, e) : rc;
}

/* What waits in the kernel, or -1: there is none, and perhaps the end. */
static ssize_t look(struct syslogs *s, struct connection *c)
{
	ssize_t n = recv(c->fd, s->buf, WINDOW, MSG_PEEK | MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->ended = true;
	return n;
}

/* Nothing whole in what there is: woken when there is more. */
static void wait_for_more(const struct syslogs *s, struct connection *c, size_t n)
{
	if (n == c->seen)
		c->wait_until = s->mono + STUCK_NS;
	c->seen = n;
	wake_above(c, n);
}

int connection_step(struct syslogs *s, struct connection *c, bool *busy, struct err *e)
{
	uint64_t from = c->gen.position;
	size_t used = 0;
	ssize_t n;
	bool last;
	int rc;

	if (c->busy || c->finished || (!c->readable && !c->ended && !s->may_wait) ||
	    s->mono < c->wait_until || !syslogs_can_send(s, 2))
		return TK_OK;
	c->readable = false;
	n = look(s, c);
	if (n <= 0 && !c->ended && (!s->may_wait || c->gen.position == 0))
		return TK_OK;
	if (n <= 0 && c->ended && c->gen.position == 0) { /* it never said anything */
		c->finished = true;
		return TK_OK;
	}
	last = c->ended && n < (ssize_t)WINDOW;
	if ((rc = outbox_open(s->outbox, &s->user, e)) != TK_OK)
		return rc;
	if (n > 0)
		rc = fill(s, c, slice_of(s->buf, (size_t)n), last, &used, e);
	if (rc != TK_OK)
		return err_set(e, rc, "input %s: a line does not fit into a batch", s->inputs[c->input].name);
	c->finished = last && (n <= 0 || used == (size_t)n);
	c->gen.finished = c->finished || s->may_wait;
	if (used == 0 && !c->gen.finished && batch_bytes(s->batcher->w) == 0) {
		outbox_discard(s->outbox);
		wait_for_more(s, c, (size_t)n);
		return TK_OK;
	}
	/* A few lines now and then share a transaction; a stream of them does not wait. */
	c->wait_until = used < WINDOW / 4 ? s->mono + FLUSH_NS : 0;
	c->seen = 0;
	wake_above(c, 0);
	*busy |= used >= WINDOW / 4;
	return send_connection(s, c, from, e);
}
