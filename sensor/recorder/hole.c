#include "sensor/recorder/hole.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUARTER 15 /* minutes */
#define HEADER "tochoku hole 1\n"

void hole_begin(struct hole *h, int64_t now_ns, const char *cause)
{
	*h = (struct hole){ .since_ns = now_ns };
	snprintf(h->cause, sizeof h->cause, "%s", cause);
	for (char *c = h->cause; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
}

/* Where it is to be counted; NULL: nowhere, no row has the reason. */
static struct hole_row *row_for(struct hole *h, const char *input, int64_t minute, enum loss_reason reason)
{
	struct hole_row *same = NULL, *any = NULL;

	for (size_t i = 0; i < h->n; i++) {
		struct hole_row *r = &h->row[i];

		if (r->reason != reason)
			continue;
		any = r;
		if (strcmp(r->input, input) != 0)
			continue;
		if (r->minute == minute)
			return r;
		same = r;
	}
	if (h->n == HOLE_ROWS)
		return same != NULL ? same : any;
	same = &h->row[h->n++];
	*same = (struct hole_row){ .minute = minute, .reason = (uint8_t)reason };
	snprintf(same->input, sizeof same->input, "%s", input);
	return same;
}

static int64_t plus(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void hole_add(struct hole *h, const char *input, int64_t minute, enum loss_reason reason, int64_t n,
	      int64_t bytes)
{
	int64_t into = minute % QUARTER;
	struct hole_row *r;

	if (n <= 0 && bytes <= 0)
		return;
	if (reason == LOSS_NOT_RECORDED)
		h->calls = plus(h->calls, n);
	r = row_for(h, input, minute - into - (into < 0 ? QUARTER : 0), reason);
	if (r == NULL)
		return;
	r->n = plus(r->n, n);
	r->bytes = plus(r->bytes, bytes);
}

/* ---- its text ---- */

void hole_put(const struct hole *h, struct buf *out)
{
	buf_fmt(out, HEADER "since %" PRId64 "\ncalls %" PRId64 "\ncause %s\n", h->since_ns, h->calls,
		h->cause);
	for (size_t i = 0; i < h->n; i++) {
		const struct hole_row *r = &h->row[i];

		buf_fmt(out, "loss %" PRId64 " %s %" PRId64 " %" PRId64 " %s\n", r->minute,
			loss_name((enum loss_reason)r->reason), r->n, r->bytes, r->input);
	}
}

static bool take_text(struct slice *in, const char *text)
{
	size_t n = strlen(text);

	if (in->n < n || memcmp(in->p, text, n) != 0)
		return false;
	*in = slice_from(*in, n);
	return true;
}

/* Up to the character, which is taken too. */
static bool take_until(struct slice *in, uint8_t end, struct slice *out)
{
	const uint8_t *at = in->n == 0 ? NULL : memchr(in->p, end, in->n);

	if (at == NULL)
		return false;
	*out = slice_head(*in, (size_t)(at - in->p));
	*in = slice_from(*in, out->n + 1);
	return true;
}

/* A whole number from 0, with the character behind it. */
static bool take_number(struct slice *in, uint8_t end, int64_t *out)
{
	struct slice digits;
	int64_t v = 0;

	if (!take_until(in, end, &digits) || digits.n == 0 || digits.n > 19)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		int64_t d = digits.p[i] - '0';

		if (d < 0 || d > 9 || v > (INT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

static bool take_name(struct slice *in, char *out, size_t n)
{
	struct slice text;

	if (!take_until(in, '\n', &text) || text.n >= n || memchr(text.p, 0, text.n) != NULL)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static bool take_row(struct slice *in, struct hole_row *r)
{
	struct slice reason;

	*r = (struct hole_row){ 0 };
	if (!take_text(in, "loss ") || !take_number(in, ' ', &r->minute) || !take_until(in, ' ', &reason) ||
	    !take_number(in, ' ', &r->n) || !take_number(in, ' ', &r->bytes) ||
	    !take_name(in, r->input, sizeof r->input))
		return false;
	r->reason = (uint8_t)loss_by_name(reason);
	return r->reason != LOSS_NONE && r->input[0] != '\0';
}

bool hole_parse(struct slice text, struct hole *out)
{
	struct hole_row row;

	*out = (struct hole){ 0 };
	if (!take_text(&text, HEADER "since ") || !take_number(&text, '\n', &out->since_ns) ||
	    out->since_ns == 0)
		return false;
	if (!take_text(&text, "calls ") || !take_number(&text, '\n', &out->calls) ||
	    !take_text(&text, "cause ") || !take_name(&text, out->cause, sizeof out->cause))
		return true;
	while (out->n < HOLE_ROWS && take_row(&text, &row))
		out->row[out->n++] = row;
	return true;
}
