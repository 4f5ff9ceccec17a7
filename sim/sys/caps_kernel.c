/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel features and devices, each tried once in namespaces that nobody else uses. */
#include "sys/caps_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "sys/link_priv.h"
#include "sys/mnt.h"
#include "sys/nftloss.h"
#include "sys/qdisc.h"

/* ---- links ---- */

static int try_veth(struct link_ctx *c, char **detail, struct err *e)
{
	struct link_end a = {.name = "cap-a", .netns = -1}, b = {.name = "cap-b", .netns = -1};

	(void)detail;
	return link_add_veth(c, &a, &b, e);
}

static int try_bridge(struct link_ctx *c, char **detail, struct err *e)
{
	(void)detail;
	return link_add_bridge(c, "cap-br", NULL, 1500, e);
}

/* A link of a kind; fill adds what the kind needs. */
static int try_kind(struct link_ctx *c, const char *kind, void (*fill)(struct nl_msg *m),
		    struct err *e)
{
	_cleanup_free_ char *what = xasprintf("create a %s link", kind);
	struct ifinfomsg ifi = {0};
	struct nl_msg *m = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	struct nlattr *info, *data;

	link_put_str(m, IFLA_IFNAME, "cap-link");
	if (fill)
		link_put_u32(m, IFLA_LINK, 1); /* lo: the first link of every namespace */
	info = link_nest(m, IFLA_LINKINFO);
	link_put_str(m, IFLA_INFO_KIND, kind);
	if (fill) {
		data = link_nest(m, IFLA_INFO_DATA);
		fill(m);
		nla_nest_end(m, data);
	}
	nla_nest_end(m, info);
	return link_talk(c, m, what, e);
}

static void fill_vlan(struct nl_msg *m)
{
	uint16_t id = 5;

	link_put(m, IFLA_VLAN_ID, &id, sizeof(id));
}

static int try_8021q(struct link_ctx *c, char **detail, struct err *e)
{
	(void)detail;
	return try_kind(c, "vlan", fill_vlan, e);
}

static void fill_geneve(struct nl_msg *m)
{
	uint32_t id = 1, remote = 0x0100007f;

	link_put_u32(m, IFLA_GENEVE_ID, id);
	link_put_u32(m, IFLA_GENEVE_REMOTE, remote);
}

static int try_geneve(struct link_ctx *c, char **detail, struct err *e)
{
	(void)detail;
	return try_kind(c, "geneve", fill_geneve, e);
}

/* ---- queueing, filtering ---- */

static int try_netem(struct link_ctx *c, char **detail, struct err *e)
{
	struct qdisc q = {.delay_us = 1000};

	(void)detail;
	return qdisc_set(c, "lo", &q, e);
}

static int try_tbf(struct link_ctx *c, char **detail, struct err *e)
{
	struct qdisc q = {.rate = 1 << 20};

	(void)detail;
	return qdisc_set(c, "lo", &q, e);
}

/* Sends one netlink request and reads the first answer's error, or 0. */
static int ask(int protocol, const void *msg, size_t len)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct timeval limit = {.tv_sec = 2};
	char buf[4096];
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
	ssize_t n;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, msg, len, 0) < 0)
		return -errno;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < (ssize_t)sizeof(*h))
		return n < 0 ? -errno : -EPROTO;
	if (h->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
	return 0;
}

static int try_nft(struct link_ctx *c, char **detail, struct err *e)
{
	(void)detail;
	return nftloss_set(c, "lo", NFTLOSS_OUT, 1, e);
}

int caps_genl_family(const char *name, struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		struct nlattr a;
		char name[GENL_NAMSIZ];
	} msg = {
		.h = {.nlmsg_len = sizeof(msg),
		      .nlmsg_type = GENL_ID_CTRL,
		      .nlmsg_flags = NLM_F_REQUEST},
		.g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
		.a = {.nla_type = CTRL_ATTR_FAMILY_NAME,
		      .nla_len = sizeof(msg.a) + sizeof(msg.name)},
	};
	int r;

	snprintf(msg.name, sizeof(msg.name), "%s", name);
	r = ask(NETLINK_GENERIC, &msg, sizeof(msg));
	return r < 0 ? err_errno(e, -r, "generic netlink family %s", name) : 0;
}

static int try_openvswitch(struct link_ctx *c, char **detail, struct err *e)
{
	(void)c;
	(void)detail;
	return caps_genl_family("ovs_datapath", e);
}

/* ---- devices and file systems ---- */

static int try_tun(struct link_ctx *c, char **detail, struct err *e)
{
	(void)detail;
	return link_add_tap(c, "cap-tap", NULL, 1500, e);
}

static int try_open(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : 0;
}

static int try_kvm(struct link_ctx *c, char **detail, struct err *e)
{
	(void)c;
	(void)detail;
	return try_open("/dev/kvm", e);
}

static int try_vhost(struct link_ctx *c, char **detail, struct err *e)
{
	(void)c;
	(void)detail;
	return try_open("/dev/vhost-net", e);
}

static int try_overlay(struct link_ctx *c, char **detail, struct err *e)
{
	int r = mnt_layer_as(MNT_LAYER_OVERLAY, "/etc", NULL, e);

	(void)c;
	(void)detail;
	return r;
}

static int try_sysfs(struct link_ctx *c, char **detail, struct err *e)
{
	(void)c;
	(void)detail;
	return mnt_sysfs(e);
}

const struct cap caps_kernel[] = {
	{"sysfs-mount", "kernel", true, try_sysfs, "nodes and pods of a lab",
	 "run outside of a container that masks /sys, or as root"},
	{"veth", "kernel", true, try_veth, "everything: nodes have no cables",
	 "a kernel with CONFIG_VETH (modprobe veth)"},
	{"bridge", "kernel", true, try_bridge, "everything: the underlay is a kernel bridge",
	 "a kernel with CONFIG_BRIDGE (modprobe bridge)"},
	{"tun", "device", true, try_tun, "Open vSwitch's userspace datapath, and VMs",
	 "modprobe tun; as an ordinary user also: sudo chmod 666 /dev/net/tun"},
	{"overlay", "kernel", false, try_overlay,
	 "nothing: private views of /etc and /var are made of bind mounts instead, more slowly",
	 "a kernel with CONFIG_OVERLAY_FS (modprobe overlay)"},
	{"openvswitch", "kernel", false, try_openvswitch,
	 "datapath: system; labs use Open vSwitch's userspace datapath",
	 "a kernel with CONFIG_OPENVSWITCH (modprobe openvswitch)"},
	{"geneve", "kernel", false, try_geneve,
	 "Geneve of datapath: system; the userspace datapath has its own",
	 "a kernel with CONFIG_GENEVE (modprobe geneve)"},
	{"8021q", "kernel", false, try_8021q,
	 "VLAN links of the kernel; switches with VLANs are Open vSwitch bridges anyway",
	 "a kernel with CONFIG_VLAN_8021Q (modprobe 8021q)"},
	{"netem", "kernel", false, try_netem, "delay; loss is made by nftables where that is there",
	 "a kernel with CONFIG_NET_SCH_NETEM (modprobe sch_netem)"},
	{"tbf", "kernel", false, try_tbf, "limits of a link's rate",
	 "a kernel with CONFIG_NET_SCH_TBF (modprobe sch_tbf)"},
	{"nftables", "kernel", false, try_nft, "loss on a link, unless there is netem",
	 "a kernel with CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_EGRESS and CONFIG_NFT_NUMGEN "
	 "(modprobe nf_tables nft_numgen)"},
	{"kvm", "device", false, try_kvm,
	 "fast VMs: QEMU interprets the guest, 10 to 30 times slower",
	 "hardware virtualisation, and modprobe kvm_intel or kvm_amd"},
	{"vhost-net", "device", false, try_vhost, "fast VM network I/O",
	 "a kernel with CONFIG_VHOST_NET (modprobe vhost_net)"},
};
const size_t caps_kernel_n = ARRAY_SIZE(caps_kernel);
