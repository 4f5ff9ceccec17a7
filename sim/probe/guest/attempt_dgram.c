/* SPDX-License-Identifier: Apache-2.0 */
/* UDP request and reply; ICMP echo. */
#include "probe/guest/attempt.h"

#include <errno.h>
#include <linux/icmp.h> /* behind net/if.h, which it clashes with otherwise */
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include "probe/guest/csum.h"

#define ECHO_HDR 8

/*
 * With error reports on, the kernel tells of a packet that the own device dropped (ENOBUFS): to
 * anybody else it would be silence, and so it is here.
 */
static int send_out(struct attempt *a)
{
	if (send(a->fd, a->out.data, a->out.len, MSG_NOSIGNAL) >= 0)
		return 0;
	a->dropped = errno == ENOBUFS;
	return a->dropped ? 0 : -errno;
}

static void silence(struct attempt *a)
{
	attempt_end(a, PROBE_TIMEOUT, 0, "%s",
		    a->dropped ? "dropped by the own device" : "no answer");
}

/* ---- UDP ---- */

static int udp_begin(struct attempt *a)
{
	int r = attempt_socket(a, SOCK_DGRAM, 0);

	if (r == 0)
		r = attempt_connect(a);
	if (r < 0)
		return r;
	attempt_payload(a->t, a->t->kind, 0, &a->out);
	r = send_out(a);
	return r < 0 ? r : evl_add(a->evl, &a->io, a->fd, EPOLLIN);
}

static void udp_io(struct attempt *a, uint32_t events UNUSED)
{
	_cleanup_free_ uint8_t *in = xmalloc(65536);
	ssize_t n;

	while ((n = recv(a->fd, in, 65536, 0)) >= 0)
		if (attempt_answer(a, in, (size_t)n))
			return;
	if (errno != EAGAIN && errno != EINTR)
		attempt_end_errno(a, errno);
}

const struct attempt_ops attempt_udp = {"udp", true, 1000, udp_begin, udp_io, silence};

/* ---- ICMP ---- */

/* Probes of one run to one destination differ in id or sequence number. */
static uint16_t echo_id(const struct target *t)
{
	return (uint16_t)(t->cell ^ t->cell >> 16);
}

static void echo_request(struct attempt *a)
{
	bool v4 = a->t->dst.family == 4;
	uint8_t hdr[ECHO_HDR] = {v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST};

	put16(hdr + 4, echo_id(a->t));
	put16(hdr + 6, a->t->seq);
	buf_add(&a->out, hdr, sizeof(hdr));
	attempt_payload(a->t, PROBE_KIND_REQUEST, 0, &a->out);
	if (v4) /* the kernel does it for IPv6 */
		put16((uint8_t *)a->out.data + 2, csum_fold(csum_add(0, a->out.data, a->out.len)));
}

static int echo_filter(struct attempt *a)
{
	struct icmp_filter f4 = {.data = ~(1u << ICMP_ECHOREPLY)};
	struct icmp6_filter f6;

	if (a->t->dst.family == 4)
		return setsockopt(a->fd, SOL_RAW, ICMP_FILTER, &f4, sizeof(f4));
	ICMP6_FILTER_SETBLOCKALL(&f6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f6);
	return setsockopt(a->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f6, sizeof(f6));
}

static int icmp_begin(struct attempt *a)
{
	int r = attempt_socket(a, SOCK_RAW, a->t->dst.family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (r == 0 && echo_filter(a) < 0)
		r = -errno;
	if (r == 0)
		r = attempt_connect(a);
	if (r < 0)
		return r;
	a->r.sport = 0;
	echo_request(a);
	r = send_out(a);
	return r < 0 ? r : evl_add(a->evl, &a->io, a->fd, EPOLLIN);
}

/* An echo comes back as it was sent: same payload, which says that it is ours. */
static bool echo_matches(const struct attempt *a, const uint8_t *p, size_t len)
{
	size_t hl = a->t->dst.family == 4 && len >= 20 ? (size_t)(p[0] & 15) * 4 : 0;

	return len == hl + a->out.len && memcmp(p + hl + 4, a->out.data + 4, a->out.len - 4) == 0;
}

/*
 * Errors of other probes to the same destination arrive here too: look at the echoed header. True:
 * the attempt ended.
 */
static bool icmp_error(struct attempt *a)
{
	uint8_t data[64];
	size_t len = sizeof(data);
	struct sock_error se;

	while (attempt_read_error(a, &se, data, &len)) {
		if (len < ECHO_HDR || memcmp(data + 4, a->out.data + 4, 4) == 0) {
			attempt_end_error(a, &se);
			return true;
		}
		len = sizeof(data);
	}
	return false;
}

static void icmp_io(struct attempt *a, uint32_t events UNUSED)
{
	_cleanup_free_ uint8_t *in = xmalloc(65536);
	ssize_t n;

	if (icmp_error(a))
		return;
	while ((n = recv(a->fd, in, 65536, 0)) >= 0 || errno != EAGAIN) {
		if (n < 0 && icmp_error(a))
			return;
		if (n < 0 || !echo_matches(a, in, (size_t)n))
			continue;
		a->r.rtt_us = mono_usec() - a->r.at_us;
		attempt_end(a, PROBE_ALLOWED, 0, "%s", "");
		return;
	}
}

const struct attempt_ops attempt_icmp = {"icmp", false, 1000, icmp_begin, icmp_io, silence};
