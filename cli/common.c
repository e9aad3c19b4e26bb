#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/safe.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/json_fields.h"
#include "sensor/gateway/layout_compile.h"
#include "sensor/input/capture_open.h"

#define FORMATS_MAX 64

void cli_safe(struct buf *out, struct slice text)
{
	safe_text(out, text);
}

static void print_message(const char *fmt, va_list ap)
{
	char text[4096];
	struct buf out;
	const char *line;

	vsnprintf(text, sizeof text, fmt, ap);
	buf_init(&out, 1 << 16);
	safe_text(&out, slice_str(text));
	line = buf_cstr(&out);
	fflush(stdout); /* in the order in which it happened, where both go to one place */
	fprintf(stderr, "tochoku: %s\n", line == NULL ? "no memory" : line);
	buf_free(&out);
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_message(fmt, ap);
	va_end(ap);
}

int cli_usage(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_message(fmt, ap);
	va_end(ap);
	fprintf(stderr, "tochoku: see 'tochoku %s --help'\n", c->name);
	return EXIT_USAGE;
}

/* The file of the configuration; NULL: none, and *missing says that one was asked for. */
static const char *find_config(const struct cli *cli)
{
	static const char *const places[] = { "./tochoku.yml", "/etc/tochoku/tochoku.yml" };
	size_t i;

	if (cli->config_file != NULL)
		return cli->config_file;
	for (i = 0; i < COUNT(places); i++)
		if (access(places[i], F_OK) == 0 ||
		    errno != ENOENT) /* one that may not be read is an error */
			return places[i];
	return NULL;
}

/* A file, or a text in its place. The names of formats, and what a pattern and a filter are, are known above
 * the configuration. */
static struct config *load(const char *file, const struct slice *text, bool *no_memory)
{
	const char *names[FORMATS_MAX];
	struct config_known known = { .formats = names,
				      .filter = capture_filter_check,
				      .log_format = pattern_check,
				      .fields_check = fields_check };
	struct problems p;
	struct config *c;

	known.fields = fields_names(&known.n_fields);
	while (known.n_formats < FORMATS_MAX - 1 && log_format_at(known.n_formats) != NULL) {
		names[known.n_formats] = log_format_at(known.n_formats)->name;
		known.n_formats++;
	}
	names[known.n_formats++] = "json"; /* with `fields` */
	problems_init(&p, file);
	c = text == NULL ? config_load_known(file, &known, &p)
			 : config_parse_known(*text, file, &known, &p);
	problems_print(&p);
	*no_memory = p.no_memory;
	problems_free(&p);
	return c;
}

struct config *cli_config_text(const char *file, struct slice text)
{
	bool no_memory;

	return load(file, &text, &no_memory);
}

struct config *cli_config(struct cli *cli, bool required)
{
	const char *file = find_config(cli);
	struct config *c;
	struct err e;

	if (file == NULL && required) {
		cli_error("no configuration: expected ./tochoku.yml or /etc/tochoku/tochoku.yml, or -c FILE "
			  "before the command");
		return NULL;
	}
	c = file != NULL ? load(file, NULL, &cli->no_memory) : config_defaults();
	if (c == NULL) {
		if (file == NULL)
			cli_error("the default configuration cannot be made: no memory, or no time zone data "
				  "(package tzdata)");
		return NULL;
	}
	if (zone_use(c->site.time_zone, &e) != TK_OK) {
		cli_error("%s", e.text);
		config_free(c);
		return NULL;
	}
	return c;
}

static int write_failed(const char *file)
{
	if (file == NULL && errno == EPIPE) /* the reader has seen enough: its business */
		return EXIT_INPUT;
	cli_error("%s: cannot write: %s", file == NULL ? "standard output" : file, strerror(errno));
	return EXIT_INPUT;
}

/* fsync, so that a full disk or a lost share shows now; a pipe or terminal cannot be synced and is well. */
static bool flushed(int fd)
{
	return sys_fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

int cli_write(const char *file, struct slice bytes)
{
	int fd = STDOUT_FILENO, rc = EXIT_DONE;

	if (file == NULL)
		fflush(stdout);
	else
		fd = sys_open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0 || (bytes.n > 0 && sys_write_all(fd, bytes.p, bytes.n) != 0) ||
	    (file != NULL && !flushed(fd)))
		rc = write_failed(file);
	if (file != NULL)
		sys_close(fd);
	return rc;
}

int cli_replace(const char *file, struct slice bytes, unsigned mode)
{
	char fresh[4096];
	bool good;
	int fd;

	if (snprintf(fresh, sizeof fresh, "%s.%ld", file, (long)getpid()) >= (int)sizeof fresh) {
		cli_error("%s: the path is too long", file);
		return EXIT_INPUT;
	}
	fd = sys_open(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
	good = fd >= 0 && sys_write_all(fd, bytes.p, bytes.n) == 0 && fchmod(fd, mode) == 0 && flushed(fd) &&
	       rename(fresh, file) == 0;
	if (!good)
		write_failed(file);
	if (!good && fd >= 0)
		unlink(fresh);
	sys_close(fd);
	return good ? EXIT_DONE : EXIT_INPUT;
}

bool cli_when(struct slice text, bool end, int64_t *ns)
{
	struct date d;
	int64_t start;

	if (date_parse(text, &d)) {
		start = zone_day_start(date_to_days(d) + (end ? 1 : 0));
		if (!__builtin_mul_overflow(start, NS_PER_SEC, ns))
			return true;
	} else if (time_parse_rfc3339(text, false, ns)) {
		return true;
	}
	cli_error("'%.*s' is no time: expected an existing date such as 2026-11-23, or one with time and "
		  "offset such as 2026-11-23T09:00:00+09:00",
		  (int)slice_head(text, 100).n, (const char *)text.p);
	return false;
}
