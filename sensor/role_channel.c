/* The socket between the supervisor and its sensor (options.h). */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/safe.h"
#include "core/base/sys.h"
#include "sensor/options.h"
int role_try_send(int channel, struct slice packet, int fd, struct err *e)
{
	if (packet.n > ROLE_MESSAGE_MAX || packet.n == 0)
		return err_set(e, TK_ELIMIT, "a message of %zu bytes to another process, at most %d",
			       packet.n, ROLE_MESSAGE_MAX);
	if (sys_send_fds(channel, packet.p, packet.n, &fd, fd >= 0) >= 0)
		return TK_OK;
	/* Too many descriptors under way: the receiver takes them at its next turn. */
	if (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS)
		return TK_AGAIN;
	if (errno == EPIPE || errno == ECONNRESET)
		return err_set(e, TK_EEND, "the other process has gone");
	return err_sys(e, "cannot send to another process");
}

int role_send(int channel, struct slice packet, int fd, struct err *e)
{
	int rc;

	while ((rc = role_try_send(channel, packet, fd, e)) == TK_AGAIN)
		poll(&(struct pollfd){ .fd = channel, .events = POLLOUT }, 1, 20);
	return rc;
}

int role_send_type(int channel, enum role_message type, int fd, struct err *e)
{
	uint8_t b = (uint8_t)type;

	return role_send(channel, slice_of(&b, 1), fd, e);
}

int role_recv(int channel, uint8_t packet[ROLE_MESSAGE_MAX], struct slice *in, int *fd, struct err *e)
{
	size_t n_fds = 1;
	ssize_t n;

	*fd = -1;
	n = sys_recv_fds(channel, packet, ROLE_MESSAGE_MAX, fd, &n_fds);
	if (n_fds == 0)
		*fd = -1;
	if (n == 0)
		return err_set(e, TK_EEND, "the other process has gone");
	if (n < 0)
		return errno == EAGAIN		? TK_AGAIN
		       : errno == ECONNRESET	? err_set(e, TK_EEND, "the other process has gone")
						: err_sys(e, "cannot receive from another process");
	*in = slice_of(packet, (size_t)n);
	if (packet[0] == 0 || packet[0] >= ROLE_MESSAGE_COUNT) {
		sys_close(*fd);
		*fd = -1;
		return err_set(e, TK_EMALFORMED, "message of type %u from another process", packet[0]);
	}
	return TK_OK;
}

void role_say(const char *fmt, ...)
{
	char text[1024];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_init(&out, 8192);
	buf_str(&out, "tochoku: ");
	safe_text(&out, slice_str(text));
	buf_byte(&out, '\n');
	/* One write, so that lines of two processes do not mix. */
	if (!out.failed)
		sys_write_all(STDERR_FILENO, out.p, out.n);
	buf_free(&out);
}
