#include "sensor/input/batcher.h"

#include <stdlib.h>

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

static int add_reject(struct batcher *b, const struct line *line, int reason, struct line_counts *file)
{
	struct reject r = { .offset = line->offset, .line = line->number, .reason = (uint8_t)reason };
	int rc;

	log_line_digest(b->sha, line->text, r.digest);
	rc = batch_add_reject(b->w, &r);
	if (rc != TK_OK)
		return rc;
	b->total.rejected++;
	file->rejected++;
	if (b->on_reject != NULL)
		b->on_reject(b->on_reject_arg, b->file, &r);
	return TK_OK;
}

int batcher_line(struct batcher *b, const struct log_format *format, const struct line *line,
		 struct line_counts *file)
{
	int reason = line->reject, rc;

	if (reason == 0)
		reason = log_format_parse(format, line->text, &b->ctx, &b->event);
	if (reason != 0)
		return add_reject(b, line, reason, file);
	log_line_digest(b->sha, line->text, b->event.ev.digest);
	rc = batch_add(b->w, &b->event.ev);
	if (rc == TK_OK) {
		b->total.events++;
		file->events++;
	}
	return rc;
}
