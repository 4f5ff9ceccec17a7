/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at links; offloads and sysctls. */
#include "sys/link_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "sys/ns.h"

static void copy_text(char *dst, size_t size, struct nlattr *a)
{
	size_t n = a ? MIN((size_t)nla_len(a), size - 1) : 0;

	if (n)
		memcpy(dst, nla_data(a), n);
	dst[n] = '\0';
}

static void read_kind(struct link_info *i, struct nlattr *info)
{
	struct nlattr *kind = info ? nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND) : NULL;

	copy_text(i->kind, sizeof(i->kind), kind);
}

static void read_stats(struct link_info *i, struct nlattr *a)
{
	struct rtnl_link_stats64 s = {0};

	if (!a)
		return;
	memcpy(&s, nla_data(a), MIN((size_t)nla_len(a), sizeof(s)));
	i->rx_packets = s.rx_packets;
	i->tx_packets = s.tx_packets;
	i->rx_bytes = s.rx_bytes;
	i->tx_bytes = s.tx_bytes;
	i->rx_dropped = s.rx_dropped;
	i->tx_dropped = s.tx_dropped;
	i->rx_errors = s.rx_errors;
	i->tx_errors = s.tx_errors;
}

static bool read_link(struct link_info *i, struct nlmsghdr *h)
{
	struct ifinfomsg *ifi = nlmsg_data(h);
	struct nlattr *tb[IFLA_MAX + 1];
	const uint8_t *m;

	memset(i, 0, sizeof(*i));
	if (h->nlmsg_type != RTM_NEWLINK || nlmsg_parse(h, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return false;
	i->ifindex = ifi->ifi_index;
	i->up = ifi->ifi_flags & IFF_UP;
	i->running = ifi->ifi_flags & IFF_RUNNING;
	copy_text(i->name, sizeof(i->name), tb[IFLA_IFNAME]);
	if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == 6) {
		m = nla_data(tb[IFLA_ADDRESS]);
		snprintf(i->mac, sizeof(i->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			 m[3], m[4], m[5]);
	}
	i->mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0;
	i->master = tb[IFLA_MASTER] ? (int)nla_get_u32(tb[IFLA_MASTER]) : 0;
	read_kind(i, tb[IFLA_LINKINFO]);
	read_stats(i, tb[IFLA_STATS64]);
	return true;
}

static int get_reply(void *arg, struct nlmsghdr *h)
{
	struct link_info i;

	if (read_link(&i, h))
		*(struct link_info *)arg = i;
	return 0;
}

int link_get(struct link_ctx *c, const char *name, struct link_info *ret, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("look at link %s", name);
	struct ifinfomsg ifi = {0};
	struct link_info i = {0};
	struct nl_msg *m;
	int r;

	if (!*name || strlen(name) >= IFNAMSIZ)
		return err_set(e, ENODEV, "\"%s\" is not a link name", name);
	m = link_msg(RTM_GETLINK, 0, &ifi);
	link_put_str(m, IFLA_IFNAME, name);
	r = link_talk_reply(c, m, what, get_reply, &i, e);
	if (r < 0)
		return r;
	if (!i.ifindex)
		return err_set(e, ENODEV, "%s: no answer", what);
	*ret = i;
	return 0;
}

int link_index(struct link_ctx *c, const char *name, struct err *e)
{
	struct ifreq ifr = {0};

	if (!*name || strlen(name) >= IFNAMSIZ)
		return err_set(e, ENODEV, "\"%s\" is not a link name", name);
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (ioctl(c->ioctl_fd, SIOCGIFINDEX, &ifr) < 0)
		return err_errno(e, errno, "link %s", name);
	return ifr.ifr_ifindex;
}

struct walk {
	int (*fn)(void *arg, const struct link_info *i);
	void *arg;
};

static int walk_reply(void *arg, struct nlmsghdr *h)
{
	struct walk *w = arg;
	struct link_info i;

	return read_link(&i, h) ? w->fn(w->arg, &i) : 0;
}

int link_each(struct link_ctx *c, int (*fn)(void *arg, const struct link_info *i), void *arg,
	      struct err *e)
{
	struct ifinfomsg ifi = {0};
	struct walk w = {fn, arg};

	return link_talk_reply(c, link_msg(RTM_GETLINK, NLM_F_DUMP, &ifi), "list links", walk_reply,
			       &w, e);
}

/* ---- offloads ---- */

int link_tx_csum(struct link_ctx *c, const char *name, bool on, struct err *e)
{
	struct ethtool_value v = {.cmd = ETHTOOL_STXCSUM, .data = on};
	struct ifreq ifr = {.ifr_data = (void *)&v};

	if (!*name || strlen(name) >= IFNAMSIZ)
		return err_set(e, ENODEV, "\"%s\" is not a link name", name);
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (ioctl(c->ioctl_fd, SIOCETHTOOL, &ifr) < 0)
		return err_errno(e, errno, "set TX checksum offload of link %s", name);
	return 0;
}

int link_tx_csum_off(struct link_ctx *c, const char *name, struct err *e)
{
	return link_tx_csum(c, name, false, e);
}

/* ---- sysctls ---- */

struct sysctl {
	const char *path, *value;
};

static bool sysctl_is(const char *path, const char *value)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char now[64];
	ssize_t n = fd < 0 ? -1 : read(fd, now, sizeof(now) - 1);

	if (n < 0)
		return false;
	now[n] = '\0';
	now[strcspn(now, "\n")] = '\0';
	return streq(now, value);
}

/*
 * Some are written under the lock of all network configuration, and the kernel does not wait for it
 * but tries again until it gets it: at the start of many nodes that costs more than their daemons.
 */
static int write_sysctl(void *arg, struct err *e)
{
	const struct sysctl *s = arg;
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/%s", s->path);
	_cleanup_close_ int fd = -1;

	if (sysctl_is(path, s->value))
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, s->value, strlen(s->value)) < 0)
		return err_errno(e, errno, "write %s to %s", s->value, path);
	return 0;
}

int link_sysctl(struct link_ctx *c, const char *path, const char *value, struct err *e)
{
	struct sysctl s = {path, value};

	/* /proc/sys/net shows the namespace of whoever opens a file in it. */
	return c->own ? write_sysctl(&s, e) : ns_in_net(c->netns, write_sysctl, &s, e);
}

int link_ipv6_off(struct link_ctx *c, struct err *e)
{
	int r = link_sysctl(c, "ipv6/conf/default/disable_ipv6", "1", e);

	if (r == -ENOENT) { /* a kernel without IPv6 */
		if (e)
			err_clear(e);
		return 0;
	}
	return r;
}
