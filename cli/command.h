/* One subcommand of tochoku: one file that ends in one const struct command, one line in commands.def. */
#ifndef TK_CLI_COMMAND_H
#define TK_CLI_COMMAND_H

#include "core/config/config.h"

enum exit_status { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_INPUT = 3 };

struct cli {
	const char *program;     /* argv[0], to start roles from */
	const char *config_file; /* -c FILE, or NULL */
	bool no_memory;          /* for the configuration, which need not be wrong then */
};

struct command {
	const char *name;
	const char *summary;  /* one line */
	const char *help;     /* starts with an example; options, exit status */
	int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the command's name */
};

/* cli/common.c */
/* The configuration of -c, ./tochoku.yml or /etc/tochoku/tochoku.yml. `required` false: defaults when there
 * is none. Problems are printed; NULL after an error (exit EXIT_USAGE). Also sets the site's zone. */
struct config *cli_config(struct cli *cli, bool required);
/* The same of a text that may become `file`; opens nothing. Problems are printed. */
struct config *cli_config_text(const char *file, struct slice text);
/* Prints "tochoku: TEXT" to standard error, terminal-safe. */
void cli_error(const char *fmt, ...) TK_PRINTF(1, 2);
/* Prints usage error and the help hint; returns EXIT_USAGE. */
int cli_usage(const struct command *c, const char *fmt, ...) TK_PRINTF(2, 3);
/* Writes bytes to stdout, or to `file` if not NULL (created, 0640). EXIT_DONE or EXIT_INPUT. */
int cli_write(const char *file, struct slice bytes);
/* Replaces `file`, whole or not at all, so that a reader may come at any moment. EXIT_DONE or EXIT_INPUT. */
int cli_replace(const char *file, struct slice bytes, unsigned mode);
/* Untrusted text for a terminal: control bytes, ESC, C1, bidi and zero-width characters as \x.. or \u.... */
void cli_safe(struct buf *out, struct slice text);
/* A local date or an RFC 3339 time as UTC ns; a date as `end` means the end of that day. False: told. */
bool cli_when(struct slice text, bool end, int64_t *ns);

#endif
