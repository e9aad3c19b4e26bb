#include "sensor/collector.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"

#define PATIENCE_MS 5000
#define RETRY_NS (30 * NS_PER_SEC)

int collector_open(struct collector *c, const char *name, struct err *e)
{
	*c = (struct collector){ .name = name, .fd = -1 };
	if (!endpoint_parse(slice_str(name), &c->at))
		return err_set(e, TK_ECONFIG, "%s: expected udp://ADDRESS:PORT or tcp://ADDRESS:PORT", name);
	c->waiting = calloc(COLLECTOR_WAITING, sizeof *c->waiting);
	return c->waiting == NULL ? err_set(e, TK_ENOMEM, "no memory") : TK_OK;
}

void collector_close(struct collector *c)
{
	sys_close(c->fd);
	free(c->waiting);
	*c = (struct collector){ .fd = -1 };
}

void collector_add(struct collector *c, struct slice message)
{
	struct waiting *w;

	if (c->n_waiting == COLLECTOR_WAITING) {
		c->first = (c->first + 1) % COLLECTOR_WAITING;
		c->n_waiting--;
		c->lost++;
	}
	w = &c->waiting[(c->first + c->n_waiting++) % COLLECTOR_WAITING];
	w->n = message.n < sizeof w->text ? message.n : sizeof w->text;
	memcpy(w->text, message.p, w->n);
}

/* ---- the socket ---- */

static socklen_t socket_address(const struct endpoint *at, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (addr_is_v4(&at->ip)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(at->port);
		memcpy(&four->sin_addr, at->ip.b + 12, 4);
		return sizeof *four;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(at->port);
	memcpy(&six->sin6_addr, at->ip.b, 16);
	return sizeof *six;
}

static bool ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, PATIENCE_MS) == 1;
}

/* 0, or an errno. */
static int connect_now(struct collector *c)
{
	struct sockaddr_storage a;
	socklen_t n = socket_address(&c->at, &a), size = sizeof(int);
	int failed = 0;

	c->fd = socket(a.ss_family, (c->at.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return errno;
	if (connect(c->fd, (struct sockaddr *)&a, n) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!ready(c->fd, POLLOUT))
		return ETIMEDOUT;
	return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 ? errno : failed;
}

/* A peer that has closed: what is sent then would be taken by nobody. It says nothing else that matters. */
static bool gone(int fd)
{
	char said[512];
	ssize_t got;

	while ((got = recv(fd, said, sizeof said, MSG_DONTWAIT)) > 0)
		;
	return got == 0;
}

/* 0, or an errno. All of it or an error: a stream in which a message broke off is of no use any more. */
static int send_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (sent < 0 && errno == EAGAIN && !ready(fd, POLLOUT))
			return ETIMEDOUT;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
	return 0;
}

static int send_one(struct collector *c, const struct waiting *w)
{
	uint8_t framed[COLLECTOR_MESSAGE_MAX + 16];
	int n = 0;

	if (c->at.tcp)
		n = snprintf((char *)framed, 16, "%zu ", w->n);
	memcpy(framed + n, w->text, w->n);
	return send_all(c->fd, framed, (size_t)n + w->n);
}

static int try_all(struct collector *c)
{
	int failed = 0;

	if (c->fd >= 0 && c->at.tcp && gone(c->fd)) {
		sys_close(c->fd);
		c->fd = -1;
	}
	if (c->fd < 0)
		failed = connect_now(c);
	while (failed == 0 && c->n_waiting > 0) {
		failed = send_one(c, &c->waiting[c->first]);
		/* of an earlier datagram, to which a host answered that nobody listens */
		if (failed == ECONNREFUSED && !c->at.tcp)
			failed = send_one(c, &c->waiting[c->first]);
		if (failed != 0)
			break;
		c->first = (c->first + 1) % COLLECTOR_WAITING;
		c->n_waiting--;
	}
	return failed;
}

bool collector_send(struct collector *c)
{
	int failed;

	if (c->n_waiting == 0)
		return true;
	if (sys_mono_ns() < c->retry_ns)
		return false;
	if ((failed = try_all(c)) == 0) {
		if (c->told)
			fprintf(stderr, "tochoku: %s: heads are sent again%s\n", c->name,
				c->lost > 0 ? "; some were too many to wait" : "");
		c->told = false;
		c->lost = 0;
		return true;
	}
	sys_close(c->fd);
	c->fd = -1;
	c->retry_ns = sys_mono_ns() + RETRY_NS;
	if (!c->told)
		fprintf(stderr, "tochoku: %s: heads cannot be sent: %s; tried again every 30 s\n", c->name,
			strerror(failed));
	c->told = true;
	return false;
}
