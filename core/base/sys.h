/* The seam to the operating system: clock, files, sockets. Tests can stop the clock and let the
 * nth call fail (tests/fault). Calls retry EINTR. */
#ifndef TK_BASE_SYS_H
#define TK_BASE_SYS_H

#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/slice.h"

int64_t sys_now_ns(void);  /* CLOCK_REALTIME */
int64_t sys_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t sys_boot_ns(void); /* CLOCK_BOOTTIME: as the one before, but it goes on while the machine sleeps */

/* -1 with errno, as the system calls. sys_write_all writes everything or fails. */
int sys_open(const char *path, int flags, mode_t mode);
ssize_t sys_read(int fd, void *p, size_t n);
ssize_t sys_pread(int fd, void *p, size_t n, off_t at);
int sys_write_all(int fd, const void *p, size_t n);
int sys_fsync(int fd);
void sys_close(int fd); /* negative is legal */

/* As sys_open with O_CREAT; what root makes in the folder of another user is that user's. */
int sys_create(const char *path, int flags, mode_t mode);

/* Makes the folders above a file, as mkdir -p, with owners as sys_create. */
int sys_make_folders(const char *file, mode_t mode, struct err *e);

/* Reads a whole file of at most max bytes into malloc'ed memory (NUL behind). Caller frees. */
int sys_slurp(const char *path, size_t max, struct slice *out, struct err *e);

/* Sends bytes with file descriptors beside them over a unix socket (SCM_RIGHTS); receives up to
 * n_fds (close-on-exec). The message length or -1. */
ssize_t sys_send_fds(int sock, const void *p, size_t n, const int *fds, size_t n_fds);
ssize_t sys_recv_fds(int sock, void *p, size_t n, int *fds, size_t *n_fds);

#endif
