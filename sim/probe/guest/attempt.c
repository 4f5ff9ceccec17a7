/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/attempt.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <sys/socket.h>

#include "probe/guest/pkt.h"

static void on_io(struct evl_io *io, uint32_t events)
{
	struct attempt *a = container_of(io, struct attempt, io);

	a->t->ops->on_io(a, events);
}

/* The deadline; or, when the attempt ended while it was being started, its report. */
static void on_timer(struct evl_timer *t)
{
	struct attempt *a = container_of(t, struct attempt, timer);

	if (a->over)
		a->done(a);
	else
		a->t->ops->on_deadline(a);
}

void attempt_start(struct attempt *a, struct evl *evl, const struct target *t,
		   void (*done)(struct attempt *a))
{
	int r;

	*a = (struct attempt){.evl = evl, .t = t, .done = done, .fd = -1, .starting = true};
	a->io = (struct evl_io){.fn = on_io, .fd = -1};
	a->timer.fn = on_timer;
	a->r.at_us = mono_usec();
	evl_after(evl, &a->timer, t->timeout_us);
	r = t->ops->begin(a);
	if (r < 0 && !a->over)
		attempt_end_errno(a, -r);
	a->starting = false;
}

static void attempt_release(struct attempt *a)
{
	if (a->evl) {
		evl_del(a->evl, &a->io);
		evl_cancel(a->evl, &a->timer);
	}
	if (a->evl)
		a->fd = close_fd(a->fd);
	buf_free(&a->in);
	buf_free(&a->out);
}

void attempt_close(struct attempt *a)
{
	attempt_release(a);
	free(a->bulk);
	a->bulk = NULL;
	json_decref(a->r.bulk);
	a->r.bulk = NULL;
}

static void end_common(struct attempt *a)
{
	a->over = true;
	attempt_release(a);
	if (a->starting)
		evl_after(a->evl, &a->timer, 0);
	else
		a->done(a);
}

void attempt_end(struct attempt *a, enum probe_outcome o, int err, const char *fmt, ...)
{
	va_list ap;

	a->r.outcome = o;
	a->r.err = err;
	va_start(ap, fmt);
	vsnprintf(a->r.detail, sizeof(a->r.detail), fmt, ap);
	va_end(ap);
	end_common(a);
}

static void parse_error(struct attempt *a, struct msghdr *m, struct sock_error *ret)
{
	union sa local;
	socklen_t len = sizeof(local);
	uint16_t port;
	struct addr own;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct sock_extended_err ee;

		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		*ret = (struct sock_error){.err = (int)ee.ee_errno,
					   .origin = ee.ee_origin,
					   .type = ee.ee_type,
					   .code = ee.ee_code,
					   .info = ee.ee_info};
		addr_from_sockaddr((void *)SO_EE_OFFENDER((struct sock_extended_err *)CMSG_DATA(c)),
				   &ret->offender, &port);
	}
	if (getsockname(a->fd, &local.sa, &len) == 0 && addr_from_sockaddr(&local, &own, &port))
		ret->offender_local = ret->offender.family && addr_eq(&own, &ret->offender);
}

bool attempt_read_error(struct attempt *a, struct sock_error *ret, uint8_t *data, size_t *len)
{
	uint8_t control[512] __attribute__((aligned(8))), none[1];
	struct iovec iov = {.iov_base = data ? data : none, .iov_len = data ? *len : sizeof(none)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(a->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return false;
	*ret = (struct sock_error){0};
	parse_error(a, &m, ret);
	if (data)
		*len = (size_t)n;
	return ret->err != 0;
}

void attempt_end_error(struct attempt *a, const struct sock_error *se)
{
	char from[INET6_ADDRSTRLEN];

	if (se->err == EMSGSIZE && se->origin != SO_EE_ORIGIN_LOCAL && !se->offender_local)
		a->r.ptb_mtu = se->info;
	if (se->origin == SO_EE_ORIGIN_LOCAL)
		attempt_end(a, attempt_classify(se->err, se), se->err, "%s", strerror(se->err));
	else if (se->offender_local)
		attempt_end(a, attempt_classify(se->err, se), se->err,
			    "neighbour not resolved (%s)", strerror(se->err));
	else
		attempt_end(a, attempt_classify(se->err, se), se->err,
			    "ICMP type %d code %d from %s (%s)", se->type, se->code,
			    addr_text(&se->offender, from), strerror(se->err));
}

void attempt_end_errno(struct attempt *a, int err)
{
	struct sock_error se;

	if (a->fd >= 0 && attempt_read_error(a, &se, NULL, NULL))
		attempt_end_error(a, &se);
	else
		attempt_end(a, attempt_classify(err, NULL), err, "%s", strerror(err));
}

static int bind_source(struct attempt *a, int scope)
{
	union sa sa;
	socklen_t len;
	int one = 1;

	if (a->t->ifname[0] && setsockopt(a->fd, SOL_SOCKET, SO_BINDTODEVICE, a->t->ifname,
					  (socklen_t)strlen(a->t->ifname) + 1) < 0)
		return -errno;
	if (!a->t->src.family)
		return 0;
	if (a->t->src.family != a->t->dst.family)
		return -EAFNOSUPPORT;
	/* The port is chosen by connect(), so that one port can serve several peers. */
	setsockopt(a->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	len = addr_sockaddr(&a->t->src, 0, scope, &sa);
	return bind(a->fd, &sa.sa, len) < 0 ? -errno : 0;
}

static void set_options(struct attempt *a)
{
	int one = 1, probe = IP_PMTUDISC_PROBE, probe6 = IPV6_PMTUDISC_PROBE;

	if (a->t->dst.family == 4) {
		setsockopt(a->fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
		if (a->t->df)
			setsockopt(a->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
		return;
	}
	setsockopt(a->fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
	if (a->t->df) {
		setsockopt(a->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe6, sizeof(probe6));
		setsockopt(a->fd, IPPROTO_IPV6, IPV6_DONTFRAG, &one, sizeof(one));
	}
}

static int scope_of(const struct target *t)
{
	return t->ifname[0] ? (int)if_nametoindex(t->ifname) : 0;
}

int attempt_socket(struct attempt *a, int type, int protocol)
{
	a->fd = socket(addr_af(&a->t->dst), type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (a->fd < 0)
		return -errno;
	set_options(a);
	return bind_source(a, scope_of(a->t));
}

int attempt_connect(struct attempt *a)
{
	union sa sa;
	socklen_t len = addr_sockaddr(&a->t->dst, a->t->port, scope_of(a->t), &sa);
	int r = connect(a->fd, &sa.sa, len) < 0 ? -errno : 0;

	len = sizeof(sa);
	if (getsockname(a->fd, &sa.sa, &len) == 0)
		addr_from_sockaddr(&sa, &a->r.src, &a->r.sport);
	return r;
}

void attempt_payload(const struct target *t, uint8_t kind, uint32_t aux, struct buf *b)
{
	struct phdr h = {.nonce = t->nonce,
			 .cell = t->cell,
			 .length = MAX(t->size, (uint32_t)PROBE_HDR_LEN),
			 .seq = t->seq,
			 .kind = kind,
			 .aux = aux};

	pkt_payload(b, &h);
}

bool attempt_check_peer(struct attempt *a, const uint8_t *id, size_t len)
{
	snprintf(a->r.peer, sizeof(a->r.peer), "%.*s", (int)len, (const char *)id);
	if (!a->t->peer[0] || streq(a->t->peer, a->r.peer))
		return true;
	attempt_end(a, PROBE_WRONG_PEER, 0, "answered by \"%s\"", a->r.peer);
	return false;
}

bool attempt_answer(struct attempt *a, const uint8_t *p, size_t len)
{
	struct phdr h;

	if (!phdr_get(p, len, &h) || h.nonce != a->t->nonce || h.cell != a->t->cell)
		return false;
	if (h.kind != PROBE_KIND_REPLY || h.length > len)
		return false;
	a->r.rtt_us = mono_usec() - a->r.at_us;
	a->r.reply_aux = h.aux;
	if (attempt_check_peer(a, p + PROBE_HDR_LEN, h.idlen))
		attempt_end(a, PROBE_ALLOWED, 0, "%s", "");
	return true;
}
