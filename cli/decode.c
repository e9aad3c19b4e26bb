/* tochoku decode: logs to access events as JSON lines, without configuration or ledger. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/base/sys.h"
#include "core/event/identity.h"
#include "sensor/gateway/format.h"
#include "sensor/input/codec.h"
#include "sensor/input/lines.h"

#define CHUNK (256u << 10)
#define WINDOW 4096          /* events held back to put them in order of completion */
#define EVENT_TEXT_MAX (1u << 20)
#define REJECTS_SHOWN 10
#define DIGEST_SETS 16384u   /* a power of two; with four ways the last 65536 digests or so */
#define DIGEST_WAYS 4u

struct held {
	int64_t completion;
	uint64_t sequence;
	struct buf text;
};

struct seen_digest {
	uint8_t digest[16];
	uint32_t count; /* 0: free */
	uint32_t age;
};

struct decoder {
	const char *format_name;           /* as given, or NULL: auto */
	const struct log_format *given;
	struct sha256 *sha;
	struct parse_cache *cache;
	struct cidr loopback[2];
	struct scratch scratch;
	struct flat_event event;
	struct held *held;                 /* WINDOW slots; heap[] orders those in use */
	uint32_t *heap;
	size_t n_held;
	uint64_t sequence;
	struct seen_digest *seen;
	uint32_t clock;
	uint8_t *chunk;
	bool output_failed;
};

/* One file on its way through. */
struct file {
	const char *name;
	const struct log_format *format;
	uint64_t events, rejects, by_reason[REJECT_COUNT];
};

/* ---- order of completion: a heap of bounded size ---- */

static bool comes_first(const struct decoder *d, uint32_t a, uint32_t b)
{
	const struct held *x = &d->held[a], *y = &d->held[b];

	return x->completion != y->completion ? x->completion < y->completion : x->sequence < y->sequence;
}

static void heap_swap(struct decoder *d, size_t a, size_t b)
{
	uint32_t t = d->heap[a];

	d->heap[a] = d->heap[b];
	d->heap[b] = t;
}

static void heap_up(struct decoder *d, size_t i)
{
	while (i > 0 && comes_first(d, d->heap[i], d->heap[(i - 1) / 2])) {
		heap_swap(d, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void heap_down(struct decoder *d, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1;

		for (size_t k = left; k < left + 2 && k < d->n_held; k++)
			if (comes_first(d, d->heap[k], d->heap[least]))
				least = k;
		if (least == i)
			return;
		heap_swap(d, i, least);
		i = least;
	}
}

/* Prints the earliest event; its slot stays behind the heap's end, free. */
static void print_first(struct decoder *d)
{
	struct held *h = &d->held[d->heap[0]];

	if (!h->text.failed && fwrite(h->text.p, 1, h->text.n, stdout) != h->text.n)
		d->output_failed = true;
	d->n_held--;
	heap_swap(d, 0, d->n_held);
	heap_down(d, 0);
}

static void hold(struct decoder *d, const struct access_event *ev)
{
	struct held *h;

	if (d->n_held == WINDOW)
		print_first(d);
	h = &d->held[d->heap[d->n_held]];
	h->completion = ev_completion(ev);
	h->sequence = d->sequence++;
	buf_clear(&h->text);
	event_to_json(ev, &h->text);
	buf_byte(&h->text, '\n');
	heap_up(d, d->n_held++);
}

/* ---- identity ---- */

/* How often this line was met, this time included; of lines long past the count is forgotten. */
static uint32_t ordinal_of(struct decoder *d, const uint8_t digest[16])
{
	struct seen_digest *set, *use;
	uint32_t h;

	memcpy(&h, digest, sizeof h);
	set = &d->seen[(h & (DIGEST_SETS - 1)) * DIGEST_WAYS];
	use = set;
	d->clock++;
	for (uint32_t i = 0; i < DIGEST_WAYS; i++) {
		if (set[i].count > 0 && memcmp(set[i].digest, digest, 16) == 0) {
			set[i].age = d->clock;
			return ++set[i].count;
		}
		if (set[i].count == 0 || (use->count > 0 && set[i].age < use->age))
			use = &set[i];
	}
	memcpy(use->digest, digest, 16);
	use->age = d->clock;
	return use->count = 1;
}

/* ---- lines ---- */

static const char *const reasons[REJECT_COUNT] = {
	[REJECT_MALFORMED] = "not a line of this format", [REJECT_TIME] = "no time that exists",
	[REJECT_TOO_LONG] = "longer than 1 MiB", [REJECT_NUL] = "holds NUL bytes",
};

static void reject(struct file *f, const struct line *line, int reason)
{
	f->rejects++;
	f->by_reason[reason]++;
	if (f->rejects <= REJECTS_SHOWN)
		cli_error("%s:%llu:1: %s%s%s", f->name, (unsigned long long)line->number, reasons[reason],
			  reason == REJECT_MALFORMED && f->format != NULL ? ", expected " : "",
			  reason == REJECT_MALFORMED && f->format != NULL ? f->format->name : "");
}

static int parse_line(struct decoder *d, const struct log_format *format, struct slice text)
{
	struct parse_context ctx = {
		.cache = d->cache,
		.trusted_proxies = d->loopback,
		.n_trusted_proxies = COUNT(d->loopback),
		.scratch = &d->scratch,
	};

	d->scratch.n = 0;
	flat_event_reset(&d->event);
	return format->parse(text, &ctx, &d->event.ev);
}

static void take_line(struct decoder *d, struct file *f, const struct line *line)
{
	uint8_t id[16];
	struct access_event *ev = &d->event.ev;
	int rc = line->reject;

	if (f->format == NULL || (rc == 0 && line->text.n == 0))
		return; /* an empty line says nothing and loses nothing */
	if (rc == 0)
		rc = parse_line(d, f->format, line->text);
	if (rc == REJECT_MALFORMED && d->given == NULL) { /* the format may change within a file */
		const struct log_format *other = log_format_detect(line->text);

		if (other != NULL && other != f->format)
			rc = parse_line(d, other, line->text);
	}
	if (rc != 0) {
		reject(f, line, rc);
		return;
	}
	log_line_digest(d->sha, line->text, ev->digest);
	event_log_id(ev->digest, SLICE("import"), ordinal_of(d, ev->digest), id);
	ev_set_str(ev, F_EVENT_ID, slice_of(id, sizeof id));
	ev_set_str(ev, F_INPUT, SLICE("import"));
	f->events++;
	hold(d, ev);
}

/* ---- files ---- */

static bool is_capture(struct slice s)
{
	static const char *const magics[] = { "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1",
					      "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a" };

	for (size_t i = 0; i < COUNT(magics); i++)
		if (slice_starts(s, slice_of(magics[i], 4)))
			return true;
	return false;
}

/* The first chunk tells the format. False, with a message: nothing known. */
static bool choose_format(struct decoder *d, struct file *f, struct slice sample)
{
	if (is_capture(sample)) {
		cli_error("%s: a packet capture; captures come with the next version, this one reads logs",
			  f->name);
		return false;
	}
	f->format = d->given != NULL ? d->given : log_format_detect_sample(sample);
	if (f->format != NULL)
		return true;
	cli_error("%s: no known log format in it; name one with --format if it begins unlike the rest",
		  f->name);
	return false;
}

static void count_rejects(const struct file *f)
{
	struct buf text;

	if (f->rejects == 0)
		return;
	buf_init(&text, 4096);
	for (int r = 1; r < REJECT_COUNT; r++)
		if (f->by_reason[r] > 0)
			buf_fmt(&text, "%s%llu %s", text.n > 0 ? ", " : "",
				(unsigned long long)f->by_reason[r], reasons[r]);
	cli_error("%s: %llu lines rejected (%s), %llu read", f->name, (unsigned long long)f->rejects,
		  text.failed ? "" : buf_cstr(&text), (unsigned long long)f->events);
	buf_free(&text);
}

/* Fills the sample buffer as far as the file goes, so that a pipe's small pieces tell as much. */
static int read_chunk(struct codec_reader *r, uint8_t *out, size_t *n, struct err *e)
{
	size_t got;
	int rc = TK_OK;

	*n = 0;
	while (*n < CHUNK && (rc = codec_read(r, out + *n, CHUNK - *n, &got, e)) == TK_OK)
		*n += got;
	return *n > 0 ? TK_OK : rc;
}

static int read_lines(struct decoder *d, struct file *f, struct codec_reader *r, struct lines *l,
		      struct err *e)
{
	struct line line;
	size_t n;
	int rc, more;

	while ((rc = read_chunk(r, d->chunk, &n, e)) == TK_OK) {
		struct slice chunk = slice_of(d->chunk, n);

		if (f->format == NULL && !choose_format(d, f, chunk))
			return TK_ENOTFOUND;
		lines_feed(l, chunk);
		while ((more = lines_next(l, &line)) == TK_OK)
			take_line(d, f, &line);
		if (more != TK_AGAIN)
			return err_set(e, more, "no memory for a line");
	}
	if (lines_last(l, &line) == TK_OK)
		take_line(d, f, &line);
	return rc;
}

static int decode_fd(struct decoder *d, struct file *f, int fd)
{
	struct codec_reader *r = codec_open(fd);
	struct err e = { 0 };
	struct lines l;
	int rc;

	if (r == NULL) {
		cli_error("%s: no memory", f->name);
		return EXIT_INPUT;
	}
	lines_init(&l, 0, 0);
	rc = read_lines(d, f, r, &l, &e);
	if (rc == TK_AGAIN)
		cli_error("%s: the %s data ends early: the file is cut off", f->name, codec_name(r));
	else if (rc != TK_EEND && rc != TK_ENOTFOUND)
		cli_error("%s: %s", f->name, e.text);
	count_rejects(f);
	if (f->events == 0 && f->rejects == 0 && rc == TK_EEND)
		cli_error("%s: empty", f->name);
	lines_free(&l);
	codec_close(r);
	return f->events > 0 ? EXIT_DONE : EXIT_INPUT;
}

static int decode_file(struct decoder *d, const char *name)
{
	struct file f = { .name = name };
	int fd, rc;

	if (strcmp(name, "-") == 0) {
		f.name = "standard input";
		return decode_fd(d, &f, STDIN_FILENO);
	}
	fd = sys_open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	if (fd < 0) {
		cli_error("%s: cannot be opened: %s", name, strerror(errno));
		return EXIT_INPUT;
	}
	rc = decode_fd(d, &f, fd);
	sys_close(fd);
	return rc;
}

/* ---- the command ---- */

static void decoder_free(struct decoder *d)
{
	for (size_t i = 0; d->held != NULL && i < WINDOW; i++)
		buf_free(&d->held[i].text);
	free(d->held);
	free(d->heap);
	free(d->seen);
	free(d->chunk);
	free(d->scratch.p);
	parse_cache_free(d->cache);
	sha256_free(d->sha);
}

static bool decoder_init(struct decoder *d)
{
	bool host_bits;

	d->sha = sha256_new();
	d->cache = parse_cache_new();
	d->held = calloc(WINDOW, sizeof *d->held);
	d->heap = calloc(WINDOW, sizeof *d->heap);
	d->seen = calloc((size_t)DIGEST_SETS * DIGEST_WAYS, sizeof *d->seen);
	d->chunk = malloc(CHUNK);
	d->scratch = (struct scratch){ malloc(SCRATCH_SIZE), 0, SCRATCH_SIZE };
	if (d->sha == NULL || d->cache == NULL || d->held == NULL || d->heap == NULL || d->seen == NULL ||
	    d->chunk == NULL || d->scratch.p == NULL)
		return false;
	for (uint32_t i = 0; i < WINDOW; i++) {
		d->heap[i] = i;
		buf_init(&d->held[i].text, EVENT_TEXT_MAX);
	}
	/* as networks.trusted_proxies by default */
	return cidr_parse(SLICE("127.0.0.1/32"), &d->loopback[0], &host_bits) &&
	       cidr_parse(SLICE("::1/128"), &d->loopback[1], &host_bits);
}

extern const struct command command_decode;

static int unknown_format(const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	while (n < COUNT(names) && log_format_at(n) != NULL) {
		names[n] = log_format_at(n)->name;
		n++;
	}
	near = nearest(slice_str(name), names, n);
	if (near != NULL)
		return cli_usage(&command_decode, "unknown format \"%s\"; did you mean \"%s\"?", name, near);
	return cli_usage(&command_decode, "unknown format \"%s\"; known are auto, %s and %s", name, names[0],
			 names[1]);
}

/* Options before files, in any order; argv is packed to the files. EXIT_DONE to go on. */
static int read_options(struct decoder *d, int argc, char **argv, int *n_files)
{
	bool options = true;

	*n_files = 0;
	for (int i = 1; i < argc; i++) {
		if (!options || argv[i][0] != '-' || argv[i][1] == 0) {
			argv[(*n_files)++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (strcmp(argv[i], "--json") == 0) {
			continue; /* the only form there is */
		} else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc) {
			d->format_name = argv[++i];
		} else if (strncmp(argv[i], "--format=", 9) == 0) {
			d->format_name = argv[i] + 9;
		} else {
			return cli_usage(&command_decode, strcmp(argv[i], "--format") == 0 ?
					 "%s needs the name of a format" : "unknown option \"%s\"", argv[i]);
		}
	}
	if (*n_files == 0)
		return cli_usage(&command_decode, "no file named; \"-\" is standard input");
	if (d->format_name == NULL || strcmp(d->format_name, "auto") == 0)
		return EXIT_DONE;
	d->given = log_format_by_name(slice_str(d->format_name));
	return d->given != NULL ? EXIT_DONE : unknown_format(d->format_name);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct decoder d = { 0 };
	int n_files, rc = read_options(&d, argc, argv, &n_files);

	(void)cli;
	tzset(); /* times without a zone are in the process's */
	if (rc != EXIT_DONE)
		return rc;
	if (!decoder_init(&d)) {
		cli_error("no memory");
		decoder_free(&d);
		return EXIT_INPUT;
	}
	for (int i = 0; i < n_files; i++)
		if (decode_file(&d, argv[i]) != EXIT_DONE)
			rc = EXIT_INPUT;
	while (d.n_held > 0)
		print_first(&d);
	if (fflush(stdout) != 0 || d.output_failed) {
		cli_error("standard output: %s", strerror(errno));
		rc = EXIT_INPUT;
	}
	decoder_free(&d);
	return rc;
}

const struct command command_decode = {
	.name = "decode",
	.summary = "logs to access events as JSON lines, without configuration or ledger",
	.help =
		"  tochoku decode /var/log/nginx/access.log | head\n"
		"  tochoku decode --format nginx-json access.log.1.gz\n"
		"\n"
		"usage: tochoku decode [--json] [--format NAME] FILE...\n"
		"\n"
		"Prints one JSON object a call, in order of completion, and changes nothing. FILE is a\n"
		"gateway log, plain, .gz, .zst or .xz (told by its content); \"-\" is standard input. Lines\n"
		"that cannot be read are counted on standard error. Zones, geography and the register of\n"
		"users need a configuration and are left out.\n"
		"\n"
		"  --format NAME   auto (default), nginx-combined, nginx-json\n"
		"  --json          JSON lines, which is the only form\n"
		"\n"
		"exit status: 0 done, also where some lines were rejected; 2 usage error; 3 a file cannot\n"
		"be opened or holds nothing known\n",
	.run = run,
};
