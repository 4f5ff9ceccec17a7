/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bridge mappings of nodes, which is where a localnet meets the physical world: what
 * OVN-Kubernetes refuses at pod ADD (E23), what it lets through, and what to tell people of both.
 */
#ifndef OVNBED_OVNK_MAPPING_H
#define OVNBED_OVNK_MAPPING_H

#include "ovnk/network.h"

/* A node as its agent reports it. */
struct mapping_node {
	const char *name;
	const char *mappings;  /* ovn-bridge-mappings; NULL while unknown */
	const json_t *bridges; /* names of its OVS bridges, array; NULL or empty while unknown */
};

enum mapping_fate {
	MAPPING_GOOD,
	MAPPING_UNKNOWN,  /* the node has not reported yet */
	MAPPING_REFUSED,  /* E23: no such mapping, or its entry is malformed */
	MAPPING_DANGLING, /* passes upstream's check; its bridge does not exist */
};

/*
 * What becomes of an attachment to the localnet network n on node v[i] of n_nodes. *ret_why: one
 * sentence with node, network, mapping, bridge and what to do (caller frees; NULL when good);
 * refusals have upstream's words inside. The other nodes serve to name the bridge they use.
 */
enum mapping_fate mapping_judge(const struct netconf *c, const struct mapping_node *v,
				size_t n_nodes, size_t i, char **ret_why);

#endif
