/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, routes, neighbours, forwarding entries. */
#include "sys/link_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <net/if.h>

struct inet {
	int family;
	uint8_t addr[16];
	unsigned len;  /* of addr, bytes */
	unsigned plen; /* prefix length */
};

static int inet_parse(const char *text, struct inet *ret, struct err *e)
{
	_cleanup_free_ char *host = xstrdup(text);
	char *slash = strchr(host, '/');
	struct inet a = {0};
	long long plen;

	if (slash)
		*slash++ = '\0';
	a.family = strchr(host, ':') ? AF_INET6 : AF_INET;
	a.len = a.family == AF_INET6 ? 16 : 4;
	plen = 8 * a.len;
	if (inet_pton(a.family, host, a.addr) != 1 ||
	    (slash && parse_int(slash, 0, 8 * a.len, &plen) < 0))
		return err_set(e, EINVAL, "\"%s\" is not an IP address or prefix", text);
	a.plen = (unsigned)plen;
	*ret = a;
	return 0;
}

static struct nl_msg *msg_of(int type, int flags, const void *head, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!m || nlmsg_append(m, (void *)(uintptr_t)head, len, NLMSG_ALIGNTO) < 0)
		abort();
	return m;
}

/* ---- addresses ---- */

static int addr_change(struct link_ctx *c, int type, int flags, const char *name, const char *addr,
		       const char *what, struct err *e)
{
	struct ifaddrmsg ifa = {0};
	struct nl_msg *m;
	struct inet a;
	int r = inet_parse(addr, &a, e), index;

	if (r < 0)
		return r;
	index = link_index(c, name, e);
	if (index < 0)
		return index;
	ifa.ifa_family = (uint8_t)a.family;
	ifa.ifa_prefixlen = (uint8_t)a.plen;
	ifa.ifa_index = (unsigned)index;
	ifa.ifa_flags = a.family == AF_INET6 ? IFA_F_NODAD : 0;
	m = msg_of(type, flags, &ifa, sizeof(ifa));
	link_put(m, IFA_LOCAL, a.addr, a.len);
	link_put(m, IFA_ADDRESS, a.addr, a.len);
	return link_talk(c, m, what, e);
}

int link_addr_add(struct link_ctx *c, const char *name, const char *addr, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("add address %s to link %s", addr, name);

	return addr_change(c, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, name, addr, what, e);
}

int link_addr_del(struct link_ctx *c, const char *name, const char *addr, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("delete address %s of link %s", addr, name);

	return addr_change(c, RTM_DELADDR, 0, name, addr, what, e);
}

struct addr_walk {
	int index;
	int (*fn)(void *arg, const char *addr);
	void *arg;
};

static int addr_reply(void *arg, struct nlmsghdr *h)
{
	struct addr_walk *w = arg;
	struct ifaddrmsg *ifa = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1], *a;
	_cleanup_free_ char *addr = NULL;
	char text[INET6_ADDRSTRLEN];

	if (h->nlmsg_type != RTM_NEWADDR || (int)ifa->ifa_index != w->index ||
	    nlmsg_parse(h, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return 0;
	a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!a || nla_len(a) < (ifa->ifa_family == AF_INET6 ? 16 : 4) ||
	    !inet_ntop(ifa->ifa_family, nla_data(a), text, sizeof(text)))
		return 0;
	addr = xasprintf("%s/%u", text, ifa->ifa_prefixlen);
	return w->fn(w->arg, addr);
}

int link_each_addr(struct link_ctx *c, const char *name, int (*fn)(void *arg, const char *addr),
		   void *arg, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("list addresses of link %s", name);
	struct ifaddrmsg ifa = {0};
	struct addr_walk w = {link_index(c, name, e), fn, arg};

	if (w.index < 0)
		return w.index;
	ifa.ifa_index = (unsigned)w.index;
	return link_talk_reply(c, msg_of(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa)), what,
			       addr_reply, &w, e);
}

/* ---- routes ---- */

struct route {
	struct inet dst, gw;
	bool has_dst, has_gw;
	int index;
};

static int route_parse(struct link_ctx *c, const char *dst, const char *via, const char *dev,
		       struct route *r, struct err *e)
{
	int rc = 0;

	r->has_dst = dst != NULL;
	r->has_gw = via != NULL;
	if (dst)
		rc = inet_parse(dst, &r->dst, e);
	if (rc >= 0 && via)
		rc = inet_parse(via, &r->gw, e);
	if (rc < 0)
		return rc;
	if (!dst && !via)
		return err_set(e, EINVAL, "a route needs a destination or a gateway");
	if (dst && via && r->dst.family != r->gw.family)
		return err_set(e, EINVAL, "route %s via %s mixes address families", dst, via);
	r->index = dev ? link_index(c, dev, e) : 0;
	return r->index < 0 ? r->index : 0;
}

static int route_change(struct link_ctx *c, int type, int flags, const struct route *r,
			const char *what, struct err *e)
{
	struct rtmsg rt = {
		.rtm_family = (uint8_t)(r->has_dst ? r->dst.family : r->gw.family),
		.rtm_dst_len = (uint8_t)(r->has_dst ? r->dst.plen : 0),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = r->has_gw ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *m;

	if (rt.rtm_family == AF_INET6)
		rt.rtm_scope = RT_SCOPE_UNIVERSE;
	m = msg_of(type, flags, &rt, sizeof(rt));
	if (rt.rtm_dst_len)
		link_put(m, RTA_DST, r->dst.addr, r->dst.len);
	if (r->has_gw)
		link_put(m, RTA_GATEWAY, r->gw.addr, r->gw.len);
	if (r->index)
		link_put_u32(m, RTA_OIF, (uint32_t)r->index);
	return link_talk(c, m, what, e);
}

static char *route_text(const char *verb, const char *dst, const char *via, const char *dev)
{
	return xasprintf("%s route %s%s%s%s%s", verb, dst ? dst : "default", via ? " via " : "",
			 via ? via : "", dev ? " dev " : "", dev ? dev : "");
}

int link_route_add(struct link_ctx *c, const char *dst, const char *via, const char *dev,
		   struct err *e)
{
	_cleanup_free_ char *what = route_text("add", dst, via, dev);
	struct route rt;
	int r = route_parse(c, dst, via, dev, &rt, e);

	if (r < 0)
		return r;
	return route_change(c, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &rt, what, e);
}

int link_route_del(struct link_ctx *c, const char *dst, const char *via, const char *dev,
		   struct err *e)
{
	_cleanup_free_ char *what = route_text("delete", dst, via, dev);
	struct route rt;
	int r = route_parse(c, dst, via, dev, &rt, e);

	return r < 0 ? r : route_change(c, RTM_DELROUTE, 0, &rt, what, e);
}

/* ---- neighbours ---- */

static int neigh_change(struct link_ctx *c, int type, int flags, struct ndmsg nd, const char *dev,
			const char *ip, const char *mac, const char *what, struct err *e)
{
	struct inet a = {0};
	struct nl_msg *m;
	uint8_t b[6];
	int r = ip ? inet_parse(ip, &a, e) : 0;

	if (r < 0)
		return r;
	if (mac && mac_parse(mac, b) < 0)
		return err_set(e, EINVAL, "%s: \"%s\" is not a MAC address", what, mac);
	nd.ndm_ifindex = link_index(c, dev, e);
	if (nd.ndm_ifindex < 0)
		return nd.ndm_ifindex;
	if (ip)
		nd.ndm_family = (uint8_t)a.family;
	m = msg_of(type, flags, &nd, sizeof(nd));
	if (ip)
		link_put(m, NDA_DST, a.addr, a.len);
	if (mac)
		link_put(m, NDA_LLADDR, b, 6);
	return link_talk(c, m, what, e);
}

int link_neigh_set(struct link_ctx *c, const char *dev, const char *ip, const char *mac,
		   struct err *e)
{
	_cleanup_free_ char *what = xasprintf("set neighbour %s of link %s to %s", ip, dev, mac);
	struct ndmsg nd = {.ndm_state = NUD_PERMANENT};

	return neigh_change(c, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, nd, dev, ip, mac, what,
			    e);
}

int link_neigh_del(struct link_ctx *c, const char *dev, const char *ip, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("delete neighbour %s of link %s", ip, dev);
	_cleanup_err_ struct err own = ERR_INIT;
	int r = neigh_change(c, RTM_DELNEIGH, 0, (struct ndmsg){0}, dev, ip, NULL, what, &own);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? err_set(e, -r, "%s", err_msg(&own)) : 0;
}

int link_fdb_set(struct link_ctx *c, const char *dev, const char *mac, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("set forwarding entry %s of link %s", mac, dev);
	struct ndmsg nd = {
		.ndm_family = AF_BRIDGE,
		.ndm_state = NUD_NOARP, /* static: it does not age, but it may move */
		.ndm_flags = NTF_MASTER,
	};

	return neigh_change(c, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, nd, dev, NULL, mac, what,
			    e);
}
