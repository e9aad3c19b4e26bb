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
#include "core/ledger/ledger.h"
#include "sensor/recorder/actor.h"
#include "sensor/recorder/alive.h"
#include "sensor/recorder/control.h"
#include "sensor/recorder/enrich.h"
#include "sensor/recorder/evaluate.h"
#include "sensor/recorder/fingerprint.h"
#include "sensor/recorder/intake.h"
#include "sensor/recorder/paths.h"
#include "sensor/recorder/peer.h"
#include "sensor/recorder/request.h"
#include "sensor/recorder/seal.h"
#include "sensor/roles.h"

#define COMMIT_EVENTS 65536            /* a transaction is cut here, so the log stays short */
#define COMMIT_NS (500 * 1000 * INT64_C(1000)) /* ... or after that time under load */
#define LINGER_NS (200 * 1000 * INT64_C(1000)) /* how long an open transaction waits for more: fewer syncs */
#define TICK_MS 1000

struct recorder {
	const struct recorder_options *o;
	const struct config *cfg;
	struct config *own_cfg; /* after a reload */
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	struct intake *intake;
	struct sealer *sealer;
	struct fingerprint_keys keys;
	int listen_fd, signal_fd;
	struct alive alive;
	struct peer peers[PEERS];
	int64_t begun_ns, pending_events, last_tick_ns;
	bool reload, hangup, stop; /* keys changed; SIGHUP; SIGTERM or the end of the work */
	struct recorder_result *result;
};

/* Of `run`, in whichever way; else it serves one import. */
static bool stays(const struct recorder *r)
{
	return r->o->supervisor_fd >= 0 || r->o->alone;
}

/* ---- loading ---- */

static void use(struct recorder *r, struct enrich *en, struct evaluate *v)
{
	if (v != r->evaluate)
		evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	r->enrich = en;
	r->evaluate = v;
	intake_use(r->intake, en, v);
	intake_join(r->intake, r->cfg);
}

/* At a start broken rules are left out; later the set that was whole stays in force. */
static int load(struct recorder *r, struct err *e)
{
	struct enrich *en = enrich_new(r->cfg, r->ledger, fingerprint_chain(&r->keys), e);
	struct evaluate *v = en == NULL ? NULL : evaluate_new(r->cfg, r->ledger, en, e);

	if (v != NULL && r->evaluate != NULL && evaluate_rule_errors(v) > 0) {
		err_set(e, TK_ECONFIG, "%zu errors in the rules", evaluate_rule_errors(v));
		evaluate_free(v);
		v = NULL;
	}
	if (v == NULL) {
		enrich_free(en);
		return e->code;
	}
	use(r, en, v);
	return TK_OK;
}

/* The fingerprint key as it lies there now: settled, or as it was before. */
static int take_keys(struct recorder *r, struct err *e)
{
	struct fingerprint_keys keys;
	int rc = fingerprint_keys(r->cfg, true, &keys, e);
	int64_t linked;

	if (rc == TK_OK)
		rc = fingerprint_settle(r->ledger, &keys, r->cfg->ledger.keys, &linked, e);
	if (rc == TK_OK)
		rc = ledger_commit(r->ledger, sys_now_ns(), e);
	if (rc == TK_OK)
		r->keys = keys;
	explicit_bzero(&keys, sizeof keys);
	return rc;
}

/* New keys: the same configuration and rules over the new register. */
static int reload_register(struct recorder *r, struct err *e)
{
	struct enrich *en;
	int rc = take_keys(r, e);

	if (rc != TK_OK)
		return rc;
	if ((en = enrich_new(r->cfg, r->ledger, fingerprint_chain(&r->keys), e)) == NULL)
		return e->code;
	evaluate_use(r->evaluate, en);
	use(r, en, r->evaluate);
	return TK_OK;
}

/* SIGHUP: everything anew from the file. */
static int reload_all(struct recorder *r, struct err *e)
{
	struct config *fresh = NULL, *old = r->own_cfg;
	const struct config *before = r->cfg;
	struct problems p;
	int rc;

	if (r->o->config_file != NULL) {
		problems_init(&p, r->o->config_file);
		fresh = config_load(r->o->config_file, &p); /* the supervisor has told the problems */
		problems_free(&p);
	}
	if (fresh != NULL)
		r->cfg = r->own_cfg = fresh;
	if ((rc = take_keys(r, e)) == TK_OK && (rc = load(r, e)) == TK_OK) {
		if (fresh != NULL)
			config_free(old);
		return TK_OK;
	}
	r->cfg = before;
	r->own_cfg = old;
	config_free(fresh);
	return rc;
}

/* Rows are gone that are known in memory: everything is read anew, as at a start. */
static int forget(struct recorder *r, struct err *e)
{
	int rc = ledger_reread(r->ledger, e);

	evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	r->evaluate = NULL;
	r->enrich = NULL;
	return rc == TK_OK ? load(r, e) : rc;
}

/* Between two transactions, so between two events. What does not load is told, and the old stays. */
static void reread(struct recorder *r)
{
	struct err err = { 0 };
	int rc = r->hangup ? reload_all(r, &err) : reload_register(r, &err);

	if (r->hangup) /* done, whichever way: the supervisor said RELOADING */
		r->alive.ready = false;
	r->hangup = r->reload = false;
	if (rc != TK_OK)
		fprintf(stderr, "tochoku: %s; the old configuration stays\n", err.text);
}

static bool import_under_way(const struct recorder *r)
{
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_IMPORT)
			return true;
	return false;
}

/* ---- committing ---- */

static int begin(struct recorder *r, struct err *e)
{
	if (!ledger_in_transaction(r->ledger))
		r->begun_ns = sys_mono_ns();
	return ledger_begin(r->ledger, e);
}

static int commit(struct recorder *r, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc = ledger_in_transaction(r->ledger) ? evaluate_flush(r->evaluate, now, e) : TK_OK;

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
	int rc = begin(r, e);

	return rc == TK_OK ? intake_release(r->intake, r->stop ? INT64_MAX : now, now, e) : rc;
}

/* Closes every day that is over. Each in a transaction of its own, so that a kill loses at most one. */
static int close_days(struct recorder *r, struct err *e)
{
	bool closed = true;
	int rc = TK_OK;

	while (closed && rc == TK_OK) {
		if ((rc = begin(r, e)) == TK_OK)
			rc = evaluate_close_day(r->evaluate, sys_now_ns(), &closed, e);
		if (rc == TK_OK)
			rc = commit(r, e);
	}
	return rc;
}

/* ---- frames ---- */

static int take_batch(struct recorder *r, struct peer *p, struct slice payload, struct err *e)
{
	struct batch_head head;
	int rc = begin(r, e);

	if (rc == TK_OK)
		rc = intake_batch(r->intake, &p->stream, payload, sys_now_ns(), &head, &p->acks[p->n_acks],
				  e);
	if (rc != TK_OK)
		return rc;
	r->pending_events += head.n_events;
	r->alive.fed |= p->kind == PEER_SENSOR;
	/* The last ack of an imported file means: all of it is in the ledger, its days evaluated. */
	if (head.flags & BATCH_FILE_END) {
		struct batch_ack last = p->acks[p->n_acks];

		if ((rc = release(r, e)) != TK_OK || (rc = commit(r, e)) != TK_OK || (rc = close_days(r, e)) != TK_OK)
			return rc;
		p->acks[p->n_acks++] = last;
		peer_send_acks(p);
		return TK_OK;
	}
	p->n_acks++;
	if (p->n_acks == ACKS || r->pending_events >= COMMIT_EVENTS ||
	    sys_mono_ns() - r->begun_ns >= COMMIT_NS)
		return commit(r, e);
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
	int rc = commit(r, e);

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

static int take_request(struct recorder *r, struct peer *p, struct slice payload, struct err *e)
{
	struct buf reply;
	struct err lost = { 0 };
	struct request_next next = { 0 };
	int rc;

	if (slice_is(payload, "{\"do\":\"batches\"}")) {
		if (import_under_way(r))
			return reply_text(p, "{\"ok\":false,\"error\":\"another import is running\"}");
		p->kind = PEER_IMPORT;
		reply_text(p, "{\"ok\":true}");
		return peer_greet(p, r->ledger, e);
	}
	if (r->o->alone && slice_is(payload, "{\"do\":\"sensor\"}")) {
		drop_sensor(r, e);
		p->kind = PEER_SENSOR;
		return peer_greet(p, r->ledger, e);
	}
	buf_init(&reply, 1 << 20);
	rc = begin(r, e);
	if (rc == TK_OK)
		rc = request_run(r->ledger, r->cfg, payload, slice_str(p->actor), sys_now_ns(), &reply,
				 &next, e);
	if (rc == TK_OK)
		rc = commit(r, e);
	if (rc == TK_OK && next.trail.what != TRAIL_NOTHING)
		sealer_answer(r->sealer, &next.trail, &reply);
	if (rc == TK_OK && sealer_erased(r->sealer))
		rc = forget(r, e);
	if (rc == TK_OK)
		frame_send(p->fd, FRAME_REPLY, buf_slice(&reply), &lost);
	r->reload |= next.keys_changed;
	buf_free(&reply);
	return rc;
}

/* A frame out of place costs a peer its connection. A batch that turns out wrong in the middle has left the
 * transaction half done: then the recorder ends, and starts anew from the last commit. */
static int take_frame(struct recorder *r, struct peer *p, enum frame_type type, struct slice payload,
		      struct err *e)
{
	if (type == FRAME_BATCH && (p->kind == PEER_SENSOR || p->kind == PEER_IMPORT))
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
	return TK_OK;
}

/* ---- sockets ---- */

static int listen_control(struct recorder *r, struct err *e)
{
	struct buf path;
	struct sockaddr_un a;
	int folder = -1, rc = TK_OK;

	buf_init(&path, 8192);
	control_path(r->cfg, &path);
	r->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(buf_cstr(&path)); /* we hold the ledger's lock: whoever made it is gone */
	if (r->listen_fd < 0 || control_address(buf_cstr(&path), &a, &folder) != 0 ||
	    bind(r->listen_fd, (struct sockaddr *)&a, sizeof a) != 0 || chmod(buf_cstr(&path), 0660) != 0 ||
	    listen(r->listen_fd, 8) != 0)
		rc = err_sys(e, "%s", buf_cstr(&path));
	sys_close(folder);
	buf_free(&path);
	return rc;
}

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
	return p == NULL ? err_set(e, TK_ELIMIT, "too many peers") : peer_greet(p, r->ledger, e);
}

/* ---- the loop ---- */

static int wait_for_work(struct recorder *r, struct pollfd polled[PEERS + 3])
{
	struct timespec limit = { .tv_sec = TICK_MS / 1000 };

	if (ledger_in_transaction(r->ledger)) {
		int64_t left = r->begun_ns + LINGER_NS - sys_mono_ns();

		limit = (struct timespec){ .tv_nsec = left > 0 ? left : 0 };
	}

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
	if ((rc = release(r, e)) != TK_OK || (rc = commit(r, e)) != TK_OK)
		return rc;
	if (stays(r)) { /* a quiet day closes too */
		rc = begin(r, e);
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
	return rc == TK_OK && sealer_erased(r->sealer) ? forget(r, e) : rc;
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

	if (n < 0 && errno != EINTR)
		return err_sys(e, "poll");
	if (n > 0 && polled[0].revents != 0)
		accept_peer(r);
	if (n > 0 && polled[1].revents != 0)
		rc = read_supervisor(r, e);
	if (n > 0 && polled[2].revents != 0)
		read_signal(r);
	for (int i = 0; n > 0 && i < PEERS && rc == TK_OK; i++)
		if (polled[3 + i].revents != 0 && r->peers[i].kind != PEER_FREE &&
		    r->peers[i].fd == polled[3 + i].fd)
			rc = read_peer(r, &r->peers[i], e);
	if (rc == TK_OK && n <= 0) /* nobody has more: what is open becomes durable */
		rc = commit(r, e);
	if (rc == TK_OK && (r->reload || r->hangup) && (rc = commit(r, e)) == TK_OK)
		reread(r);
	if (rc == TK_OK && !ledger_in_transaction(r->ledger))
		rc = tick(r, e);
	return rc;
}

static int tell_configured(struct recorder *r, struct err *e)
{
	int64_t inputs[256];
	size_t n = 0;
	int rc = TK_OK;

	for (size_t i = 0; i < r->cfg->n_tails && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->tails[i].name), &inputs[n++], e);
	for (size_t i = 0; i < r->cfg->n_captures && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->captures[i].name), &inputs[n++], e);
	for (size_t i = 0; i < r->cfg->n_syslog && n < COUNT(inputs) && rc == TK_OK; i++)
		rc = ledger_label(r->ledger, slice_str(r->cfg->syslog[i].name), &inputs[n++], e);
	return rc == TK_OK ? ledger_inputs_configured(r->ledger, inputs, n, e) : rc;
}

static int start(struct recorder *r, struct err *e)
{
	int rc = ledger_open(&r->ledger, r->cfg->ledger.path, e);

	if (rc == TK_OK)
		rc = take_keys(r, e);
	if (rc == TK_OK)
		rc = sealer_open(&r->sealer, r->cfg, r->ledger, e);
	if (rc == TK_OK && stays(r)) {
		sealer_resume(r->sealer);
		if (sealer_erased(r->sealer))
			rc = ledger_reread(r->ledger, e);
	}
	if (rc == TK_OK)
		rc = (r->intake = intake_new(r->ledger, e)) == NULL ? TK_ENOMEM : load(r, e);
	if (rc == TK_OK)
		rc = listen_control(r, e);
	if (rc == TK_OK && stays(r)) {
		rc = begin(r, e);
		if (rc == TK_OK)
			rc = tell_configured(r, e);
		if (rc == TK_OK)
			rc = commit(r, e);
		if (rc == TK_OK)
			rc = sealer_started(r->sealer, e);
	}
	if (rc == TK_OK && r->o->batch_fd >= 0) {
		struct peer *p = peer_add(r->peers, r->o->batch_fd, PEER_IMPORT);

		rc = peer_greet(p, r->ledger, e);
	}
	return rc;
}

static void finish(struct recorder *r)
{
	struct buf path;

	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind != PEER_FREE)
			peer_drop(&r->peers[i]);
	if (r->listen_fd >= 0) {
		buf_init(&path, 8192);
		control_path(r->cfg, &path);
		unlink(buf_cstr(&path));
		buf_free(&path);
	}
	sys_close(r->listen_fd);
	sys_close(r->signal_fd);
	sys_close(r->alive.fd);
	evaluate_free(r->evaluate);
	enrich_free(r->enrich);
	intake_free(r->intake);
	sealer_close(r->sealer);
	ledger_close(r->ledger);
	config_free(r->own_cfg);
	explicit_bzero(r->keys.bytes, sizeof r->keys.bytes);
	free(r);
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
	r->alive.fd = stays(r) ? notify_open() : -1;
	r->alive.fed = o->alone; /* its sensor waits until it is ready */
	rc = catch_signals(r, &before, e);
	if (rc == TK_OK)
		rc = start(r, e);
	if (rc == TK_OK && stays(r))
		rc = recorder_confine(r->cfg, e);
	if (rc == TK_OK && o->ready_fd >= 0) {
		sys_write_all(o->ready_fd, "r", 1);
		sys_close(o->ready_fd);
	}
	while (rc == TK_OK && !r->stop)
		rc = step(r, e);
	if (rc == TK_OK)
		rc = release(r, e);
	if (rc == TK_OK)
		rc = commit(r, e);
	if (rc == TK_OK && o->supervisor_fd >= 0)
		rc = sealer_stopped(r->sealer, e);
	finish(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
