/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network links, addresses, routes, neighbours and sysctls of one network namespace. A link_ctx is
 * a netlink and an ioctl socket opened inside that namespace; the caller itself stays where it is.
 * Messages name the operation, the link, and the kernel's own reason (extended ack).
 */
#ifndef OVNBED_SYS_LINK_H
#define OVNBED_SYS_LINK_H

#include "base/err.h"

struct link_ctx;
struct nl_msg;

/* netns: a namespace descriptor (borrowed for the call), or -1 for the caller's own. */
int link_open(int netns, struct link_ctx **ret, struct err *e);
void link_close(struct link_ctx *c);
static inline void link_closep_(struct link_ctx **c)
{
	link_close(*c);
}
#define _cleanup_link_ _cleanup_(link_closep_)
/* The context's namespace descriptor; owned by the context. */
int link_netns(const struct link_ctx *c);

struct link_end {
	const char *name;
	int netns;	 /* where this end is born; -1: the context's namespace */
	const char *mac; /* NULL: random */
	unsigned mtu;	 /* 0: 1500 */
	bool up;
	const char *master; /* bridge in the context's namespace, for an end that is born there; or
			       NULL */
};

/* A veth pair, each end born in its own namespace with name, MAC and MTU. -EEXIST when a name is
 * taken. */
int link_add_veth(struct link_ctx *c, const struct link_end *a, const struct link_end *b,
		  struct err *e);
/* A kernel bridge without spanning tree and multicast snooping; mac NULL: random.
 * Left down. */
int link_add_bridge(struct link_ctx *c, const char *name, const char *mac, unsigned mtu,
		    struct err *e);
/*
 * A persistent tap with virtio-net header (what QEMU opens for virtio, managed='no'), one queue, in
 * the caller's own network namespace (which must be the context's).
 */
int link_add_tap(struct link_ctx *c, const char *name, const char *mac, unsigned mtu,
		 struct err *e);
/* Deletes a link; a missing one is fine. */
int link_del(struct link_ctx *c, const char *name, struct err *e);

int link_set_up(struct link_ctx *c, const char *name, bool up, struct err *e);
int link_set_mtu(struct link_ctx *c, const char *name, unsigned mtu, struct err *e);
int link_set_mac(struct link_ctx *c, const char *name, const char *mac, struct err *e);
/* master NULL: leave the bridge. */
int link_set_master(struct link_ctx *c, const char *name, const char *master, struct err *e);
int link_set_netns(struct link_ctx *c, const char *name, int netns, struct err *e);
int link_rename(struct link_ctx *c, const char *name, const char *newname, struct err *e);
/* An alternative to the 15-character name: `ip link` shows it as alias. */
int link_set_alias(struct link_ctx *c, const char *name, const char *alias, struct err *e);

/* addr: "192.0.2.1/24" or "2001:db8::1/64" (no prefix: host). Without duplicate detection; present
 * is fine. */
int link_addr_add(struct link_ctx *c, const char *name, const char *addr, struct err *e);
int link_addr_del(struct link_ctx *c, const char *name, const char *addr, struct err *e);
/* dst: "192.0.2.0/24", or NULL for the default route of via's family. via NULL: on link. Replaces.
 */
int link_route_add(struct link_ctx *c, const char *dst, const char *via, const char *dev,
		   struct err *e);
int link_route_del(struct link_ctx *c, const char *dst, const char *via, const char *dev,
		   struct err *e);
/* A permanent neighbour entry (replaces), and its removal (a missing one is fine). */
int link_neigh_set(struct link_ctx *c, const char *dev, const char *ip, const char *mac,
		   struct err *e);
int link_neigh_del(struct link_ctx *c, const char *dev, const char *ip, struct err *e);
/* A static entry in the forwarding table of the bridge that dev belongs to. */
int link_fdb_set(struct link_ctx *c, const char *dev, const char *mac, struct err *e);

struct link_info {
	int ifindex;
	char name[16];
	char mac[18];  /* "" when the link has none */
	char kind[16]; /* "veth", "bridge", "tun" …, "" for hardware */
	unsigned mtu;
	bool up, running;
	int master; /* ifindex or 0 */
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
	uint64_t rx_dropped, tx_dropped, rx_errors, tx_errors;
};
/* -ENODEV when there is none. */
int link_get(struct link_ctx *c, const char *name, struct link_info *ret, struct err *e);
/* Calls fn for every link; a non-zero value stops and is returned. */
int link_each(struct link_ctx *c, int (*fn)(void *arg, const struct link_info *i), void *arg,
	      struct err *e);
/* Calls fn for every address of a link as "ADDR/LEN" text. */
int link_each_addr(struct link_ctx *c, const char *name, int (*fn)(void *arg, const char *addr),
		   void *arg, struct err *e);

/*
 * TX checksum offload off: full checksums in every frame, segmentation in software before the
 * device. Needed wherever a network stack sends into AF_PACKET (facts C2, "checksum trap").
 */
int link_tx_csum_off(struct link_ctx *c, const char *name, struct err *e);
int link_tx_csum(struct link_ctx *c, const char *name, bool on, struct err *e);

/*
 * Writes /proc/sys/net/PATH as seen from the context's namespace ("ipv6/conf/eth0/accept_dad"),
 * unless it has that value.
 */
int link_sysctl(struct link_ctx *c, const char *path, const char *value, struct err *e);
/*
 * No IPv6 on links made from now on: before the first link of a namespace that has no business
 * speaking IPv6.
 */
int link_ipv6_off(struct link_ctx *c, struct err *e);

/*
 * For messages this module has no word for (qdiscs, filters): sends msg (freed in any case), waits
 * for the acknowledgement. what names the operation in messages.
 */
int link_talk(struct link_ctx *c, struct nl_msg *msg, const char *what, struct err *e);
/* ifindex of a name, or -ENODEV. */
int link_index(struct link_ctx *c, const char *name, struct err *e);

/* "0a:58:0a:00:00:01" to 6 bytes; -EINVAL. */
int mac_parse(const char *text, uint8_t ret[static 6]);

#endif
