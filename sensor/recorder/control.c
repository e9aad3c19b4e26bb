#include "sensor/recorder/control.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/event/wire.h"
#include "core/ledger/ledger.h"
#include "sensor/recorder/actor.h"
#include "sensor/recorder/request.h"
#include "sensor/recorder/seal.h"

#define PATIENCE_STEPS 100
#define PATIENCE_US 50000
#define LOOK_SECONDS 3

void control_path(const struct config *cfg, struct buf *out)
{
	buf_fmt(out, "%s.sock", cfg->ledger.path);
}

void actor_name(unsigned uid, char *out, size_t n)
{
	char text[1024];
	struct passwd p, *found = NULL;

	if (getpwuid_r(uid, &p, text, sizeof text, &found) == 0 && found != NULL)
		snprintf(out, n, "%s", p.pw_name);
	else
		snprintf(out, n, "uid %u", uid);
}

bool actor_may_ask(int fd, unsigned uid, unsigned gid)
{
	gid_t groups[256];
	socklen_t n = sizeof groups;

	if (uid == 0 || uid == geteuid() || gid == getegid())
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
		return false; /* in more groups than that: nobody of ours */
	for (size_t i = 0; i < n / sizeof groups[0]; i++)
		if (groups[i] == getegid())
			return true;
	return false;
}

/* sun_path holds 107 bytes: a longer path goes through its folder's descriptor. */
int control_address(const char *path, struct sockaddr_un *a, int *folder)
{
	const char *base = strrchr(path, '/');
	char parent[4096];

	*folder = -1;
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof a->sun_path) {
		memcpy(a->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (base == NULL || (size_t)(base - path) >= sizeof parent)
		return -1;
	memcpy(parent, path, (size_t)(base - path));
	parent[base - path] = '\0';
	*folder = sys_open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (*folder < 0 || snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d%s", *folder, base) >=
				   (int)sizeof a->sun_path)
		return -1;
	return 0;
}

/* TK_ENOTFOUND: nobody listens. `path` NULL: it had no memory. */
static int try_connect(const char *path, int *fd, struct err *e)
{
	struct sockaddr_un a;
	int folder = -1, rc = TK_ENOTFOUND;

	*fd = path == NULL ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (path == NULL)
		rc = err_set(e, TK_ENOMEM, "no memory");
	else if (*fd < 0)
		rc = err_sys(e, "socket");
	else if (control_address(path, &a, &folder) == 0 &&
		 connect(*fd, (struct sockaddr *)&a, sizeof a) == 0)
		rc = TK_OK;
	else if (errno == EACCES || errno == EPERM)
		rc = err_sys(e, "%s", path);
	if (rc != TK_OK) {
		sys_close(*fd);
		*fd = -1;
	}
	sys_close(folder);
	return rc;
}

/* A recorder that starts holds the ledger before it listens, and one that ends holds it a little longer: so
 * who finds the ledger held and nobody listening waits for a while. TK_ENOTFOUND: there is none, and the lock
 * is the caller's; TK_EBUSY: it is held all the time by who does not listen, an import. */
static int connect_recorder(const struct config *cfg, int *fd, int *lock_fd, struct err *e)
{
	struct buf path;
	int rc = TK_ENOTFOUND, locked = TK_EBUSY;

	*lock_fd = -1;
	buf_init(&path, 8192);
	control_path(cfg, &path);
	for (int i = 0; i < PATIENCE_STEPS && rc == TK_ENOTFOUND && locked == TK_EBUSY; i++) {
		if (i > 0)
			usleep(PATIENCE_US);
		rc = try_connect(buf_cstr(&path), fd, e);
		if (rc == TK_ENOTFOUND && (locked = ledger_lock(cfg->ledger.path, lock_fd, e)) == TK_OK)
			break; /* nobody writes it, and nobody will while we hold it */
	}
	buf_free(&path);
	return rc != TK_ENOTFOUND || locked == TK_OK ? rc : locked;
}

static int ask(int fd, struct slice request, struct buf *reply, struct err *e)
{
	struct frame_reader in;
	enum frame_type type;
	struct slice payload;
	int rc = frame_send(fd, FRAME_REQUEST, request, e);

	frame_reader_init(&in);
	if (rc == TK_OK)
		rc = frame_recv(&in, fd, &type, &payload, e);
	if (rc == TK_OK && type != FRAME_REPLY)
		rc = err_set(e, TK_EMALFORMED, "control: the recorder sent no reply");
	if (rc == TK_OK)
		buf_add(reply, payload);
	frame_reader_free(&in);
	return rc;
}

/* No recorder runs: the same code here, under the lock. */
static int run_here(const struct config *cfg, struct slice request, struct buf *reply, struct err *e)
{
	struct ledger *l = NULL;
	struct request_next next = { 0 };
	struct sealer *sealer = NULL;
	char actor[256];
	int64_t now = sys_now_ns();
	int rc = ledger_open_locked(&l, cfg->ledger.path, e);

	actor_name(geteuid(), actor, sizeof actor);
	if (rc == TK_OK)
		rc = ledger_begin(l, e);
	if (rc == TK_OK)
		rc = clock_behind(l, now, e);
	if (rc == TK_OK)
		rc = request_run(l, cfg, request, slice_str(actor), now, reply, &next, e);
	if (rc == TK_OK)
		rc = ledger_commit(l, now, e);
	if (rc == TK_OK && next.trail.what != TRAIL_NOTHING &&
	    (rc = sealer_open(&sealer, cfg, l, e)) == TK_OK)
		sealer_answer(sealer, &next.trail, reply);
	sealer_close(sealer);
	ledger_close(l);
	return rc;
}

int control_request(const struct config *cfg, struct slice request, struct buf *reply, struct err *e)
{
	int fd = -1, lock_fd, rc = connect_recorder(cfg, &fd, &lock_fd, e);

	if (rc == TK_ENOTFOUND)
		rc = run_here(cfg, request, reply, e);
	else if (rc == TK_OK)
		rc = ask(fd, request, reply, e);
	sys_close(fd);
	sys_close(lock_fd);
	return rc;
}

int control_reach(const struct config *cfg, int *fd, struct err *e)
{
	struct buf path;
	int rc;

	buf_init(&path, 8192);
	control_path(cfg, &path);
	rc = try_connect(buf_cstr(&path), fd, e);
	buf_free(&path);
	return rc;
}

int control_look(const struct config *cfg, struct slice request, struct buf *reply, struct err *e)
{
	const struct timeval patience = { .tv_sec = LOOK_SECONDS };
	int fd, rc = control_reach(cfg, &fd, e);

	if (rc == TK_ENOTFOUND)
		err_set(e, rc, "no recorder runs");
	if (rc == TK_OK && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
		rc = err_sys(e, "control");
	if (rc == TK_OK)
		rc = ask(fd, request, reply, e);
	sys_close(fd);
	return rc;
}

int control_open_batches(const struct config *cfg, int *fd, int *lock_fd, struct err *e)
{
	struct buf reply;
	int rc = connect_recorder(cfg, fd, lock_fd, e);

	if (rc != TK_OK)
		return rc;
	buf_init(&reply, 65536);
	rc = ask(*fd, SLICE("{\"do\":\"batches\"}"), &reply, e);
	if (rc == TK_OK && memmem(reply.p, reply.n, "\"ok\":true", 9) == NULL)
		rc = err_set(e, TK_EBUSY,
			     "the recorder is busy with another import; try again when it is done");
	buf_free(&reply);
	if (rc != TK_OK) {
		sys_close(*fd);
		*fd = -1;
	}
	return rc;
}

int control_open_sensor(const struct config *cfg, int *fd, struct err *e)
{
	int rc = control_reach(cfg, fd, e);

	if (rc != TK_OK)
		return rc;
	rc = frame_send(*fd, FRAME_REQUEST, SLICE("{\"do\":\"sensor\"}"), e);
	if (rc != TK_OK) {
		sys_close(*fd);
		*fd = -1;
	}
	return rc;
}
