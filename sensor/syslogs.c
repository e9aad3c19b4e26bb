#include "sensor/syslogs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "sensor/input/syslog_frame.h"
#include "sensor/syslogs_state.h"

#define DATAGRAMS_A_STEP 512 /* of one input: then the others have their turn */
#define LAST_ROUNDS 64	     /* of a stop */

bool syslogs_can_send(const struct syslogs *s, unsigned n)
{
	return s->may_wait || outbox_ready(s->outbox, n);
}

/* ---- batches of an input's own ---- */

static bool new_session(struct syslog_input *in)
{
	struct generation fresh = { .line = in->tcp ? 0 : 1 }; /* may something be lost with it? */

	if (!random_bytes(&fresh.token, sizeof fresh.token))
		return false;
	fresh.token |= fresh.token == 0;
	in->session = fresh;
	in->from = 0;
	return true;
}

/* What finds no room is told with the next batch. */
static void add_losses(struct syslogs *s, struct syslog_input *in)
{
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++) {
		struct loss *l = &in->losses.of[i];

		l->reason = (uint8_t)i;
		if ((l->n > 0 || l->bytes > 0) && batch_add_loss(s->batcher->w, l) == TK_OK)
			l->n = l->bytes = 0;
	}
}

static int open_batch(struct syslogs *s, struct syslog_input *in, struct err *e)
{
	int rc;

	if (s->pending == in)
		return TK_OK;
	rc = outbox_open(s->outbox, &s->user, e);
	if (rc != TK_OK)
		return rc;
	s->pending = in;
	s->pending_since = s->mono;
	in->from = in->session.position;
	return TK_OK;
}

static int send_batch(struct syslogs *s, struct err *e)
{
	struct syslog_input *in = s->pending;
	struct batch_head head = { .mode = BATCH_TAIL, .flags = BATCH_LIVE };
	struct outbox_batch b = { .user = &s->user };
	int rc = outbox_wait(s->outbox, e);

	if (rc != TK_OK)
		return rc;
	add_losses(s, in);
	if (in->begins)
		head.flags |= BATCH_BEGINS;
	if (in->tcp || in->drained) {
		head.flags |= BATCH_CAUGHT_UP;
		in->begins = false;
	}
	head.now = s->wall;
	head.input = slice_str(in->name);
	head.path = slice_str(in->path);
	head.from = in->from;
	b.to = in->session;
	b.entry = (size_t)(in - s->inputs);
	s->pending = NULL;
	in->sent_at = s->mono;
	return outbox_send(s->outbox, &b, &head, e);
}

static int flush_pending(void *ctx, struct err *e)
{
	struct syslogs *s = ctx;

	if (s->pending != NULL)
		return send_batch(s, e);
	outbox_discard(s->outbox);
	return TK_OK;
}

static void drop_connection(struct syslogs *s, size_t i)
{
	connection_free(s->connections[i]);
	s->connections[i] = s->connections[--s->n_connections];
}

static int take_answer(void *ctx, const struct outbox_batch *sent, const struct batch_ack *a, struct err *e)
{
	struct syslogs *s = ctx;
	struct syslog_input *in;

	for (size_t i = 0; sent->entry == SYSLOG_MAX && i < s->n_connections; i++)
		if (s->connections[i]->id == sent->tag) {
			if (connection_answer(s, s->connections[i], sent, a))
				drop_connection(s, i);
			return TK_OK;
		}
	if (sent->entry == SYSLOG_MAX || !a->discarded)
		return TK_OK;
	/* Its lines are lost; what follows goes on as a session of its own. */
	in = &s->inputs[sent->entry];
	losses_add(&in->losses, LOSS_GAP, 1, 0);
	if (sent->to.token == in->session.token) {
		uint64_t open = s->pending == in ? in->session.position - in->from : 0;

		if (!new_session(in))
			return err_set(e, TK_EIO, "no random numbers");
		in->session.position = open;
	}
	return TK_OK;
}

/* What was being read when a sensor was killed, and is not there any more. */
static int tell_unfinished(struct syslogs *s, struct err *e)
{
	int rc = TK_OK;

	while (rc == TK_OK && s->n_unfinished > 0 && syslogs_can_send(s, 2)) {
		const struct unfinished *u = &s->unfinished[--s->n_unfinished];
		const struct syslog_input *in = &s->inputs[u->input];
		struct loss gap = { LOSS_GAP, .n = 1 };
		struct batch_head head = { .mode = BATCH_TAIL,
					   .flags = BATCH_LIVE,
					   .now = s->wall,
					   .input = slice_str(in->name),
					   .path = slice_str(in->path),
					   .from = u->g.position };
		struct outbox_batch b = { .user = &s->user, .to = u->g, .entry = u->input };

		b.to.finished = true;
		rc = outbox_open(s->outbox, &s->user, e);
		if (rc == TK_OK && u->g.line != 0)
			batch_add_loss(s->batcher->w, &gap);
		if (rc == TK_OK && (rc = outbox_wait(s->outbox, e)) == TK_OK)
			rc = outbox_send(s->outbox, &b, &head, e);
	}
	return rc;
}

/* ---- what is told ---- */

struct syslogs *syslogs_new(struct outbox *outbox, struct batcher *batcher, const struct syslogs_sink *sink)
{
	struct syslogs *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->outbox = outbox;
	s->batcher = batcher;
	s->sink = *sink;
	s->user = (struct outbox_user){ .ctx = s, .flush = flush_pending, .answer = take_answer };
	s->buf = malloc(WINDOW);
	if (s->buf == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void syslogs_free(struct syslogs *s)
{
	if (s == NULL)
		return;
	while (s->n_connections > 0)
		drop_connection(s, 0);
	for (size_t i = 0; i < s->n; i++) {
		log_format_close(s->inputs[i].own);
		sys_close(s->inputs[i].fd);
		free(s->inputs[i].name);
		free(s->inputs[i].path);
	}
	free(s->unfinished);
	free(s->buf);
	free(s);
}

size_t syslogs_count(const struct syslogs *s)
{
	return s->n;
}

int syslogs_input(struct syslogs *s, const struct role_syslog_input *r, struct err *e)
{
	struct syslog_input *in = &s->inputs[s->n];

	if (r->number != s->n || s->n == SYSLOG_MAX || r->name.n == 0)
		return err_set(e, TK_EMALFORMED, "syslog input %u comes out of turn", r->number);
	*in = (struct syslog_input){ .owner = s,
				     .name = strndup((const char *)r->name.p, r->name.n),
				     .tcp = r->tcp,
				     .fd = -1,
				     .by_content = slice_is(r->format, "auto") };
	s->n++;
	if (in->name == NULL || !new_session(in))
		return err_set(e, TK_ENOMEM, "no memory for a syslog input");
	if (!in->by_content && (in->format = in->own = log_format_open(r->format, e)) == NULL)
		return e->code;
	return TK_OK;
}

static int take_connection(struct syslogs *s, const struct role_syslog_socket *r, int fd, struct err *e)
{
	struct connection *c = s->n_connections == SYSLOG_CONNECTIONS_MAX ? NULL : calloc(1, sizeof *c);

	if (c == NULL) {
		sys_close(fd);
		return err_set(e, TK_ENOMEM, "no memory for a connection");
	}
	*c = (struct connection){ .fd = fd,
				  .input = r->input,
				  .id = r->connection,
				  .taken = r->taken,
				  .base = r->taken,
				  .gen = { .token = r->connection, .line = 1 },
				  .path = strndup((const char *)r->path.p, r->path.n) };
	s->connections[s->n_connections++] = c;
	return c->path != NULL ? TK_OK : err_set(e, TK_ENOMEM, "no memory for a connection");
}

int syslogs_socket(struct syslogs *s, const struct role_syslog_socket *r, int fd, struct err *e)
{
	struct syslog_input *in = r->input < s->n ? &s->inputs[r->input] : NULL;

	if (in == NULL || r->path.n == 0 || (fd >= 0) != (r->connection != 0 || !in->tcp) ||
	    (r->connection != 0 && !in->tcp)) {
		sys_close(fd);
		return err_set(e, TK_EMALFORMED, "a socket that belongs to no syslog input");
	}
	if (r->connection != 0)
		return take_connection(s, r, fd, e);
	if (fd >= 0) {
		sys_close(in->fd);
		in->fd = fd;
	}
	losses_add(&in->losses, LOSS_CONNECTION_LIMIT, r->refused, 0);
	in->begins |= r->begins;
	in->open = in->readable = true;
	free(in->path);
	in->path = strndup((const char *)r->path.p, r->path.n);
	return in->path != NULL ? TK_OK : err_set(e, TK_ENOMEM, "no memory for a syslog input");
}

int syslogs_resume(struct syslogs *s, struct slice input, const struct generation *g, struct err *e)
{
	struct unfinished *list;
	size_t i = 0;

	for (size_t k = 0; k < s->n_connections; k++)
		if (s->connections[k]->id == g->token) {
			connection_resume(s->connections[k], g);
			return TK_OK;
		}
	while (i < s->n && !slice_is(input, s->inputs[i].name))
		i++;
	if (i == s->n || g->finished || s->n_unfinished == UNFINISHED_MAX)
		return TK_OK;
	list = realloc(s->unfinished, (s->n_unfinished + 1) * sizeof *list);
	if (list == NULL)
		return err_set(e, TK_ENOMEM, "no memory for a session");
	s->unfinished = list;
	list[s->n_unfinished++] = (struct unfinished){ (uint32_t)i, *g };
	return TK_OK;
}

/* ---- lines ---- */

/* By content each line may be of another gateway: the last one's format is tried first. */
static const struct log_format *format_of(struct syslogs *s, struct syslog_input *in, struct slice text)
{
	const struct log_format *f;
	char say[512];

	if (!in->by_content || (in->format != NULL && log_format_fits_sample(in->format, text)))
		return in->format;
	f = log_format_detect(text);
	if (f != NULL) {
		log_format_close(in->own);
		in->own = NULL;
		in->format = f;
	} else if (!in->told) {
		in->told = true;
		snprintf(say, sizeof say,
			 "input %s: a line of no known format is counted, and so are all like it; if they tell of "
			 "calls, set inputs.syslog.format",
			 in->name);
		s->sink.say(s->sink.ctx, say);
	}
	return f;
}

int syslogs_line(struct syslogs *s, struct syslog_input *in, const struct line *line, struct err *e)
{
	struct line l = *line;
	const struct log_format *f;

	(void)e;
	if (l.reject == 0 && memchr(l.text.p, 0, l.text.n) != NULL)
		l.reject = REJECT_NUL;
	f = l.reject == 0 ? format_of(s, in, l.text) : NULL;
	if (l.reject == 0 && f == NULL)
		l.reject = REJECT_MALFORMED;
	if (f != NULL && log_format_header(l.text, &in->format, &in->own))
		return TK_OK;
	in->lines++;
	return batcher_line(s->batcher, f, &l, &in->counts);
}

/* ---- datagrams ---- */

/* SO_RXQ_OVFL: how many the kernel has dropped before this one, since the socket was opened. */
static void count_overflow(struct syslog_input *in, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		uint32_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL ||
		    c->cmsg_len < CMSG_LEN(sizeof n))
			continue;
		memcpy(&n, CMSG_DATA(c), sizeof n);
		losses_add(&in->losses, LOSS_DATAGRAM, n - in->overflow, 0);
		in->overflow = n;
	}
}

/* TK_AGAIN: there is none. */
static int receive(struct syslogs *s, struct syslog_input *in, struct slice *out)
{
	_Alignas(struct cmsghdr) uint8_t control[128];
	struct iovec v = { .iov_base = s->buf, .iov_len = WINDOW };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof control };
	ssize_t n = recvmsg(in->fd, &m, MSG_DONTWAIT);

	if (n < 0)
		return TK_AGAIN;
	count_overflow(in, &m);
	*out = syslog_datagram(slice_of(s->buf, (size_t)n));
	return TK_OK;
}

static int add_datagram(struct syslogs *s, struct syslog_input *in, struct slice text, struct err *e)
{
	struct line line = {
		.text = text, .offset = in->lines, .end = in->lines + 1, .number = in->lines + 1
	};
	int rc = open_batch(s, in, e);

	if (rc != TK_OK || text.n == 0)
		return rc;
	rc = syslogs_line(s, in, &line, e);
	if (rc == TK_ELIMIT && (rc = send_batch(s, e)) == TK_OK && (rc = open_batch(s, in, e)) == TK_OK)
		rc = syslogs_line(s, in, &line, e);
	if (rc != TK_OK)
		return err_set(e, rc, "input %s: a line does not fit into a batch", in->name);
	in->session.position++;
	if (batch_bytes(s->batcher->w) < FLUSH_BYTES)
		return TK_OK;
	in->drained = false;
	return send_batch(s, e);
}

static int read_datagrams(struct syslogs *s, struct syslog_input *in, bool *busy, struct err *e)
{
	struct slice text;
	int rc = TK_OK;

	if (in->fd < 0 || !in->readable)
		return TK_OK;
	in->drained = false;
	for (int i = 0; rc == TK_OK && i < DATAGRAMS_A_STEP; i++) {
		if (!syslogs_can_send(s, 2))
			return TK_OK;
		if (receive(s, in, &text) != TK_OK) {
			in->drained = true;
			in->readable = false;
			return TK_OK;
		}
		rc = add_datagram(s, in, text, e);
	}
	*busy = true;
	return rc;
}

/* ---- steps ---- */

static bool any_loss(const struct syslog_input *in)
{
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		if (in->losses.of[i].n > 0)
			return true;
	return false;
}

static int send_due(struct syslogs *s, struct syslog_input *in, struct err *e)
{
	int64_t quiet = s->mono - in->sent_at;
	int rc;

	if (s->pending == in ? s->mono - s->pending_since < FLUSH_NS
			     : !in->open || !(((in->tcp || in->drained) &&
					       (in->begins || quiet >= SYSLOGS_BEAT_NS)) ||
					      (any_loss(in) && quiet >= NS_PER_SEC)))
		return TK_OK;
	if (!syslogs_can_send(s, 2))
		return TK_OK;
	rc = open_batch(s, in, e);
	return rc == TK_OK ? send_batch(s, e) : rc;
}

static void lower(int64_t *sleep_ns, int64_t to)
{
	if (to < *sleep_ns)
		*sleep_ns = to < 0 ? 0 : to;
}

int syslogs_step(struct syslogs *s, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e)
{
	bool busy = false;
	int rc;

	if (s->n == 0)
		return TK_OK;
	s->mono = mono;
	s->wall = wall;
	rc = tell_unfinished(s, e);
	for (size_t i = 0; rc == TK_OK && i < s->n; i++)
		rc = read_datagrams(s, &s->inputs[i], &busy, e);
	for (size_t i = s->n_connections; rc == TK_OK && i-- > 0;) {
		struct connection *c = s->connections[i];

		rc = connection_step(s, c, &busy, e);
		if (c->finished && !c->busy) {
			s->sink.done(s->sink.ctx, c->id);
			drop_connection(s, i);
			continue;
		}
		if (!c->busy && c->wait_until > mono)
			lower(sleep_ns, c->wait_until - mono);
	}
	for (size_t i = 0; rc == TK_OK && i < s->n; i++)
		rc = send_due(s, &s->inputs[i], e);
	lower(sleep_ns, s->pending != NULL || !syslogs_can_send(s, 2) ? FLUSH_NS / 2 : NS_PER_SEC);
	if (busy)
		*sleep_ns = 0;
	return rc;
}

size_t syslogs_poll(struct syslogs *s, int64_t mono, struct pollfd polled[SYSLOGS_POLL_MAX])
{
	size_t n = 0;

	if (!syslogs_can_send(s, 2))
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->inputs[i].fd >= 0)
			polled[n++] = (struct pollfd){ .fd = s->inputs[i].fd, .events = POLLIN };
	for (size_t i = 0; i < s->n_connections; i++) {
		const struct connection *c = s->connections[i];

		if (!c->busy && !c->finished && c->wait_until <= mono)
			polled[n++] = (struct pollfd){ .fd = c->fd, .events = POLLIN | POLLRDHUP };
	}
	return n;
}

void syslogs_polled(struct syslogs *s, const struct pollfd *polled, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		if (polled[k].revents == 0)
			continue;
		for (size_t i = 0; i < s->n; i++)
			if (s->inputs[i].fd == polled[k].fd)
				s->inputs[i].readable = true;
		for (size_t i = 0; i < s->n_connections; i++)
			if (s->connections[i]->fd == polled[k].fd) {
				s->connections[i]->readable = true;
				s->connections[i]->ended |= (polled[k].revents & ~POLLIN) != 0;
			}
	}
}

static int finish_input(struct syslogs *s, struct syslog_input *in, struct err *e)
{
	bool busy = true;
	int rc = TK_OK;

	in->readable = true;
	for (int i = 0; rc == TK_OK && i < LAST_ROUNDS && in->readable && in->fd >= 0; i++)
		rc = read_datagrams(s, in, &busy, e);
	if (rc == TK_OK)
		rc = open_batch(s, in, e);
	in->session.finished = true;
	return rc == TK_OK ? send_batch(s, e) : rc;
}

int syslogs_finish(struct syslogs *s, int64_t mono, int64_t wall, struct err *e)
{
	bool busy;
	int rc = TK_OK;

	s->may_wait = true;
	s->mono = mono;
	s->wall = wall;
	for (size_t i = 0; rc == TK_OK && i < s->n_connections; i++)
		while (rc == TK_OK && i < s->n_connections && s->connections[i]->busy)
			rc = s->outbox->line.wait(s->outbox->line.ctx, e);
	for (size_t i = 0; rc == TK_OK && i < s->n_connections; i++) {
		s->connections[i]->wait_until = 0;
		rc = connection_step(s, s->connections[i], &busy, e);
	}
	for (size_t i = 0; rc == TK_OK && i < s->n; i++)
		if (s->inputs[i].open)
			rc = finish_input(s, &s->inputs[i], e);
	return rc;
}
