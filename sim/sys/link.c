/* SPDX-License-Identifier: Apache-2.0 */
/* The netlink conversation: sockets, requests, acknowledgements with the kernel's reasons. */
#include "sys/link_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "sys/ns.h"

#define RECV_SIZE 65536

static void check_alloc(bool ok)
{
	if (!ok)
		abort();
}

struct nl_msg *link_msg(int type, int flags, const struct ifinfomsg *ifi)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	check_alloc(m && nlmsg_append(m, (void *)(uintptr_t)ifi, sizeof(*ifi), NLMSG_ALIGNTO) == 0);
	return m;
}

void link_put(struct nl_msg *m, int attr, const void *data, size_t len)
{
	check_alloc(nla_put(m, attr, (int)len, data) == 0);
}

void link_put_str(struct nl_msg *m, int attr, const char *s)
{
	link_put(m, attr, s, strlen(s) + 1);
}

void link_put_u32(struct nl_msg *m, int attr, uint32_t v)
{
	link_put(m, attr, &v, sizeof(v));
}

struct nlattr *link_nest(struct nl_msg *m, int attr)
{
	struct nlattr *a = nla_nest_start(m, attr);

	check_alloc(a != NULL);
	return a;
}

/* ---- context ---- */

static int open_sockets(void *arg, struct err *e)
{
	struct link_ctx *c = arg;
	int r, on = 1;

	c->nl = nl_socket_alloc();
	check_alloc(c->nl != NULL);
	r = nl_connect(c->nl, NETLINK_ROUTE);
	if (r < 0)
		return err_set(e, EIO, "open a netlink socket: %s", nl_geterror(r));
	c->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->ioctl_fd < 0)
		return err_errno(e, errno, "open a socket");
	setsockopt(nl_socket_get_fd(c->nl), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(c->nl), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(c->nl), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

int link_open(int netns, struct link_ctx **ret, struct err *e)
{
	_cleanup_link_ struct link_ctx *c = xcalloc(1, sizeof(*c));
	int r;

	c->ioctl_fd = -1;
	c->own = netns < 0;
	c->netns = netns < 0 ? ns_open(0, "net", e) : fcntl(netns, F_DUPFD_CLOEXEC, 3);
	if (c->netns < 0)
		return netns < 0 ? c->netns : err_errno(e, errno, "dup");
	r = c->own ? open_sockets(c, e) : ns_in_net(c->netns, open_sockets, c, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

void link_close(struct link_ctx *c)
{
	if (!c)
		return;
	nl_socket_free(c->nl);
	close_fd(c->ioctl_fd);
	close_fd(c->netns);
	free(c);
}

int link_netns(const struct link_ctx *c)
{
	return c->netns;
}

/* ---- requests ---- */

/* The kernel's own words behind an error, or NULL. Borrowed from h. */
static const char *ext_ack(struct nlmsghdr *h)
{
	struct nlmsgerr *ne = nlmsg_data(h);
	size_t skip = sizeof(*ne);
	struct nlattr *a;
	int left;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(ne->msg.nlmsg_len) - sizeof(ne->msg);
	if (h->nlmsg_len < NLMSG_HDRLEN + skip)
		return NULL;
	a = (struct nlattr *)((char *)ne + skip);
	left = (int)(h->nlmsg_len - NLMSG_HDRLEN - skip);
	a = nla_find(a, left, NLMSGERR_ATTR_MSG);
	if (!a || nla_len(a) < 1 || ((char *)nla_data(a))[nla_len(a) - 1])
		return NULL;
	return nla_data(a);
}

static int ack_error(struct nlmsghdr *h, const char *what, struct err *e)
{
	struct nlmsgerr *ne = nlmsg_data(h);
	const char *why;

	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(*ne))
		return err_set(e, EPROTO, "%s: short netlink answer", what);
	if (ne->error == 0)
		return 0;
	why = ext_ack(h);
	if (why)
		return err_set(e, -ne->error, "%s: %s (%s)", what, strerror(-ne->error), why);
	return err_errno(e, -ne->error, "%s", what);
}

/* One datagram of answers: 1 when the conversation is over, 0 to go on, else fn's or the error. */
static int take_answers(char *buf, int len, uint32_t seq, const char *what, link_reply_fn fn,
			void *arg, int *ret_value, struct err *e)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
	int r;

	for (; nlmsg_ok(h, len); h = nlmsg_next(h, &len)) {
		if (h->nlmsg_seq != seq)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			r = ack_error(h, what, e);
			return r < 0 ? r : 1;
		}
		if (fn && *ret_value == 0)
			*ret_value = fn(arg, h);
	}
	return 0;
}

int link_talk_reply(struct link_ctx *c, struct nl_msg *msg, const char *what, link_reply_fn fn,
		    void *arg, struct err *e)
{
	_cleanup_free_ char *buf = xmalloc(RECV_SIZE);
	int r, value = 0;
	uint32_t seq;

	nl_complete_msg(c->nl, msg);
	seq = nlmsg_hdr(msg)->nlmsg_seq;
	r = nl_send(c->nl, msg);
	nlmsg_free(msg);
	if (r < 0)
		return err_set(e, EIO, "%s: %s", what, nl_geterror(r));
	do {
		/* rtnetlink answers before the request's sendto() returns: this never blocks long.
		 */
		ssize_t n = recv(nl_socket_get_fd(c->nl), buf, RECV_SIZE, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "%s: netlink", what);
		r = take_answers(buf, (int)n, seq, what, fn, arg, &value, e);
	} while (r == 0);
	return r < 0 ? r : value;
}

int link_talk(struct link_ctx *c, struct nl_msg *msg, const char *what, struct err *e)
{
	return link_talk_reply(c, msg, what, NULL, NULL, e);
}
