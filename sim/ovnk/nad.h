/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetworkAttachmentDefinition: spec.config, a JSON string, as OVN-Kubernetes reads it (facts §1).
 * Rules E1–E18 and E22 in upstream's order of meeting them; as upstream, the first one that fails
 * ends the reading.
 */
#ifndef OVNBED_OVNK_NAD_H
#define OVNBED_OVNK_NAD_H

#include "base/diag.h"
#include "ovnk/config.h"

#define OVNK_CNI_TYPE "ovn-k8s-cni-overlay"

enum ovnk_topology { OVNK_DEFAULT_NET, OVNK_LAYER2, OVNK_LAYER3, OVNK_LOCALNET };
const char *ovnk_topology_name(enum ovnk_topology t); /* "default", "layer2" … */

enum nad_verdict {
	NAD_OK,	      /* a network of ours */
	NAD_NOT_OURS, /* E3: another CNI's type; not an error */
	NAD_REFUSED,  /* an error is in the diags */
};

/* One parsed configuration. Strings are never NULL ("" when absent) but for physical_network. */
struct netconf {
	enum ovnk_topology topology;
	char *cni_version;
	char *name; /* the network's, cluster-wide; "default" without a topology */
	char *type;
	char *nad_name;						  /* netAttachDefName */
	char *role;						  /* "", "primary", "secondary" */
	struct ipnets subnets, exclude, reserved, infrastructure; /* host bits cleared */
	struct ipnets join; /* with defaults; empty on localnet */
	char *transit_subnet, *default_gateway_ips;
	int mtu;		/* the cluster's when absent, 0 when 0 was written */
	bool mtu_given;		/* the key was there */
	int vlan;		/* vlanID, 0 = untagged; kept on layer2 where it has no effect */
	char *physical_network; /* physicalNetworkName, NULL when absent or empty */
	bool allow_persistent_ips;
	char *transport, *outbound_snat, *uplink;
	json_t *evpn;  /* owned, may be NULL */
	json_t *raw;   /* owned: the plugin's object, as written */
	bool conflist; /* came in plugins[] form */
};

void netconf_free(struct netconf *c);
#define _cleanup_netconf_ _cleanup_(netconf_free)

/*
 * Parses a NAD object. On NAD_OK *ret holds the configuration, on NAD_NOT_OURS only its type counts
 * (free it in both cases); when refused it is empty. Errors
 * (rule "E4" …, "json" for syntax and JSON types) and notes (rule "unknown", "duplicate", "case")
 * go to d with path "spec.config" or "spec.config.KEY" and the object's name. A topology or role
 * that exists upstream and is not emulated here is accepted; networks_build() marks it.
 */
enum nad_verdict nad_parse(const json_t *nad, const struct ovnk_config *c, struct netconf *ret,
			   struct diags *d);
/* MTU that interfaces get: 1500 when 0 was written. */
int netconf_mtu(const struct netconf *c);
/* Key of the OVS bridge mapping of a localnet: physicalNetworkName or the network's name. */
const char *netconf_mapping(const struct netconf *c);
/*
 * Position, 1-based, of key's value inside the JSON text of spec.config (also within plugins[0]).
 * False when it is not there.
 */
bool nad_config_position(const char *config, const char *key, int *ret_line, int *ret_col);

#endif
