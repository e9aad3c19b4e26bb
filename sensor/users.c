#include "sensor/users.h"

#include <unistd.h>

#include "sensor/options.h"

static int make_keys(const struct config *cfg, struct err *e)
{
	struct sensor_options o;
	int rc = options_from_config(cfg, BATCH_TAIL, &o, e);

	sensor_options_clear(&o);
	return rc;
}

/* For a moment: the saved user stays root. */
static int make_keys_as(const struct config *cfg, const struct confine_user *u, struct err *e)
{
	int rc;

	if (!u->set)
		return make_keys(cfg, e);
	if (setegid(u->gid) != 0 || seteuid(u->uid) != 0)
		return err_sys(e, "processes: cannot become the user %s", cfg->processes.recorder_user);
	rc = make_keys(cfg, e);
	if (seteuid(0) != 0 || setegid(0) != 0)
		return err_sys(e, "processes: cannot become root again");
	return rc;
}

int users_take(const struct config *cfg, struct role_users *u, struct err *e)
{
	struct confine_paths keeps = { 0 };
	struct confine_user own;
	int rc = confine_user_find(cfg->processes.recorder_user, &u->recorder, e);

	if (rc == TK_OK)
		rc = confine_user_find(cfg->processes.sensor_user, &u->sensor, e);
	if (rc == TK_OK)
		rc = confine_user_find(cfg->processes.supervisor_user, &own, e);
	if (rc != TK_OK)
		return err_wrap(e, "processes");
	if ((rc = make_keys_as(cfg, &u->recorder, e)) != TK_OK)
		return rc;
	if (confine_become(&own, true) != 0)
		return err_sys(e, "processes: cannot become the user %s", cfg->processes.supervisor_user);
	keeps.users = u->recorder.set || u->sensor.set;
	return confine(CONFINE_SUPERVISOR, &keeps, e);
}
