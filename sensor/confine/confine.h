/* Gives up, irrevocably, what a role of `run` has no need of (architecture.md 3). One thread, called once. */
#ifndef TK_SENSOR_CONFINE_CONFINE_H
#define TK_SENSOR_CONFINE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

enum confined_role { CONFINE_SUPERVISOR, CONFINE_SENSOR, CONFINE_RECORDER };

/* Files and folders that may be opened from now on; those that do not exist are passed over. The sensor has
 * none. The supervisor opens what the configuration names, so Landlock is not for it. */
struct confine_paths {
	const char *const *read, *const *write; /* write: and everything below, made and removed too */
	size_t n_read, n_write;
};

/* Told on standard error: a layer that this kernel (or a build with a sanitizer) does not give. TK_EIO: one
 * that it has was refused; the role must not go on. `paths` may be NULL: none. */
int confine(enum confined_role role, const struct confine_paths *paths, struct err *e);

/* privileges.c: a sound place for secrets before any are read: not dumpable, no core file, and no right that
 * a program started from here could gain. */
int confine_privileges(enum confined_role role, struct err *e);
/* landlock.c: *held false where the kernel has none. */
int confine_landlock(const struct confine_paths *paths, bool *held, struct err *e);
/* seccomp.c */
int confine_syscalls(enum confined_role role, bool *held, struct err *e);

#endif
