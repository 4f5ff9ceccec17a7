/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster configuration of OVN-Kubernetes: its flags, ranges and nodes. */
#ifndef OVNBED_OVNK_CONFIG_H
#define OVNBED_OVNK_CONFIG_H

#include "base/err.h"
#include "base/ip.h"
#include "base/json.h"

struct ovnk_node {
	char *name;
	char *chassis;	/* system-id, name of the SB Chassis */
	char *encap_ip; /* Geneve end point */
	char *zone;	/* interconnect: the node's own name */
	char *nic;	/* carries the underlay, for messages: "eth0" */
	int underlay_mtu;
	int family; /* of the encapsulation, 4 or 6 */
};

struct ovnk_config {
	int mtu;	   /* cluster MTU: a NAD without mtu gets it, whatever its topology */
	bool interconnect; /* zones: interconnect, else central */
	uint64_t seed;	   /* of random MACs */
	int encap_port;	   /* 6081 */
	struct ipnets cluster, service, join, masquerade; /* E15 */
	struct ipnets udn_join; /* default joinSubnet of a network: one per family */
	bool ipv4, ipv6;	/* families of the cluster (E19) */
	bool preconfigured_udn; /* enable-preconfigured-udn-addresses */
	bool persistent_ips;	/* enable-persistent-ips */
	bool shared_gateway;	/* E11: uplink */
	bool disable_requested_chassis;
	bool stateless_netpol;	/* enable-stateless-netpol */
	bool allow_icmp_netpol; /* allow-icmp-network-policy */
	struct ovnk_node *nodes;
	size_t n_nodes;
};

/* Defaults of OVN-Kubernetes (facts §0): MTU 1400, pods 10.128.0.0/14, services 172.16.1.0/24 … */
void ovnk_config_init(struct ovnk_config *c);
/*
 * Defaults, then what a normalised topology tree (lab/topology.h) says: mtu, zones, seed and nodes.
 * A node may carry its own "mtu" (of its underlay NIC); otherwise underlay.mtu counts. c is
 * initialised by this call and must be freed even on failure (-EINVAL).
 */
int ovnk_config_from_topology(struct ovnk_config *c, const json_t *topology, struct err *e);
void ovnk_config_free(struct ovnk_config *c);
#define _cleanup_ovnk_config_ _cleanup_(ovnk_config_free)
/* NULL when there is no such node. */
const struct ovnk_node *ovnk_config_node(const struct ovnk_config *c, const char *name);

#endif
