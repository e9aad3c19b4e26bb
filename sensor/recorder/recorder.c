#include "sensor/recorder/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/notify.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/event/wire.h"
#include "sensor/recorder/actor.h"
#include "sensor/recorder/paths.h"
#include "sensor/recorder/recorder_state.h"
#include "sensor/recorder/request.h"
#include "sensor/roles.h"

#define COMMIT_EVENTS 65536		       /* a transaction is cut here, so the log stays short */
#define COMMIT_NS (500 * 1000 * INT64_C(1000)) /* ... or after that time under load */
#define LINGER_NS (200 * 1000 * INT64_C(1000)) /* how long an open transaction waits for more: fewer syncs */
#define TICK_MS 1000

#define FULL_REPLY \
	"{\"ok\":false,\"error\":\"the disk is full or takes no write: nothing is recorded until it does; see" \
	" `tochoku status`\"}"
#define LOST_REPLY "{\"ok\":false,\"error\":\"it could not be recorded; try again\"}"

static bool import_under_way(const struct recorder *r)
{
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_IMPORT)
			return true;
	return false;
}

/* ---- committing ---- */

int recorder_begin(struct recorder *r, struct err *e)
{
	if (!ledger_in_transaction(r->ledger))
		r->begun_ns = sys_mono_ns();
	return ledger_begin(r->ledger, e);
}

int recorder_commit(struct recorder *r, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc;

	if (recorder_counts(r))
		return TK_OK;
	rc = ledger_in_transaction(r->ledger) ? evaluate_flush(r->evaluate, now, e) : TK_OK;

	if (rc == TK_OK)
		rc = ledger_commit(r->ledger, now, e);
	if (rc != TK_OK)
		return rc;
	alive_committed(&r->alive);
	r->pending_events = 0;
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind != PEER_FREE)
			peer_send_acks(&r->peers[i]);
	return TK_OK;
}

/* Calls whose twin did not come in time; a twin that comes now is late. */
static int release(struct recorder *r, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc = recorder_begin(r, e);

	return rc == TK_OK ? intake_release(r->intake, r->stop ? INT64_MAX : now, now, e) : rc;
}

/* Closes every day that is over. Each in a transaction of its own, so that a kill loses at most one. */
static int close_days(struct recorder *r, struct err *e)
{
	bool closed = true;
	int rc = TK_OK;

	while (closed && rc == TK_OK) {
		if ((rc = recorder_begin(r, e)) == TK_OK)
			rc = evaluate_close_day(r->evaluate, sys_now_ns(), &closed, e);
		if (rc == TK_OK)
			rc = recorder_commit(r, e);
	}
	return rc;
}

/* ---- frames ---- */

static int take_batch(struct recorder *r, struct peer *p, struct slice payload, struct err *e)
{
	struct batch_head head;
	int rc = recorder_begin(r, e);
	struct err broken = { 0 };

	if (rc == TK_OK && r->disk.state == DISK_CRITICAL && intake_peek(&p->stream, payload, &head) &&
	    recorder_leaves_out(r, &head))
		return recorder_count_batch(r, p, payload, e);
	if (rc != TK_OK) /* its definitions hold for those behind it */
		intake_pass_over(&p->stream, payload, &p->acks[p->n_acks], &broken);
	else
		rc = intake_batch(r->intake, &p->stream, payload, sys_now_ns(), &head, &p->acks[p->n_acks],
				  e);
	p->taken[p->n_acks] = p->stream.last;
	if (rc != TK_OK) {
		p->n_acks++; /* of what is counted where nothing can be recorded */
		return rc;
	}
	r->pending_events += head.n_events;
	r->alive.fed |= p->kind == PEER_SENSOR;
	/* The last ack of an imported file means: all of it is in the ledger, its days evaluated. */
	if (head.flags & BATCH_FILE_END) {
		struct batch_ack last = p->acks[p->n_acks];

		if ((rc = release(r, e)) != TK_OK || (rc = recorder_commit(r, e)) != TK_OK ||
		    (rc = close_days(r, e)) != TK_OK)
			return rc;
		p->acks[p->n_acks++] = last;
		peer_send_acks(p);
		return TK_OK;
	}
	p->n_acks++;
	if (p->n_acks == ACKS || r->pending_events >= COMMIT_EVENTS ||
	    sys_mono_ns() - r->begun_ns >= COMMIT_NS)
		return recorder_commit(r, e);
	return TK_OK;
}

static int reply_text(struct peer *p, const char *text)
{
	struct err lost = { 0 };

	frame_send(p->fd, FRAME_REPLY, slice_str(text), &lost);
	return TK_OK;
}

static void add_result(struct recorder *r, const struct peer *p)
{
	if (r->result == NULL || p->kind != PEER_IMPORT)
		return;
	r->result->events += p->stream.events;
	r->result->duplicates += p->stream.duplicates;
	r->result->rejected += p->stream.rejected;
	r->result->batches += p->stream.batches;
	snprintf(r->result->input, sizeof r->result->input, "%s", p->stream.input);
}

static int end_peer(struct recorder *r, struct peer *p, struct err *e)
{
	bool only_one = p->fd == r->o->batch_fd;
	int rc = recorder_commit(r, e);

	add_result(r, p);
	peer_drop(p);
	if (only_one)
		r->stop = true;
	return rc;
}

static void drop_sensor(struct recorder *r, struct err *e)
{
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_SENSOR)
			end_peer(r, &r->peers[i], e);
}

/* Where the ledger cannot be read it waits: what it has to be told stands there. */
static int greet_sensor(struct recorder *r, struct peer *p, struct err *e)
{
	r->disk.n_held = 0; /* positions of the one before */
	p->ungreeted = r->ledger == NULL;
	return p->ungreeted ? TK_OK : peer_greet(p, r->ledger, e);
}

/* Whoever sends batches begins anew, with what the ledger knows now. */
static void drop_streams(struct recorder *r)
{
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_SENSOR || r->peers[i].kind == PEER_IMPORT)
			peer_drop(&r->peers[i]);
}

static int take_request(struct recorder *r, struct peer *p, struct slice payload, struct err *e)
{
	struct buf reply;
	struct err lost = { 0 };
	struct request_next next = { 0 };
	int rc;

	if (slice_is(payload, "{\"do\":\"batches\"}")) {
		if (recorder_counts(r))
			return reply_text(p, FULL_REPLY);
		if (import_under_way(r))
			return reply_text(p, "{\"ok\":false,\"error\":\"another import is running\"}");
		p->kind = PEER_IMPORT;
		reply_text(p, "{\"ok\":true}");
		return peer_greet(p, r->ledger, e);
	}
	if (r->o->alone && slice_is(payload, "{\"do\":\"sensor\"}")) {
		drop_sensor(r, e);
		p->kind = PEER_SENSOR;
		return greet_sensor(r, p, e);
	}
	buf_init(&reply, 1 << 20);
	if (slice_is(payload, "{\"do\":\"disk\"}")) {
		recorder_say_disk(r, &reply);
		frame_send(p->fd, FRAME_REPLY, buf_slice(&reply), &lost);
		buf_free(&reply);
		return TK_OK;
	}
	if (recorder_counts(r))
		return reply_text(p, FULL_REPLY);
	rc = recorder_begin(r, e);
	if (rc == TK_OK)
		rc = request_run(r->ledger, r->cfg, payload, slice_str(p->actor), sys_now_ns(), &reply, &next,
				 e);
	if (rc == TK_OK)
		rc = recorder_commit(r, e);
	if (rc == TK_OK && next.trail.what != TRAIL_NOTHING)
		sealer_answer(r->sealer, &next.trail, &reply);
	if (rc == TK_OK && sealer_erased(r->sealer))
		rc = recorder_forget(r, e);
	if (rc == TK_OK)
		frame_send(p->fd, FRAME_REPLY, buf_slice(&reply), &lost);
	else
		reply_text(p, e->code == TK_EFULL ? FULL_REPLY : LOST_REPLY);
	r->reload |= next.keys_changed;
	buf_free(&reply);
	return rc;
}

/* A frame out of place costs a peer its connection. A batch that turns out wrong in the middle has left the
 * transaction half done: then the recorder ends, and starts anew from the last commit. */
static int take_frame(struct recorder *r, struct peer *p, enum frame_type type, struct slice payload,
		      struct err *e)
{
	if (type == FRAME_BATCH && p->kind == PEER_SENSOR && !p->ungreeted && recorder_counts(r))
		return recorder_count_batch(r, p, payload, e);
	if (type == FRAME_BATCH && !recorder_counts(r) && !p->ungreeted &&
	    (p->kind == PEER_SENSOR || p->kind == PEER_IMPORT))
		return take_batch(r, p, payload, e);
	if (type == FRAME_REQUEST && p->kind == PEER_ASKING)
		return take_request(r, p, payload, e);
	peer_drop(p);
	return TK_OK;
}

static int read_peer(struct recorder *r, struct peer *p, struct err *e)
{
	enum frame_type type;
	struct slice payload;
	struct err broken = { 0 };
	int rc = TK_OK, n = 0;

	p->more = false;
	while (p->kind != PEER_FREE && n++ < ACKS) {
		rc = frame_recv(&p->in, p->fd, &type, &payload, &broken);
		if (rc == TK_AGAIN)
			return TK_OK;
		if (rc != TK_OK) {
			if (rc != TK_EEND)
				fprintf(stderr, "tochoku: %s\n", broken.text);
			return end_peer(r, p, e);
		}
		if ((rc = take_frame(r, p, type, payload, e)) != TK_OK)
			return rc;
	}
	p->more = p->kind != PEER_FREE; /* it had its turn */
	return TK_OK;
}

/* ---- sockets ---- */

static void accept_peer(struct recorder *r)
{
	int fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who;
	socklen_t n = sizeof who;
	struct peer *p;

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || !actor_may_ask(fd, who.uid, who.gid)) {
		sys_close(fd);
		return;
	}
	if ((p = peer_add(r->peers, fd, PEER_ASKING)) != NULL)
		actor_name(who.uid, p->actor, sizeof p->actor);
}

/* The supervisor hands in one end of each new sensor's batch socket; its end is our end. */
static int read_supervisor(struct recorder *r, struct err *e)
{
	uint8_t message[64];
	int fd[4];
	size_t n_fds = COUNT(fd);
	ssize_t n = sys_recv_fds(r->o->supervisor_fd, message, sizeof message, fd, &n_fds);
	struct peer *p;

	if (n <= 0) {
		r->stop = true;
		return TK_OK;
	}
	if (message[0] != ROLE_BATCH_SOCKET || n_fds != 1)
		return err_set(e, TK_EMALFORMED, "the supervisor sent message %u", message[0]);
	drop_sensor(r, e); /* the one before is dead */
	p = peer_add(r->peers, fd[0], PEER_SENSOR);
	return p == NULL ? err_set(e, TK_ELIMIT, "too many peers") : greet_sensor(r, p, e);
}

/* ---- the loop ---- */

/* Until the next tick, or until what is open is to be durable. */
static int wait_for_work(struct recorder *r, struct pollfd polled[PEERS + 3])
{
	int64_t until = r->last_tick_ns + TICK_MS * INT64_C(1000000), left;
	struct timespec limit;

	if (r->ledger != NULL && ledger_in_transaction(r->ledger))
		until = r->begun_ns + LINGER_NS;
	left = until - sys_mono_ns();
	limit = (struct timespec){ .tv_nsec = left < 0 ? 0 : left };
	if (limit.tv_nsec >= NS_PER_SEC)
		limit = (struct timespec){ .tv_sec = 1 };
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind != PEER_FREE && r->peers[i].more)
			limit = (struct timespec){ 0 };
	polled[0] = (struct pollfd){ .fd = r->listen_fd, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = r->o->supervisor_fd, .events = POLLIN };
	polled[2] = (struct pollfd){ .fd = r->signal_fd, .events = POLLIN };
	for (int i = 0; i < PEERS; i++)
		polled[3 + i] = (struct pollfd){ .fd = r->peers[i].kind == PEER_FREE ? -1 : r->peers[i].fd,
						 .events = POLLIN };
	return ppoll(polled, PEERS + 3, &limit, NULL);
}

static int tick(struct recorder *r, struct err *e)
{
	int64_t now = sys_now_ns();
	int32_t yesterday = zone_day_of(now / NS_PER_SEC) - 1;
	int rc;

	if (sys_mono_ns() - r->last_tick_ns < TICK_MS * INT64_C(1000000))
		return TK_OK;
	r->last_tick_ns = sys_mono_ns();
	if (recorder_stays(r) && ((rc = recorder_watch_disk(r, e)) != TK_OK || recorder_counts(r)))
		return rc;
	if ((rc = release(r, e)) != TK_OK || (rc = recorder_commit(r, e)) != TK_OK)
		return rc;
	if (recorder_stays(r)) { /* a quiet day closes too */
		rc = recorder_begin(r, e);
		if (rc == TK_OK)
			rc = ledger_day_met(r->ledger, yesterday, e);
		if (rc == TK_OK)
			rc = evaluate_time(r->evaluate, now, e);
		if (rc == TK_OK)
			rc = evaluate_notices(r->evaluate, now, e);
		if (rc != TK_OK)
			return rc;
	}
	rc = close_days(r, e);
	if (rc == TK_OK && r->o->supervisor_fd >= 0)
		rc = sealer_tick(r->sealer, e);
	return rc == TK_OK && sealer_erased(r->sealer) ? recorder_forget(r, e) : rc;
}

static void read_signal(struct recorder *r)
{
	struct signalfd_siginfo info;

	if (sys_read(r->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGHUP)
		r->hangup = true;
	else
		r->stop = true;
}

static int step(struct recorder *r, struct err *e)
{
	struct pollfd polled[PEERS + 3];
	int n = wait_for_work(r, polled), rc = TK_OK;
	bool read = false;

	if (n < 0 && errno != EINTR)
		return err_sys(e, "poll");
	if (n > 0 && polled[0].revents != 0)
		accept_peer(r);
	if (n > 0 && polled[1].revents != 0)
		rc = read_supervisor(r, e);
	if (n > 0 && polled[2].revents != 0)
		read_signal(r);
	for (int i = 0; i < PEERS && rc == TK_OK; i++) {
		struct peer *p = &r->peers[i];

		if (p->kind == PEER_FREE || p->fd != polled[3 + i].fd ||
		    (!p->more && (n <= 0 || polled[3 + i].revents == 0)))
			continue;
		rc = read_peer(r, p, e);
		read = true;
	}
	if (rc == TK_OK && n <= 0 && !read) /* nobody has more: what is open becomes durable */
		rc = recorder_commit(r, e);
	if (rc == TK_OK && !recorder_counts(r) && (r->reload || r->hangup) &&
	    (rc = recorder_commit(r, e)) == TK_OK)
		recorder_reread(r);
	if (rc == TK_OK && (recorder_counts(r) || !ledger_in_transaction(r->ledger)))
		rc = tick(r, e);
	return rc;
}

/* A ledger that is damaged or cannot be written is no reason to end: captures would go blind. After any other
 * error the recorder ends, and starts anew from the last commit. */
static int live_with(struct recorder *r, int rc, struct err *e)
{
	if (rc == TK_OK || !recorder_stays(r))
		return rc;
	if (e->code == TK_EDAMAGED && (rc = recorder_begin_anew(r, e)) == TK_OK)
		drop_streams(r);
	if (rc != TK_OK && e->code == TK_EFULL) {
		recorder_count_only(r, false, e->text);
		rc = TK_OK;
	}
	if (rc == TK_OK)
		*e = (struct err){ 0 };
	return rc;
}

/* Signals come as messages between two transactions, so a commit is never cut short by one. */
static int catch_signals(struct recorder *r, sigset_t *before, struct err *e)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGHUP);
	sigprocmask(SIG_BLOCK, &caught, before);
	r->signal_fd = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signal_fd < 0 ? err_sys(e, "signalfd") : TK_OK;
}

static int end(struct recorder *r, struct err *e)
{
	int rc;

	if (recorder_counts(r))
		return TK_OK;
	rc = release(r, e);
	if (rc == TK_OK)
		rc = recorder_commit(r, e);
	return rc == TK_OK && r->o->supervisor_fd >= 0 ? sealer_stopped(r->sealer, e) : rc;
}

int recorder_run(const struct recorder_options *o, struct recorder_result *result, struct err *e)
{
	struct recorder *r = calloc(1, sizeof *r);
	sigset_t before;
	int rc;

	if (r == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	r->o = o;
	r->cfg = o->cfg;
	r->result = result;
	r->listen_fd = -1;
	r->lock_fd = o->lock_fd;
	r->alive.fd = recorder_stays(r) ? notify_open() : -1;
	r->alive.fed = o->alone; /* its sensor waits until it is ready */
	rc = catch_signals(r, &before, e);
	if (rc == TK_OK)
		rc = recorder_start(r, e);
	if (rc == TK_OK && recorder_stays(r))
		rc = recorder_confine(r->cfg, e);
	if (rc == TK_OK && o->ready_fd >= 0) {
		sys_write_all(o->ready_fd, "r", 1);
		sys_close(o->ready_fd);
	}
	while (rc == TK_OK && !r->stop)
		rc = live_with(r, step(r, e), e);
	if (rc == TK_OK)
		rc = live_with(r, end(r, e), e);
	if (recorder_counts(r))
		recorder_keep_hole(r);
	recorder_finish(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
