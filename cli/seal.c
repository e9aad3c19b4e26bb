/* tochoku seal: closes the open segment of the trail now. */
#include <getopt.h>
#include <stdio.h>

#include "cli/reading.h"
#include "sensor/recorder/control.h"

extern const struct command command_seal;

static void tell(struct slice reply)
{
	struct slice segment = cli_member(reply, "segment"), records = cli_member(reply, "records"),
		     code = cli_member(reply, "code");

	printf("Segment %.*s is sealed, %.*s records. Short code of the log for the binder: %.*s\n",
	       (int)segment.n, (const char *)segment.p, (int)records.n, (const char *)records.p, (int)code.n,
	       (const char *)code.p);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	struct config *cfg;
	struct buf reply;
	struct err e = { 0 };
	bool json = false;
	int c, status = EXIT_DONE;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_seal, "unknown option %s", argv[optind - 1]);
		json = true;
	}
	if (optind < argc)
		return cli_usage(&command_seal, "unexpected \"%s\"", argv[optind]);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	buf_init(&reply, 65536);
	if (control_request(cfg, SLICE("{\"do\":\"seal\"}"), &reply, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	} else if (cli_member(buf_slice(&reply), "error").n > 0) {
		struct slice why = cli_member(buf_slice(&reply), "error");

		cli_error("trail: %.*s", (int)why.n, (const char *)why.p);
		status = EXIT_INPUT;
	} else if (json) {
		buf_byte(&reply, '\n');
		fwrite(reply.p, 1, reply.n, stdout);
	} else {
		tell(buf_slice(&reply));
	}
	buf_free(&reply);
	config_free(cfg);
	return status;
}

const struct command command_seal = {
	.name = "seal",
	.summary = "close the open segment of the trail now",
	.help = "Example: tochoku seal\n"
		"\n"
		"tochoku seal [--json]\n"
		"\n"
		"Writes every record of the ledger that is not in the trail yet, seals the segment and "
		"prints\n"
		"the short code of the log. While 'tochoku run' runs this happens by itself at local "
		"midnight\n"
		"and whenever a segment has 200,000 records or 64 MiB.\n"
		"\n"
		"Exit status: 0 done, 2 usage or configuration error, 3 the trail cannot be written.\n",
	.run = run,
};
