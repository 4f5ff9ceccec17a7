/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes as mapping_judge() wants them, from their NODE_NETWORKs. */
#ifndef OVNBED_LAB_MAPPING_NODES_H
#define OVNBED_LAB_MAPPING_NODES_H

#include "base/json.h"
#include "ovnk/mapping.h"

struct mapping_nodes {
	struct mapping_node *v; /* what they point to is owned, but for the names */
	size_t n;
};

/* "physnet:br-ex,dc:ovs-br1" of a NODE_NETWORK, "" for none. Caller frees. */
char *mapping_text(const json_t *network);
/* Adds a node; name is borrowed. network (borrowed): NULL while it is unknown. */
void mapping_nodes_add(struct mapping_nodes *w, const char *name, const json_t *network);
void mapping_nodes_free(struct mapping_nodes *w);
#define _cleanup_mapping_nodes_ _cleanup_(mapping_nodes_free)

#endif
