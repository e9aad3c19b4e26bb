#include "sensor/watch_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/options.h"

void key_watch_begin(struct key_watch *k, const char *capture, const char *path)
{
	*k = (struct key_watch){ .capture = capture, .path = path, .fd = -1 };
}

void key_watch_end(struct key_watch *k)
{
	sys_close(k->fd);
	k->fd = -1;
}

void key_watch_restart(struct key_watch *k)
{
	key_watch_end(k);
	k->opened = false;
	k->look_at = 0;
}

void key_watch_sent(struct key_watch *k)
{
	key_watch_end(k);
}

static void tell(struct key_watch *k, int trouble)
{
	if (k->told == trouble)
		return;
	k->told = trouble;
	if (trouble == ENOENT)
		role_say("capture %s: the key log %s is not there yet; waiting for it", k->capture, k->path);
	else if (trouble == EACCES)
		role_say("capture %s: the key log %s cannot be read by this user: `setfacl -m u:USER:r` on "
			 "it, and x on its folders; trying again",
			 k->capture, k->path);
	else if (trouble == EINVAL)
		role_say("capture %s: the key log %s is no regular file", k->capture, k->path);
	else
		role_say("capture %s: the key log %s cannot be opened: %s; trying again", k->capture, k->path,
			 strerror(trouble));
}

/* A descriptor of a regular file, or -1 with errno. Nothing else is opened: a device would do something. */
static int open_file(const char *path, struct stat *st)
{
	int fd;

	if (stat(path, st) != 0)
		return -1;
	errno = EINVAL;
	if (!S_ISREG(st->st_mode))
		return -1;
	fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	sys_close(fd);
	errno = EINVAL;
	return -1;
}

void key_watch_look(struct key_watch *k, int64_t mono)
{
	struct stat st;
	int fd;

	if (k->path == NULL || mono < k->look_at)
		return;
	k->look_at = mono + NS_PER_SEC;
	if (k->opened && stat(k->path, &st) == 0 && st.st_dev == k->dev && st.st_ino == k->ino)
		return;
	fd = open_file(k->path, &st);
	if (fd < 0) {
		/* Taken away, or between two files: what was opened is read on. */
		if (!k->opened || errno != ENOENT)
			tell(k, errno);
		return;
	}
	if (k->told != 0)
		role_say("capture %s: reads the key log %s", k->capture, k->path);
	k->told = 0;
	sys_close(k->fd);
	k->fd = fd;
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	k->opened = true;
}
