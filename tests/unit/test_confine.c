/* Each role's confinement, tried from inside: what it may not do kills it or fails, what it must do goes on.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/confine/confine.h"
#include "tests/lib/tap.h"

enum {
	S = 1 << CONFINE_SUPERVISOR,
	N = 1 << CONFINE_SENSOR,
	R = 1 << CONFINE_RECORDER,
	H = 1 << CONFINE_HEADS
};
static const char *const roles[] = { "supervisor", "sensor", "recorder", "heads" };

struct deed {
	const char *name;
	long call;
	long arg[3];
	int deadly; /* roles that it ends */
};

static const char nowhere[] = "/nonexistent/tochoku";
#define PATH ((long)(intptr_t)nowhere)

/* Arguments that would do no harm if the call went through. */
static const struct deed deeds[] = {
	{ "execve", SYS_execve, { PATH, 0, 0 }, N | R | H },
	{ "execveat", SYS_execveat, { -1, PATH, 0 }, S | N | R | H },
	{ "ptrace", SYS_ptrace, { 0x4206, -1, 0 }, S | N | R | H },
	{ "process_vm_readv", SYS_process_vm_readv, { -1, 0, 0 }, S | N | R | H },
	{ "process_vm_writev", SYS_process_vm_writev, { -1, 0, 0 }, S | N | R | H },
	{ "mount", SYS_mount, { 0, 0, 0 }, S | N | R | H },
	{ "umount2", SYS_umount2, { PATH, 0, 0 }, S | N | R | H },
	{ "pivot_root", SYS_pivot_root, { PATH, PATH, 0 }, S | N | R | H },
	{ "chroot", SYS_chroot, { PATH, 0, 0 }, S | N | R | H },
	{ "unshare", SYS_unshare, { 0, 0, 0 }, S | N | R | H },
	{ "setns", SYS_setns, { -1, 0, 0 }, S | N | R | H },
	{ "bpf", SYS_bpf, { -1, 0, 0 }, S | N | R | H },
	{ "perf_event_open", SYS_perf_event_open, { 0, -1, -1 }, S | N | R | H },
	{ "keyctl", SYS_keyctl, { -1, 0, 0 }, S | N | R | H },
	{ "add_key", SYS_add_key, { 0, 0, 0 }, S | N | R | H },
	{ "request_key", SYS_request_key, { 0, 0, 0 }, S | N | R | H },
	{ "init_module", SYS_init_module, { 0, 0, 0 }, S | N | R | H },
	{ "finit_module", SYS_finit_module, { -1, 0, 0 }, S | N | R | H },
	{ "delete_module", SYS_delete_module, { PATH, 0, 0 }, S | N | R | H },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0 }, S | N | R | H },
	{ "reboot", SYS_reboot, { 0, 0, 0 }, S | N | R | H },
	{ "swapon", SYS_swapon, { PATH, 0, 0 }, S | N | R | H },
	{ "acct", SYS_acct, { PATH, 0, 0 }, S | N | R | H },
	{ "clock_settime", SYS_clock_settime, { -1, 0, 0 }, S | N | R | H },
	{ "settimeofday", SYS_settimeofday, { -1, -1, 0 }, S | N | R | H },
	{ "sethostname", SYS_sethostname, { 0, -1, 0 }, S | N | R | H },
	{ "quotactl", SYS_quotactl, { -1, 0, 0 }, S | N | R | H },
	{ "userfaultfd", SYS_userfaultfd, { -1, 0, 0 }, S | N | R | H },
	{ "io_uring_setup", SYS_io_uring_setup, { 0, 0, 0 }, S | N | R | H },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1, 0, 0 }, S | N | R | H },
	{ "mknodat", SYS_mknodat, { -1, PATH, 0 }, S | N | R | H },
	{ "chown", SYS_chown, { PATH, -1, -1 }, S | N | R | H },
	{ "truncate", SYS_truncate, { PATH, 0, 0 }, S | N | R | H },
	{ "pidfd_getfd", SYS_pidfd_getfd, { -1, 0, 0 }, S | N | R | H },
	{ "socket(AF_INET)", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, N | R },
	{ "socket(AF_PACKET)", SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, N | R | H },
	{ "socket(AF_NETLINK)", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, N | R | H },
	{ "socket(AF_UNIX)", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, N },
	{ "connect", SYS_connect, { -1, 0, 0 }, N },
	{ "bind", SYS_bind, { -1, 0, 0 }, N | H },
	{ "listen", SYS_listen, { -1, 0, 0 }, N | H },
	{ "accept4", SYS_accept4, { -1, 0, 0 }, N | H },
	{ "openat(O_WRONLY)", SYS_openat, { AT_FDCWD, PATH, O_WRONLY | O_CREAT }, N },
	{ "openat(O_RDWR)", SYS_openat, { AT_FDCWD, PATH, O_RDWR }, N },
	{ "pwrite64", SYS_pwrite64, { -1, 0, 0 }, N | H },
	{ "unlink", SYS_unlink, { PATH, 0, 0 }, N | H },
	{ "rename", SYS_rename, { PATH, PATH, 0 }, N | H },
	{ "mkdir", SYS_mkdir, { PATH, 0, 0 }, N | H },
	{ "chmod", SYS_chmod, { PATH, 0, 0 }, N | H },
	{ "ftruncate", SYS_ftruncate, { -1, 0, 0 }, N | H },
	{ "symlink", SYS_symlink, { PATH, PATH, 0 }, N | H },
	{ "link", SYS_link, { PATH, PATH, 0 }, N | H },
	{ "setuid", SYS_setuid, { 0, 0, 0 }, N | R | H },
	{ "setgroups", SYS_setgroups, { 0, 0, 0 }, N | R | H },
	{ "kill", SYS_kill, { -1, 0, 0 }, N | R | H },
	{ "vfork", SYS_vfork, { 0, 0, 0 }, N | R | H },
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(100);
}

/* Runs `deed` in a process confined as `role`; its wait status. */
static int in_role(enum confined_role role, const struct confine_paths *paths, int (*deed)(const void *),
		   const void *arg)
{
	int status = -1;
	pid_t pid = fork();
	struct err e = { 0 };

	if (pid == 0) {
		if (confine(role, paths, &e) != TK_OK) {
			fprintf(stderr, "%s\n", e.text);
			_exit(101);
		}
		_exit(deed(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	return status;
}

static int make_call(const void *arg)
{
	const struct deed *d = arg;

	syscall(d->call, d->arg[0], d->arg[1], d->arg[2]);
	return 0;
}

static void forbidden(void)
{
	for (int role = 0; role < 4; role++)
		for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
			const struct deed *d = &deeds[i];
			bool deadly = d->deadly >> role & 1;
			char name[80];
			int status;

			if (!deadly)
				continue;
			status = in_role(role, NULL, make_call, d);
			snprintf(name, sizeof name, "%s: %s ends it", roles[role], d->name);
			ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, name);
		}
}

/* ---- what stays ---- */

static char folder[] = "/tmp/tochoku-confine-XXXXXX", inside[64], outside[64];

static int write_inside(const void *arg)
{
	int fd = open(inside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)arg;
	return fd < 0 || pwrite(fd, "x", 1, 0) != 1 || fsync(fd) != 0 || unlink(inside) != 0;
}

static int open_outside(const void *arg)
{
	(void)arg;
	return open(outside, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES;
}

static int write_what_is_read_only(const void *arg)
{
	(void)arg;
	return open(outside, O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES;
}

static int read_what_may_be_read(const void *arg)
{
	(void)arg;
	return open(outside, O_RDONLY | O_CLOEXEC) < 0;
}

static int work_in_memory(const void *arg)
{
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *heap = malloc(1 << 22);

	(void)arg;
	if (p == MAP_FAILED || heap == NULL)
		return 1;
	memset(heap, 1, 1 << 22);
	free(heap);
	return write(STDERR_FILENO, "", 0) != 0;
}

static int unknown_call(const void *arg)
{
	(void)arg;
	return syscall(SYS_sched_setscheduler, 0, 0, NULL) != -1 || errno != ENOSYS;
}

/* 0, if /proc says of this process what it should. */
static int proc_says(const void *arg)
{
	FILE *f = *(FILE *const *)arg;
	char line[256];
	int right = 0;

	while (fgets(line, sizeof line, f) != NULL)
		right += strcmp(line, "CapEff:\t0000000000000000\n") == 0 ||
			 strcmp(line, "CapPrm:\t0000000000000000\n") == 0 ||
			 strcmp(line, "NoNewPrivs:\t1\n") == 0 || strcmp(line, "Seccomp:\t2\n") == 0;
	return right == 4 ? 0 : 1;
}

static void same(int status, const char *name)
{
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, name);
}

/* The file is opened by the child before it is confined: the sensor may open nothing. */
static int told_by_proc(enum confined_role role)
{
	int status = -1;
	pid_t pid = fork();
	struct err e = { 0 };

	if (pid == 0) {
		FILE *f = fopen("/proc/self/status", "re");

		if (f == NULL || confine(role, NULL, &e) != TK_OK)
			_exit(100);
		_exit(proc_says(&f));
	}
	waitpid(pid, &status, 0);
	return status;
}

/* As a unit has it that gives no capability: capset(2) is forbidden. 0, if the recorder goes on confined. */
static int without_capset(bool has_capabilities)
{
	int status = -1;
	pid_t pid = fork();
	struct err e = { 0 };

	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
		FILE *f = fopen("/proc/self/status", "re");

		capng_clear(CAPNG_SELECT_CAPS);
		if (f == NULL || filter == NULL ||
		    (!has_capabilities && capng_apply(CAPNG_SELECT_CAPS) != 0) ||
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(capset), 0) != 0 ||
		    seccomp_load(filter) != 0)
			_exit(100);
		if (confine(CONFINE_RECORDER, NULL, &e) != TK_OK)
			_exit(strstr(e.text, "cannot be given up") != NULL ? 101 : 102);
		_exit(proc_says(&f));
	}
	waitpid(pid, &status, 0);
	return status;
}

static void units(void)
{
	int status = without_capset(true);

	same(without_capset(false), "without capset(2) a recorder that has no capability is confined");
	ok(geteuid() != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 101),
	   "and one that has some, and cannot give them up, ends");
}

static void allowed(void)
{
	const char *const write[] = { folder }, *const read[] = { outside };
	const struct confine_paths w = { .write = write, .n_write = 1 };
	const struct confine_paths r = { .read = read, .n_read = 1, .write = write, .n_write = 1 };

	same(in_role(CONFINE_RECORDER, &w, write_inside, NULL), "recorder: writes where it may");
	same(in_role(CONFINE_RECORDER, &w, open_outside, NULL), "recorder: reads nowhere else");
	same(in_role(CONFINE_RECORDER, &r, read_what_may_be_read, NULL), "recorder: reads what it was given");
	same(in_role(CONFINE_RECORDER, &r, write_what_is_read_only, NULL), "recorder: and does not write it");
	same(in_role(CONFINE_SENSOR, NULL, open_outside, NULL), "sensor: opens nothing");
	same(in_role(CONFINE_SENSOR, NULL, work_in_memory, NULL), "sensor: has memory");
	same(in_role(CONFINE_SENSOR, NULL, unknown_call, NULL),
	     "sensor: a call that is in no list is not there");
	same(in_role(CONFINE_RECORDER, &w, unknown_call, NULL),
	     "recorder: a call that is in no list is not there");
	same(told_by_proc(CONFINE_SENSOR), "sensor: no capability, no new privileges, a filter");
	same(told_by_proc(CONFINE_RECORDER), "recorder: no capability, no new privileges, a filter");
}

int main(void)
{
	FILE *f;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	ok(true, "a build with a sanitizer is not confined: its run-time makes calls of its own");
	return tap_done();
#endif
	if (mkdtemp(folder) == NULL)
		die("mkdtemp");
	snprintf(inside, sizeof inside, "%s/ledger", folder);
	snprintf(outside, sizeof outside, "%s.outside", folder);
	if ((f = fopen(outside, "we")) == NULL || fclose(f) != 0)
		die(outside);
	forbidden();
	allowed();
	units();
	unlink(outside);
	rmdir(folder);
	return tap_done();
}
