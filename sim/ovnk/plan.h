/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Desired database rows as OVN-Kubernetes would write them (facts §2). Pure; results are new
 * references to arrays of desired rows (form: ovsdb room), in deterministic order.
 */
#ifndef OVNBED_OVNK_PLAN_H
#define OVNBED_OVNK_PLAN_H

#include "ovnk/podnet.h"
#include "ovnk/policy.h"

struct ovnk_view {
	const struct ovnk_config *config; /* zones and nodes */
	const struct networks *networks;
	const struct podnets *pods;
	const struct policies *policies; /* NULL: none */
};

/* Northbound rows of one zone (a node's name with interconnect; any text in central mode). */
json_t *plan_nb(const struct ovnk_view *v, const char *zone);
/* Southbound rows that OVN leaves to us: Chassis and Encap of the other zones' nodes. [] central.
 */
json_t *plan_sb(const struct ovnk_view *v, const char *zone);
/*
 * [{"logical_port":NAME,"chassis":NAME}], sorted: remote ports whose SB Port_Binding.chassis must
 * be that Chassis row. OVN that binds remote ports by requested-chassis does so by itself; 23.03
 * does not.
 */
json_t *plan_bindings(const struct ovnk_view *v, const char *zone);

/* One interface to be plugged into br-int of its pod's node. */
struct plan_port {
	const struct podnet *pod;
	const struct attachment *att;
	const char *host_ifname; /* OVS port: the veth's end in the node, or a VM's tap */
	const char *sandbox;	 /* sandbox id; NULL: the pod's uid without dashes */
};
/*
 * The agent's ATT object (agent/agent.h) for it: {"ifname","host_ifname","mac","ips","gateways",
 * "mtu","iface_id","iface_id_ver","nad","network","sandbox","external_ids":{…}}.
 */
json_t *plan_att(const struct plan_port *p);
/* Interface external_ids (§2.4). */
json_t *plan_ovs_external_ids(const struct plan_port *p);
/* Open_vSwitch rows: the Interface, the Port (other_config:transient=true), br-int's ports (merge).
 */
json_t *plan_ovs_port(const struct plan_port *p);

/*
 * True when a live root row (natural JSON, as the ovsdb room reads it) was made by this planner:
 * it carries k8s.ovn.org/network (or a policy's owner-controller), or a well-known name. Rows made
 * by hand are not ours and stay.
 */
bool plan_owns(const char *table, const json_t *row);

#endif
