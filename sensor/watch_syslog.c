#include "sensor/watch_syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcp.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define AGAIN_NS (5 * NS_PER_SEC)
#define RECEIVE_BUFFER (8 << 20) /* asked for; the system's net.core.rmem_max may allow less */
#define CONNECTION_BUFFER (512 << 10)
#define BACKLOG 16
#define SILENT_MS (10 * 60 * 1000) /* a connection that may make room for another */
#define PEER_TEXT 64

struct place { /* an input's socket */
	const struct cfg_syslog *cfg;
	int fd; /* -1: not open */
	bool sent, fresh; /* fresh: no sensor has had it yet */
	uint64_t refused; /* to be told */
	int64_t try_at;
	char told[256];
	char name[256], listen[64]; /* of the configuration before, when there is a new one */
	bool tcp;
};

struct peer {
	int fd;
	uint64_t id;
	uint32_t place;
	bool sent;
	char path[PEER_TEXT];
};

struct syslog_watch {
	const struct config *cfg;
	struct place places[SYSLOG_MAX];
	size_t n;
	struct peer peers[SYSLOG_CONNECTIONS_MAX];
	size_t n_peers;
	bool *given; /* whose `sent` the last `next` was about */
};

static bool is_tcp(const struct cfg_syslog *c)
{
	return strcmp(c->transport, "tcp") == 0;
}

/* ---- the configuration ---- */

static void name_places(struct syslog_watch *w, const struct config *cfg)
{
	w->cfg = cfg;
	w->n = cfg->n_syslog < SYSLOG_MAX ? cfg->n_syslog : SYSLOG_MAX;
	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];

		*p = (struct place){ .cfg = &cfg->syslog[i], .fd = -1, .tcp = is_tcp(&cfg->syslog[i]) };
		snprintf(p->name, sizeof p->name, "%s", p->cfg->name);
		snprintf(p->listen, sizeof p->listen, "%s", p->cfg->listen);
	}
}

struct syslog_watch *syslog_watch_new(const struct config *cfg)
{
	struct syslog_watch *w = calloc(1, sizeof *w);

	if (w != NULL)
		name_places(w, cfg);
	return w;
}

static void drop_peer(struct syslog_watch *w, size_t i)
{
	sys_close(w->peers[i].fd);
	w->peers[i] = w->peers[--w->n_peers];
	w->given = NULL;
}

void syslog_watch_free(struct syslog_watch *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++)
		sys_close(w->places[i].fd);
	while (w->n_peers > 0)
		drop_peer(w, 0);
	free(w);
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->tcp == b->tcp && strcmp(a->name, b->name) == 0 && strcmp(a->listen, b->listen) == 0;
}

void syslog_watch_reconfigure(struct syslog_watch *w, const struct config *cfg)
{
	struct place old[SYSLOG_MAX];
	size_t n_old = w->n;
	int64_t now[SYSLOG_MAX];

	memcpy(old, w->places, sizeof old);
	name_places(w, cfg);
	for (size_t k = 0; k < n_old; k++) {
		now[k] = -1;
		for (size_t i = 0; i < w->n && now[k] < 0; i++)
			if (same_place(&w->places[i], &old[k]))
				now[k] = (int64_t)i;
		if (now[k] < 0) {
			sys_close(old[k].fd);
			continue;
		}
		w->places[now[k]].fd = old[k].fd;
		w->places[now[k]].fresh = old[k].fresh;
		w->places[now[k]].refused = old[k].refused;
	}
	for (size_t i = w->n_peers; i-- > 0;) {
		if (now[w->peers[i].place] < 0)
			drop_peer(w, i);
		else
			w->peers[i].place = (uint32_t)now[w->peers[i].place];
	}
	syslog_watch_restart(w);
}

void syslog_watch_restart(struct syslog_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->places[i].sent = false;
	for (size_t i = 0; i < w->n_peers; i++)
		w->peers[i].sent = false;
	w->given = NULL;
}

/* ---- sockets ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t to_address(const struct addr *ip, uint16_t port, union address *a)
{
	memset(a, 0, sizeof *a);
	if (addr_is_v4(ip)) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		memcpy(&a->v4.sin_addr, ip->b + 12, 4);
		return sizeof a->v4;
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	memcpy(&a->v6.sin6_addr, ip->b, 16);
	return sizeof a->v6;
}

static void set(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof value);
}

static int open_place(struct place *p)
{
	union address a;
	struct addr ip;
	uint16_t port;
	socklen_t n;
	int fd;

	if (!addr_port_parse(slice_str(p->cfg->listen), &ip, &port)) {
		errno = EINVAL;
		return -1;
	}
	n = to_address(&ip, port, &a);
	fd = socket(a.any.sa_family, (p->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (a.any.sa_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (p->tcp) { /* what was accepted before a restart may still be closing */
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		set(fd, SOL_SOCKET, SO_RCVBUF, CONNECTION_BUFFER);
	} else {
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
		set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER); /* with the right to */
		set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	}
	if (bind(fd, &a.any, n) == 0 && (!p->tcp || listen(fd, BACKLOG) == 0))
		return fd;
	n = (socklen_t)errno;
	close(fd);
	errno = (int)n;
	return -1;
}

void syslog_watch_look(struct syslog_watch *w, int64_t mono)
{
	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];
		char why[sizeof p->told];

		if (p->fd >= 0 || mono < p->try_at)
			continue;
		p->fd = open_place(p);
		if (p->fd >= 0) {
			p->fresh = true;
			if (p->told[0] != '\0')
				role_say("input %s: listens at %s %s", p->cfg->name, p->cfg->transport,
					 p->cfg->listen);
			p->told[0] = '\0';
			continue;
		}
		p->try_at = mono + AGAIN_NS;
		snprintf(why, sizeof why, "cannot listen at %s %s: %s%s", p->cfg->transport, p->cfg->listen,
			 strerror(errno),
			 errno == EACCES ? " (a port below 1024 needs CAP_NET_BIND_SERVICE)"
			 : errno == EAFNOSUPPORT
				 ? " (the unit's RestrictAddressFamilies needs AF_INET and AF_INET6)"
				 : "");
		if (strcmp(why, p->told) != 0)
			role_say("input %s: %s; tried again", p->cfg->name, why);
		memcpy(p->told, why, sizeof why);
	}
}

size_t syslog_watch_poll(const struct syslog_watch *w, struct pollfd polled[SYSLOG_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->places[i].tcp && w->places[i].fd >= 0)
			polled[n++] = (struct pollfd){ .fd = w->places[i].fd, .events = POLLIN };
	return n;
}

/* ---- connections ---- */

static bool ask(int fd, struct tcp_info *info)
{
	socklen_t n = sizeof *info;

	memset(info, 0, sizeof *info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n) == 0;
}

/* Bytes that were taken out of it: those that came, less those that wait. Nobody reads it meanwhile, but more
 * may come between the two questions. */
static uint64_t taken(int fd)
{
	struct tcp_info before, after;
	int waiting = 0;

	do {
		if (!ask(fd, &before) || ioctl(fd, SIOCINQ, &waiting) != 0 || !ask(fd, &after))
			return 0;
	} while (before.tcpi_bytes_received != after.tcpi_bytes_received);
	return after.tcpi_bytes_received - (uint64_t)waiting;
}

/* The longest silent of all, to make room: it is read to its end as if its peer had closed it. */
static void end_silent(struct syslog_watch *w)
{
	uint32_t longest = SILENT_MS;
	int fd = -1;

	for (size_t i = 0; i < w->n_peers; i++) {
		struct tcp_info info;

		if (ask(w->peers[i].fd, &info) && info.tcpi_last_data_recv >= longest) {
			longest = info.tcpi_last_data_recv;
			fd = w->peers[i].fd;
		}
	}
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

static void describe(const union address *a, char out[PEER_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "";
	bool v6 = a->any.sa_family == AF_INET6;

	inet_ntop(a->any.sa_family, v6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr, ip,
		  sizeof ip);
	snprintf(out, PEER_TEXT, v6 ? "[%s]:%u" : "%s:%u", ip, ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port));
}

static void take_in(struct syslog_watch *w, size_t place, int fd, const union address *from)
{
	struct peer *p = &w->peers[w->n_peers];

	*p = (struct peer){ .fd = fd, .place = (uint32_t)place };
	if (w->n_peers == SYSLOG_CONNECTIONS_MAX - 1)
		end_silent(w);
	do
		if (!random_bytes(&p->id, sizeof p->id)) {
			sys_close(fd);
			return;
		}
	while (p->id == 0);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	describe(from, p->path);
	w->n_peers++;
}

bool syslog_watch_accept(struct syslog_watch *w)
{
	bool any = false;

	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];
		union address from;
		socklen_t n = sizeof from;
		int fd;

		for (int k = 0; k < BACKLOG && p->tcp && p->fd >= 0; k++, n = sizeof from) {
			fd = accept4(p->fd, &from.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
			if (fd < 0)
				break;
			any = true;
			if (w->n_peers < SYSLOG_CONNECTIONS_MAX) {
				take_in(w, i, fd, &from);
				continue;
			}
			sys_close(fd);
			p->refused++;
			p->sent = false;
		}
	}
	return any;
}

void syslog_watch_done(struct syslog_watch *w, uint64_t connection)
{
	for (size_t i = 0; i < w->n_peers; i++)
		if (w->peers[i].id == connection && w->peers[i].sent) {
			drop_peer(w, i);
			return;
		}
}

/* ---- what the sensor is told ---- */

bool syslog_watch_next(struct syslog_watch *w, struct role_syslog_socket *s, int *fd)
{
	*fd = -1;
	for (size_t i = 0; i < w->n; i++) {
		struct place *p = &w->places[i];

		if (p->fd < 0 || p->sent)
			continue;
		*s = (struct role_syslog_socket){ .input = (uint32_t)i,
						  .begins = p->fresh,
						  .refused = p->refused,
						  .path = slice_str(p->cfg->listen) };
		*fd = p->tcp ? -1 : p->fd;
		w->given = &p->sent;
		return true;
	}
	for (size_t i = 0; i < w->n_peers; i++) {
		struct peer *p = &w->peers[i];

		if (p->sent)
			continue;
		*s = (struct role_syslog_socket){ .input = p->place,
						  .connection = p->id,
						  .taken = taken(p->fd),
						  .path = slice_str(p->path) };
		*fd = p->fd;
		w->given = &p->sent;
		return true;
	}
	return false;
}

void syslog_watch_sent(struct syslog_watch *w)
{
	if (w->given == NULL)
		return;
	*w->given = true;
	for (size_t i = 0; i < w->n; i++)
		if (w->given == &w->places[i].sent) {
			w->places[i].fresh = false;
			w->places[i].refused = 0;
		}
	w->given = NULL;
}
