/* The roof of the folder: the only file that knows all formats. */
#include "sensor/gateway/format.h"

#include <stdlib.h>

#include "sensor/gateway/framing.h"
#include "sensor/gateway/json_fields.h"
#include "sensor/gateway/layout_compile.h"

#define SAMPLE_LINES 200
#define SAMPLE_FRAMED 16384 /* a longer line in a frame tells nothing */

#define FORMAT(id) extern const struct log_format format_##id;
#include "sensor/gateway/formats.def"
#undef FORMAT

static const struct log_format *const formats[] = {
#define FORMAT(id) &format_##id,
#include "sensor/gateway/formats.def"
#undef FORMAT
	NULL,
};

const struct log_format *log_format_at(size_t i)
{
	return i < COUNT(formats) ? formats[i] : NULL;
}

const struct log_format *log_format_by_name(struct slice name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (slice_is(name, formats[i]->name))
			return formats[i];
	return NULL;
}

const struct log_format *log_format_open(struct slice name_or_pattern, struct err *e)
{
	const struct log_format *f = log_format_by_name(name_or_pattern);
	size_t at;

	if (f != NULL)
		return f;
	if (is_fields(name_or_pattern))
		return fields_compile(name_or_pattern, e);
	if (is_pattern(name_or_pattern))
		return pattern_compile(name_or_pattern, &at, e);
	err_set(e, TK_ECONFIG, "no log format is named \"%.*s\"", (int)slice_head(name_or_pattern, 100).n,
		(const char *)name_or_pattern.p);
	return NULL;
}

void log_format_close(const struct log_format *f)
{
	if (f != NULL && (f->layout != NULL || f->fields != NULL))
		free((void *)(uintptr_t)f);
}

/* What a line is of decides before what may be around it: no format's own line is taken for a frame. */
int log_format_parse(const struct log_format *f, struct slice line, struct parse_context *ctx,
		     struct flat_event *fe)
{
	struct framed in;
	int rc;

	ctx->scratch->n = 0;
	ctx->frame_time = 0;
	ctx->layout = f->layout;
	ctx->fields = f->fields;
	flat_event_reset(fe);
	rc = f->parse(line, ctx, &fe->ev);
	if (rc != REJECT_MALFORMED || !frame_open(line, ctx->scratch, &in))
		return rc;
	ctx->frame_time = in.time;
	flat_event_reset(fe);
	return f->parse(in.text, ctx, &fe->ev);
}

static int detect_as(const struct log_format *f, struct slice line)
{
	if (f->fields != NULL)
		return fields_detect(f->fields, line);
	return f->layout != NULL ? layouts_detect(f->layout, 1, line) : f->detect(line);
}

static const struct log_format *detect_bare(struct slice line)
{
	const struct log_format *best = NULL;
	int sure = 0;

	for (size_t i = 0; formats[i] != NULL; i++) {
		int n = formats[i]->detect(line);

		if (n > sure) {
			sure = n;
			best = formats[i];
		}
	}
	return best;
}

const struct log_format *log_format_detect(struct slice line)
{
	const struct log_format *f = detect_bare(line);
	uint8_t room[SAMPLE_FRAMED];
	struct scratch s = { room, 0, sizeof room };
	struct framed in;

	return f == NULL && frame_open(line, &s, &in) ? detect_bare(in.text) : f;
}

/* Takes a line, all of its pieces, off the sample, without LF or CRLF. */
static struct slice take_line(struct slice *sample)
{
	size_t from, n = 0;
	struct slice line;

	do {
		const uint8_t *lf;

		from = n > 0 ? n + 1 : 0;
		lf = from >= sample->n ? NULL : memchr(sample->p + from, '\n', sample->n - from);
		n = lf == NULL ? sample->n : (size_t)(lf - sample->p);
	} while (n < sample->n && frame_continues(slice_from(slice_head(*sample, n), from)));
	line = slice_head(*sample, n);
	*sample = slice_from(*sample, n + 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

const struct log_format *log_format_detect_sample(struct slice sample)
{
	unsigned votes[COUNT(formats)] = { 0 };
	size_t best = 0;

	for (int n = 0; n < SAMPLE_LINES && sample.n > 0; n++) {
		const struct log_format *f = log_format_detect(take_line(&sample));

		for (size_t i = 0; formats[i] != NULL; i++)
			votes[i] += f == formats[i];
	}
	for (size_t i = 1; formats[i] != NULL; i++)
		if (votes[i] > votes[best])
			best = i;
	return votes[best] > 0 ? formats[best] : NULL;
}

bool log_format_fits_sample(const struct log_format *f, struct slice sample)
{
	uint8_t room[SAMPLE_FRAMED];
	struct framed in;

	for (int n = 0; n < SAMPLE_LINES && sample.n > 0; n++) {
		struct slice line = take_line(&sample);
		struct scratch s = { room, 0, sizeof room };

		if (detect_as(f, line) > 0 || (frame_open(line, &s, &in) && detect_as(f, in.text) > 0))
			return true;
	}
	return false;
}

bool log_format_header(struct slice line, const struct log_format **format, const struct log_format **own)
{
	const struct log_format *next;

	if ((*format)->header == NULL || !(*format)->header(line, &next))
		return false;
	if (next != NULL) {
		log_format_close(*own);
		*format = *own = next;
	}
	return true;
}

void log_format_head(struct slice head, const struct log_format **format, const struct log_format **own)
{
	const struct log_format *f = *format;

	while (head.n > 0 && head.p[0] == '#' && memchr(head.p, '\n', head.n) != NULL) {
		struct slice line = take_line(&head);

		if (f == NULL)
			f = detect_bare(line);
		if (f != NULL && log_format_header(line, &f, own) && *own != NULL)
			*format = *own;
	}
}

void log_line_digest(struct sha256 *s, struct slice line, uint8_t out[16])
{
	uint8_t hash[32];

	sha256_of(s, line, hash);
	memcpy(out, hash, 16);
}
