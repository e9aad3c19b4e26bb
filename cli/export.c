/* tochoku export: evidence of a period. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "cli/reading.h"
#include "core/base/sys.h"
#include "reports/export/export.h"

extern const struct command command_export;

struct options {
	const char *from, *to, *format, *out;
};

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "format", required_argument, NULL, 'F' }, { "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' }, { 0 }
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", names, NULL)) != -1) {
		switch (c) {
		case 'f': o->from = optarg; break;
		case 't': o->to = optarg; break;
		case 'F': o->format = optarg; break;
		case 'j': o->format = "jsonl"; break;
		case 'o': o->out = optarg; break;
		case ':': return cli_usage(&command_export, "%s needs a value", argv[optind - 1]);
		default: return cli_usage(&command_export, "unknown option %s", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return cli_usage(&command_export, "unexpected \"%s\"", argv[optind]);
	if (o->format == NULL)
		return cli_usage(&command_export, "say the format: --format jsonl");
	if (o->from == NULL || o->to == NULL)
		return cli_usage(&command_export, "say the period: --from DAY --to DAY");
	return EXIT_DONE;
}

struct output {
	const char *name;
	int fd;
};

static int put(void *ctx, struct slice bytes, struct err *e)
{
	struct output *o = ctx;

	return sys_write_all(o->fd, bytes.p, bytes.n) == 0 ? TK_OK : err_sys(e, "%s", o->name);
}

static int write_export(const struct export_format *f, struct ledger_reader *r, const char *file,
			int64_t from, int64_t to, int64_t *count)
{
	struct output o = { file == NULL ? "standard output" : file, STDOUT_FILENO };
	struct export_sink sink = { put, &o };
	struct err e = { 0 };
	int rc;

	if (file != NULL && (o.fd = sys_open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) < 0) {
		err_sys(&e, "%s", file);
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	rc = f->run(r, from, to, &sink, count, &e);
	if (rc == TK_OK && file != NULL && sys_fsync(o.fd) != 0 && errno != EINVAL && errno != EROFS)
		rc = err_sys(&e, "%s", file);
	if (file != NULL)
		sys_close(o.fd);
	if (rc != TK_OK)
		cli_error("%s: the export is not whole (it has no trailer)", e.text);
	return rc == TK_OK ? EXIT_DONE : EXIT_INPUT;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options o = { 0 };
	const struct export_format *f;
	struct ledger_reader *r;
	struct config *cfg;
	int64_t from, to, count = 0;
	int status = read_options(&o, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if ((f = export_by_name(slice_str(o.format))) == NULL)
		return cli_usage(&command_export, "no format \"%s\" in this version, expected jsonl",
				 o.format);
	if ((status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	if (cli_range(&command_export, o.from, o.to, &from, &to, &status)) {
		status = write_export(f, r, o.out, from, to, &count);
		if (status == EXIT_DONE)
			cli_log_used(cfg, "export jsonl", from, to, count);
	}
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "audit evidence of a period",
	.help = "Example: tochoku export --format jsonl --from 2026-11-01 --to 2026-11-30 -o november.jsonl\n"
		"\n"
		"tochoku export --format jsonl --from T --to T [-o FILE]\n"
		"\n"
		"  --format F     jsonl: one access event a line, chosen by @timestamp, in order of "
		"recording,\n"
		"                 each beginning with type and seq; at the end a trailer with count and "
		"SHA-256\n"
		"                 of all bytes before it\n"
		"  --json         the same as --format jsonl\n"
		"  --from, --to   local dates (the last one included) or RFC 3339 times\n"
		"  -o FILE        write there instead of standard output\n"
		"\n"
		"This version exports access events; the sealed record lines of the trail (with v, h and n) "
		"and\n"
		"the other record types come with the seal. The export is recorded as a use of the log.\n"
		"Exit status: 0 done, 2 usage or configuration error, 3 no ledger or it cannot be read or "
		"written.\n",
	.run = run,
};
