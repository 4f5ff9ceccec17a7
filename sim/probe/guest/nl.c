/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/nl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>

#define NL_BUF 32768
/* The kernel answers at once; this bounds a kernel that does not. */
#define NL_TIMEOUT_S 5

struct nl {
	int fd;
	uint32_t seq;
};

/* A request under construction. */
struct nlreq {
	struct nlmsghdr h;
	uint8_t body[512];
};

typedef void (*nl_fn)(void *arg, const struct nlmsghdr *h);

struct nl *nl_new(struct err *e)
{
	struct timeval tv = {.tv_sec = NL_TIMEOUT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct nl *nl;

	if (fd < 0) {
		err_errno(e, errno, "netlink socket");
		return NULL;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	nl = xcalloc(1, sizeof(*nl));
	nl->fd = fd;
	return nl;
}

void nl_free(struct nl *nl)
{
	if (!nl)
		return;
	close_fd(nl->fd);
	free(nl);
}

/* Starts a request with a fixed part of size bytes; returns that part, zeroed. */
static void *start(struct nlreq *r, uint16_t type, uint16_t flags, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	r->h.nlmsg_type = type;
	r->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return NLMSG_DATA(&r->h);
}

static void attr(struct nlreq *r, uint16_t type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)&r->h + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static void attr_int(struct nlreq *r, uint16_t type, uint32_t v)
{
	attr(r, type, &v, sizeof(v));
}

static void attr_addr(struct nlreq *r, uint16_t type, const struct addr *a)
{
	attr(r, type, a->b, addr_len(a));
}

/* One datagram of answers: 1 done, 0 more to come, or -errno. */
static int handle(struct nl *nl, const void *data, size_t len, nl_fn fn, void *arg)
{
	const struct nlmsghdr *h = data;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_seq != nl->seq)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *ne = NLMSG_DATA(h);

			return ne->error ? ne->error : 1;
		}
		if (fn)
			fn(arg, h);
	}
	return 0;
}

/* Sends r and hands every answer to fn. 0 or -errno. */
static int talk(struct nl *nl, struct nlreq *r, nl_fn fn, void *arg)
{
	_cleanup_free_ char *in = xmalloc(NL_BUF);
	int done = 0;

	r->h.nlmsg_seq = ++nl->seq;
	/* NLM_F_DUMP's bits mean something else in requests that change things. */
	if ((r->h.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		r->h.nlmsg_flags |= NLM_F_ACK;
	if (send(nl->fd, &r->h, r->h.nlmsg_len, 0) < 0)
		return -errno;
	while (done == 0) {
		ssize_t n = recv(nl->fd, in, NL_BUF, 0);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n > 0)
			done = handle(nl, in, (size_t)n, fn, arg);
	}
	return MIN(done, 0);
}

/* The attribute of a message whose fixed part has the given size, or NULL. */
static const struct rtattr *find(const struct nlmsghdr *h, size_t fixed, uint16_t type)
{
	size_t len = h->nlmsg_len - NLMSG_SPACE(fixed);
	const struct rtattr *a = (const void *)((const char *)h + NLMSG_SPACE(fixed));

	if (h->nlmsg_len < NLMSG_SPACE(fixed))
		return NULL;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static uint32_t find_u32(const struct nlmsghdr *h, size_t fixed, uint16_t type, uint32_t def)
{
	const struct rtattr *a = find(h, fixed, type);
	uint32_t v = def;

	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static bool find_addr(const struct nlmsghdr *h, size_t fixed, uint16_t type, int af,
		      struct addr *ret)
{
	const struct rtattr *a = find(h, fixed, type);

	if (!a || RTA_PAYLOAD(a) < (af == AF_INET6 ? 16u : 4u))
		return false;
	addr_from(ret, af, RTA_DATA(a));
	return true;
}

static bool find_mac(const struct nlmsghdr *h, size_t fixed, uint16_t type, uint8_t mac[static 6])
{
	const struct rtattr *a = find(h, fixed, type);

	if (!a || RTA_PAYLOAD(a) != 6)
		return false;
	memcpy(mac, RTA_DATA(a), 6);
	return true;
}

static void parse_link(const struct nlmsghdr *h, struct nl_link *l)
{
	const struct ifinfomsg *i = NLMSG_DATA(h);
	const struct rtattr *name = find(h, sizeof(*i), IFLA_IFNAME);

	*l = (struct nl_link){.index = i->ifi_index, .flags = i->ifi_flags, .type = i->ifi_type};
	if (name)
		snprintf(l->name, sizeof(l->name), "%s", (const char *)RTA_DATA(name));
	l->mtu = find_u32(h, sizeof(*i), IFLA_MTU, 0);
	l->min_mtu = find_u32(h, sizeof(*i), IFLA_MIN_MTU, 0);
	l->max_mtu = find_u32(h, sizeof(*i), IFLA_MAX_MTU, 0);
	l->has_mac = find_mac(h, sizeof(*i), IFLA_ADDRESS, l->mac);
}

struct dump {
	void (*link)(void *arg, const struct nl_link *l);
	void (*addr)(void *arg, const struct nl_addr *a);
	void (*neigh)(void *arg, const struct nl_neigh *n);
	void *arg;
};

static void on_link(void *arg, const struct nlmsghdr *h)
{
	struct dump *d = arg;
	struct nl_link l;

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	parse_link(h, &l);
	d->link(d->arg, &l);
}

int nl_links(struct nl *nl, void (*fn)(void *arg, const struct nl_link *l), void *arg,
	     struct err *e)
{
	struct dump d = {.link = fn, .arg = arg};
	struct nlreq r;
	int n;

	start(&r, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	n = talk(nl, &r, on_link, &d);
	return n < 0 ? err_errno(e, -n, "list links") : 0;
}

static void on_addr(void *arg, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *i = NLMSG_DATA(h);
	struct dump *d = arg;
	struct nl_addr a = {
		.index = (int)i->ifa_index, .prefix = i->ifa_prefixlen, .scope = i->ifa_scope};

	if (h->nlmsg_type != RTM_NEWADDR)
		return;
	if (!find_addr(h, sizeof(*i), IFA_LOCAL, i->ifa_family, &a.addr) &&
	    !find_addr(h, sizeof(*i), IFA_ADDRESS, i->ifa_family, &a.addr))
		return;
	a.flags = find_u32(h, sizeof(*i), IFA_FLAGS, i->ifa_flags);
	d->addr(d->arg, &a);
}

int nl_addrs(struct nl *nl, void (*fn)(void *arg, const struct nl_addr *a), void *arg,
	     struct err *e)
{
	struct dump d = {.addr = fn, .arg = arg};
	struct nlreq r;
	int n;

	start(&r, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	n = talk(nl, &r, on_addr, &d);
	return n < 0 ? err_errno(e, -n, "list addresses") : 0;
}

static bool parse_neigh(const struct nlmsghdr *h, struct nl_neigh *n)
{
	const struct ndmsg *i = NLMSG_DATA(h);

	*n = (struct nl_neigh){.index = i->ndm_ifindex, .state = i->ndm_state};
	if (h->nlmsg_type != RTM_NEWNEIGH ||
	    (i->ndm_family != AF_INET && i->ndm_family != AF_INET6))
		return false;
	n->has_mac = find_mac(h, sizeof(*i), NDA_LLADDR, n->mac);
	return find_addr(h, sizeof(*i), NDA_DST, i->ndm_family, &n->addr);
}

static void on_neigh(void *arg, const struct nlmsghdr *h)
{
	struct dump *d = arg;
	struct nl_neigh n;

	if (parse_neigh(h, &n))
		d->neigh(d->arg, &n);
}

int nl_neighs(struct nl *nl, void (*fn)(void *arg, const struct nl_neigh *n), void *arg,
	      struct err *e)
{
	struct dump d = {.neigh = fn, .arg = arg};
	struct nlreq r;
	int n;

	start(&r, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
	n = talk(nl, &r, on_neigh, &d);
	return n < 0 ? err_errno(e, -n, "list neighbours") : 0;
}

static void on_one_link(void *arg, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		parse_link(h, arg);
}

int nl_link_get(struct nl *nl, const char *name, struct nl_link *ret, struct err *e)
{
	struct nl_link l = {0};
	struct nlreq r;
	int n;

	if (strlen(name) >= IF_NAMESIZE)
		return err_set(e, ENODEV, "no interface \"%s\"", name);
	start(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	attr(&r, IFLA_IFNAME, name, strlen(name) + 1);
	n = talk(nl, &r, on_one_link, &l);
	if (n < 0 || !l.index)
		return err_set(e, n < 0 ? -n : ENODEV, "no interface \"%s\"", name);
	*ret = l;
	return 0;
}

int nl_link_set(struct nl *nl, const char *name, uint32_t mtu, const uint8_t *mac, int up,
		struct err *e)
{
	struct nl_link l;
	struct ifinfomsg *i;
	struct nlreq r;
	int n = nl_link_get(nl, name, &l, e);

	if (n < 0)
		return n;
	i = start(&r, RTM_NEWLINK, 0, sizeof(*i));
	i->ifi_index = l.index;
	if (up >= 0) {
		i->ifi_change = IFF_UP;
		i->ifi_flags = up ? IFF_UP : 0;
	}
	if (mtu)
		attr_int(&r, IFLA_MTU, mtu);
	if (mac)
		attr(&r, IFLA_ADDRESS, mac, 6);
	n = talk(nl, &r, NULL, NULL);
	return n < 0 ? err_errno(e, -n, "change interface %s", name) : 0;
}

int nl_addr_set(struct nl *nl, bool add, const char *name, const struct addr *a, int prefix,
		struct err *e)
{
	struct nl_link l;
	struct ifaddrmsg *i;
	struct nlreq r;
	int n = nl_link_get(nl, name, &l, e);

	if (n < 0)
		return n;
	i = start(&r, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
		  sizeof(*i));
	i->ifa_family = (uint8_t)addr_af(a);
	i->ifa_prefixlen = (uint8_t)prefix;
	i->ifa_index = (uint32_t)l.index;
	attr_addr(&r, IFA_LOCAL, a);
	if (a->family == 6 && add)
		attr_int(&r, IFA_FLAGS, IFA_F_NODAD);
	n = talk(nl, &r, NULL, NULL);
	if (n == -(add ? EEXIST : EADDRNOTAVAIL))
		n = 0;
	return n < 0 ? err_errno(e, -n, "%s address on %s", add ? "add" : "remove", name) : 0;
}

int nl_route_set(struct nl *nl, bool add, const struct addr *dst, int prefix,
		 const struct addr *via, const char *name, uint8_t type, struct err *e)
{
	struct nl_link l = {0};
	struct rtmsg *i;
	struct nlreq r;
	int n = name ? nl_link_get(nl, name, &l, e) : 0;

	if (n < 0)
		return n;
	i = start(&r, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0,
		  sizeof(*i));
	i->rtm_family = (uint8_t)addr_af(dst);
	i->rtm_dst_len = (uint8_t)prefix;
	i->rtm_table = RT_TABLE_MAIN;
	i->rtm_type = type;
	i->rtm_protocol = add ? RTPROT_STATIC : RTPROT_UNSPEC;
	i->rtm_scope = add && !via && type == RTN_UNICAST ? RT_SCOPE_LINK
		       : add				  ? RT_SCOPE_UNIVERSE
							  : RT_SCOPE_NOWHERE;
	if (prefix)
		attr_addr(&r, RTA_DST, dst);
	if (via)
		attr_addr(&r, RTA_GATEWAY, via);
	if (l.index)
		attr_int(&r, RTA_OIF, (uint32_t)l.index);
	n = talk(nl, &r, NULL, NULL);
	if (n == -ESRCH && !add)
		n = 0;
	return n < 0 ? err_errno(e, -n, "%s route", add ? "add" : "remove") : 0;
}

static void on_route(void *arg, const struct nlmsghdr *h)
{
	const struct rtmsg *i = NLMSG_DATA(h);
	struct nl_route *ret = arg;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return;
	ret->type = i->rtm_type;
	ret->oif = (int)find_u32(h, sizeof(*i), RTA_OIF, 0);
	ret->has_via = find_addr(h, sizeof(*i), RTA_GATEWAY, i->rtm_family, &ret->via);
	find_addr(h, sizeof(*i), RTA_PREFSRC, i->rtm_family, &ret->src);
}

int nl_route_get(struct nl *nl, const struct addr *dst, const struct addr *src, const char *ifname,
		 struct nl_route *ret, struct err *e)
{
	struct nl_route route = {0};
	struct nl_link l = {0};
	struct rtmsg *i;
	struct nlreq r;
	int n = ifname ? nl_link_get(nl, ifname, &l, e) : 0;

	if (n < 0)
		return n;
	i = start(&r, RTM_GETROUTE, 0, sizeof(*i));
	i->rtm_family = (uint8_t)addr_af(dst);
	i->rtm_dst_len = (uint8_t)(addr_len(dst) * 8);
	attr_addr(&r, RTA_DST, dst);
	if (src && src->family == dst->family)
		attr_addr(&r, RTA_SRC, src);
	if (l.index)
		attr_int(&r, RTA_OIF, (uint32_t)l.index);
	n = talk(nl, &r, on_route, &route);
	if (n < 0)
		return err_errno(e, -n, "no route");
	*ret = route;
	return 0;
}

static void on_one_neigh(void *arg, const struct nlmsghdr *h)
{
	struct nl_neigh n;

	if (parse_neigh(h, &n))
		*(struct nl_neigh *)arg = n;
}

int nl_neigh_get(struct nl *nl, int index, const struct addr *a, struct nl_neigh *ret)
{
	struct nl_neigh found = {0};
	struct ndmsg *i;
	struct nlreq r;
	int n;

	i = start(&r, RTM_GETNEIGH, 0, sizeof(*i));
	i->ndm_family = (uint8_t)addr_af(a);
	i->ndm_ifindex = index;
	attr_addr(&r, NDA_DST, a);
	n = talk(nl, &r, on_one_neigh, &found);
	if (n < 0)
		return n;
	if (!found.addr.family)
		return -ENOENT;
	*ret = found;
	return 0;
}

int nl_neigh_reserve(struct nl *nl, int index, const struct addr *a, struct err *e)
{
	struct ndmsg *i;
	struct nlreq r;
	int n;

	i = start(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, sizeof(*i));
	i->ndm_family = (uint8_t)addr_af(a);
	i->ndm_ifindex = index;
	i->ndm_state = NUD_NONE;
	i->ndm_flags = NTF_EXT_LEARNED;
	attr_addr(&r, NDA_DST, a);
	n = talk(nl, &r, NULL, NULL);
	if (n == -EEXIST)
		n = 0;
	return n < 0 ? err_errno(e, -n, "reserve neighbour") : 0;
}

int nl_neigh_del(struct nl *nl, int index, const struct addr *a, struct err *e)
{
	struct ndmsg *i;
	struct nlreq r;
	int n;

	i = start(&r, RTM_DELNEIGH, 0, sizeof(*i));
	i->ndm_family = (uint8_t)addr_af(a);
	i->ndm_ifindex = index;
	attr_addr(&r, NDA_DST, a);
	n = talk(nl, &r, NULL, NULL);
	if (n == -ENOENT)
		n = 0;
	return n < 0 ? err_errno(e, -n, "remove neighbour") : 0;
}
