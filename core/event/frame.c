/* Frames over a stream socket: u32 little-endian length, u8 type, payload. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/base/sys.h"
#include "core/event/wire.h"

#define HEAD 5
#define READ_STEP (1u << 18)

void frame_reader_init(struct frame_reader *f)
{
	buf_init(&f->in, 2u * WIRE_FRAME_MAX + READ_STEP);
	f->taken = 0;
}

void frame_reader_free(struct frame_reader *f)
{
	buf_free(&f->in);
}

/* A whole frame that is already here. */
static int next_frame(struct frame_reader *f, enum frame_type *type, struct slice *payload, struct err *e)
{
	const uint8_t *p = f->in.p + f->taken;
	size_t have = f->in.n - f->taken;
	uint32_t n;

	if (have < HEAD)
		return TK_AGAIN;
	n = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	if (n > WIRE_FRAME_MAX || p[4] == 0 || p[4] >= FRAME_COUNT)
		return err_set(e, TK_EMALFORMED, "socket: frame of type %u and %u bytes", p[4], n);
	if (have - HEAD < n)
		return TK_AGAIN;
	*type = p[4];
	*payload = slice_of(p + HEAD, n);
	f->taken += HEAD + n;
	return TK_OK;
}

int frame_recv(struct frame_reader *f, int fd, enum frame_type *type, struct slice *payload, struct err *e)
{
	for (;;) {
		int rc = next_frame(f, type, payload, e);
		uint8_t *room;
		ssize_t n;

		if (rc != TK_AGAIN)
			return rc;
		if (f->taken > 0) {
			memmove(f->in.p, f->in.p + f->taken, f->in.n - f->taken);
			f->in.n -= f->taken;
			f->taken = 0;
		}
		if ((room = buf_room(&f->in, READ_STEP)) == NULL)
			return err_set(e, TK_ENOMEM, "socket: no memory for a frame");
		n = sys_read(fd, room, READ_STEP);
		if (n == 0)
			return err_set(e, f->in.n == 0 ? TK_EEND : TK_EMALFORMED,
				       "socket: the peer has gone");
		if (n < 0)
			return errno == EAGAIN		? TK_AGAIN
			       : errno == ECONNRESET	? err_set(e, TK_EEND, "socket: the peer has gone")
							: err_sys(e, "socket: read");
		f->in.n += (size_t)n;
	}
}

/* Writes all of it, waiting where the socket does not block. */
int frame_send(int fd, enum frame_type type, struct slice payload, struct err *e)
{
	uint8_t head[HEAD] = { (uint8_t)payload.n, (uint8_t)(payload.n >> 8), (uint8_t)(payload.n >> 16),
			       (uint8_t)(payload.n >> 24), (uint8_t)type };
	size_t done = 0, total = HEAD + payload.n;

	while (done < total) {
		struct iovec iov[2] = { { head + done, done < HEAD ? HEAD - done : 0 }, { NULL, 0 } };
		size_t body = done < HEAD ? 0 : done - HEAD;
		struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
		ssize_t n;

		if (done >= HEAD)
			iov[0].iov_base = head;
		iov[1] = (struct iovec){ (void *)(uintptr_t)(payload.p + body), payload.n - body };
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET
				       ? err_set(e, TK_EEND, "socket: the peer has gone")
				       : err_sys(e, "socket: write");
		done += (size_t)n;
	}
	return TK_OK;
}
