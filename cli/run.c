/* tochoku run: the sensor in the foreground. */
#include "cli/command.h"
#include "sensor/roles.h"

extern const struct command command_run;

static int run(struct cli *cli, int argc, char **argv)
{
	struct config *cfg;
	const char *only = argc > 1 && strcmp(argv[1], "--only") == 0 ? argc == 3 ? argv[2] : "" : NULL;
	struct err e = { 0 };
	int rc;

	if (argc > 1 && only == NULL)
		return cli_usage(&command_run, "run takes no '%s'", argv[1]);
	if (only != NULL && strcmp(only, "sensor") != 0 && strcmp(only, "recorder") != 0)
		return cli_usage(&command_run, "--only '%s': expected sensor or recorder", only);
	cfg = cli_config(cli, true);
	if (cfg == NULL)
		return cli->no_memory ? EXIT_INPUT : EXIT_USAGE; /* of which a service manager tries again */
	rc = only == NULL			? supervisor_run(cfg, false, &e)
	     : strcmp(only, "sensor") == 0 ? supervisor_run(cfg, true, &e)
					   : recorder_alone(cfg, &e);
	if (rc != TK_OK && e.text[0] != 0)
		cli_error("%s", e.text);
	config_free(cfg);
	return rc == TK_OK ? EXIT_DONE : rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
}

const struct command command_run = {
	.name = "run",
	.summary = "watch all inputs of the configuration until SIGTERM",
	.help = "Example: tochoku -c /etc/tochoku/tochoku.yml run\n"
		"\n"
		"Reads the logs of inputs.tails as they grow, with their rotated siblings, in the "
		"foreground:\n"
		"  SIGTERM, SIGINT  what was read is recorded, then it ends (within 10 s)\n"
		"  SIGHUP           re-reads configuration, rules, identities, prices and GeoIP\n"
		"\n"
		"Captures inputs.captures from their interfaces beside them; that needs CAP_NET_RAW. An\n"
		"interface that is not there, or goes, is waited for.\n"
		"\n"
		"--only sensor and --only recorder are its two halves as services of their own, of one\n"
		"user: the recorder needs no right but to its folder, the sensor none to write. Start both.\n"
		"\n"
		"A log that does not exist yet is picked up when it appears. What is killed goes on where\n"
		"the ledger says; no event is lost or counted twice.\n"
		"\n"
		"Exit status: 0 after SIGTERM; 2 configuration error; 3 the ledger cannot be used, or\n"
		"there are only captures and no right to capture.\n",
	.run = run,
};
