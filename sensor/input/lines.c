#include "sensor/input/lines.h"

#include "sensor/gateway/framing.h"

void lines_init(struct lines *l, uint64_t offset, uint64_t number)
{
	memset(l, 0, sizeof *l);
	buf_init(&l->part, LINE_LIMIT + 1); /* + 1: the CR of a line that is just as long as allowed */
	l->offset = offset;
	l->number = number;
}

void lines_free(struct lines *l)
{
	buf_free(&l->part);
}

void lines_feed(struct lines *l, struct slice chunk)
{
	l->chunk = chunk;
}

/* `text` is the line as far as it was kept, `n` its length in the stream without LF, `lf` 1 or 0. */
static void finish_line(struct lines *l, struct slice text, uint64_t n, unsigned lf, struct line *out)
{
	bool kept = text.n == n;

	if (kept && lf != 0 && text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	out->text = slice_head(text, LINE_LIMIT);
	out->offset = l->offset;
	out->end = l->offset + n + lf;
	l->number += l->feeds + 1;
	out->number = l->number;
	if (!kept || text.n > LINE_LIMIT)
		out->reject = REJECT_TOO_LONG;
	else if (text.n > 0 && memchr(text.p, 0, text.n) != NULL)
		out->reject = REJECT_NUL;
	else
		out->reject = 0;
	l->offset = out->end;
	l->seen = l->feeds = 0;
	l->piece = 0;
}

/* Keeps what the limit allows of an unfinished line; the rest is only counted. */
static bool keep(struct lines *l, struct slice s)
{
	size_t room = LINE_LIMIT + 1 - l->part.n;

	l->seen += s.n;
	buf_add(&l->part, slice_head(s, room));
	return !l->part.failed;
}

/* A line feed was met. Does it end but a piece of the unfinished line? Then it is a byte within it. */
static bool goes_on(struct lines *l)
{
	struct slice piece = slice_from(buf_slice(&l->part), l->piece);

	if (l->part.n != l->seen || l->seen >= LINE_LIMIT || !frame_continues(piece) || !keep(l, SLICE("\n")))
		return false;
	l->piece = l->part.n;
	l->feeds++;
	return true;
}

int lines_next(struct lines *l, struct line *out)
{
	const uint8_t *lf;
	struct slice head;

	if (l->seen == 0)
		buf_clear(&l->part); /* the text of the last line may have been in it until now */
	do {
		if (l->chunk.n == 0)
			return TK_AGAIN;
		lf = memchr(l->chunk.p, '\n', l->chunk.n);
		head = lf == NULL ? l->chunk : slice_head(l->chunk, (size_t)(lf - l->chunk.p));
		if (lf != NULL && l->seen == 0 && !frame_continues(head)) {
			l->chunk = slice_from(l->chunk, head.n + 1);
			finish_line(l, head, head.n, 1, out);
			return TK_OK;
		}
		if (!keep(l, head))
			return TK_ENOMEM;
		if (lf == NULL) {
			l->chunk = slice_of(NULL, 0);
			return TK_AGAIN;
		}
		l->chunk = slice_from(l->chunk, head.n + 1);
	} while (goes_on(l));
	finish_line(l, buf_slice(&l->part), l->seen, 1, out);
	return TK_OK;
}

int lines_last(struct lines *l, struct line *out)
{
	if (l->seen == 0)
		return TK_EEND;
	if (l->feeds > 0 && l->piece == l->seen) { /* a piece is the last of all */
		l->feeds--;
		finish_line(l, slice_head(buf_slice(&l->part), l->piece - 1), l->seen - 1, 1, out);
	} else {
		finish_line(l, buf_slice(&l->part), l->seen, 0, out);
	}
	return TK_OK;
}
