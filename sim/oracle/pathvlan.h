/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VLANs of localnet networks by plan: whether the switch ports of all nodes that map a network
 * carry its frames, and whether they lead to one switch. Upstream has no way to know.
 */
#ifndef OVNBED_ORACLE_PATHVLAN_H
#define OVNBED_ORACLE_PATHVLAN_H

#include "oracle/pathmtu.h"

/*
 * Warnings at the network's VLAN: lint/vlan-path (a switch port of a node drops the network's
 * frames) and lint/localnet-path (nodes map one network to different switches). Switch ports are as
 * the topology has them.
 */
void pathvlan_lint(const struct pathmtu *m, struct diags *d);

#endif
