/* tochoku import: past logs and captures through the same pipeline. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/base/json.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/json_fields.h"
#include "sensor/gateway/layout_compile.h"
#include "sensor/import.h"

extern const struct command command_import;

struct arguments {
	struct import_options import;
	bool json;
};

/* Options and files in any order; argv is packed to the files. EXIT_DONE to go on. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
	bool options = true;
	size_t n = 0;

	*a = (struct arguments){ .import = { .format = "auto" } };
	for (int i = 1; i < argc; i++) {
		bool valued = strcmp(argv[i], "--input") == 0 || strcmp(argv[i], "--format") == 0;

		if (!options || argv[i][0] != '-' || argv[i][1] == 0)
			argv[n++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			options = false;
		else if (strcmp(argv[i], "--json") == 0)
			a->json = true;
		else if (valued && i + 1 == argc)
			return cli_usage(&command_import, "a value is missing after %s", argv[i]);
		else if (strcmp(argv[i], "--input") == 0)
			a->import.input = argv[++i];
		else if (strcmp(argv[i], "--format") == 0)
			a->import.format = argv[++i];
		else if (strncmp(argv[i], "--input=", 8) == 0)
			a->import.input = argv[i] + 8;
		else if (strncmp(argv[i], "--format=", 9) == 0)
			a->import.format = argv[i] + 9;
		else
			return cli_usage(&command_import, "unknown option \"%s\"", argv[i]);
	}
	a->import.files = (const char *const *)argv;
	a->import.n_files = n;
	if (n == 0)
		return cli_usage(&command_import, "no file named; \"-\" is standard input");
	if (a->import.input != NULL && (a->import.input[0] == 0 || strlen(a->import.input) > 255))
		return cli_usage(&command_import, "--input needs a name of 1 to 255 bytes");
	return EXIT_DONE;
}

static int check_format(const char *name)
{
	struct err e = { 0 };
	struct buf names;
	int rc = EXIT_DONE;
	size_t at = 0;

	if (strcmp(name, "auto") == 0 || log_format_by_name(slice_str(name)) != NULL)
		return EXIT_DONE;
	if (is_fields(slice_str(name)))
		return fields_check(slice_str(name), &e) == TK_OK
			       ? EXIT_DONE
			       : cli_usage(&command_import, "--format: %s", e.text);
	if (is_pattern(slice_str(name))) {
		if (pattern_check(slice_str(name), &at, &e) == TK_OK)
			return EXIT_DONE;
		return cli_usage(&command_import, "--format: byte %zu of the pattern: %s", at + 1, e.text);
	}
	buf_init(&names, 4096);
	for (size_t i = 0; log_format_at(i) != NULL; i++)
		buf_fmt(&names, ", %s", log_format_at(i)->name);
	rc = cli_usage(&command_import, "no log format is named \"%s\"; known are auto%s", name,
		       buf_cstr(&names));
	buf_free(&names);
	return rc;
}

static double seconds(const struct import_result *r)
{
	return r->ns > 0 ? (double)r->ns / 1e9 : 1e-9;
}

static int print_json(const struct import_result *r)
{
	struct buf b;
	struct json_out o = json_out(&b);
	const struct {
		const char *name;
		uint64_t v;
	} numbers[] = {
		{ "files", r->files },
		{ "files.failed", r->failed },
		{ "lines", r->lines },
		{ "events.new", r->new_events },
		{ "events.known", r->duplicates },
		{ "rejected", r->rejected },
		{ "bytes", r->bytes },
		{ "duration_ms", (uint64_t)r->ns / 1000000 },
	};
	int rc;

	buf_init(&b, 4096);
	json_open(&o, '{');
	for (size_t i = 0; i < COUNT(numbers); i++) {
		json_key(&o, numbers[i].name);
		json_int(&o, (int64_t)numbers[i].v);
	}
	if (r->input[0] != 0) {
		json_key(&o, "input");
		json_str(&o, slice_str(r->input));
	}
	json_close(&o, '}');
	buf_byte(&b, '\n');
	rc = cli_write(NULL, buf_slice(&b));
	buf_free(&b);
	return rc;
}

static void print_summary(const struct import_options *o, const struct import_result *r)
{
	for (size_t i = 0; o->files != NULL && i < r->n_rejects; i++)
		cli_error("%s:%" PRIu64 ": line not read: %s", o->files[r->rejects[i].file],
			  r->rejects[i].line, reject_name(r->rejects[i].reason));
	if (r->rejected > r->n_rejects)
		cli_error("... and %" PRIu64 " more lines not read", r->rejected - r->n_rejects);
	cli_error("imported %" PRIu64 " of %" PRIu64 " files in %.1f s: %" PRIu64
		  " calls (%.0f a second), %" PRIu64 " new events, %" PRIu64 " already there, %" PRIu64
		  " rejected%s%s",
		  r->files - r->failed, r->files, seconds(r), r->lines, (double)r->lines / seconds(r),
		  r->new_events, r->duplicates, r->rejected, r->input[0] != 0 ? "; input " : "", r->input);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct arguments a;
	struct import_result r;
	struct config *cfg;
	struct err e = { 0 };
	int rc = read_arguments(&a, argc, argv);

	if (rc == EXIT_DONE)
		rc = check_format(a.import.format);
	if (rc != EXIT_DONE)
		return rc;
	cfg = cli_config(cli, false);
	if (cfg == NULL)
		return EXIT_USAGE;
	a.import.cfg = cfg;
	a.import.progress = isatty(STDERR_FILENO) != 0;
	if (import_run(&a.import, &r, &e) != TK_OK) {
		cli_error("import: %s", e.text);
		rc = e.code == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
	}
	print_summary(&a.import, &r);
	if (a.json && print_json(&r) != EXIT_DONE)
		rc = EXIT_INPUT;
	config_free(cfg);
	return rc != EXIT_DONE ? rc : r.failed > 0 ? EXIT_INPUT : EXIT_DONE;
}

const struct command command_import = {
	.name = "import",
	.summary = "past logs through the same pipeline; the same bytes again add nothing",
	.help = "Example: tochoku import /var/log/nginx/access.log.2.gz /var/log/nginx/access.log.1\n"
		"         zcat old/*.gz | tochoku import --input gateway -\n"
		"         tochoku import --input tap monday.pcap\n"
		"\n"
		"usage: tochoku import [--input NAME] [--format NAME] [--json] FILE...\n"
		"\n"
		"FILE is a gateway log or a capture (pcap, pcapng), plain, .gz, .zst or .xz (told by its\n"
		"content); \"-\": standard input.\n"
		"Older files go first on the line. Also while `tochoku run` is running.\n"
		"\n"
		"  --input NAME   whose traffic it is; default: the input whose file or content it is,\n"
		"                 else \"import\"\n"
		"  --format NAME  of the lines; default auto\n"
		"  --json         the counts as one JSON object on standard output\n"
		"\n"
		"Exit status: 0 done; 2 usage or configuration error; 3 a file cannot be opened or holds\n"
		"nothing known (the others are imported).\n",
	.run = run,
};
