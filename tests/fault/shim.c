/* Preloaded into the program: the i-th call that changes a regular file goes wrong. The processes of one
 * run count together, in a shared file.
 *   FAULT_COUNTER=FILE  8 bytes, the calls so far     FAULT_AT=I   which one
 *   FAULT_DO=kill|enospc|eio|short   SIGKILL before it is done, an error instead of it, half of the bytes */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { PASS, KILL, ENOSPACE, EINOUT, SHORT };

static struct {
	uint64_t *count, at;
	enum fault what;
} shim;

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("FAULT_COUNTER"), *at = getenv("FAULT_AT"), *what = getenv("FAULT_DO");
	int fd = file == NULL ? -1 : open(file, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	shim.count = p;
	shim.at = at == NULL ? 0 : strtoull(at, NULL, 10);
	if (what != NULL)
		shim.what = strcmp(what, "kill") == 0 ? KILL : strcmp(what, "enospc") == 0 ? ENOSPACE :
			    strcmp(what, "eio") == 0 ? EINOUT : SHORT;
}

static enum fault next_fault(void)
{
	if (shim.count == NULL || __atomic_add_fetch(shim.count, 1, __ATOMIC_SEQ_CST) != shim.at)
		return PASS;
	if (shim.what == KILL)
		kill(getpid(), SIGKILL);
	errno = shim.what == ENOSPACE ? ENOSPC : EIO;
	return shim.what;
}

static enum fault fault_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? next_fault() : PASS;
}

/* The real function behind ours. */
#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write);
	enum fault f = fault_of(fd);

	return f == PASS ? real(fd, p, n) : f == SHORT && n > 1 ? real(fd, p, n / 2) : -1;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	REAL(pwrite);
	enum fault f = fault_of(fd);

	return f == PASS ? real(fd, p, n, at) : f == SHORT && n > 1 ? real(fd, p, n / 2, at) : -1;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	REAL(pwrite64);
	enum fault f = fault_of(fd);

	return f == PASS ? real(fd, p, n, at) : f == SHORT && n > 1 ? real(fd, p, n / 2, at) : -1;
}

#define WITH_FD(type, name, params, args) \
	type name params \
	{ \
		REAL(name); \
		enum fault f = fault_of(fd); \
		return f == PASS || f == SHORT ? real args : -1; \
	}
WITH_FD(int, fsync, (int fd), (fd))
WITH_FD(int, fdatasync, (int fd), (fd))
WITH_FD(int, ftruncate, (int fd, off_t n), (fd, n))
WITH_FD(int, ftruncate64, (int fd, off64_t n), (fd, n))
WITH_FD(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))

#define WITH_PATH(name, params, args) \
	int name params \
	{ \
		REAL(name); \
		enum fault f = next_fault(); \
		return f == PASS || f == SHORT ? real args : -1; \
	}
WITH_PATH(rename, (const char *from, const char *to), (from, to))
WITH_PATH(unlink, (const char *path), (path))
