#include "sensor/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "sensor/roles.h"

#define SOCKET_BUFFER (1 << 20)
#define CANNOT_BECOME 126 /* exit status */

/* In the child: only calls that are safe after fork. */
static void become(const char *role, const char *config_file, int channel, int null, int death,
		   const struct confine_user *user, pid_t parent)
{
	char *argv[] = { "tochoku", "--role", (char *)(uintptr_t)role, NULL, NULL, NULL };
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (user != NULL && confine_become(user, false) != 0)
		_exit(CANNOT_BECOME);
	prctl(PR_SET_PDEATHSIG, death); /* after the change of user, which forgets it */
	/* The parent may have died before it was asked for. */
	if (getppid() != parent)
		_exit(1);
	if (dup2(null, STDIN_FILENO) < 0)
		_exit(1);
	if (channel == ROLE_FD)
		fcntl(channel, F_SETFD, 0);
	else if (dup2(channel, ROLE_FD) < 0)
		_exit(1);
	if (config_file != NULL) {
		argv[3] = "-c";
		argv[4] = (char *)(uintptr_t)config_file;
	}
	execv("/proc/self/exe", argv);
	_exit(127);
}

pid_t role_spawn(const char *role, const char *config_file, int channel, int death,
		 const struct confine_user *user, struct err *e)
{
	int null = sys_open("/dev/null", O_RDONLY, 0);
	pid_t parent = getpid(), pid = null < 0 ? -1 : fork();

	if (pid < 0)
		err_sys(e, "cannot start the %s process%s", role, null < 0 ? ": /dev/null" : "");
	if (pid == 0)
		become(role, config_file, channel, null, death, user, parent);
	sys_close(null);
	return pid;
}

int role_channel(int fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return err_sys(e, "cannot make a socket pair");
	return TK_OK;
}

int role_batch_pair(int fds[2], struct err *e)
{
	const int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return err_sys(e, "cannot make a socket pair");
	/* As large as the system allows: both processes then work at once. */
	for (int i = 0; i < 2; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	return TK_OK;
}

void role_nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}
