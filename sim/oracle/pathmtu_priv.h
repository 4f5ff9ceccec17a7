/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the MTU model; not for others. */
#ifndef OVNBED_ORACLE_PATHMTU_PRIV_H
#define OVNBED_ORACLE_PATHMTU_PRIV_H

#include "oracle/pathmtu.h"

/* A secondary network as far as MTU goes. */
struct pathmtu_net {
	char *name;
	char *object; /* where it is written: "NetworkAttachmentDefinition ns/name" */
	char *path;   /* of the MTU in it */
	bool localnet;
	int mtu;
	int vlan;
	char *mapping; /* physicalNetworkName, or the network's name */
};

/* A node as the policies leave it. */
struct pathmtu_node {
	const json_t *spec; /* of the topology; borrowed */
	const char *name;
	int family;    /* of its Geneve end point */
	json_t *state; /* NODE_NETWORK, interfaces with an additional "why" */
};

struct pathmtu {
	const json_t *topology, *objects; /* borrowed */
	struct pathmtu_net *nets;	  /* in the objects' order, user-defined ones first */
	size_t n_nets;
	struct pathmtu_node *nodes; /* topology order */
	size_t n_nodes;
};

/* An MTU or VLAN at path, within what makes sense. */
int pathmtu_int(const json_t *j, const char *path, int def);

void pathmtu_nets_read(struct pathmtu *m);
void pathmtu_net_free(struct pathmtu_net *n);
const struct pathmtu_net *pathmtu_net_find(const struct pathmtu *m, const char *name);

void pathmtu_nodes_read(struct pathmtu *m, const json_t *live, bool policies);
void pathmtu_node_free(struct pathmtu_node *n);
const struct pathmtu_node *pathmtu_node_find(const struct pathmtu *m, const char *name);
/* Bridge of a localnet's mapping on a node; NULL without one. Borrowed. */
const char *pathmtu_node_bridge(const struct pathmtu_node *n, const char *mapping);
/* NICs behind a bridge: array of interfaces (NODE_NETWORK form). New reference. */
json_t *pathmtu_node_nics(const struct pathmtu_node *n, const char *bridge);
/* The physical network that a NIC is plugged into: "underlay" for eth0; NULL when unknown. */
const char *pathmtu_node_switch(const struct pathmtu_node *n, const char *nic);
/* MTU of a physical network; 0 when there is none of that name. */
int pathmtu_switch_mtu(const struct pathmtu *m, const char *network);

/* Hops, appended. */
void pathmtu_add(struct pathmtu_path *p, enum pathmtu_kind kind, const char *machine,
		 const char *device, int mtu, int overhead, const char *why);
/* From the node's bridge out to its switch: bridge, NICs. *ret_switch is borrowed; false (and p->why
 * set) when there is no way out. */
bool pathmtu_add_node(const struct pathmtu_node *n, const struct pathmtu_net *net, bool outward,
		      struct pathmtu_path *p, const char **ret_switch);
void pathmtu_add_switch(const struct pathmtu *m, const char *network, int overhead,
			struct pathmtu_path *p);
/* Interface of an external host on a switch and VLAN (-1: any); NULL when it has none. Borrowed. */
const json_t *pathmtu_host_interface(const struct pathmtu *m, const char *host, const char *network,
				     int vlan);

#endif
