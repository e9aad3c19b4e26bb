#include "sensor/input/syslog_frame.h"

#define COUNT_DIGITS 10 /* of an octet count: more are none */

static bool ends_line(uint8_t c)
{
	return c == '\n' || c == '\0';
}

struct slice syslog_datagram(struct slice in)
{
	while (in.n > 0 && (ends_line(in.p[in.n - 1]) || in.p[in.n - 1] == '\r'))
		in.n--;
	return in;
}

enum counted { COUNTED_NO, COUNTED_YES, COUNTED_PERHAPS };

/* MSG-LEN SP, and the message's own beginning: a line of an access log may begin with a number and a blank
 * too. */
static enum counted octet_count(struct slice in, size_t *head, uint64_t *count)
{
	size_t n = 0;

	*count = 0;
	while (n < in.n && n < COUNT_DIGITS && in.p[n] >= '0' && in.p[n] <= '9')
		*count = *count * 10 + (uint64_t)(in.p[n++] - '0');
	if (n > 0 && in.p[0] == '0')
		return COUNTED_NO;
	if (n == in.n)
		return COUNTED_PERHAPS;
	if (n == 0 || in.p[n] != ' ')
		return COUNTED_NO;
	if (n + 1 == in.n)
		return COUNTED_PERHAPS;
	*head = n + 1;
	return in.p[n + 1] == '<' ? COUNTED_YES : COUNTED_NO;
}

static void take_counted(struct slice in, bool last, size_t head, uint64_t count, struct syslog_frame *out)
{
	struct slice text = slice_from(in, head);

	out->size = head + count;
	out->text = slice_head(text, count < SYSLOG_MESSAGE_MAX ? (size_t)count : SYSLOG_MESSAGE_MAX);
	if (count > SYSLOG_MESSAGE_MAX)
		out->found = SYSLOG_TOO_LONG;
	else if (text.n >= count)
		out->found = SYSLOG_MESSAGE;
	else if (last)
		out->found = SYSLOG_CUT;
	else
		out->found = SYSLOG_MORE;
	if (out->found == SYSLOG_CUT)
		out->size = in.n;
	if (out->found == SYSLOG_MESSAGE)
		out->text = syslog_datagram(out->text);
}

static void take_line(struct slice in, bool last, struct syslog_frame *out)
{
	size_t limit = in.n < SYSLOG_MESSAGE_MAX + 1 ? in.n : SYSLOG_MESSAGE_MAX + 1, n = 0;

	while (n < limit && !ends_line(in.p[n]))
		n++;
	out->text = slice_head(in, n);
	out->size = n;
	if (n < limit) {
		out->found = SYSLOG_MESSAGE;
		out->size++;
	} else if (n > SYSLOG_MESSAGE_MAX) {
		out->found = SYSLOG_TOO_LONG;
		out->text.n = SYSLOG_MESSAGE_MAX;
		out->to_line_end = true;
	} else {
		out->found = last ? SYSLOG_MESSAGE : SYSLOG_MORE;
	}
	if (out->found == SYSLOG_MESSAGE)
		out->text = syslog_datagram(out->text);
}

void syslog_frame(struct slice in, bool last, struct syslog_frame *out)
{
	uint64_t count = 0;
	size_t head = 0;

	*out = (struct syslog_frame){ .found = SYSLOG_MORE };
	if (in.n == 0)
		return;
	switch (octet_count(in, &head, &count)) {
	case COUNTED_PERHAPS:
		if (!last)
			return;
		take_line(in, last, out);
		return;
	case COUNTED_YES:
		take_counted(in, last, head, count, out);
		return;
	case COUNTED_NO:
		take_line(in, last, out);
		return;
	}
}
