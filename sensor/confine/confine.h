/* Gives up, irrevocably, what a role of `run` has no need of (architecture.md 3). One thread, called once. */
#ifndef TK_SENSOR_CONFINE_CONFINE_H
#define TK_SENSOR_CONFINE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "core/base/err.h"

enum confined_role {
	CONFINE_SUPERVISOR,
	CONFINE_SENSOR,
	CONFINE_RECORDER,
	CONFINE_HEADS /* tells collectors */
};

/* Files and folders that may be opened from now on; those that do not exist are passed over. The sensor has
 * none. The supervisor opens what the configuration names, so Landlock is not for it. */
struct confine_paths {
	const char *const *read, *const *write; /* write: and everything below, made and removed too */
	size_t n_read, n_write;
	bool users; /* the supervisor: goes on starting roles as other users */
};

/* Told on standard error: a layer that this kernel (or a build with a sanitizer) does not give. TK_EIO: one
 * that it has was refused; the role must not go on. `paths` may be NULL: none. */
int confine(enum confined_role role, const struct confine_paths *paths, struct err *e);

#define CONFINE_GROUPS 64
struct confine_user {
	bool set; /* false: whoever starts `run` */
	uid_t uid;
	gid_t gid, groups[CONFINE_GROUPS];
	size_t n_groups;
};
/* user.c: looked up once. NULL, and the user that this process is already, are not set; nor is any other one
 * where this is not root, which is told. */
int confine_user_find(const char *name, struct confine_user *u, struct err *e);
/* For good. Capabilities go with the next exec, or stay where `keep_capabilities` asks for it, so that
 * confine() can choose among them. -1 with errno. */
int confine_become(const struct confine_user *u, bool keep_capabilities);

/* privileges.c: a sound place for secrets before any are read: not dumpable, no core file, and no right that
 * a program started from here could gain. */
int confine_privileges(enum confined_role role, bool users, struct err *e);
/* landlock.c: *held false where the kernel has none. */
int confine_landlock(const struct confine_paths *paths, bool *held, struct err *e);
/* seccomp.c */
int confine_syscalls(enum confined_role role, bool *held, struct err *e);

#endif
