/* The reserve: a file that is there to be given up. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "sensor/recorder/hole.h"

static int open_reserve(const char *path, struct err *e)
{
	int fd = sys_create(path, O_RDWR | O_NOFOLLOW, 0640);

	if (fd < 0)
		err_sys(e, "%s: cannot open", path);
	return fd;
}

int reserve_make(const char *path, int64_t size, struct err *e)
{
	int fd = open_reserve(path, e), failed;
	struct stat st;

	if (fd < 0)
		return e->code;
	if (size < HOLE_BYTES)
		size = HOLE_BYTES;
	/* also where the configuration asks for less than before */
	failed = fstat(fd, &st) == 0 && st.st_size > size && ftruncate(fd, size) != 0 ? errno : 0;
	if (failed == 0)
		failed = posix_fallocate(fd, 0, size);
	sys_close(fd);
	errno = failed;
	return failed == 0 ? TK_OK : err_sys(e, "%s: no room for %lld bytes", path, (long long)size);
}

int reserve_give_up(const char *path, const struct hole *h, struct err *e)
{
	int fd = open_reserve(path, e), rc = TK_OK;
	struct buf text;
	bool good;

	if (fd < 0)
		return e->code;
	buf_init(&text, HOLE_BYTES);
	hole_put(h, &text);
	buf_byte(&text, '\0'); /* what an older one left behind it is no part of it */
	good = !text.failed && lseek(fd, 0, SEEK_SET) == 0 && sys_write_all(fd, text.p, text.n) == 0 &&
	       ftruncate(fd, HOLE_BYTES) == 0 && sys_fsync(fd) == 0;
	if (!good)
		rc = text.failed ? err_set(e, TK_ELIMIT, "%s: the hole is too long", path)
				 : err_sys(e, "%s: cannot write", path);
	buf_free(&text);
	sys_close(fd);
	return rc;
}

bool reserve_hole(const char *path, struct hole *out)
{
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	uint8_t *text = fd < 0 ? NULL : malloc(HOLE_BYTES);
	ssize_t n = text == NULL ? -1 : sys_pread(fd, text, HOLE_BYTES, 0);
	bool there = n > 0 && hole_parse(slice_of(text, (size_t)n), out);

	if (!there)
		*out = (struct hole){ 0 };
	free(text);
	sys_close(fd);
	return there;
}

int reserve_clear(const char *path, struct err *e)
{
	int fd = open_reserve(path, e), rc = TK_OK;
	static const uint8_t nothing[512];

	if (fd < 0)
		return e->code;
	if (pwrite(fd, nothing, sizeof nothing, 0) != (ssize_t)sizeof nothing || sys_fsync(fd) != 0)
		rc = err_sys(e, "%s: cannot write", path);
	sys_close(fd);
	return rc;
}
