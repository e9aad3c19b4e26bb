/* Users of the roles, where root starts `run`. */
#include <grp.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sensor/confine/confine.h"

int confine_user_find(const char *name, struct confine_user *u, struct err *e)
{
	struct passwd *p;
	int n = CONFINE_GROUPS;

	*u = (struct confine_user){ 0 };
	if (name == NULL)
		return TK_OK;
	if ((p = getpwnam(name)) == NULL)
		return err_set(e, TK_ECONFIG,
			       "there is no user %s: `adduser --system --group %s`, or leave it out of"
			       " processes",
			       name, name);
	if (p->pw_uid == geteuid())
		return TK_OK; /* is it already */
	if (geteuid() != 0) {
		fprintf(stderr,
			"tochoku: processes: nobody but root can start one as the user %s; it stays that of"
			" `run`\n",
			name);
		return TK_OK;
	}
	if (getgrouplist(name, p->pw_gid, u->groups, &n) < 0)
		return err_set(e, TK_ECONFIG, "the user %s is in more than %d groups", name, CONFINE_GROUPS);
	u->set = true;
	u->uid = p->pw_uid;
	u->gid = p->pw_gid;
	u->n_groups = (size_t)n;
	return TK_OK;
}

int confine_become(const struct confine_user *u, bool keep_capabilities)
{
	if (!u->set)
		return 0;
	if (keep_capabilities && prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0)
		return -1;
	/* groups and group first: without the user's rights they could not be changed any more */
	if (setgroups(u->n_groups, u->groups) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 ||
	    setresuid(u->uid, u->uid, u->uid) != 0)
		return -1;
	return 0;
}
