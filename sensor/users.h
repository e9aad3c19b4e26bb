/* Who the processes of `run` are (configuration: processes), and the supervisor's own confinement. */
#ifndef TK_SENSOR_USERS_H
#define TK_SENSOR_USERS_H

#include "core/config/config.h"
#include "sensor/confine/confine.h"

struct role_users {
	struct confine_user recorder, sensor;
};

/* Makes the site's keys where there are none, as the user that will own them, before there are two processes
 * that would; then becomes the supervisor's user and keeps the rights that it needs. Called once, before the
 * first role starts. */
int users_take(const struct config *cfg, struct role_users *u, struct err *e);

#endif
