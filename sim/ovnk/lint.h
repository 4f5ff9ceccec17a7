/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OVN-Kubernetes lets through and that will hurt: warnings with a hint, never errors. Pure
 * functions of the objects and the cluster.
 */
#ifndef OVNBED_OVNK_LINT_H
#define OVNBED_OVNK_LINT_H

#include "ovnk/network.h"

/*
 * Checks NADs, and how Pods, VirtualMachines and VirtualMachineInstances use them. objects: array
 * of objects of any kind. Rules: lint/mtu-zero (whether an MTU fits its path is oracle/pathmtu.h's),
 * lint/mtu-range, lint/mtu-localnet, lint/mtu-ipv6, lint/vlan-layer2, lint/physnet-layer2,
 * lint/vlan-4095, lint/name-collision, lint/exclude-layer3, lint/exclude-all, lint/subnet-family,
 * lint/host-bits, lint/vm-ipam, lint/nad-missing, lint/ip-duplicate, lint/mac-duplicate.
 */
void lint_objects(const json_t *objects, const struct ovnk_config *c, struct diags *d);

#endif
