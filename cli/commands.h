/* The list of subcommands; on the roof of the folder, leaves never include it. */
#ifndef TK_CLI_COMMANDS_H
#define TK_CLI_COMMANDS_H

#include "cli/command.h"

/* Command i in the order of commands.def; NULL behind the last. */
const struct command *command_at(size_t i);
/* By name; NULL: none. */
const struct command *command_find(const char *name);
/* The nearest name of a command, or NULL. */
const char *command_nearest(const char *name);

#endif
