/* What the verbs of `tochoku report` share. Private to cli. */
#ifndef TK_CLI_REPORT_H
#define TK_CLI_REPORT_H

#include "cli/command.h"

extern const struct command command_report;

/* report_deliver.c */
int report_deliver(struct cli *cli, int argc, char **argv);

#endif
