#include "sensor/confine/confine.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* their run-time makes calls and reads files that the program never would */
#else
#define SANITIZED 0
#endif

static const char *const names[] = { "supervisor", "sensor", "recorder", "sending" };

static void tell(enum confined_role role, const char *what)
{
	fprintf(stderr, "tochoku: the %s process goes on without %s\n", names[role], what);
}

int confine(enum confined_role role, const struct confine_paths *paths, struct err *e)
{
	static const struct confine_paths none = { 0 };
	bool landlock = true, seccomp = true;
	int rc = TK_OK;

	if (SANITIZED)
		return TK_OK;
	rc = confine_privileges(role, paths != NULL && paths->users, e);
	if (rc == TK_OK && role != CONFINE_SUPERVISOR)
		rc = confine_landlock(paths != NULL ? paths : &none, &landlock, e);
	if (rc == TK_OK)
		rc = confine_syscalls(role, &seccomp, e);
	if (rc != TK_OK)
		return err_wrap(e, "confining the %s process", names[role]);
	if (!landlock)
		tell(role, "Landlock: this kernel has none (CONFIG_SECURITY_LANDLOCK, 5.13 or newer)");
	if (!seccomp)
		tell(role, "seccomp: this kernel has none (CONFIG_SECCOMP_FILTER)");
	return TK_OK;
}
