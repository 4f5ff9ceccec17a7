/* SPDX-License-Identifier: Apache-2.0 */
/* Neighbour state as evidence. */
#ifndef OVNBED_PROBE_GUEST_NEIGH_H
#define OVNBED_PROBE_GUEST_NEIGH_H

#include "probe/guest/agent.h"

/*
 * The neighbour entry of the next hop to dst: {addr, ifname, mac?, state}; state "none" when there is
 * no entry, "noroute" without a route. NULL when dst is local. New reference.
 */
json_t *neigh_evidence(struct nl *nl, const struct addr *dst, const struct addr *src,
		       const char *ifname);
/* Makes room in the neighbour table for the next hop (nl_neigh_reserve()). */
void neigh_reserve(struct nl *nl, const struct addr *dst, const struct addr *src,
		   const char *ifname);
/* Forgets the next hop's entry, so that what is seen later was learnt later. */
void neigh_forget(struct nl *nl, const struct addr *dst, const struct addr *src,
		  const char *ifname);

#endif
