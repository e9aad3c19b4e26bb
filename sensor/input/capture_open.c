#include "sensor/input/capture_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/sys.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

/* ---- filters ---- */

/* The DLT_ number that libpcap compiles for: its raw IP is not the LINKTYPE_ of files. */
static int dlt_of(uint32_t link_type)
{
	return link_type == CAPTURE_LINK_RAW ? DLT_RAW : DLT_EN10MB;
}

/* What passes is accepted up to the snap length. Free with pcap_freecode. */
static int compile(const char *filter, uint32_t link_type, uint32_t snaplen, struct bpf_program *out,
		   struct err *e)
{
	pcap_t *dead = pcap_open_dead(dlt_of(link_type), (int)snaplen);
	int rc = TK_OK;

	if (dead == NULL)
		return err_set(e, TK_ENOMEM, "no memory for a filter");
	if (pcap_compile(dead, out, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		rc = err_set(e, TK_ECONFIG, "filter \"%s\": %s", filter, pcap_geterr(dead));
	pcap_close(dead);
	return rc;
}

int capture_filter_check(const char *filter, struct err *e)
{
	struct bpf_program p;
	int rc = compile(filter, CAPTURE_LINK_ETHERNET, 65535, &p, e);

	if (rc == TK_OK)
		pcap_freecode(&p);
	return rc;
}

/* A filter that is attached says nothing of what already waits in the socket: nothing is let in first. */
static int attach(int fd, const struct bpf_program *p, struct err *e)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog none = { .len = 1, .filter = &nothing };
	const struct sock_fprog real = { .len = (unsigned short)p->bf_len,
					 .filter = (struct sock_filter *)(void *)p->bf_insns };
	const int yes = 1;
	uint8_t drained[16];

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof none) != 0)
		return err_sys(e, "cannot attach a filter");
	while (recv(fd, drained, sizeof drained, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &real, sizeof real) != 0)
		return err_sys(e, "cannot attach the filter");
	if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof yes) != 0)
		return err_sys(e, "cannot lock the filter");
	return TK_OK;
}

/* ---- interfaces ---- */

/* -1: no such interface. */
static int ask(const char *name, unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	memset(r, 0, sizeof *r);
	snprintf(r->ifr_name, sizeof r->ifr_name, "%s", name);
	rc = fd < 0 ? -1 : ioctl(fd, what, r);
	sys_close(fd);
	return rc;
}

static uint64_t statistic(const char *interface, const char *which)
{
	char path[128], text[32];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/sys/class/net/%.15s/statistics/%s", interface, which);
	fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	n = fd < 0 ? -1 : sys_read(fd, text, sizeof text - 1);
	sys_close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtoull(text, NULL, 10);
}

void capture_interface(const char *name, struct capture_interface *out)
{
	struct ifreq r;

	*out = (struct capture_interface){ 0 };
	if (strcmp(name, CAPTURE_ANY) == 0) {
		out->up = true;
		return;
	}
	if (ask(name, SIOCGIFINDEX, &r) != 0)
		return;
	out->index = r.ifr_ifindex;
	if (ask(name, SIOCGIFFLAGS, &r) == 0)
		out->up = (r.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	out->drops = statistic(name, "rx_missed_errors") + statistic(name, "rx_dropped");
}

/* How the interface's packets begin. Only Ethernet's own header is read; of the others the kernel takes it
 * off. */
struct shape {
	int index;
	bool raw, loopback;
};

static int shape_of(const char *name, struct shape *out, struct err *e)
{
	struct capture_interface now;
	struct ifreq r;

	*out = (struct shape){ .raw = true };
	capture_interface(name, &now);
	if (strcmp(name, CAPTURE_ANY) == 0)
		return TK_OK;
	if (now.index == 0)
		return err_set(e, TK_ENOTFOUND, "there is no interface %s; waiting for it", name);
	if (!now.up)
		return err_set(e, TK_ENOTFOUND, "interface %s is down or has no link; waiting for it", name);
	if (ask(name, SIOCGIFHWADDR, &r) != 0)
		return err_set(e, TK_ENOTFOUND, "there is no interface %s; waiting for it", name);
	out->index = now.index;
	out->loopback = r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	out->raw = !out->loopback && r.ifr_hwaddr.sa_family != ARPHRD_ETHER;
	return TK_OK;
}

/* ---- the socket ---- */

static int new_socket(bool raw, struct err *e)
{
	/* Protocol 0: nothing comes in before it is bound. */
	int fd = socket(AF_PACKET, (raw ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		return fd;
	if (errno == EPERM || errno == EACCES)
		err_set(e, TK_EIO,
			"no right to capture, it needs CAP_NET_RAW: run as root, or "
			"`setcap cap_net_raw+ep` the program, or AmbientCapabilities=CAP_NET_RAW in its "
			"unit");
	else
		err_sys(e, "cannot open a capture");
	return -1;
}

int capture_allowed(struct err *e)
{
	int fd = new_socket(true, e);

	sys_close(fd);
	return fd < 0 ? TK_EIO : TK_OK;
}

static int make_ring(int fd, uint64_t size, struct capture_socket *out, struct err *e)
{
	const int version = TPACKET_V3;
	struct tpacket_req3 r = { .tp_block_size = CAPTURE_BLOCK,
				  .tp_block_nr = (unsigned)(size / CAPTURE_BLOCK),
				  .tp_frame_size = 2048,
				  .tp_retire_blk_tov = CAPTURE_RETIRE_MS };

	if (r.tp_block_nr < 2)
		r.tp_block_nr = 2;
	r.tp_frame_nr = r.tp_block_nr * (r.tp_block_size / r.tp_frame_size);
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
		return err_sys(e, "this kernel has no TPACKET_V3");
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof r) != 0)
		return err_sys(e, "no ring of %u MiB, a smaller inputs.captures.ring may help",
			       r.tp_block_nr * (r.tp_block_size >> 20));
	out->block_size = r.tp_block_size;
	out->n_blocks = r.tp_block_nr;
	return TK_OK;
}

static int start(int fd, const struct capture_want *want, const struct shape *s, struct err *e)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = s->index };
	struct packet_mreq m = { .mr_ifindex = s->index, .mr_type = PACKET_MR_PROMISC };
	struct tpacket_stats_v3 stats;
	socklen_t n = sizeof stats;
	const int yes = 1;

	/* On loopback each packet goes out and comes in: once is enough. Old kernels show both, which is
	 * harmless. */
	if (s->loopback)
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
	if (want->promiscuous && s->index != 0 && !s->loopback &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof m) != 0)
		return err_sys(e, "%s does not become promiscuous; try promiscuous: false", want->interface);
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n); /* which sets it to 0 */
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		return errno == ENODEV || errno == ENETDOWN
			       ? err_set(e, TK_ENOTFOUND, "interface %s has gone; waiting for it",
					 want->interface)
			       : err_sys(e, "cannot capture from %s", want->interface);
	return TK_OK;
}

int capture_open(const struct capture_want *want, struct capture_socket *out, struct err *e)
{
	struct bpf_program p;
	struct shape s;
	int rc = shape_of(want->interface, &s, e);

	*out = (struct capture_socket){ .fd = -1 };
	if (rc != TK_OK)
		return rc;
	out->index = s.index;
	out->link_type = s.raw ? CAPTURE_LINK_RAW : CAPTURE_LINK_ETHERNET;
	if ((rc = compile(want->filter, out->link_type, want->snaplen, &p, e)) != TK_OK)
		return rc;
	out->fd = new_socket(s.raw, e);
	rc = out->fd < 0 ? TK_EIO : make_ring(out->fd, want->ring, out, e);
	if (rc == TK_OK)
		rc = attach(out->fd, &p, e);
	if (rc == TK_OK)
		rc = start(out->fd, want, &s, e);
	pcap_freecode(&p);
	if (rc != TK_OK) {
		sys_close(out->fd);
		out->fd = -1;
	}
	return rc;
}
