#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "cli/commands.h"
#include "core/base/hash.h"
#include "core/base/version.h"
#include "sensor/roles.h"

static void print_help(FILE *to)
{
	const struct command *c;
	size_t i;

	fputs("tochoku, the on-duty officer of the hospital's LLM gateway: reads its logs, finds what is\n"
	      "out of order, and hands the journal over in the morning.\n\n"
	      "Usage: tochoku [-c FILE] COMMAND ...\n\n",
	      to);
	for (i = 0; (c = command_at(i)) != NULL; i++)
		fprintf(to, "  %-10s %s\n", c->name, c->summary);
	fputs("\nOptions:\n"
	      "  -c FILE    configuration; default: ./tochoku.yml, then /etc/tochoku/tochoku.yml\n"
	      "  --help     this text; after a command, that command's\n"
	      "  --version  the version\n\n"
	      "Exit status: 0 done; 1 the answer is no; 2 usage, configuration or rule error;\n"
	      "3 input or environment error.\n", to);
}

/* What was printed must have arrived: a full disk is no success. */
static int finish(int rc)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return rc;
	if (errno != EPIPE)
		cli_error("standard output: cannot write: %s", strerror(errno));
	return rc == EXIT_DONE ? EXIT_INPUT : rc;
}

static int usage(const char *what, const char *word)
{
	cli_error("%s'%s'", what, word);
	fputs("tochoku: see 'tochoku --help'\n", stderr);
	return EXIT_USAGE;
}

static int unknown_command(const char *name)
{
	const char *near = command_nearest(name);

	if (near == NULL)
		return usage("unknown command ", name);
	cli_error("unknown command '%s' (did you mean '%s'?)", name, near);
	return EXIT_USAGE;
}

static bool asks_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	const struct command *c = command_find(argv[0]);

	if (c == NULL)
		return unknown_command(argv[0]);
	if (asks_help(argc, argv)) {
		fputs(c->help, stdout);
		return EXIT_DONE;
	}
	return c->run(cli, argc, argv);
}

/* How `run` and `import` start their processes (sensor/roles.h); not for people. */
static int run_role(const char *role, const char *config_file)
{
	if (strcmp(role, "sensor") == 0)
		return sensor_main();
	if (strcmp(role, "recorder") == 0)
		return recorder_main(config_file);
	return usage("unknown role ", role);
}

static int run(int argc, char **argv)
{
	struct cli cli = { .program = argv[0] };
	const char *role = NULL;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		bool valued = strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--role") == 0;

		if (valued && i + 1 == argc)
			return usage("a value is missing after ", argv[i]);
		if (strcmp(argv[i], "-c") == 0) {
			cli.config_file = argv[++i];
		} else if (strcmp(argv[i], "--role") == 0) {
			role = argv[++i];
		} else if (strcmp(argv[i], "--help") == 0) {
			print_help(stdout);
			return EXIT_DONE;
		} else if (strcmp(argv[i], "--version") == 0) {
			puts("tochoku " TK_VERSION);
			return EXIT_DONE;
		} else {
			return usage("unknown option ", argv[i]);
		}
	}
	if (role != NULL)
		return run_role(role, cli.config_file);
	if (i == argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	return run_command(&cli, argc - i, argv + i);
}

/* Tables that grow lie in mappings of their own: these are moved, not copied, and given back whole. Left
 * alone the threshold rises with the first one that is freed, and the holes that tables leave stay in the
 * heap. */
#define OWN_MAPPING (256 << 10)

int main(int argc, char **argv)
{
	if (argc < 1)
		return EXIT_USAGE;
	mallopt(M_MMAP_THRESHOLD, OWN_MAPPING);
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of write, not our death */
	if (!crypto_begin()) {
		fputs("tochoku: no memory for OpenSSL\n", stderr);
		return EXIT_INPUT;
	}
	return finish(run(argc, argv));
}
