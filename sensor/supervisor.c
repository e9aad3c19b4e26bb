/* `tochoku run`: starts the roles, opens logs and captures for the sensor, restarts what dies, stops in
 * order. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/notify.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/capture_open.h"
#include "sensor/inputs.h"
#include "sensor/options.h"
#include "sensor/recorder/control.h"
#include "sensor/roles.h"
#include "sensor/spawn.h"
#include "sensor/users.h"
#include "sensor/watch_captures.h"
#include "sensor/watch_files.h"
#include "sensor/watch_syslog.h"

#define BACKOFF_MIN_NS (NS_PER_SEC / 10)
#define BACKOFF_MAX_NS (5 * NS_PER_SEC)
#define ALIVE_NS (60 * NS_PER_SEC)        /* a role that lived so long starts again at once */
#define FIRST_START_NS (2 * NS_PER_SEC)   /* a recorder that fails before has been started wrongly */
#define STOP_SENSOR_NS (6 * NS_PER_SEC)   /* both together: gone within 10 s of SIGTERM */
#define STOP_RECORDER_NS (3 * NS_PER_SEC)
#define SOON_MS 10
#define DESCRIPTORS_KEPT 24               /* for sockets, folders and libraries */

struct role {
	pid_t pid;        /* 0: not running */
	int channel;      /* our end; -1 */
	int64_t started, start_at, backoff;
	int64_t kill_at;  /* 0: no stop asked for */
};

struct supervisor {
	const struct config *cfg;
	struct config *own;      /* after a reload */
	const char *config_file;
	struct watch *watch;
	struct capture_watch *captures;
	struct syslog_watch *syslog;
	struct role sensor, recorder;
	struct role_users users;
	int signals;
	int notify;              /* the service manager; -1: none */
	bool elsewhere;          /* the recorder is a service of its own */
	bool stopping, told_ready, recorder_lived;
	uint32_t told_waiting;
	int64_t scan_at;
	int exit_code;           /* enum tk_code */
	struct buf packet;
	uint8_t in[ROLE_MESSAGE_MAX];
};

/* ---- start ---- */

static int start_role(struct supervisor *s, struct role *r, const char *name, int death, struct err *e)
{
	int pair[2];

	if (role_channel(pair, e) != TK_OK)
		return TK_EIO;
	r->pid = role_spawn(name, r == &s->recorder ? s->config_file : NULL, pair[1], death,
			    r == &s->recorder ? &s->users.recorder : &s->users.sensor, e);
	sys_close(pair[1]);
	if (r->pid < 0) {
		r->pid = 0;
		sys_close(pair[0]);
		return TK_EIO;
	}
	role_nonblock(pair[0]);
	r->channel = pair[0];
	r->started = sys_mono_ns();
	r->kill_at = 0;
	return TK_OK;
}

/* The sensor's end of a new socket to the recorder. Each start has one: nothing of a former sensor can arrive
 * after this one's. */
static int reach_recorder(struct supervisor *s, int *batch, struct err *e)
{
	int pair[2], rc;

	*batch = -1;
	if (s->elsewhere) {
		rc = control_open_sensor(s->cfg, batch, e);
		return rc != TK_ENOTFOUND ? rc : err_set(e, rc, "no recorder is there yet; waiting for one");
	}
	if ((rc = role_batch_pair(pair, e)) != TK_OK)
		return rc;
	rc = role_send_type(s->recorder.channel, ROLE_BATCH_SOCKET, pair[0], e);
	sys_close(pair[0]);
	*batch = pair[1];
	return rc;
}

static int start_sensor(struct supervisor *s, struct err *e)
{
	int batch, rc = reach_recorder(s, &batch, e);

	if (rc == TK_OK)
		rc = start_role(s, &s->sensor, "sensor", SIGKILL, e);
	if (rc == TK_OK)
		rc = role_send_type(s->sensor.channel, ROLE_BATCH_SOCKET, batch, e);
	sys_close(batch);
	if (rc == TK_OK)
		rc = inputs_tell(s->cfg, s->sensor.channel, e);
	watch_forget_sent(s->watch);
	capture_watch_restart(s->captures);
	syslog_watch_restart(s->syslog);
	s->told_ready = false;
	s->told_waiting = 0;
	s->scan_at = 0;
	return rc;
}

static void start_due(struct supervisor *s)
{
	int64_t now = sys_mono_ns();
	struct err e = { 0 };
	int rc = TK_OK;

	if (s->stopping)
		return;
	if (!s->elsewhere && s->recorder.pid == 0 && s->sensor.pid == 0 && now >= s->recorder.start_at)
		rc = start_role(s, &s->recorder, "recorder", SIGTERM, &e);
	if (rc == TK_OK && (s->elsewhere || s->recorder.pid != 0) && s->sensor.pid == 0 &&
	    now >= s->sensor.start_at)
		rc = start_sensor(s, &e);
	/* A peer that has gone is restarted when its end is reaped. */
	if (rc != TK_OK && rc != TK_EEND) {
		role_say("%s", e.text);
		s->recorder.start_at = s->sensor.start_at = now + BACKOFF_MAX_NS;
		if (s->sensor.pid != 0)
			kill(s->sensor.pid, SIGKILL);
	}
}

/* ---- end ---- */

static void stop_role(struct role *r, int64_t patience)
{
	if (r->pid == 0 || r->kill_at != 0)
		return;
	kill(r->pid, SIGTERM);
	r->kill_at = sys_mono_ns() + patience;
}

static void tell_end(const char *name, int status, const struct role *r)
{
	if (WIFSIGNALED(status))
		role_say("the %s process (%d) was ended by signal %d; it is started again", name, (int)r->pid,
			 WTERMSIG(status));
	else
		role_say("the %s process (%d) ended with status %d; it is started again", name, (int)r->pid,
			 WEXITSTATUS(status));
}

static void role_ended(struct role *r)
{
	int64_t now = sys_mono_ns();

	if (now - r->started >= ALIVE_NS)
		r->backoff = 0;
	r->backoff = r->backoff == 0 ? BACKOFF_MIN_NS : 2 * r->backoff;
	if (r->backoff > BACKOFF_MAX_NS)
		r->backoff = BACKOFF_MAX_NS;
	r->start_at = now + r->backoff;
	/* Asked for: at once. */
	if (r->kill_at != 0) {
		r->backoff = 0;
		r->start_at = 0;
	}
	r->pid = 0;
	r->kill_at = 0;
	sys_close(r->channel);
	r->channel = -1;
}

static void recorder_ended(struct supervisor *s, int status)
{
	struct role *r = &s->recorder;
	bool at_once = sys_mono_ns() - r->started < FIRST_START_NS;

	if (s->stopping) {
		/* Asked for, or (when it came unasked) no worse than a kill: the ledger is consistent. */
		role_ended(r);
		return;
	}
	/* It has said why: a second `run`, a ledger that cannot be opened. To try for ever would say it for
	 * ever; once more, since a recorder whose supervisor was killed may be finishing. */
	if (at_once && !s->recorder_lived && WIFEXITED(status) && WEXITSTATUS(status) == 3 &&
	    r->backoff == 0) {
		r->backoff = NS_PER_SEC / 2;
	} else if (at_once && !s->recorder_lived && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		s->exit_code = WEXITSTATUS(status) == 2 ? TK_ECONFIG : TK_EIO;
		s->stopping = true;
	} else {
		tell_end("recorder", status, r);
	}
	role_ended(r);
	/* Its sensor has batches out that nobody will answer. */
	if (s->sensor.pid != 0) {
		kill(s->sensor.pid, SIGKILL);
		s->sensor.kill_at = sys_mono_ns();
	}
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->recorder.pid) {
			recorder_ended(s, status);
		} else if (pid == s->sensor.pid) {
			if (s->sensor.kill_at == 0 && !s->stopping)
				tell_end("sensor", status, &s->sensor);
			role_ended(&s->sensor);
		}
	}
}

/* The sensor first, so that what it has read is recorded. True when both are gone. */
static bool stop_in_order(struct supervisor *s)
{
	if (s->sensor.pid != 0)
		stop_role(&s->sensor, STOP_SENSOR_NS);
	else
		stop_role(&s->recorder, STOP_RECORDER_NS);
	return s->sensor.pid == 0 && s->recorder.pid == 0;
}

static void kill_overdue(struct role *r)
{
	if (r->pid != 0 && r->kill_at != 0 && sys_mono_ns() >= r->kill_at)
		kill(r->pid, SIGKILL);
}

/* ---- reload ---- */

/* False: the configuration of before stays, and why was said. */
static bool reconfigure(struct supervisor *s)
{
	struct problems p;
	struct config *cfg;
	struct err e = { 0 };

	if (s->config_file == NULL)
		return false;
	problems_init(&p, s->config_file);
	cfg = config_load(s->config_file, &p);
	problems_print(&p);
	problems_free(&p);
	if (cfg != NULL && inputs_check(cfg, &e) != TK_OK) {
		role_say("%s: %s", s->config_file, e.text);
		config_free(cfg);
		cfg = NULL;
	}
	if (cfg == NULL) {
		role_say("%s: not used; the configuration of before stays", s->config_file);
		return false;
	}
	watch_reconfigure(s->watch, cfg);
	capture_watch_reconfigure(s->captures, cfg);
	syslog_watch_reconfigure(s->syslog, cfg);
	s->cfg = cfg;
	config_free(s->own);
	s->own = cfg;
	return true;
}

static void reload(struct supervisor *s)
{
	/* The recorder says READY when it is done; where it is elsewhere, the new sensor's inputs do. */
	notify_send(s->notify, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(sys_mono_ns() / 1000));
	/* The recorder re-reads by itself: rules, identities, prices and GeoIP are its own. */
	if (s->recorder.pid != 0)
		kill(s->recorder.pid, SIGHUP);
	if (reconfigure(s))
		stop_role(&s->sensor, STOP_SENSOR_NS);
	else if (s->elsewhere)
		notify_send(s->notify, "READY=1");
}

static void stop(struct supervisor *s)
{
	notify_send(s->notify, "STOPPING=1");
	s->stopping = true;
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo i;

	while (sys_read(s->signals, &i, sizeof i) == (ssize_t)sizeof i) {
		if (i.ssi_signo == SIGHUP)
			reload(s);
		else if (i.ssi_signo == SIGTERM || i.ssi_signo == SIGINT)
			stop(s);
	}
	reap(s);
}

/* ---- files and captures ---- */

static void take_from_sensor(struct supervisor *s)
{
	struct role_retired r;
	struct slice in;
	uint64_t id;
	int fd;

	while (s->sensor.pid != 0 && role_recv(s->sensor.channel, s->in, &in, &fd, NULL) == TK_OK) {
		sys_close(fd);
		if (in.p[0] == ROLE_RETIRED && role_retired_decode(in, &r) == TK_OK) {
			watch_retired(s->watch, &r);
			continue;
		}
		if (in.p[0] == ROLE_CAPTURE_LOST && role_capture_lost_decode(in, &id) == TK_OK) {
			capture_watch_lost(s->captures, id);
			continue;
		}
		if (in.p[0] == ROLE_SYSLOG_DONE && role_syslog_done_decode(in, &id) == TK_OK) {
			syslog_watch_done(s->syslog, id);
			continue;
		}
		/* It has met strangers' bytes: whatever it says that it should not ends it. */
		role_say("the sensor process sent a message of type %u that does not belong here", in.p[0]);
		kill(s->sensor.pid, SIGKILL);
		return;
	}
}

static bool send_packet(struct supervisor *s, int fd)
{
	struct err e = { 0 };
	int rc = role_try_send(s->sensor.channel, buf_slice(&s->packet), fd, &e);

	if (rc != TK_OK && rc != TK_AGAIN && rc != TK_EEND)
		role_say("%s", e.text);
	return rc == TK_OK;
}

static bool hand_in_captures(struct supervisor *s)
{
	struct role_capture_state state;
	struct role_capture capture;
	enum capture_news news;
	int fd;

	while ((news = capture_watch_next(s->captures, &state, &capture, &fd)) != CAPTURE_NO_NEWS) {
		buf_clear(&s->packet);
		if (news == CAPTURE_NEW)
			role_capture_encode(&capture, &s->packet);
		else if (news == CAPTURE_KEYLOG)
			role_keylog_encode(capture.input, &s->packet);
		else
			role_capture_state_encode(&state, &s->packet);
		if (!send_packet(s, fd))
			return false;
		capture_watch_sent(s->captures);
	}
	return true;
}

static bool hand_in_syslog(struct supervisor *s)
{
	struct role_syslog_socket socket;
	int fd;

	while (syslog_watch_next(s->syslog, &socket, &fd)) {
		buf_clear(&s->packet);
		role_syslog_socket_encode(&socket, &s->packet);
		if (!send_packet(s, fd))
			return false;
		syslog_watch_sent(s->syslog);
	}
	return true;
}

/* What does not fit into the channel now is handed in at the next turn. */
static void hand_in(struct supervisor *s)
{
	struct role_file f;
	uint32_t waiting = watch_waiting(s->watch);
	int fd;

	if (s->sensor.pid == 0 || s->sensor.kill_at != 0)
		return;
	capture_watch_look(s->captures, sys_mono_ns());
	if (!hand_in_captures(s) || !hand_in_syslog(s))
		return;
	while (watch_next(s->watch, &f, &fd)) {
		buf_clear(&s->packet);
		role_file_encode(&f, &s->packet);
		if (!send_packet(s, fd))
			return;
		watch_sent(s->watch, f.id);
	}
	buf_clear(&s->packet);
	/* Repeated while it lasts: what was given back is counted off by the sensor. */
	if (waiting != 0 || s->told_waiting != 0) {
		role_shortage_encode(waiting, &s->packet);
		if (send_packet(s, -1))
			s->told_waiting = waiting;
	}
	if (!s->told_ready) {
		buf_clear(&s->packet);
		buf_byte(&s->packet, ROLE_FILES_READY);
		s->told_ready = send_packet(s, -1);
		if (s->told_ready && s->elsewhere)
			notify_send(s->notify, "READY=1");
	}
}

static int64_t scan_due(struct supervisor *s)
{
	int64_t now = sys_mono_ns();

	if (now < s->scan_at)
		return s->scan_at - now;
	/* Also while no sensor runs: what is held then cannot be rotated out of existence. */
	watch_scan(s->watch);
	syslog_watch_look(s->syslog, now);
	s->scan_at = sys_mono_ns() + WATCH_SCAN_MS * 1000000;
	hand_in(s);
	return WATCH_SCAN_MS * 1000000;
}

/* A folder has changed. Renaming, making and compressing come together: seen after a breath, at once. */
static void scan_soon(struct supervisor *s)
{
	poll(NULL, 0, SOON_MS);
	s->scan_at = 0;
}

/* ---- the loop ---- */

static void turn(struct supervisor *s)
{
	int64_t wait_ns = s->stopping ? NS_PER_SEC / 20 : scan_due(s);
	struct pollfd p[3 + SYSLOG_MAX] = { { .fd = s->signals, .events = POLLIN },
					    { .fd = s->sensor.channel, .events = POLLIN },
					    { .fd = s->stopping ? -1 : watch_fd(s->watch),
					      .events = POLLIN } };
	size_t sockets = s->stopping ? 0 : syslog_watch_poll(s->syslog, p + 3);
	struct timespec wait;

	if (s->sensor.pid == 0 && wait_ns > NS_PER_SEC / 20)
		wait_ns = NS_PER_SEC / 20;
	wait = (struct timespec){ .tv_sec = wait_ns / NS_PER_SEC, .tv_nsec = wait_ns % NS_PER_SEC };
	if (ppoll(p, 3 + sockets, &wait, NULL) > 0) {
		if (sockets > 0 && syslog_watch_accept(s->syslog))
			s->scan_at = 0;
		if ((p[1].revents & POLLIN) != 0)
			take_from_sensor(s);
		/* Its end is known before it is reaped: no turning in circles until then. */
		else if (p[1].revents != 0)
			poll(NULL, 0, 10);
		if (p[2].revents != 0)
			scan_soon(s);
	}
	take_signals(s);
	if (!s->recorder_lived && s->recorder.pid != 0 &&
	    sys_mono_ns() - s->recorder.started >= FIRST_START_NS)
		s->recorder_lived = true;
	kill_overdue(&s->sensor);
	kill_overdue(&s->recorder);
	start_due(s);
}

static unsigned open_limit(const struct config *cfg)
{
	struct rlimit r;
	const unsigned kept =
		DESCRIPTORS_KEPT + (unsigned)(cfg->n_syslog > 0 ? cfg->n_syslog + SYSLOG_CONNECTIONS_MAX : 0);
	unsigned long n = WATCH_OPEN_MAX + kept;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < n)
		n = r.rlim_cur;
	return n > kept + 4 ? (unsigned)(n - kept) : 4;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int supervisor_run(const struct config *cfg, bool recorder_elsewhere, struct err *e)
{
	struct supervisor *s;
	int rc = inputs_check(cfg, e);

	if (rc != TK_OK)
		return rc;
	if (cfg->n_tails + cfg->n_syslog == 0 && capture_allowed(e) != TK_OK)
		return TK_EIO; /* with a tail beside it this is told, and the rest goes on */
	s = calloc(1, sizeof *s);
	if (s == NULL || (s->watch = watch_new(cfg, open_limit(cfg))) == NULL ||
	    (s->captures = capture_watch_new(cfg)) == NULL || (s->syslog = syslog_watch_new(cfg)) == NULL) {
		watch_free(s == NULL ? NULL : s->watch);
		capture_watch_free(s == NULL ? NULL : s->captures);
		free(s);
		return err_set(e, TK_ENOMEM, "no memory");
	}
	s->cfg = cfg;
	s->config_file = cfg->file;
	s->elsewhere = recorder_elsewhere;
	s->sensor.channel = s->recorder.channel = -1;
	buf_init(&s->packet, ROLE_MESSAGE_MAX);
	s->signals = open_signals();
	s->notify = notify_open();
	if (s->signals < 0) {
		rc = err_sys(e, "signals");
	} else if ((rc = users_take(cfg, &s->users, e)) == TK_OK) {
		start_due(s);
		while (!s->stopping || !stop_in_order(s))
			turn(s);
		rc = s->exit_code;
	}
	watch_free(s->watch);
	capture_watch_free(s->captures);
	syslog_watch_free(s->syslog);
	config_free(s->own);
	buf_free(&s->packet);
	sys_close(s->signals);
	sys_close(s->notify);
	free(s);
	return rc;
}
