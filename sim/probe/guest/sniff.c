/* SPDX-License-Identifier: Apache-2.0 */
/* Methods sniff-*: count frames that carry a nonce, and SYN segments. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/flows.h"
#include "probe/guest/packet.h"

#define MAX_SNIFFERS 16
#define FRAMES_PER_WAKE 256
#define FRAME_BUF 66000
#define RCVBUF (8 << 20)

struct sniffer {
	struct sniffer *next;
	struct agent *ag;
	struct evl_io io;
	int fd;
	char *id;
	uint64_t nonce;
	bool syn;
	struct flows flows;
	uint64_t dropped;
	uint8_t *buf;
};

static void sniffer_free(struct sniffer *s)
{
	evl_del(s->ag->evl, &s->io);
	close_fd(s->fd);
	flows_free(&s->flows);
	free(s->buf);
	free(s->id);
	free(s);
}

void sniff_free_all(struct agent *ag)
{
	struct sniffer *s;

	while ((s = ag->sniffers)) {
		ag->sniffers = s->next;
		sniffer_free(s);
	}
}

/* The kernel hands the outer tag beside the frame, and says when a checksum is not made yet. */
static void read_auxdata(struct msghdr *m, struct flow_meta *meta)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		meta->csum_pending = (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			meta->outer_vlan = aux.tp_vlan_tci & 0xfff;
	}
}

/* False: nothing there. */
static bool read_frame(struct sniffer *s)
{
	uint8_t control[256] __attribute__((aligned(8)));
	struct sockaddr_ll sll = {0};
	struct iovec iov = {.iov_base = s->buf, .iov_len = FRAME_BUF};
	struct msghdr m = {.msg_name = &sll,
			   .msg_namelen = sizeof(sll),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct flow_meta meta = {.outer_vlan = -1};
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN; /* ENETDOWN: an interface went away; others may be there */
	if (sll.sll_hatype == ARPHRD_LOOPBACK)
		return true;
	read_auxdata(&m, &meta);
	meta.ifindex = sll.sll_ifindex;
	meta.outgoing = sll.sll_pkttype == PACKET_OUTGOING;
	flows_add(&s->flows, s->buf, (size_t)n, s->nonce, s->syn, &meta);
	return true;
}

static void drain(struct sniffer *s, int max)
{
	struct tpacket_stats st = {0};
	socklen_t len = sizeof(st);

	for (int i = 0; (max < 0 || i < max) && read_frame(s); i++)
		;
	if (getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
		s->dropped += st.tp_drops;
}

static void on_frames(struct evl_io *io, uint32_t events UNUSED)
{
	drain(container_of(io, struct sniffer, io), FRAMES_PER_WAKE);
}

static int set_options(struct sniffer *s, int index, const json_t *params, struct err *e)
{
	struct packet_mreq mr = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
	int one = 1, size = RCVBUF;

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(s->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "PACKET_AUXDATA");
	if (!jbool(params, "outgoing", false) &&
	    setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "PACKET_IGNORE_OUTGOING");
	if (jbool(params, "promisc", false) && index &&
	    setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)) < 0)
		return err_errno(e, errno, "promiscuous mode");
	return 0;
}

/* The options are set before the socket is bound, so that no frame escapes them. */
static int sniffer_open(struct sniffer *s, const json_t *params, struct err *e)
{
	const char *ifname = jstr(params, "ifname", NULL);
	struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct nl_link l = {0};
	int r = ifname ? nl_link_get(s->ag->nl, ifname, &l, e) : 0;

	if (r < 0)
		return r;
	s->fd = packet_open(l.index, 0, e);
	if (s->fd < 0)
		return s->fd;
	r = set_options(s, l.index, params, e);
	if (r < 0)
		return r;
	sll.sll_ifindex = l.index;
	if (bind(s->fd, (struct sockaddr *)&sll, sizeof(sll)) < 0)
		return err_errno(e, errno, "bind packet socket");
	r = evl_add(s->ag->evl, &s->io, s->fd, EPOLLIN);
	return r < 0 ? err_errno(e, -r, "watch packet socket") : 0;
}

static struct sniffer **find(struct agent *ag, const char *id)
{
	struct sniffer **p = &ag->sniffers;

	while (*p && !streq((*p)->id, id))
		p = &(*p)->next;
	return p;
}

static void take_out(struct sniffer **p)
{
	struct sniffer *s = *p;

	if (!s)
		return;
	*p = s->next;
	sniffer_free(s);
}

static int sniff_start(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	const char *id = jstr(params, "id", NULL);
	size_t n = 0;
	uint64_t nonce;
	struct sniffer *s;
	int r;

	if (!id)
		return err_set(e, EINVAL, "id: a string is required");
	if (cell_nonce(params, &nonce, e) < 0)
		return -EINVAL;
	take_out(find(ag, id));
	for (s = ag->sniffers; s; s = s->next)
		n++;
	if (n >= MAX_SNIFFERS)
		return err_set(e, EBUSY, "%d sniffers run already", MAX_SNIFFERS);
	s = xcalloc(1, sizeof(*s));
	s->ag = ag;
	s->fd = -1;
	s->io = (struct evl_io){.fn = on_frames, .fd = -1};
	s->id = xstrdup(id);
	s->nonce = nonce;
	s->syn = jbool(params, "syn", false);
	s->buf = xmalloc(FRAME_BUF);
	r = sniffer_open(s, params, e);
	if (r < 0) {
		sniffer_free(s);
		return r;
	}
	s->next = ag->sniffers;
	ag->sniffers = s;
	return 0;
}

static int read_counts(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	const char *id = jstr(params, "id", "");
	struct sniffer *s = *find(ag, id);

	if (!s)
		return err_set(e, ENOENT, "no sniffer \"%s\"", id);
	drain(s, -1);
	*ret = flows_json(&s->flows);
	json_object_set_new(*ret, "dropped", json_integer((json_int_t)s->dropped));
	return 0;
}

static int sniff_stop(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	int r = read_counts(ag, params, ret, e);

	if (r == 0)
		take_out(find(ag, jstr(params, "id", "")));
	return r;
}

const struct method sniff_methods[] = {
	{"sniff-start", sniff_start, NULL},
	{"sniff-read", read_counts, NULL},
	{"sniff-stop", sniff_stop, NULL},
	{0},
};
