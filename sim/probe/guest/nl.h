/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink by hand (the static agent links no libnl): links, addresses, routes, neighbours. */
#ifndef OVNBED_PROBE_GUEST_NL_H
#define OVNBED_PROBE_GUEST_NL_H

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/err.h"
#include "probe/guest/addr.h"

struct nl;

struct nl *nl_new(struct err *e);
void nl_free(struct nl *nl);

struct nl_link {
	int index;
	char name[IF_NAMESIZE];
	uint8_t mac[6];
	bool has_mac;
	uint32_t mtu, min_mtu, max_mtu; /* max 0: no limit known */
	unsigned int flags;		/* IFF_* */
	unsigned short type;		/* ARPHRD_* */
};
struct nl_addr {
	int index;
	struct addr addr;
	int prefix;
	uint8_t scope;
	uint32_t flags; /* IFA_F_* */
};
struct nl_neigh {
	int index;
	struct addr addr;
	uint8_t mac[6];
	bool has_mac;
	uint16_t state; /* NUD_* */
};
struct nl_route {
	int oif; /* 0: none */
	bool has_via;
	struct addr via, src;
	uint8_t type; /* RTN_* */
};

/* Dumps; fn is called for each entry. 0 or -errno. */
int nl_links(struct nl *nl, void (*fn)(void *arg, const struct nl_link *l), void *arg,
	     struct err *e);
int nl_addrs(struct nl *nl, void (*fn)(void *arg, const struct nl_addr *a), void *arg,
	     struct err *e);
int nl_neighs(struct nl *nl, void (*fn)(void *arg, const struct nl_neigh *n), void *arg,
	      struct err *e);

/* One link by name; -ENODEV. */
int nl_link_get(struct nl *nl, const char *name, struct nl_link *ret, struct err *e);
/* mtu 0, mac NULL, up < 0: leave alone. */
int nl_link_set(struct nl *nl, const char *name, uint32_t mtu, const uint8_t *mac, int up,
		struct err *e);
/* Adds (present is no error; IPv6 without DAD) or removes (absent is no error). */
int nl_addr_set(struct nl *nl, bool add, const char *name, const struct addr *a, int prefix,
		struct err *e);
/* via and name may be NULL; type is RTN_UNICAST, RTN_BLACKHOLE, … */
int nl_route_set(struct nl *nl, bool add, const struct addr *dst, int prefix,
		 const struct addr *via, const char *name, uint8_t type, struct err *e);
/* How a packet to dst would go (RTM_GETROUTE); src and ifname may be NULL. */
int nl_route_get(struct nl *nl, const struct addr *dst, const struct addr *src, const char *ifname,
		 struct nl_route *ret, struct err *e);
/* One neighbour; -ENOENT. */
int nl_neigh_get(struct nl *nl, int index, const struct addr *a, struct nl_neigh *ret);
/*
 * Creates an entry that is not resolved yet, unless there is one. Such an entry does not count
 * against the size of the kernel's neighbour table (gc_thresh3), which all network namespaces of a
 * machine share: 1024 are soon used up by a full mesh of pods.
 */
int nl_neigh_reserve(struct nl *nl, int index, const struct addr *a, struct err *e);
int nl_neigh_del(struct nl *nl, int index, const struct addr *a, struct err *e);

#endif
