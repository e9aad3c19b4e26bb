#include "sensor/input/batcher.h"

#include <stdlib.h>

/* The events of a line go into one batch, or a kill would count some of them twice. What shorter lines hold
 * has room behind a batch's BATCH_FLUSH_BYTES; a longer one begins its own. */
#define LONG_LINE (64u << 10)

int batcher_init(struct batcher *b, struct slice key, const struct cidr *proxies, size_t n_proxies)
{
	memset(b, 0, sizeof *b);
	b->w = batch_writer_new();
	b->sha = sha256_new();
	b->scratch.p = malloc(SCRATCH_SIZE);
	b->scratch.cap = SCRATCH_SIZE;
	b->ctx = (struct parse_context){ .fingerprint_key = key,
					 .cache = parse_cache_new(),
					 .trusted_proxies = proxies,
					 .n_trusted_proxies = n_proxies,
					 .scratch = &b->scratch };
	if (b->w != NULL && b->sha != NULL && b->scratch.p != NULL && b->ctx.cache != NULL)
		return TK_OK;
	batcher_free(b);
	return TK_ENOMEM;
}

void batcher_free(struct batcher *b)
{
	batch_writer_free(b->w);
	sha256_free(b->sha);
	parse_cache_free(b->ctx.cache);
	/* It has held keys. */
	if (b->scratch.p != NULL)
		explicit_bzero(b->scratch.p, b->scratch.cap);
	free(b->scratch.p);
	memset(b, 0, sizeof *b);
}

/* One event of a line, or the whole line. */
struct part_of_line {
	struct batcher *b;
	const struct log_format *format;
	const struct line *line;
	struct line_counts *file;
};

static int add_reject(const struct part_of_line *p, struct slice text, int reason)
{
	struct reject r = { .offset = p->line->offset, .line = p->line->number, .reason = (uint8_t)reason };
	struct batcher *b = p->b;
	int rc;

	log_line_digest(b->sha, text, r.digest);
	rc = batch_add_reject(b->w, &r);
	if (rc != TK_OK)
		return rc;
	b->total.rejected++;
	p->file->rejected++;
	if (b->on_reject != NULL)
		b->on_reject(b->on_reject_arg, b->file, &r);
	return TK_OK;
}

static int add_text(void *arg, struct slice text)
{
	const struct part_of_line *p = arg;
	struct batcher *b = p->b;
	int reason, rc;

	reason = log_format_parse(p->format, text, &b->ctx, &b->event);
	if (reason != 0)
		return add_reject(p, text, reason);
	log_line_digest(b->sha, text, b->event.ev.digest);
	rc = batch_add(b->w, &b->event.ev);
	if (rc == TK_OK) {
		b->total.events++;
		p->file->events++;
	}
	return rc;
}

int batcher_line(struct batcher *b, const struct log_format *format, const struct line *line,
		 struct line_counts *file)
{
	struct part_of_line p = { b, format, line, file };

	if (line->reject != 0)
		return add_reject(&p, line->text, line->reject);
	if (format->several == NULL)
		return add_text(&p, line->text);
	if (line->text.n > LONG_LINE && batch_bytes(b->w) > 0)
		return TK_ELIMIT;
	return log_line_events(format, line->text, add_text, &p);
}
