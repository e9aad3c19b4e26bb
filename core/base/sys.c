#include "core/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 64

static int64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t sys_now_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t sys_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t sys_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int sys_open(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

ssize_t sys_read(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t sys_pread(int fd, void *p, size_t n, off_t at)
{
	ssize_t got;

	do
		got = pread(fd, p, n, at);
	while (got < 0 && errno == EINTR);
	return got;
}

int sys_write_all(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put == 0)
			errno = EIO;
		if (put <= 0)
			return -1;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

int sys_fsync(int fd)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/* Not repeated after EINTR: on Linux the descriptor is gone then, and its number may be another's. */
void sys_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* Files of /proc and pipes tell no size, and a file may grow: so read until the end. */
static int slurp_fd(int fd, const char *path, size_t max, struct slice *out, struct err *e)
{
	uint8_t *p = NULL;
	size_t n = 0, cap = 0;
	ssize_t got;

	do {
		if (cap - n < 2) {
			size_t want = cap == 0 ? 4096 : cap * 2;
			uint8_t *q = realloc(p, want);

			if (q == NULL) {
				free(p);
				return err_set(e, TK_ENOMEM, "%s: no memory", path);
			}
			p = q;
			cap = want;
		}
		got = sys_read(fd, p + n, cap - n - 1);
		if (got < 0) {
			err_sys(e, "%s: cannot read", path);
			free(p);
			return TK_EIO;
		}
		n += (size_t)got;
		if (n > max) {
			free(p);
			return err_set(e, TK_ELIMIT, "%s: larger than %zu bytes", path, max);
		}
	} while (got != 0);
	p[n] = 0;
	*out = slice_of(p, n);
	return TK_OK;
}

int sys_slurp(const char *path, size_t max, struct slice *out, struct err *e)
{
	int fd = sys_open(path, O_RDONLY, 0), rc;

	*out = slice_of(NULL, 0);
	if (fd < 0)
		return err_sys(e, "%s: cannot open", path);
	rc = slurp_fd(fd, path, max, out, e);
	sys_close(fd);
	return rc;
}

ssize_t sys_send_fds(int sock, const void *p, size_t n, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (n_fds > FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n_fds > 0) {
		struct cmsghdr *c = &control.align;

		m.msg_control = control.room;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* Keeps up to `max` descriptors and closes those nobody has asked for, lest they leak. */
static size_t take_fds(struct msghdr *m, int *fds, size_t max)
{
	size_t kept = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
			if (kept < max)
				fds[kept++] = fd;
			else
				sys_close(fd);
		}
	}
	return kept;
}

ssize_t sys_recv_fds(int sock, void *p, size_t n, int *fds, size_t *n_fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = p, .iov_len = n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
			    .msg_controllen = sizeof control.room };
	ssize_t got;

	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		*n_fds = 0;
		return -1;
	}
	*n_fds = take_fds(&m, fds, *n_fds);
	return got;
}

/* Of what root has made: the owner of the folder that it is in. A name that is another file's, too, stays
 * root's. */
static int give_to_owner(int fd, const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	struct stat above, st;

	if (geteuid() != 0)
		return 0;
	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path),
		 slash == NULL ? "." : path);
	if (stat(folder, &above) != 0 || fstat(fd, &st) != 0)
		return -1;
	if (above.st_uid == 0 || st.st_uid != 0 || (S_ISREG(st.st_mode) && st.st_nlink > 1))
		return 0;
	return fchown(fd, above.st_uid, above.st_gid);
}

int sys_create(const char *path, int flags, mode_t mode)
{
	int fd = sys_open(path, flags | O_CREAT | O_NOFOLLOW, mode);

	if (fd >= 0 && give_to_owner(fd, path) != 0) {
		sys_close(fd);
		return -1;
	}
	return fd;
}

static int make_folder(const char *folder, mode_t mode)
{
	int fd, rc;

	if (mkdir(folder, mode) != 0)
		return errno == EEXIST ? 0 : -1;
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	rc = fd < 0 ? -1 : give_to_owner(fd, folder);
	sys_close(fd);
	return rc;
}

int sys_make_folders(const char *file, mode_t mode, struct err *e)
{
	char folder[4096];

	if (strlen(file) >= sizeof folder)
		return err_set(e, TK_ECONFIG, "%s: the path is too long", file);
	memcpy(folder, file, strlen(file) + 1);
	for (char *p = folder + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (make_folder(folder, mode) != 0)
			return err_sys(e, "%s: cannot make the folder", folder);
	}
	return TK_OK;
}
