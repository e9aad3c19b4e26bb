/* The seam to the system: whole files, whole writes, descriptors over a socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "tests/lib/tap.h"

static void test_slurp(void)
{
	char path[] = "/tmp/tochoku-test-XXXXXX";
	int fd = mkstemp(path);
	struct slice text;
	struct err e = { 0 };
	char big[10000];

	memset(big, 'x', sizeof big);
	if (!ok(fd >= 0 && sys_slurp(path, 10, &text, &e) == TK_OK && text.n == 0, "an empty file"))
		return;
	free((void *)(uintptr_t)text.p);
	ok(sys_write_all(fd, big, sizeof big) == 0 && sys_fsync(fd) == 0, "a write");
	ok(sys_slurp(path, sizeof big, &text, &e) == TK_OK && text.n == sizeof big && text.p[text.n] == 0,
	   "a file of just the maximum, with a NUL behind");
	free((void *)(uintptr_t)text.p);
	ok(sys_slurp(path, sizeof big - 1, &text, &e) == TK_ELIMIT && text.p == NULL,
	   "a byte more is too much");
	ok(strstr(e.text, path) != NULL, "the message names the file");
	sys_close(fd);
	unlink(path);
	ok(sys_slurp(path, 10, &text, &e) == TK_EIO && strstr(e.text, path) != NULL,
	   "a file that is not there");
	ok(sys_slurp("/tmp", 10, &text, &e) == TK_EIO, "a directory");
	ok(sys_slurp("/proc/self/status", 1 << 16, &text, &e) == TK_OK && text.n > 100,
	   "a file that tells no size");
	free((void *)(uintptr_t)text.p);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_descriptors(void)
{
	int pair[2], sent[3], got[2] = { -1, -1 }, next;
	size_t n = COUNT(got);
	char text[8];
	struct slice self = SLICE("three");

	if (!ok(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a pair of sockets"))
		return;
	for (size_t i = 0; i < COUNT(sent); i++)
		sent[i] = sys_open("/dev/null", O_RDWR, 0);
	ok_int(fcntl(sent[0], F_GETFD), FD_CLOEXEC, "opened close-on-exec");
	ok_int(sys_send_fds(pair[0], self.p, self.n, sent, COUNT(sent)), (int64_t)self.n,
	       "three descriptors go");
	next = sys_open("/dev/null", O_RDONLY, 0); /* the lowest free number: those received come after it */
	ok_int(sys_recv_fds(pair[1], text, sizeof text, got, &n), (int64_t)self.n, "and come");
	ok_int((int64_t)n, 2, "as many as were asked for");
	ok_int(fcntl(got[1], F_GETFD), FD_CLOEXEC, "close-on-exec");
	ok(got[0] > next && got[1] > got[0] && !is_open(got[1] + 1), "the one too many is closed");
	ok_int(sys_send_fds(pair[0], "x", 1, NULL, 0), 1, "a message without descriptors");
	n = COUNT(got);
	ok(sys_recv_fds(pair[1], text, sizeof text, got, &n) == 1 && n == 0, "comes without");
	ok(sys_send_fds(pair[0], "x", 1, sent, 65) == -1 && errno == EINVAL, "too many are refused");
	sys_close(pair[1]);
	ok(sys_send_fds(pair[0], "x", 1, NULL, 0) == -1 && errno == EPIPE,
	   "a peer that is gone is an error, no signal");
	sys_close(-1);
}

int main(void)
{
	int64_t mono = sys_mono_ns();

	test_slurp();
	test_descriptors();
	ok(sys_mono_ns() >= mono, "the monotonic clock does not go back");
	ok(sys_now_ns() > INT64_C(1700000000) * 1000000000, "the clock is after 2023");
	return tap_done();
}
