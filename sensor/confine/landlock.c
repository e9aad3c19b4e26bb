/* Landlock (kernel 5.13, landlock(7)), by its system calls: glibc has no functions for them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sensor/confine/confine.h"

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILE_WRITE (READ | LANDLOCK_ACCESS_FS_WRITE_FILE)
/* Everything of the first version but to execute and to make devices. */
#define WRITE                                                                                                \
	(FILE_WRITE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                       \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |          \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)
#define HANDLED                                                                                              \
	(WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO |  \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static int add(int ruleset, const char *path, uint64_t rights, struct err *e)
{
	struct landlock_path_beneath_attr under = { .allowed_access = rights };
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC), rc = TK_OK;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? TK_OK : err_sys(e, "%s", path);
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) /* of a file, only what a file can have */
		under.allowed_access &= FILE_WRITE & ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
	under.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &under, 0) != 0)
		rc = err_sys(e, "Landlock: %s", path);
	close(fd);
	return rc;
}

int confine_landlock(const struct confine_paths *paths, bool *held, struct err *e)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs = HANDLED };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0), rc = TK_OK;

	*held = ruleset >= 0;
	if (ruleset < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? TK_OK : err_sys(e, "Landlock");
	for (size_t i = 0; i < paths->n_read && rc == TK_OK; i++)
		rc = add(ruleset, paths->read[i], READ, e);
	for (size_t i = 0; i < paths->n_write && rc == TK_OK; i++)
		rc = add(ruleset, paths->write[i], WRITE, e);
	if (rc == TK_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		rc = err_sys(e, "Landlock");
	close(ruleset);
	return rc;
}
