#include "sensor/llm/sse.h"

enum {
	S_NAME,    /* at a line's start, or `matched` bytes into "data:" */
	S_SPACE,   /* behind the colon, where one space is not data */
	S_DATA,
	S_OTHER,   /* a line that is not data */
	S_AFTER_CR /* at a line's start, unless LF comes */
};

static const char name[] = "data:";

void sse_init(struct sse *s, const struct sse_sink *sink)
{
	*s = (struct sse){ .sink = *sink, .state = S_NAME };
}

static void line_over(struct sse *s, uint8_t c)
{
	if (s->state == S_NAME && s->matched == 0 && s->any) {
		s->any = false;
		s->sink.over(s->sink.ctx);
	}
	s->matched = 0;
	s->state = c == '\r' ? S_AFTER_CR : S_NAME;
}

static void begin_data(struct sse *s)
{
	if (s->any)
		s->sink.data(s->sink.ctx, SLICE("\n"));
	s->any = true;
	s->state = S_SPACE;
}

/* The common case at once: a line that begins with "data: ". Returns how many bytes that was, or 0. */
static size_t whole_name(struct sse *s, struct slice in, size_t at)
{
	if (s->matched > 0 || in.n - at < sizeof name || memcmp(in.p + at, "data: ", sizeof name) != 0)
		return 0;
	begin_data(s);
	s->state = S_DATA;
	return sizeof name;
}

static void name_byte(struct sse *s, uint8_t c)
{
	if (c == '\n' || c == '\r')
		line_over(s, c);
	else if (c != (uint8_t)name[s->matched])
		s->state = S_OTHER;
	else if (name[++s->matched] == 0)
		begin_data(s);
}

/* Where the line ends, or n. A stretch at a time, so that a stream without any LF is not searched through
 * for each CR. */
static size_t line_end(struct slice in, size_t at)
{
	while (at < in.n) {
		struct slice part = slice_head(slice_from(in, at), 1024);
		const uint8_t *lf = memchr(part.p, '\n', part.n), *cr;

		if (lf != NULL)
			part.n = (size_t)(lf - part.p);
		cr = memchr(part.p, '\r', part.n);
		if (cr != NULL || lf != NULL)
			return (size_t)((cr != NULL ? cr : lf) - in.p);
		at += part.n;
	}
	return at;
}

/* The rest of a line, data or not. */
static size_t rest(struct sse *s, struct slice in, size_t at)
{
	size_t end = line_end(in, at);

	if (s->state == S_DATA && end > at)
		s->sink.data(s->sink.ctx, slice_of(in.p + at, end - at));
	if (end == in.n)
		return end;
	line_over(s, in.p[end]);
	return end + 1;
}

void sse_push(struct sse *s, struct slice bytes)
{
	size_t at = 0, n;

	while (at < bytes.n) {
		uint8_t c = bytes.p[at];

		switch (s->state) {
		case S_AFTER_CR:
			s->state = S_NAME;
			at += c == '\n';
			break;
		case S_NAME:
			n = whole_name(s, bytes, at);
			at += n > 0 ? n : 1;
			if (n == 0)
				name_byte(s, c);
			break;
		case S_SPACE:
			s->state = S_DATA;
			at += c == ' ';
			break;
		default:
			at = rest(s, bytes, at);
		}
	}
}
