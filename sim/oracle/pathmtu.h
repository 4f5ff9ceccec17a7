/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path MTU by plan: every hop that a packet of a secondary network meets, from the objects, the
 * topology and, where there is one, what the nodes really have. OVN-Kubernetes compares only the
 * default network's MTU with the underlay (facts/ovn-kubernetes.md §0), so nothing upstream says
 * what this says. All sizes are bytes of IP packets.
 */
#ifndef OVNBED_ORACLE_PATHMTU_H
#define OVNBED_ORACLE_PATHMTU_H

#include "base/diag.h"

enum pathmtu_kind {
	PATHMTU_GUEST,	/* interface of the pod or guest, and the veth or tap behind it */
	PATHMTU_BRIDGE, /* an OVS bridge: no limit of its own */
	PATHMTU_NIC,	/* a node's */
	PATHMTU_SWITCH, /* of a physical network */
	PATHMTU_HOST,	/* interface of an external host */
};

/* One hop. name: "network blue", "node/worker-a:eth1", "switch datacenter", "host/server:eth0". */
struct pathmtu_hop {
	enum pathmtu_kind kind;
	char *name;
	char *machine; /* "node/worker-a", "host/server"; NULL for switches */
	char *device;  /* interface or bridge on machine, name of the switch; NULL for guests */
	int mtu;       /* 0: no limit of its own */
	int overhead;  /* what Geneve takes of it here: 0, 58 or 78 */
	char *why;     /* where that MTU comes from */
};

struct pathmtu_path {
	struct pathmtu_hop *v; /* in the order in which a packet meets them */
	size_t n;
	char *why; /* why there is no path, or no whole one; NULL otherwise */
};
void pathmtu_path_free(struct pathmtu_path *p);
#define _cleanup_pathmtu_path_ _cleanup_(pathmtu_path_free)

/* Largest packet that passes the hop; INT_MAX when it has no limit. */
int pathmtu_room(const struct pathmtu_hop *hop);
/* Least room of all hops; 0 without hops. */
int pathmtu_limit(const struct pathmtu_path *p);
/* Index of the first hop too small for a packet; p->n when it fits everywhere. */
size_t pathmtu_first(const struct pathmtu_path *p, int size);
/* [{"name","mtu","room","overhead","why"}], without what has no limit. New reference. */
json_t *pathmtu_json(const struct pathmtu_path *p);

struct pathmtu;

/*
 * topology: normalised (lab/topology.h). objects: array of objects of any kind (NADs, user-defined
 * networks, NodeNetworkConfigurationPolicies and Nodes count). live: {NODE: NODE_NETWORK} of what
 * nodes have, or NULL; a node that is not in it has what the topology gives it. policies: whether
 * the policies of objects are taken as applied on top. All are borrowed for the model's life. Never
 * fails: what cannot be read is other people's finding.
 */
struct pathmtu *pathmtu_new(const json_t *topology, const json_t *objects, const json_t *live,
			    bool policies);
void pathmtu_free(struct pathmtu *m);
static inline void pathmtu_freep(struct pathmtu **m)
{
	pathmtu_free(*m);
}
#define _cleanup_pathmtu_ _cleanup_(pathmtu_freep)

/*
 * The path of a network between two ends: "node/NAME" stands for a pod or VM there, "host/NAME" is
 * an external host. network: of a NAD, or of the topology between hosts. Both ends on one node: what
 * is inside of it.
 */
void pathmtu_between(const struct pathmtu *m, const char *network, const char *from, const char *to,
		     struct pathmtu_path *ret);

/* Bytes that Geneve takes of the underlay: 58 over IPv4, 78 over IPv6. */
int pathmtu_geneve(int family);

/*
 * Names for every network the first hop too small for its MTU, with the numbers and what to do:
 * lint/mtu (between nodes over Geneve), lint/mtu-path (localnet), lint/mtu-guest (a guest's NIC that
 * does not take the network's MTU). Findings are warnings at the NAD (spec.config.mtu), the network
 * object, or the VM. A mapping that is missing is not reported here (E23 is), but that no switch carries the network.
 */
void pathmtu_lint(const struct pathmtu *m, struct diags *d);

#endif
