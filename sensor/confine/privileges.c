/* Capabilities, new privileges, core dumps. */
#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sensor/confine/confine.h"

/* What the supervisor does for the others: opens captures, logs of any owner, and signals its roles. */
static const int kept[] = { CAP_NET_RAW, CAP_NET_ADMIN, CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SYS_RESOURCE,
			    CAP_SETUID, CAP_SETGID };
#define N_FOR_USERS 2 /* the last ones: where it starts roles as other users */

static bool holds_too_many(const bool *keeps, size_t n)
{
	size_t held = 0, kept_of_them = 0;

	for (unsigned c = 0; c <= CAP_LAST_CAP; c++)
		held += capng_have_capability(CAPNG_PERMITTED, c) != 0;
	for (size_t i = 0; i < n; i++)
		kept_of_them += keeps[i];
	return held > kept_of_them;
}

/* A capability that the process does not have stays away. The bounding set shrinks where the process may
 * shrink it; without that right no program started from here can gain any either: no_new_privs. A unit that
 * gives no right to give up forbids capset(2) as well, and that is no harm then. */
static int keep(enum confined_role role, bool users, struct err *e)
{
	const size_t n = sizeof kept / sizeof *kept - (users ? 0 : N_FOR_USERS);
	bool had[sizeof kept / sizeof *kept] = { 0 };
	capng_select_t which = CAPNG_SELECT_CAPS;
	bool too_many;

	if (capng_get_caps_process() != 0)
		return err_set(e, TK_EIO, "the process's capabilities cannot be read");
	for (size_t i = 0; i < n; i++)
		had[i] = role == CONFINE_SUPERVISOR &&
			 capng_have_capability(CAPNG_PERMITTED, (unsigned)kept[i]) != 0;
	too_many = holds_too_many(had, n);
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		which = CAPNG_SELECT_BOTH;
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < n; i++)
		if (had[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				     (unsigned)kept[i]);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (capng_apply(which) != 0 && too_many)
		return err_sys(e, "capabilities cannot be given up");
	return TK_OK;
}

int confine_privileges(enum confined_role role, bool users, struct err *e)
{
	const struct rlimit no_core = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		return err_sys(e, "core dumps cannot be turned off");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(e, "no_new_privs");
	return keep(role, users, e);
}
