/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and tunnel ids of one network (facts §1.3). The pool is rebuilt from what pods already
 * hold, so it keeps no state of its own: the next address is the one behind the highest held, then,
 * at the end of the subnet, the lowest free one.
 */
#ifndef OVNBED_OVNK_IPAM_H
#define OVNBED_OVNK_IPAM_H

#include "ovnk/nad.h"

#define IPAM_TUNNEL_FIRST 10 /* 1..9 are held for the platform */
#define IPAM_TUNNEL_LAST 32767

struct ipam;
struct ipam *ipam_new(const struct netconf *c);
void ipam_free(struct ipam *p);
/*
 * Marks an address of a pod as held. 0, -EEXIST when it is held already, -ERANGE when no subnet of
 * the network has it (or the network has none).
 */
int ipam_reserve(struct ipam *p, const struct ip *a);
/* One free address of each subnet, in the subnets' order, with the subnet's prefix length; all or
 * none. -ENOSPC with upstream's words. */
int ipam_next(struct ipam *p, struct ipnets *ret, struct err *e);
void ipam_release(struct ipam *p, const struct ip *a);
/* Tunnel ids: -EEXIST / -ERANGE; *ret from 10 on; -ENOSPC. */
int ipam_reserve_tunnel(struct ipam *p, int id);
int ipam_next_tunnel(struct ipam *p, int *ret, struct err *e);

#endif
