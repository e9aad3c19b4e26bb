/* decode: gateway logs. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/decode.h"
#include "sensor/input/lines.h"

#define REJECTS_SHOWN 10
#define DIGEST_SETS 16384u /* a power of two; with four ways the last 65536 digests or so */
#define DIGEST_WAYS 4u

struct seen_digest {
	uint8_t digest[16];
	uint32_t count; /* 0: free */
	uint32_t age;
};

/* One file on its way through. */
struct file {
	const char *name;
	const struct log_format *format;
	const struct log_format *own; /* of which a header tells */
	uint64_t events, rejects, by_reason[REJECT_COUNT];
};

bool decode_logs_init(struct decoder *d)
{
	d->seen = calloc((size_t)DIGEST_SETS * DIGEST_WAYS, sizeof *d->seen);
	return d->seen != NULL;
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
	[REJECT_MALFORMED] = "not a line of this format",
	[REJECT_TIME] = "no time that exists",
	[REJECT_TOO_LONG] = "longer than 1 MiB",
	[REJECT_NUL] = "holds NUL bytes",
	[REJECT_OTHER] = "a record of no call",
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

/* A line on its way, whole or one of the events that it holds. */
struct part_of_line {
	struct decoder *d;
	struct file *f;
	const struct line *line;
	const struct log_format *format;
};

static int take_text(void *arg, struct slice text);

/* The format may change within a file: is it another's line? Then that is taken. */
static bool take_as_other(const struct part_of_line *p, struct slice text)
{
	struct part_of_line other = *p;

	if (p->d->given != NULL || p->format != p->f->format || text.n != p->line->text.n)
		return false;
	other.format = log_format_detect(text);
	if (other.format == NULL || other.format == p->format)
		return false;
	log_line_events(other.format, text, take_text, &other);
	return true;
}

static int take_text(void *arg, struct slice text)
{
	const struct part_of_line *p = arg;
	struct decoder *d = p->d;
	struct parse_context ctx = decode_context(d);
	int rc = log_format_parse(p->format, text, &ctx, &d->event);

	if ((rc == REJECT_MALFORMED || rc == REJECT_OTHER) && take_as_other(p, text))
		return 0;
	if (rc != 0) {
		reject(p->f, p->line, rc);
		return 0;
	}
	log_line_digest(d->sha, text, d->event.ev.digest);
	p->f->events++;
	decode_event(d, &d->event.ev, ordinal_of(d, d->event.ev.digest));
	return 0;
}

static void take_line(struct decoder *d, struct file *f, const struct line *line)
{
	struct part_of_line p = { d, f, line, f->format };

	if (f->format == NULL || (line->reject == 0 && line->text.n == 0))
		return; /* an empty line says nothing and loses nothing */
	if (line->reject == 0 && log_format_header(line->text, &f->format, &f->own))
		return;
	if (line->reject != 0)
		reject(f, line, line->reject);
	else
		log_line_events(f->format, line->text, take_text, &p);
}

/* ---- files ---- */

/* The first chunk tells the format. False, with a message: nothing known. */
static bool choose_format(struct decoder *d, struct file *f, struct slice sample)
{
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

static int read_lines(struct decoder *d, struct file *f, struct codec_reader *r, struct lines *l, size_t n,
		      struct err *e)
{
	struct line line;
	int rc, more;

	do {
		lines_feed(l, slice_of(d->chunk, n));
		while ((more = lines_next(l, &line)) == TK_OK)
			take_line(d, f, &line);
		if (more != TK_AGAIN)
			return err_set(e, more, "no memory for a line");
	} while ((rc = decode_chunk(r, d->chunk, &n, e)) == TK_OK);
	if (lines_last(l, &line) == TK_OK)
		take_line(d, f, &line);
	return rc;
}

int decode_logs(struct decoder *d, const char *name, struct codec_reader *r, struct slice first)
{
	struct file f = { .name = name };
	struct err e = { 0 };
	struct lines l;
	int rc;

	if (!choose_format(d, &f, first))
		return EXIT_INPUT;
	lines_init(&l, 0, 0);
	rc = read_lines(d, &f, r, &l, first.n, &e);
	if (rc == TK_AGAIN)
		cli_error("%s: the %s data ends early: the file is cut off", f.name, codec_name(r));
	else if (rc != TK_EEND)
		cli_error("%s: %s", f.name, e.text);
	count_rejects(&f);
	lines_free(&l);
	log_format_close(f.own);
	return f.events > 0 ? EXIT_DONE : EXIT_INPUT;
}
