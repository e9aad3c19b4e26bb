/* The sensor role: meets all strangers' bytes, opens nothing by path, talks to its parent and to the
 * recorder only. One thread, one poll loop. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/capture_import.h"
#include "sensor/captures.h"
#include "sensor/confine/confine.h"
#include "sensor/input/tail.h"
#include "sensor/options.h"
#include "sensor/roles.h"
#include "sensor/spawn.h"
#include "sensor/syslogs.h"

#define LAST_ANSWERS_NS (5 * NS_PER_SEC)  /* how long a stop waits for the recorder */
#define PROGRESS_NS (NS_PER_SEC / 5)
#define REJECTED_TOLD 20
#define TAIL_BATCHES 4 /* what one turn of the tails may send */

struct sensor {
	int batch, signals;
	bool has_options, files_ready, resumed, ready, stop;
	struct sensor_options options;
	struct batcher batcher;
	struct outbox outbox;
	struct tails *tails;
	struct captures *captures;
	struct syslogs *syslogs;
	struct frame_reader frames;
	int64_t told_at;
	unsigned rejected_told;
	uint8_t packet[ROLE_MESSAGE_MAX];
};

static bool importing(const struct sensor *s)
{
	return s->options.mode == BATCH_IMPORT;
}

/* ---- to the parent ---- */

static void tell(struct sensor *s, struct buf *packet)
{
	struct err e = { 0 };

	if (packet->failed || role_send(ROLE_FD, buf_slice(packet), -1, &e) != TK_OK)
		s->stop = true;
	buf_free(packet);
}

static void tell_retired(void *ctx, const struct role_retired *r)
{
	struct buf b;

	buf_init(&b, ROLE_MESSAGE_MAX);
	role_retired_encode(r, &b);
	tell(ctx, &b);
}

static void tell_rejected(void *ctx, uint64_t file, const struct reject *r)
{
	struct sensor *s = ctx;
	struct role_rejected m = { .id = file, .line = r->line, .reason = r->reason };
	struct buf b;

	if (s->rejected_told == REJECTED_TOLD)
		return;
	s->rejected_told++;
	buf_init(&b, ROLE_MESSAGE_MAX);
	role_rejected_encode(&m, &b);
	tell(s, &b);
}

static void tell_summary(struct sensor *s, bool final)
{
	struct role_summary m;
	struct buf b;

	tails_summary(s->tails, &m);
	m.final = final;
	buf_init(&b, ROLE_MESSAGE_MAX);
	role_summary_encode(&m, &b);
	tell(s, &b);
	s->told_at = sys_mono_ns();
}

static void tell_lost(void *ctx, uint64_t id)
{
	struct buf b;

	buf_init(&b, ROLE_MESSAGE_MAX);
	role_capture_lost_encode(id, &b);
	tell(ctx, &b);
}

static void tell_done(void *ctx, uint64_t connection)
{
	struct buf b;

	buf_init(&b, ROLE_MESSAGE_MAX);
	role_syslog_done_encode(connection, &b);
	tell(ctx, &b);
}

static void say(void *ctx, const char *text)
{
	(void)ctx;
	role_say("%s", text);
}

/* ---- to and from the recorder ---- */

static int send_batch(void *ctx, struct slice payload, struct err *e)
{
	struct sensor *s = ctx;

	return frame_send(s->batch, FRAME_BATCH, payload, e);
}

static bool writable(void *ctx)
{
	struct sensor *s = ctx;
	struct pollfd p = { .fd = s->batch, .events = POLLOUT };

	return poll(&p, 1, 0) > 0 && (p.revents & POLLOUT) != 0;
}

static int take_resume(struct sensor *s, struct slice payload, struct err *e)
{
	struct slice input, path;
	struct generation g;

	if (resume_decode(payload, &input, &path, &g) != TK_OK)
		return err_set(e, TK_EMALFORMED, "the recorder sent a position that cannot be read");
	/* An import reads everything again; the recorder knows what it has. */
	if (importing(s))
		return TK_OK;
	if (g.dev == 0 && g.ino == 0) {
		int rc = captures_resume(s->captures, input, &g, e);

		return rc == TK_OK ? syslogs_resume(s->syslogs, input, &g, e) : rc;
	}
	return tails_resume(s->tails, input, path, &g, sys_mono_ns());
}

static int take_frame(struct sensor *s, enum frame_type type, struct slice payload, struct err *e)
{
	struct batch_ack a;

	switch (type) {
	case FRAME_ACK:
		if (ack_decode(payload, &a) != TK_OK)
			return err_set(e, TK_EMALFORMED, "the recorder sent an answer that cannot be read");
		return outbox_answer(&s->outbox, &a, e);
	case FRAME_RESUME:
		return take_resume(s, payload, e);
	case FRAME_READY:
		s->resumed = true;
		return TK_OK;
	case FRAME_REPLY:
		return err_set(e, TK_EBUSY,
			       "the recorder that runs is another `tochoku run`'s, which has a sensor of its own:"
			       " stop one of the two");
	default:
		return err_set(e, TK_EMALFORMED, "the recorder sent a frame of type %d", (int)type);
	}
}

static int take_frames(struct sensor *s, struct err *e)
{
	enum frame_type type;
	struct slice payload;
	int rc;

	while ((rc = frame_recv(&s->frames, s->batch, &type, &payload, e)) == TK_OK) {
		rc = take_frame(s, type, payload, e);
		if (rc != TK_OK)
			return rc;
	}
	return rc == TK_AGAIN ? TK_OK : rc;
}

static int wait_answer(void *ctx, struct err *e)
{
	struct sensor *s = ctx;
	struct pollfd p[] = { { .fd = s->batch, .events = POLLIN }, { .fd = ROLE_FD, .events = 0 } };

	/* The parent's end shows as POLLHUP without being asked for. */
	if (poll(p, COUNT(p), -1) > 0 && (p[1].revents & (POLLHUP | POLLERR)) != 0)
		return err_set(e, TK_EEND, "the parent process has gone");
	return take_frames(s, e);
}

/* ---- from the parent ---- */

static int take_options(struct sensor *s, struct slice in, struct err *e)
{
	const struct outbox_line line = {
		.ctx = s, .send = send_batch, .wait = wait_answer, .writable = writable
	};
	const struct tail_sink sink = { .ctx = s,
					.captures = &capture_import,
					.captures_ctx = &s->batcher.ctx,
					.retired = tell_retired,
					.say = say };
	const struct captures_sink captures_sink = { .ctx = s, .lost = tell_lost, .say = say };
	const struct syslogs_sink syslogs_sink = { .ctx = s, .done = tell_done, .say = say };
	sigset_t set;

	if (s->has_options || options_decode(in, &s->options) != TK_OK)
		return err_set(e, TK_EMALFORMED, "options that cannot be read");
	s->has_options = true;
	if (s->options.zone[0] != 0 && zone_use(s->options.zone, e) != TK_OK)
		return e->code;
	if (batcher_init(&s->batcher, slice_of(s->options.fingerprint_key, s->options.fingerprint_n),
			 s->options.trusted_proxies, s->options.n_trusted_proxies) != TK_OK)
		return err_set(e, TK_ENOMEM, "no memory");
	s->batcher.ctx.wanted = &s->options.wanted;
	outbox_init(&s->outbox, &line, s->batcher.w);
	if ((s->tails = tails_new(s->options.mode, &sink, &s->outbox, &s->batcher)) == NULL ||
	    (s->captures = captures_new(&s->outbox, &s->batcher.ctx, &captures_sink)) == NULL ||
	    (s->syslogs = syslogs_new(&s->outbox, &s->batcher, &syslogs_sink)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	/* All that it needs is here or comes as a descriptor; from now on it meets strangers' bytes. */
	if (confine(CONFINE_SENSOR, NULL, e) != TK_OK)
		return e->code;
	if (importing(s)) {
		/* Nothing is to be put in order first: what was not acknowledged was not imported. */
		s->batcher.on_reject = tell_rejected;
		s->batcher.on_reject_arg = s;
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGINT);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		tails_ready(s->tails, sys_mono_ns());
	}
	return TK_OK;
}

static int take_file(struct sensor *s, struct slice in, int *fd, struct err *e)
{
	struct role_file f;
	int taken = *fd;

	*fd = -1;
	if (taken >= 0 && role_file_decode(in, &f) == TK_OK)
		return tails_file(s->tails, &f, taken, sys_mono_ns(), sys_now_ns(), e);
	sys_close(taken);
	return err_set(e, TK_EMALFORMED, "a file that cannot be read");
}

static int take_capture(struct sensor *s, struct slice in, int *fd, struct err *e)
{
	struct role_capture_input input;
	struct role_capture_state state;
	struct role_capture c;
	int taken = *fd;

	if (role_capture_input_decode(in, &input) == TK_OK)
		return captures_input(s->captures, &input, e);
	if (role_capture_state_decode(in, &state) == TK_OK)
		return captures_state(s->captures, &state, e);
	if (taken < 0 || role_capture_decode(in, &c) != TK_OK)
		return err_set(e, TK_EMALFORMED, "a capture that cannot be read");
	*fd = -1;
	return captures_open(s->captures, &c, taken, e);
}

static int take_keylog(struct sensor *s, struct slice in, int *fd, struct err *e)
{
	uint32_t input;
	int taken = *fd;

	if (taken < 0 || role_keylog_decode(in, &input) != TK_OK)
		return err_set(e, TK_EMALFORMED, "a key log that cannot be read");
	*fd = -1;
	return captures_keylog(s->captures, input, taken, e);
}

static int take_syslog(struct sensor *s, struct slice in, int *fd, struct err *e)
{
	struct role_syslog_input input;
	struct role_syslog_socket socket;
	int taken = *fd;

	if (role_syslog_input_decode(in, &input) == TK_OK)
		return syslogs_input(s->syslogs, &input, e);
	if (role_syslog_socket_decode(in, &socket) != TK_OK)
		return err_set(e, TK_EMALFORMED, "a socket that cannot be read");
	*fd = -1;
	return syslogs_socket(s->syslogs, &socket, taken, e);
}

static int take_message(struct sensor *s, struct slice in, int *fd, struct err *e)
{
	struct role_input input;
	uint32_t waiting;

	if (in.p[0] == ROLE_BATCH_SOCKET && *fd >= 0 && s->batch < 0) {
		s->batch = *fd;
		*fd = -1;
		role_nonblock(s->batch);
		return TK_OK;
	}
	if (in.p[0] == ROLE_OPTIONS)
		return take_options(s, in, e);
	if (s->syslogs == NULL)
		return err_set(e, TK_EMALFORMED, "message of type %u before the options", in.p[0]);
	switch (in.p[0]) {
	case ROLE_INPUT:
		if (role_input_decode(in, &input) != TK_OK)
			break;
		return tails_input(s->tails, &input, e);
	case ROLE_FILE:
		return take_file(s, in, fd, e);
	case ROLE_CAPTURE_INPUT:
	case ROLE_CAPTURE:
	case ROLE_CAPTURE_STATE:
		return take_capture(s, in, fd, e);
	case ROLE_KEYLOG:
		return take_keylog(s, in, fd, e);
	case ROLE_SYSLOG_INPUT:
	case ROLE_SYSLOG_SOCKET:
		return take_syslog(s, in, fd, e);
	case ROLE_FILES_READY:
		s->files_ready = true;
		return TK_OK;
	case ROLE_SHORTAGE:
		if (role_shortage_decode(in, &waiting) != TK_OK)
			break;
		tails_shortage(s->tails, waiting);
		return TK_OK;
	}
	return err_set(e, TK_EMALFORMED, "message of type %u that does not belong here", in.p[0]);
}

static int take_messages(struct sensor *s, struct err *e)
{
	struct slice in;
	int fd, rc;

	while ((rc = role_recv(ROLE_FD, s->packet, &in, &fd, e)) == TK_OK) {
		rc = take_message(s, in, &fd, e);
		sys_close(fd);
		explicit_bzero(s->packet, in.n); /* the options hold the fingerprint key */
		if (rc != TK_OK)
			return rc;
	}
	return rc == TK_AGAIN ? TK_OK : rc;
}

/* ---- the loop ---- */

static bool import_done(const struct sensor *s)
{
	return importing(s) && s->files_ready && tails_open_files(s->tails) == 0 &&
	       s->outbox.n == 0;
}

static int work(struct sensor *s, int64_t *sleep_ns, struct err *e)
{
	int rc = TK_OK;

	*sleep_ns = NS_PER_SEC;
	if (s->syslogs == NULL || s->batch < 0)
		return TK_OK;
	if (!importing(s) && s->files_ready && s->resumed) {
		tails_ready(s->tails, sys_mono_ns());
		s->resumed = false; /* once */
		s->ready = true;
	}
	/* A tail may wait for the recorder; packets and datagrams do not. */
	if (captures_count(s->captures) + syslogs_count(s->syslogs) == 0 ||
	    outbox_ready(&s->outbox, TAIL_BATCHES))
		rc = tails_step(s->tails, sys_mono_ns(), sys_now_ns(), sleep_ns, e);
	if (rc == TK_OK && s->ready)
		rc = captures_step(s->captures, sys_mono_ns(), sys_now_ns(), sleep_ns, e);
	if (rc == TK_OK && s->ready)
		rc = syslogs_step(s->syslogs, sys_mono_ns(), sys_now_ns(), sleep_ns, e);
	if (rc != TK_OK || !importing(s))
		return rc;
	if (import_done(s)) {
		tell_summary(s, true);
		s->stop = true;
	} else if (sys_mono_ns() - s->told_at > PROGRESS_NS) {
		tell_summary(s, false);
	}
	return TK_OK;
}

static int wait_for_something(struct sensor *s, int64_t sleep_ns, struct err *e)
{
	/* Positions name inputs: not before those are known. */
	bool listen = s->batch >= 0 && s->tails != NULL && (importing(s) || s->files_ready);
	struct pollfd p[3 + CAPTURES_MAX + SYSLOGS_POLL_MAX] = { { .fd = ROLE_FD, .events = POLLIN },
					      { .fd = s->signals, .events = POLLIN },
					      { .fd = listen ? s->batch : -1, .events = POLLIN } };
	struct timespec wait = { .tv_sec = sleep_ns / NS_PER_SEC, .tv_nsec = sleep_ns % NS_PER_SEC };
	size_t rings = s->ready ? captures_poll(s->captures, p + 3) : 0;
	size_t sockets = s->ready ? syslogs_poll(s->syslogs, sys_mono_ns(), p + 3 + rings) : 0;
	int rc = TK_OK;

	if (ppoll(p, 3 + rings + sockets, &wait, NULL) <= 0)
		return TK_OK;
	if (rings > 0)
		captures_polled(s->captures, p + 3, rings);
	if (sockets > 0)
		syslogs_polled(s->syslogs, p + 3 + rings, sockets);
	if (p[1].revents != 0) {
		s->stop = true;
		return TK_OK;
	}
	if (p[0].revents != 0)
		rc = take_messages(s, e);
	if (rc == TK_OK && p[2].revents != 0)
		rc = take_frames(s, e);
	return rc;
}

/* The last batch out, its answer in: a clean stop repeats nothing at the next start. */
static int finish(struct sensor *s, struct err *e)
{
	int64_t until = sys_mono_ns() + LAST_ANSWERS_NS;
	int rc;

	if (s->syslogs == NULL || s->batch < 0)
		return TK_OK;
	rc = s->ready ? captures_finish(s->captures, sys_now_ns(), e) : TK_OK;
	if (rc == TK_OK && s->ready)
		rc = syslogs_finish(s->syslogs, sys_mono_ns(), sys_now_ns(), e);
	if (rc == TK_OK)
		rc = tails_flush(s->tails, sys_mono_ns(), sys_now_ns(), e);
	while (rc == TK_OK && s->outbox.n > 0) {
		int64_t left = (until - sys_mono_ns()) / 1000000;
		struct pollfd p = { .fd = s->batch, .events = POLLIN };

		if (left <= 0)
			return err_set(e, TK_EIO, "the recorder did not answer in time");
		if (poll(&p, 1, (int)left) > 0)
			rc = take_frames(s, e);
	}
	return rc;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Ctrl-C goes to the whole group: the supervisor says when to stop. An import unblocks it. */
	sigdelset(&set, SIGINT);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int loop(struct sensor *s, struct err *e)
{
	int64_t sleep_ns = NS_PER_SEC;
	int rc = TK_OK;

	while (rc == TK_OK && !s->stop) {
		rc = wait_for_something(s, sleep_ns, e);
		if (rc == TK_OK && !s->stop)
			rc = work(s, &sleep_ns, e);
	}
	return rc == TK_OK && !importing(s) ? finish(s, e) : rc;
}

int sensor_main(void)
{
	struct sensor *s = calloc(1, sizeof *s);
	struct err e = { 0 };
	struct stat st;
	int rc;

	if (s == NULL || fstat(ROLE_FD, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		role_say("--role sensor: started by `tochoku run`, not by hand");
		free(s);
		return 2;
	}
	s->batch = -1;
	s->signals = open_signals();
	role_nonblock(ROLE_FD);
	frame_reader_init(&s->frames);
	rc = loop(s, &e);
	/* The end of a peer is told by whoever outlives it. */
	if (rc != TK_OK && rc != TK_EEND)
		role_say("sensor: %s", e.text);
	captures_free(s->captures);
	syslogs_free(s->syslogs);
	tails_free(s->tails);
	if (s->has_options)
		batcher_free(&s->batcher);
	frame_reader_free(&s->frames);
	sensor_options_clear(&s->options);
	sys_close(s->batch);
	sys_close(s->signals);
	free(s);
	return rc == TK_OK ? 0 : 1;
}
