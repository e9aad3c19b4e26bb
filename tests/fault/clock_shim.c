/* Preloaded into the program: its clocks are moved, while it runs.
 *   CLOCK_SHIM=FILE  three int64: ns added to CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME
 *   SYNC_MS=N        fsync and fdatasync take so long */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const int64_t *added;
static long sync_ms;

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("CLOCK_SHIM"), *ms = getenv("SYNC_MS");
	int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, 24, PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	added = p == MAP_FAILED ? NULL : p;
	sync_ms = ms == NULL ? 0 : atol(ms);
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t which, struct timespec *t)
{
	REAL(clock_gettime);
	int rc = real(which, t);
	int64_t ns;

	if (rc != 0 || added == NULL)
		return rc;
	ns = which == CLOCK_REALTIME	? added[0]
	     : which == CLOCK_MONOTONIC ? added[1]
	     : which == CLOCK_BOOTTIME	? added[2]
					: 0;
	ns += (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
	t->tv_sec = ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
	return rc;
}

static void wait_for_disk(void)
{
	struct timespec t = { sync_ms / 1000, sync_ms % 1000 * 1000000 };

	if (sync_ms > 0)
		nanosleep(&t, NULL);
}

int fsync(int fd)
{
	REAL(fsync);
	wait_for_disk();
	return real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	wait_for_disk();
	return real(fd);
}
