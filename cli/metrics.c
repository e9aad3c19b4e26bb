/* tochoku metrics: the state in numbers, for Prometheus. */
#include <getopt.h>
#include <stdio.h>

#include "cli/figures.h"

#define METRICS_MAX (16u << 20)

extern const struct command command_metrics;

static int put(struct cli *cli, const char *file)
{
	struct config *cfg = cli_config(cli, true);
	struct ledger_reader *r = NULL;
	struct buf out;
	struct err e = { 0 };
	int status, rc;

	if (cfg == NULL)
		return EXIT_USAGE;
	buf_init(&out, METRICS_MAX);
	rc = ledger_reader_open(&r, cfg->ledger.path, &e);
	if (rc == TK_OK || rc == TK_ENOTFOUND) /* before the first start there is just nothing up */
		rc = figures_put(cfg, r, false, &out, &e);
	if (rc == TK_OK && out.failed)
		rc = err_set(&e, TK_ELIMIT, "more figures than %u bytes", METRICS_MAX);
	if (rc != TK_OK)
		cli_error("%s", e.text);
	status = rc != TK_OK	? EXIT_INPUT
		 : file == NULL ? cli_write(NULL, buf_slice(&out))
				: cli_replace(file, buf_slice(&out), 0644);
	buf_free(&out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *file = NULL;
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt(argc, argv, ":o:")) != -1) {
		if (c == ':')
			return cli_usage(&command_metrics, "-o needs a FILE");
		if (c == '?')
			return cli_usage(&command_metrics, "unknown option %s", argv[optind - 1]);
		file = optarg;
	}
	if (optind < argc)
		return cli_usage(&command_metrics, "unexpected \"%s\"", argv[optind]);
	return put(cli, file);
}

const struct command command_metrics = {
	.name = "metrics",
	.summary = "the state in numbers, for Prometheus",
	.help = "Example: tochoku metrics -o /var/lib/prometheus/node-exporter/tochoku.prom\n"
		"\n"
		"tochoku metrics [-o FILE]\n"
		"\n"
		"Writes what `status` says in numbers in Prometheus' text format, to FILE (replaced as a "
		"whole)\n"
		"for the textfile collector of node_exporter; the package's tochoku-metrics.timer does so "
		"every\n"
		"minute. Nothing listens. `status` has the same figures as JSON.\n"
		"Exit status: 0 done, 2 usage or configuration error, 3 the ledger cannot be read or FILE "
		"not\n"
		"be written.\n",
	.run = run,
};
