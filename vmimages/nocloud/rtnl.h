/* SPDX-License-Identifier: Apache-2.0 */
/* The few rtnetlink requests that a guest's set-up needs (rtnetlink(7)), each acknowledged. */
#ifndef OVNBED_NOCLOUD_RTNL_H
#define OVNBED_NOCLOUD_RTNL_H

#include "base/err.h"
#include "base/ip.h"

/* A routing socket, or -errno. */
int nc_rtnl_open(struct err *e);
/*
 * Changes a link: name NULL and mtu 0 leave those alone, mac NULL too; up 1, 0, or -1 for neither.
 * An interface that is up cannot be renamed. Returns 0 or the kernel's -errno, as all below.
 */
struct nc_link {
	int ifindex;
	const char *name;
	const uint8_t *mac; /* 6 bytes */
	unsigned mtu;
	int up;
};
int nc_rtnl_link(int fd, const struct nc_link *l);
int nc_rtnl_vlan(int fd, const char *name, int link, unsigned id);
/* Adds, or replaces when it exists; duplicate address detection is skipped. */
int nc_rtnl_address(int fd, int ifindex, const struct ipnet *a);
/* Main table; via may be NULL, metric 0 is the kernel's default, ifindex 0 lets the kernel choose. */
int nc_rtnl_route(int fd, int ifindex, const struct ipnet *to, const struct ip *via,
		  unsigned metric, bool onlink);

#endif
