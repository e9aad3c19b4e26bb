/* tochoku status: healthy or not, and why; or the configuration in force. */
#include <getopt.h>
#include <stdio.h>

#include "cli/figures.h"
#include "cli/health.h"

#define STATUS_MAX (1u << 20)

extern const struct command command_status;

static int print_config(struct cli *cli)
{
	struct config *cfg = cli_config(cli, false);
	struct buf out;
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	buf_init(&out, STATUS_MAX * 16);
	config_print(cfg, &out);
	status = out.failed ? EXIT_INPUT : cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	config_free(cfg);
	return status;
}

static int print_status(struct cli *cli, bool json)
{
	struct report_out o = { .json = json };
	struct ledger_reader *r = NULL;
	struct config *cfg = cli_config(cli, true);
	struct err e;
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	buf_init(&o.out, STATUS_MAX);
	health_recorder(&o, cfg);
	health_processes(&o, cfg);
	if (ledger_reader_open(&r, cfg->ledger.path, &e) != TK_OK)
		health_tell(&o, HEALTH_FAIL, "ledger", "%s", e.text);
	health_ledger(&o, cfg, r);
	health_asides(&o, cfg);
	health_inputs(&o, cfg, r);
	health_coverage(&o, r);
	health_geoip(&o, cfg);
	health_calendar(&o, cfg, false);
	health_prices(&o, cfg);
	health_rules(&o, cfg);
	health_keys(&o, cfg, r);
	health_trail(&o, cfg);
	health_backup(&o, r);
	health_retention(&o, cfg, r);
	health_disk(&o, cfg, r);
	if (json && figures_put(cfg, r, true, &o.out, &e) != TK_OK)
		health_tell(&o, HEALTH_FAIL, "ledger", "%s", e.text);
	status = cli_write(NULL, buf_slice(&o.out));
	if (status == EXIT_DONE && o.worst == HEALTH_FAIL)
		status = EXIT_NO;
	buf_free(&o.out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "json", no_argument, NULL, 'j' },
					       { "config", no_argument, NULL, 'c' },
					       { 0 } };
	bool json = false, config = false;
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_status, "unknown option %s", argv[optind - 1]);
		json |= c == 'j';
		config |= c == 'c';
	}
	if (optind < argc)
		return cli_usage(&command_status, "unexpected \"%s\"", argv[optind]);
	return config ? print_config(cli) : print_status(cli, json);
}

const struct command command_status = {
	.name = "status",
	.summary = "healthy or not, and why",
	.help =
		"Example: tochoku status\n"
		"\n"
		"tochoku status [--json]     recorder, processes, ledger, inputs, coverage, GeoIP,\n"
		"                            prices, rules, keys, trail, retention, disk; as JSON with the figures of\n"
		"                            `metrics`\n"
		"tochoku status --config     checks the configuration and prints every value in force;\n"
		"                            opens no input\n"
		"\n"
		"Exit status: 0 healthy (warnings allowed), 1 not healthy: a line says FAIL, 2 usage or\n"
		"configuration error.\n",
	.run = run,
};
