#include "sensor/import.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/recorder/control.h"
#include "sensor/options.h"
#include "sensor/recorder/recorder.h"
#include "sensor/roles.h"
#include "sensor/spawn.h"
#include "sensor/watch_files.h"

#define FILES_AHEAD 8  /* opened before it is their turn */
#define RATIO 8        /* of plain to compressed bytes, for the time left */

struct import {
	const struct import_options *o;
	struct import_result *result;
	struct sensor_options options; /* made before the thread: it reads and makes files */
	int channel;
	uint64_t *sizes;
	uint64_t total, done, plain_done; /* bytes of all files, of finished ones; plain bytes of those */
	uint64_t sent, retired;
	int64_t began;
	bool finished;                 /* the final summary was received */
	int rc;
	struct err e;
	struct buf packet;
	uint8_t in[ROLE_MESSAGE_MAX];
};

/* ---- whose file is it? ---- */

/* Some log name that the pattern matches and of which `name` is a rotated sibling? */
static bool sibling_of_pattern(const char *pattern, const char *name)
{
	char base[NAME_MAX + 1];
	bool compressed;

	if (strpbrk(pattern, "*?[") == NULL)
		return log_sibling(slice_str(pattern), slice_str(name), &compressed);
	for (size_t n = strlen(name); n-- > 1;) {
		snprintf(base, sizeof base, "%.*s", (int)n, name);
		if (fnmatch(pattern, base, FNM_PERIOD) == 0 &&
		    log_sibling(slice_str(base), slice_str(name), &compressed))
			return true;
	}
	return false;
}

/* Number of the tail to whose path the file belongs, or -1. */
static int64_t tail_of(const struct config *cfg, const char *file)
{
	char real[PATH_MAX], folder[PATH_MAX], pattern[PATH_MAX], *name;

	if (realpath(file, real) == NULL || (name = strrchr(real, '/')) == NULL)
		return -1;
	*name++ = 0;
	for (size_t i = 0; i < cfg->n_tails; i++) {
		const char *path = cfg->tails[i].path, *slash = strrchr(path, '/');

		snprintf(pattern, sizeof pattern, "%.*s", slash == NULL ? 1 : (int)(slash - path),
			 slash == NULL ? "." : path);
		/* A folder with a wildcard in it is compared as it is written. */
		if (realpath(pattern[0] == 0 ? "/" : pattern, folder) == NULL)
			snprintf(folder, sizeof folder, "%s", pattern);
		if (fnmatch(strcmp(folder, "/") == 0 ? "" : folder, real, FNM_PATHNAME) != 0)
			continue;
		slash = slash == NULL ? path : slash + 1;
		if (fnmatch(slash, name, FNM_PERIOD) == 0 || sibling_of_pattern(slash, name))
			return (int64_t)i;
	}
	return -1;
}

/* ---- to the sensor ---- */

static int send_packet(struct import *m, int fd)
{
	return role_send(m->channel, buf_slice(&m->packet), fd, &m->e);
}

/* Input 0 is the one asked for, or nobody's; the others are the configured tails. */
static int send_inputs(struct import *m)
{
	const struct config *cfg = m->o->cfg;
	int rc = TK_OK;

	for (size_t i = 0; rc == TK_OK && i <= cfg->n_tails; i++) {
		const struct cfg_tail *t = i == 0 ? NULL : &cfg->tails[i - 1];
		const char *format = m->o->format;
		struct role_input in = { .number = (uint32_t)i };

		if (t != NULL && strcmp(format, "auto") == 0)
			format = cfg_tail_format(t);
		in.name = slice_str(t != NULL ? t->name : m->o->input != NULL ? m->o->input : "");
		in.format = slice_str(format);
		buf_clear(&m->packet);
		role_input_encode(&in, &m->packet);
		rc = send_packet(m, -1);
	}
	return rc;
}

static void failed(struct import *m, size_t i, const char *why)
{
	role_say("%s: %s", m->o->files[i], why);
	m->result->failed++;
	m->retired++;
}

static int open_file(const char *path, struct stat *st)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				: sys_open(path, O_RDONLY | O_NOCTTY, 0);

	if (fd < 0 || fstat(fd, st) != 0) {
		sys_close(fd);
		return -1;
	}
	if (S_ISDIR(st->st_mode)) {
		sys_close(fd);
		errno = EISDIR;
		return -1;
	}
	return fd;
}

static int send_file(struct import *m, size_t i)
{
	const char *path = m->o->files[i];
	int64_t tail = m->o->input == NULL && strcmp(path, "-") != 0 ? tail_of(m->o->cfg, path) : -1;
	struct role_file f = { .id = i + 1, .input = (uint32_t)(tail + 1), .path = slice_str(path),
			       .base = slice_str(path), .is_base = true };
	struct stat st;
	int fd = open_file(path, &st), rc;

	m->sent++;
	if (fd < 0) {
		failed(m, i, strerror(errno));
		return TK_OK;
	}
	f.dev = st.st_dev;
	f.ino = st.st_ino;
	f.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	f.mtime = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
	m->sizes[i] = f.size;
	buf_clear(&m->packet);
	role_file_encode(&f, &m->packet);
	rc = send_packet(m, fd);
	sys_close(fd);
	return rc;
}

/* ---- from the sensor ---- */

static void show_progress(const struct import *m, const struct role_summary *s)
{
	double seconds = (double)(sys_mono_ns() - m->began) / 1e9;
	uint64_t plain = s->bytes_in - m->plain_done, now = m->done;

	if (m->retired < m->o->n_files) {
		uint64_t size = m->sizes[m->retired];
		bool compressed = plain > size;

		now += compressed && plain / RATIO > size ? size : compressed ? plain / RATIO : plain;
	}
	fprintf(stderr, "\r\033[Ktochoku: import: %.1f million calls, %.0f thousand a second",
		(double)s->lines / 1e6, seconds > 0 ? (double)s->lines / seconds / 1e3 : 0.0);
	if (now > 0 && m->total > now)
		fprintf(stderr, ", %.0f %%, %.0f s left", 100.0 * (double)now / (double)m->total,
			seconds * (double)(m->total - now) / (double)now);
	fflush(stderr);
}

static void end_progress(const struct import *m)
{
	if (m->o->progress)
		fputs("\r\033[K", stderr);
}

static void take_retired(struct import *m, const struct role_retired *r)
{
	size_t i = (size_t)r->id - 1;

	if (r->id == 0 || r->id > m->o->n_files)
		return;
	m->retired++;
	m->done += m->sizes[i];
	m->result->bytes += m->sizes[i];
	/* Why was told by the sensor, except for this. */
	if (r->events == 0 && r->rejected > 0)
		role_say("%s: not one of its %llu lines could be read", m->o->files[i],
			 (unsigned long long)r->rejected);
	if ((r->events == 0 && r->rejected > 0) || r->status == RETIRED_UNKNOWN ||
	    r->status == RETIRED_UNREADABLE || (r->status == RETIRED_DAMAGED && r->events == 0))
		m->result->failed++;
}

static void take_rejected(struct import *m, const struct role_rejected *r)
{
	struct import_result *res = m->result;

	if (r->id == 0 || r->id > m->o->n_files || res->n_rejects == IMPORT_REJECTS_SHOWN)
		return;
	res->rejects[res->n_rejects].file = r->id - 1;
	res->rejects[res->n_rejects].line = r->line;
	res->rejects[res->n_rejects++].reason = r->reason;
}

static void take_summary(struct import *m, const struct role_summary *s)
{
	m->result->lines = s->lines;
	m->result->rejected = s->rejected;
	m->result->new_events = s->new_events;
	m->result->duplicates = s->duplicates;
	m->finished = s->final;
	if (m->o->progress && !s->final)
		show_progress(m, s);
	if (m->retired == m->sent)
		m->plain_done = s->bytes_in;
}

static int take_message(struct import *m)
{
	struct role_retired retired;
	struct role_rejected rejected;
	struct role_summary summary;
	struct slice in;
	int fd, rc = role_recv(m->channel, m->in, &in, &fd, &m->e);

	sys_close(fd);
	if (rc != TK_OK)
		return rc;
	if (in.p[0] == ROLE_RETIRED && role_retired_decode(in, &retired) == TK_OK)
		take_retired(m, &retired);
	else if (in.p[0] == ROLE_REJECTED && role_rejected_decode(in, &rejected) == TK_OK)
		take_rejected(m, &rejected);
	else if (in.p[0] == ROLE_SUMMARY && role_summary_decode(in, &summary) == TK_OK)
		take_summary(m, &summary);
	else
		return err_set(&m->e, TK_EMALFORMED, "the sensor process sent a message of type %u", in.p[0]);
	return TK_OK;
}

/* ---- both ---- */

static int feed(struct import *m)
{
	int rc;

	buf_clear(&m->packet);
	options_encode(&m->options, &m->packet);
	rc = send_packet(m, -1);
	explicit_bzero(m->packet.p, m->packet.cap);
	if (rc == TK_OK)
		rc = send_inputs(m);
	while (rc == TK_OK && !m->finished) {
		while (rc == TK_OK && m->sent < m->o->n_files && m->sent < m->retired + FILES_AHEAD) {
			rc = send_file(m, (size_t)m->sent);
			if (rc == TK_OK && m->sent == m->o->n_files)
				rc = role_send_type(m->channel, ROLE_FILES_READY, -1, &m->e);
		}
		if (rc == TK_OK)
			rc = take_message(m);
	}
	end_progress(m);
	return rc;
}

static void *feed_thread(void *arg)
{
	struct import *m = arg;

	m->rc = feed(m);
	return NULL;
}

/* The recorder in this process; the files are fed beside it. */
static int record_here(struct import *m, int batch_fd, int lock_fd, struct err *e)
{
	struct recorder_options ro = { .cfg = m->o->cfg,
				       .supervisor_fd = -1,
				       .batch_fd = batch_fd,
				       .lock_fd = lock_fd,
				       .ready_fd = -1 };
	struct recorder_result rr = { 0 };
	int guard = fcntl(batch_fd, F_DUPFD_CLOEXEC, 3), rc;
	pthread_t thread;
	sigset_t all, before;

	/* Signals are the recorder's: it commits what it has and returns. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, feed_thread, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0 || guard < 0) {
		errno = rc != 0 ? rc : errno;
		sys_close(lock_fd);
		return err_sys(e, "cannot start a thread");
	}
	rc = recorder_run(&ro, &rr, e);
	/* Whether it has taken its end or not: the sensor must see the end now. */
	shutdown(guard, SHUT_RDWR);
	sys_close(guard);
	pthread_join(thread, NULL);
	snprintf(m->result->input, sizeof m->result->input, "%s", rr.input);
	return rc;
}

static int start_sensor(struct import *m, int *batch, int *lock_fd, pid_t *pid, struct err *e)
{
	int pair[2], batches[2] = { -1, -1 }, theirs = -1, rc;

	rc = control_open_batches(m->o->cfg, &theirs, lock_fd, e);
	if (rc == TK_ENOTFOUND) {
		rc = role_batch_pair(batches, e);
		theirs = batches[1];
	}
	if (rc != TK_OK)
		return rc;
	*batch = batches[0];
	rc = role_channel(pair, e);
	if (rc == TK_OK) {
		*pid = role_spawn("sensor", NULL, pair[1], SIGKILL, NULL, e);
		sys_close(pair[1]);
		m->channel = pair[0];
		rc = *pid < 0 ? TK_EIO : role_send_type(m->channel, ROLE_BATCH_SOCKET, theirs, e);
	}
	sys_close(theirs);
	return rc;
}

static int run(struct import *m, struct err *e)
{
	int batch = -1, lock_fd = -1, rc, status = 0;
	pid_t pid = -1;

	rc = start_sensor(m, &batch, &lock_fd, &pid, e);
	if (rc == TK_OK && batch >= 0) {
		rc = record_here(m, batch, lock_fd, e);
		lock_fd = -1; /* the recorder's */
	} else if (rc == TK_OK) {
		m->rc = feed(m);
	}
	if (pid > 0) {
		if (!m->finished)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	sys_close(m->channel);
	sys_close(lock_fd);
	if (rc != TK_OK || m->finished)
		return rc;
	if (m->rc != TK_OK && m->rc != TK_EEND)
		return err_set(e, m->rc, "%s", m->e.text);
	return err_set(e, TK_EIO, "interrupted; what was recorded stays, importing again adds the rest");
}

int import_run(const struct import_options *o, struct import_result *result, struct err *e)
{
	struct import *m = calloc(1, sizeof *m);
	struct stat st;
	int rc;

	memset(result, 0, sizeof *result);
	result->files = o->n_files;
	if (m == NULL || (m->sizes = calloc(o->n_files + 1, sizeof *m->sizes)) == NULL) {
		free(m);
		return err_set(e, TK_ENOMEM, "no memory");
	}
	m->o = o;
	m->result = result;
	m->channel = -1;
	m->began = sys_mono_ns();
	buf_init(&m->packet, ROLE_MESSAGE_MAX);
	for (size_t i = 0; i < o->n_files; i++)
		if (stat(o->files[i], &st) == 0 && S_ISREG(st.st_mode))
			m->total += (uint64_t)st.st_size;
	rc = options_from_config(o->cfg, BATCH_IMPORT, &m->options, e);
	if (rc == TK_OK)
		rc = run(m, e);
	result->ns = sys_mono_ns() - m->began;
	sensor_options_clear(&m->options);
	buf_free(&m->packet);
	free(m->sizes);
	free(m);
	return rc;
}
