/* SPDX-License-Identifier: Apache-2.0 */
/* Making, changing and deleting links. */
#include "sys/link_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "sys/ns.h"

int mac_parse(const char *text, uint8_t ret[static 6])
{
	uint8_t m[6];
	int n = 0;

	if (!text || strlen(text) != 17 ||
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4],
		   &m[5], &n) != 6 ||
	    n != 17)
		return -EINVAL;
	memcpy(ret, m, 6);
	return 0;
}

static int put_mac(struct nl_msg *m, const char *mac, const char *name, struct err *e)
{
	uint8_t b[6];

	if (!mac)
		return 0;
	if (mac_parse(mac, b) < 0)
		return err_set(e, EINVAL, "link %s: \"%s\" is not a MAC address", name, mac);
	link_put(m, IFLA_ADDRESS, b, 6);
	return 0;
}

static int check_name(const char *name, struct err *e)
{
	if (!name || !*name || strlen(name) >= IFNAMSIZ)
		return err_set(e, EINVAL, "\"%s\" is not a link name (1 to %d characters)",
			       name ? name : "", IFNAMSIZ - 1);
	return 0;
}

static struct ifinfomsg new_ifi(bool up)
{
	return (struct ifinfomsg){
		.ifi_family = AF_UNSPEC,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = up ? IFF_UP : 0,
	};
}

static int put_end(struct link_ctx *c, struct nl_msg *m, const struct link_end *end, struct err *e)
{
	int r = check_name(end->name, e);

	if (r < 0)
		return r;
	link_put_str(m, IFLA_IFNAME, end->name);
	r = put_mac(m, end->mac, end->name, e);
	if (r < 0)
		return r;
	if (end->mtu)
		link_put_u32(m, IFLA_MTU, end->mtu);
	link_put_u32(m, IFLA_NET_NS_FD, (uint32_t)(end->netns >= 0 ? end->netns : c->netns));
	return 0;
}

static int put_veth(struct link_ctx *c, struct nl_msg *m, const struct link_end *a,
		    const struct link_end *b, struct err *e)
{
	struct ifinfomsg ifi = new_ifi(false);
	struct nlattr *info, *data, *peer;
	int r = put_end(c, m, a, e);

	if (r < 0)
		return r;
	info = link_nest(m, IFLA_LINKINFO);
	link_put_str(m, IFLA_INFO_KIND, "veth");
	data = link_nest(m, IFLA_INFO_DATA);
	peer = link_nest(m, VETH_INFO_PEER);
	if (nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		abort();
	r = put_end(c, m, b, e);
	nla_nest_end(m, peer);
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return r;
}

static int end_up(void *arg, struct err *e)
{
	const char *name = arg;
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_flags = IFF_UP | IFF_RUNNING};

	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_errno(e, errno, "set link %s up", name);
	return 0;
}

/*
 * The kernel can bring up the first end of a pair as it makes it, but not the second: that has no
 * peer yet. The first is the one that is born elsewhere, the second is set up through c.
 */
int link_add_veth(struct link_ctx *c, const struct link_end *a, const struct link_end *b,
		  struct err *e)
{
	_cleanup_free_ char *what = xasprintf("create veth pair %s and %s", a->name, b->name);
	const struct link_end *first = a->netns < 0 ? b : a, *second = a->netns < 0 ? a : b;
	struct ifinfomsg ifi = new_ifi(first->up);
	struct nl_msg *m = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	int r = put_veth(c, m, first, second, e);

	if (r < 0) {
		nlmsg_free(m);
		return r;
	}
	r = link_talk(c, m, what, e);
	if (r >= 0 && second->up)
		r = second->netns < 0
			    ? link_set_up(c, second->name, true, e)
			    : ns_in_net(second->netns, end_up, (void *)(uintptr_t)second->name, e);
	if (r >= 0 && a->master)
		r = link_set_master(c, a->name, a->master, e);
	if (r >= 0 && b->master)
		r = link_set_master(c, b->name, b->master, e);
	return r;
}

int link_add_bridge(struct link_ctx *c, const char *name, const char *mac, unsigned mtu,
		    struct err *e)
{
	_cleanup_free_ char *what = xasprintf("create bridge %s", name);
	struct ifinfomsg ifi = new_ifi(false);
	struct nl_msg *m = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	struct link_end end = {.name = name, .mac = mac, .mtu = mtu, .netns = -1};
	struct nlattr *info, *data;
	uint8_t snoop = 0;
	int r = put_end(c, m, &end, e);

	if (r < 0) {
		nlmsg_free(m);
		return r;
	}
	info = link_nest(m, IFLA_LINKINFO);
	link_put_str(m, IFLA_INFO_KIND, "bridge");
	data = link_nest(m, IFLA_INFO_DATA);
	link_put_u32(m, IFLA_BR_STP_STATE, 0);
	link_put(m, IFLA_BR_MCAST_SNOOPING, &snoop, 1);
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return link_talk(c, m, what, e);
}

/* ---- tap ---- */

static int tap_create(void *arg, struct err *e)
{
	const char *name = arg;
	_cleanup_close_ int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

	if (fd < 0)
		return err_errno(e, errno, "open /dev/net/tun");
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return err_errno(e, errno, "create tap %s", name);
	if (ioctl(fd, TUNSETPERSIST, 1) < 0)
		return err_errno(e, errno, "make tap %s persistent", name);
	return 0;
}

int link_add_tap(struct link_ctx *c, const char *name, const char *mac, unsigned mtu, struct err *e)
{
	char copy[IFNAMSIZ];
	int r = check_name(name, e);

	if (r < 0)
		return r;
	memcpy(copy, name, strlen(name) + 1);
	r = c->own ? tap_create(copy, e) : ns_in_net(c->netns, tap_create, copy, e);
	if (r >= 0 && mac)
		r = link_set_mac(c, name, mac, e);
	if (r >= 0 && mtu)
		r = link_set_mtu(c, name, mtu, e);
	return r;
}

/* ---- changes ---- */

/* A change of one existing link, found by name. */
static struct nl_msg *change_msg(const char *name, int type, unsigned flags, unsigned mask)
{
	struct ifinfomsg ifi = {.ifi_flags = flags, .ifi_change = mask};
	struct nl_msg *m = link_msg(type, 0, &ifi);

	link_put_str(m, IFLA_IFNAME, name);
	return m;
}

int link_del(struct link_ctx *c, const char *name, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("delete link %s", name);
	_cleanup_err_ struct err own = ERR_INIT;
	int r = check_name(name, e);

	if (r < 0)
		return r;
	r = link_talk(c, change_msg(name, RTM_DELLINK, 0, 0), what, &own);
	if (r == -ENODEV)
		return 0;
	return r < 0 ? err_set(e, -r, "%s", err_msg(&own)) : 0;
}

int link_set_up(struct link_ctx *c, const char *name, bool up, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("set link %s %s", name, up ? "up" : "down");
	int r = check_name(name, e);

	if (r < 0)
		return r;
	return link_talk(c, change_msg(name, RTM_NEWLINK, up ? IFF_UP : 0, IFF_UP), what, e);
}

static int set_u32(struct link_ctx *c, const char *name, int attr, uint32_t v, const char *what,
		   struct err *e)
{
	_cleanup_free_ char *text = xasprintf("set %s of link %s to %u", what, name, v);
	struct nl_msg *m;
	int r = check_name(name, e);

	if (r < 0)
		return r;
	m = change_msg(name, RTM_NEWLINK, 0, 0);
	link_put_u32(m, attr, v);
	return link_talk(c, m, text, e);
}

int link_set_mtu(struct link_ctx *c, const char *name, unsigned mtu, struct err *e)
{
	return set_u32(c, name, IFLA_MTU, mtu, "MTU", e);
}

int link_set_mac(struct link_ctx *c, const char *name, const char *mac, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("set MAC of link %s to %s", name, mac);
	struct nl_msg *m;
	int r = check_name(name, e);

	if (r < 0)
		return r;
	m = change_msg(name, RTM_NEWLINK, 0, 0);
	r = put_mac(m, mac, name, e);
	if (r < 0) {
		nlmsg_free(m);
		return r;
	}
	return link_talk(c, m, what, e);
}

int link_set_master(struct link_ctx *c, const char *name, const char *master, struct err *e)
{
	int index = 0;

	if (master) {
		index = link_index(c, master, e);
		if (index < 0)
			return index;
	}
	return set_u32(c, name, IFLA_MASTER, (uint32_t)index, "bridge", e);
}

int link_set_netns(struct link_ctx *c, const char *name, int netns, struct err *e)
{
	return set_u32(c, name, IFLA_NET_NS_FD, (uint32_t)netns, "namespace", e);
}

static int set_str(struct link_ctx *c, const char *name, int attr, const char *v, const char *what,
		   struct err *e)
{
	_cleanup_free_ char *text = xasprintf("set %s of link %s to %s", what, name, v);
	struct ifinfomsg ifi = {0};
	struct nl_msg *m;

	ifi.ifi_index = link_index(c, name, e);
	if (ifi.ifi_index < 0)
		return ifi.ifi_index;
	m = link_msg(RTM_NEWLINK, 0, &ifi);
	link_put_str(m, attr, v);
	return link_talk(c, m, text, e);
}

int link_rename(struct link_ctx *c, const char *name, const char *newname, struct err *e)
{
	int r = check_name(newname, e);

	return r < 0 ? r : set_str(c, name, IFLA_IFNAME, newname, "name", e);
}

int link_set_alias(struct link_ctx *c, const char *name, const char *alias, struct err *e)
{
	return set_str(c, name, IFLA_IFALIAS, alias, "alias", e);
}
