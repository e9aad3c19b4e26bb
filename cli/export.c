/* tochoku export: evidence of a period. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/pack.h"
#include "core/base/sys.h"
#include "reports/export/export.h"

#define DOCUMENTATION_NUMBER 32473

extern const struct command command_export;

struct options {
	const char *from, *to, *format, *out, *lang, *encoding, *ecs;
	struct pack_order pack; /* folder NULL: no pack */
	struct export_choice choice;
};

/* A pack has formats and languages of its own. */
static int check_options(const struct options *o)
{
	bool pack = o->pack.folder != NULL;

	if (pack && (o->format != NULL || o->out != NULL || o->lang != NULL || o->encoding != NULL ||
		     o->ecs != NULL || o->choice.excel_text || o->choice.http_activity))
		return cli_usage(&command_export,
				 "--pack goes with --from, --to, --requested-by, --reason and --approved-by");
	if (!pack && (o->pack.requested_by != NULL || o->pack.reason != NULL || o->pack.approved_by != NULL))
		return cli_usage(&command_export,
				 "--requested-by, --reason and --approved-by go with --pack");
	if (!pack && o->format == NULL)
		return cli_usage(&command_export, "say the format, for example --format csv");
	if (o->from == NULL || o->to == NULL)
		return cli_usage(&command_export, "say the period: --from DAY --to DAY");
	return EXIT_DONE;
}

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = { { "from", required_argument, NULL, 'f' },
					       { "to", required_argument, NULL, 't' },
					       { "format", required_argument, NULL, 'F' },
					       { "json", no_argument, NULL, 'j' },
					       { "output", required_argument, NULL, 'o' },
					       { "lang", required_argument, NULL, 'l' },
					       { "encoding", required_argument, NULL, 'e' },
					       { "excel-text", no_argument, NULL, 'x' },
					       { "ecs", required_argument, NULL, 'E' },
					       { "http-activity", no_argument, NULL, 'h' },
					       { "pack", required_argument, NULL, 'p' },
					       { "requested-by", required_argument, NULL, 'q' },
					       { "reason", required_argument, NULL, 'r' },
					       { "approved-by", required_argument, NULL, 'a' },
					       { 0 } };
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", names, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->from = optarg;
			break;
		case 't':
			o->to = optarg;
			break;
		case 'F':
			o->format = optarg;
			break;
		case 'j':
			o->format = "jsonl";
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'l':
			o->lang = optarg;
			break;
		case 'e':
			o->encoding = optarg;
			break;
		case 'E':
			o->ecs = optarg;
			break;
		case 'x':
			o->choice.excel_text = true;
			break;
		case 'h':
			o->choice.http_activity = true;
			break;
		case 'p':
			o->pack.folder = optarg;
			break;
		case 'q':
			o->pack.requested_by = optarg;
			break;
		case 'r':
			o->pack.reason = optarg;
			break;
		case 'a':
			o->pack.approved_by = optarg;
			break;
		case ':':
			return cli_usage(&command_export, "%s needs a value", argv[optind - 1]);
		default:
			return cli_usage(&command_export, "unknown option %s", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return cli_usage(&command_export, "unexpected \"%s\"", argv[optind]);
	return check_options(o);
}

/* The words of --lang, --encoding and --ecs; what a format has no use for is refused, not passed over. */
static int read_choice(struct options *o, const struct export_format *f)
{
	bool table = f->cp932;

	if (o->lang != NULL && strcmp(o->lang, "ja") != 0 && strcmp(o->lang, "en") != 0)
		return cli_usage(&command_export, "--lang %s: expected ja or en", o->lang);
	if (o->encoding != NULL && strcmp(o->encoding, "utf-8") != 0 && strcmp(o->encoding, "cp932") != 0)
		return cli_usage(&command_export, "--encoding %s: expected utf-8 or cp932", o->encoding);
	if (o->ecs != NULL && strcmp(o->ecs, "9.4") != 0 && strcmp(o->ecs, "9.5") != 0)
		return cli_usage(&command_export, "--ecs %s: expected 9.4 or 9.5", o->ecs);
	if ((o->encoding != NULL || o->choice.excel_text) && !table)
		return cli_usage(&command_export, "--encoding and --excel-text are for csv and mhlw, not %s",
				 f->name);
	if (o->ecs != NULL && strcmp(f->name, "ecs") != 0)
		return cli_usage(&command_export, "--ecs is for ecs, not %s", f->name);
	if (o->choice.http_activity && strcmp(f->name, "ocsf") != 0)
		return cli_usage(&command_export, "--http-activity is for ocsf, not %s", f->name);
	o->choice.cp932 = o->encoding != NULL && strcmp(o->encoding, "cp932") == 0;
	o->choice.gen_ai_provider = o->ecs != NULL && strcmp(o->ecs, "9.5") == 0;
	return EXIT_DONE;
}

static int unknown_format(const char *name)
{
	struct buf known;
	int status;

	buf_init(&known, 4096);
	for (size_t i = 0; export_at(i) != NULL; i++)
		buf_fmt(&known, "%s%s", i > 0 ? ", " : "", export_at(i)->name);
	status = cli_usage(&command_export, "no format \"%s\", expected one of %s", name, buf_cstr(&known));
	buf_free(&known);
	return status;
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

/* A format that says what the ledger says does without the trail. */
static int head(const struct config *cfg, bool needed, struct export_trail *out)
{
	struct trail_head h;

	if (cli_trail_head(cfg, &h) == EXIT_DONE) {
		*out = (struct export_trail){ .folder = cfg->ledger.trail, .end = h.end, .size = h.size };
		memcpy(out->checkpoint, h.checkpoint, sizeof h.checkpoint);
		memcpy(out->origin, h.origin, sizeof h.origin);
		return EXIT_DONE;
	}
	cli_error(needed ? "the records are not all in the trail" : "the export names no checkpoint");
	return needed ? EXIT_INPUT : EXIT_DONE;
}

static int write_export(const struct export_format *f, const struct config *cfg, struct ledger_reader *r,
			const struct export_trail *trail, const struct options *choice, int64_t from,
			int64_t to, struct export_result *result)
{
	const char *file = choice->out;
	struct output o = { file == NULL ? "standard output" : file, STDOUT_FILENO };
	struct export_sink sink = { put, &o };
	struct err e = { 0 };
	char use[64];
	int rc;

	if (file != NULL && (o.fd = sys_open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) < 0) {
		err_sys(&e, "%s", file);
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	rc = export_run(f, cfg, &choice->choice, r, trail, from, to, &sink, result, &e);
	if (rc == TK_OK && file != NULL && sys_fsync(o.fd) != 0 && errno != EINVAL && errno != EROFS)
		rc = err_sys(&e, "%s", file);
	if (file != NULL)
		sys_close(o.fd);
	if (rc != TK_OK) { /* what went out was read all the same */
		cli_error("%s: the export is not whole", e.text);
		snprintf(use, sizeof use, "export %s (not whole)", f->name);
		cli_log_used(cfg, use, from, to, result->count);
	}
	return rc == TK_OK ? EXIT_DONE : EXIT_INPUT;
}

static int export_pack(struct cli *cli, struct options *o)
{
	struct ledger_reader *r;
	struct config *cfg;
	int status = cli_open_ledger(cli, &cfg, &r);

	if (status != EXIT_DONE)
		return status;
	ledger_reader_close(r);
	if (cli_range(&command_export, o->from, o->to, &o->pack.from_ns, &o->pack.to_ns, &status))
		status = pack_make(cfg, &o->pack);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options o = { 0 };
	const struct export_format *f;
	struct ledger_reader *r;
	struct config *cfg;
	struct export_trail trail = { 0 };
	struct export_result result;
	int64_t from, to;
	int status = read_options(&o, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if (o.pack.folder != NULL)
		return export_pack(cli, &o);
	if ((f = export_by_name(slice_str(o.format))) == NULL)
		return unknown_format(o.format);
	if ((status = read_choice(&o, f)) != EXIT_DONE ||
	    (status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	if (cfg->export.enterprise_number == DOCUMENTATION_NUMBER && strcmp(f->name, "syslog") == 0) {
		cli_error(
			"export.enterprise_number: %d is the documentation's number (RFC 5612), expected the "
			"hospital's own, or none",
			DOCUMENTATION_NUMBER);
		status = EXIT_USAGE;
	}
	o.choice.lang = strcmp(o.lang != NULL ? o.lang : cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA;
	if (status == EXIT_DONE && cli_range(&command_export, o.from, o.to, &from, &to, &status) &&
	    (status = head(cfg, f->chosen != NULL, &trail)) == EXIT_DONE &&
	    (status = write_export(f, cfg, r, &trail, &o, from, to, &result)) == EXIT_DONE)
		cli_log_export(cfg, f->name, from, to, result.count, result.sha256);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "audit evidence of a period",
	.help = "Example: tochoku export --format csv --from 2026-11-01 --to 2026-11-30 -o november.csv\n"
		"\n"
		"tochoku export --format F --from T --to T [-o FILE]\n"
		"tochoku export --pack DIR --from T --to T [--requested-by W] [--reason W] [--approved-by W]\n"
		"\n"
		"  --format F     jsonl   the trail's record lines, of every type\n"
		"                 csv     access events for spreadsheets (url.query left out)\n"
		"                 mhlw    the ministry's five columns\n"
		"                 ecs     Elastic Common Schema 9.4, with findings\n"
		"                 ocsf    OCSF 1.8.0: API Activity, Authentication, Detection Finding\n"
		"                 fhir    HL7 FHIR R4 AuditEvent, NDJSON, with findings\n"
		"                 dicom   DICOM PS3.15 audit messages, one a line, with findings\n"
		"                 cef, leef, syslog (RFC 5424), with findings\n"
		"  --pack DIR     the evidence pack: the trail's segments and notes, tables, the verification and\n"
		"                 how to repeat it, signed, in a new folder; --requested-by, --reason and\n"
		"                 --approved-by stand on its cover. `tochoku verify DIR` checks it\n"
		"  --json         the same as --format jsonl\n"
		"  --from, --to   local dates (the last one included) or RFC 3339 times: access events by\n"
		"                 @timestamp, findings by their first event, other records by their time\n"
		"  -o FILE        write there instead of standard output\n"
		"  --lang L       ja or en: headings and titles; default: the site's language\n"
		"  --encoding E   csv, mhlw: utf-8 (with BOM) or cp932; what that lacks becomes 〓, counted\n"
		"  --excel-text   csv, mhlw: an apostrophe before ids, so that 007 stays 007\n"
		"  --ecs V        ecs: 9.4 (gen_ai.system) or 9.5 (gen_ai.provider.name)\n"
		"  --http-activity  ocsf: HTTP Activity (4002) for readers without API Activity\n"
		"\n"
		"All but mhlw end in a trailer with the count and the SHA-256 of all bytes before it,\n"
		"and the checkpoint of the trail under which it was made. Names in syslog lines and exports:\n"
		"site.sensor, export.enterprise_number. The export is recorded as a use of the log.\n"
		"Exit status: 0 done, 2 usage or configuration error, 3 no ledger or it cannot be read or "
		"written.\n",
	.run = run,
};
