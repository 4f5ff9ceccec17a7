/* SPDX-License-Identifier: Apache-2.0 */
/* Where the ends of a probe meet the physical world: for verdicts that are not what was expected. */
#ifndef OVNBED_LAB_PHYSPATH_H
#define OVNBED_LAB_PHYSPATH_H

#include "lab/lab.h"

/*
 * Adds to the reason of every cell of result that did not pass, and whose ends (from, srcNetwork,
 * srcDomain; to, dstNetwork, dstDomain: lab/domain.h) are in different layer 2 domains of the
 * physical world or have no way into it, how each gets there: "vm/d/a on worker-a: localnet tenants >
 * ovs-br1 > eth1 > datacenter vlan 10, which the switch port does not carry".
 */
void physpath_mention(struct lab *lab, json_t *result);

#endif
