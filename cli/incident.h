/* What the verbs of `tochoku incident` share. Private to cli. */
#ifndef TK_CLI_INCIDENT_H
#define TK_CLI_INCIDENT_H

#include "cli/reading.h"
#include "core/review/incident.h"

extern const struct command command_incident;

struct incident_options {
	const char *field[INCIDENT_FIELDS], *reason, *from, *to, *accounts;
	bool json, all;
	char **words;
	int n_words;
};

int incident_list(struct cli *cli, struct incident_options *o);
int incident_show(struct cli *cli, struct incident_options *o);
int incident_windows(struct cli *cli, struct incident_options *o);
int incident_availability(struct cli *cli, struct incident_options *o);

#endif
