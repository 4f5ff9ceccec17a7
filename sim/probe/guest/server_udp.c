/* SPDX-License-Identifier: Apache-2.0 */
/* UDP listeners: answer each request from the address it was sent to. */
#include "probe/guest/server.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "probe/guest/phdr.h"

#define DATAGRAMS_PER_WAKE 64
#define MAX_DATAGRAM 65536
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif
#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77
#endif

struct request {
	union sa from;
	socklen_t from_len;
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	} info;
	int family; /* of info; 0: unknown */
	bool fragmented;
	const uint8_t *data;
	size_t len;
};

int server_udp_setup(int fd, int family)
{
	int one = 1, dont = IP_PMTUDISC_DONT, size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (family == 4) {
		/* Answers larger than the MTU are fragmented: the request's way is measured. */
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
		setsockopt(fd, IPPROTO_IP, IP_RECVFRAGSIZE, &one, sizeof(one));
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	}
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, &one, sizeof(one));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
}

static void parse_cmsg(const struct cmsghdr *c, struct request *q)
{
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&q->info.v4, CMSG_DATA(c), sizeof(q->info.v4));
		q->family = 4;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&q->info.v6, CMSG_DATA(c), sizeof(q->info.v6));
		q->family = 6;
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVFRAGSIZE) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVFRAGSIZE)) {
		q->fragmented = true;
	}
}

static bool receive(int fd, uint8_t *data, struct request *q)
{
	uint8_t control[256] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = data, .iov_len = MAX_DATAGRAM};
	struct msghdr m = {.msg_name = &q->from,
			   .msg_namelen = sizeof(q->from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n;

	*q = (struct request){0};
	n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return errno == ECONNREFUSED || errno == EINTR; /* an answer bounced: go on */
	q->from_len = m.msg_namelen;
	q->data = data;
	q->len = (size_t)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		parse_cmsg(c, q);
	return true;
}

static void reply(int fd, const struct request *q, struct buf *b)
{
	uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = b->data, .iov_len = b->len};
	struct msghdr m = {.msg_name = (void *)&q->from,
			   .msg_namelen = q->from_len,
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	size_t n = q->family == 4 ? sizeof(q->info.v4) : sizeof(q->info.v6);

	if (q->family) {
		struct cmsghdr *c = (void *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(n);
		c->cmsg_level = q->family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
		c->cmsg_type = q->family == 4 ? IP_PKTINFO : IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(n);
		memcpy(CMSG_DATA(c), &q->info, n);
	}
	sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer(struct server *s, int fd, struct request *q)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t hdr[PROBE_HDR_LEN];
	struct phdr h;
	size_t idlen = strlen(s->identity), size;

	if (!phdr_get(q->data, q->len, &h) ||
	    (h.kind != PROBE_KIND_REQUEST && h.kind != PROBE_KIND_SHORT))
		return;
	size = sizeof(hdr) + idlen;
	if (h.kind == PROBE_KIND_REQUEST)
		size = MAX(size, q->len);
	if (h.kind == PROBE_KIND_SHORT)
		h.aux = (uint32_t)q->len | (q->fragmented ? PHDR_AUX_FRAGMENTED : 0);
	h.kind = PROBE_KIND_REPLY;
	h.idlen = (uint8_t)idlen;
	h.length = (uint32_t)size;
	phdr_put(&h, hdr);
	buf_add(&b, hdr, sizeof(hdr));
	buf_adds(&b, s->identity);
	if (size > b.len)
		buf_add(&b, q->data + b.len, size - b.len);
	reply(fd, q, &b);
}

void server_udp_answer(struct server *s, int fd)
{
	_cleanup_free_ uint8_t *data = xmalloc(MAX_DATAGRAM);
	struct request q;

	for (int i = 0; i < DATAGRAMS_PER_WAKE && receive(fd, data, &q); i++)
		if (q.data)
			answer(s, fd, &q);
}
