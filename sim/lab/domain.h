/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer 2 domains: who must hear whose broadcasts. Two networks of OVN-Kubernetes are one domain when
 * they are localnets on the same VLAN of the same physical network, and the hosts there belong to it.
 */
#ifndef OVNBED_LAB_DOMAIN_H
#define OVNBED_LAB_DOMAIN_H

#include "lab/lab.h"

/*
 * The domain of an endpoint's interface (canonical name; entry of endpoints_ask()): "layer2 blue",
 * "datacenter vlan 10", "underlay untagged" as nodes and switch ports are now; "localnet dc vlan 10"
 * when the node's mapping leads to no switch. NULL for an interface without a network. Caller frees.
 */
char *lab_domain(struct lab *lab, const char *endpoint, const json_t *iface);

/* Canonical names of everything with a connected traffic agent: pods, VMs, hosts. New reference. */
json_t *lab_members(struct lab *lab);

#endif
