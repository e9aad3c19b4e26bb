/* The recorder as a process of `run`. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "core/base/zone.h"
#include "sensor/recorder/recorder.h"
#include "sensor/roles.h"

int recorder_alone(const struct config *cfg, struct err *e)
{
	const struct recorder_options o = { .cfg = cfg, .config_file = cfg->file, .alone = true,
					    .supervisor_fd = -1, .batch_fd = -1, .lock_fd = -1,
					    .ready_fd = -1 };

	return recorder_run(&o, NULL, e);
}

int recorder_main(const char *config_file)
{
	struct recorder_options o = { .config_file = config_file,
				      .supervisor_fd = ROLE_FD,
				      .batch_fd = -1,
				      .lock_fd = -1,
				      .ready_fd = -1 };
	struct config *cfg = NULL;
	struct problems p;
	struct err e = { 0 };
	int rc = TK_ECONFIG;

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a backstop: the channel's end tells first */
	if (config_file == NULL) {
		cfg = config_defaults();
	} else {
		problems_init(&p, config_file);
		cfg = config_load(config_file, &p);
		if (cfg == NULL)
			problems_print(&p);
		if (p.no_memory)
			rc = TK_ENOMEM;
		problems_free(&p);
	}
	if (cfg != NULL && (rc = zone_use(cfg->site.time_zone, &e)) == TK_OK) {
		o.cfg = cfg;
		rc = recorder_run(&o, NULL, &e);
	}
	if (rc != TK_OK && e.text[0] != '\0')
		fprintf(stderr, "tochoku: recorder: %s\n", e.text);
	config_free(cfg);
	return rc == TK_OK ? 0 : rc == TK_ECONFIG ? 2 : 3;
}
