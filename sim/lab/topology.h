/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cluster topologies (kind Topology, apiVersion ovnbed.io/v1alpha1): parsing, validation, and the
 * expansion into one normalised JSON tree that everything else reads. Pure but for reading the
 * file.
 */
#ifndef OVNBED_LAB_TOPOLOGY_H
#define OVNBED_LAB_TOPOLOGY_H

#include "base/diag.h"
#include "base/yaml.h"

/*
 * Reads and expands a topology file; all findings go to d with file, line and column. Returns a new
 * reference, or NULL when d gained an error. The normalised tree:
 *   {"name","zones":"interconnect"|"central","profile":"ovnk"|"spec","mtu":1400,
 *    "datapath":"auto"|"netdev"|"system","seed":N,
 *    "underlay":{"mtu":1500,"family":4|6,"switch":"bridge"|"ovs","subnets":[CIDR],"hosts":[HOST]},
 *    "nodes":[{"name","index","labels":{},"addresses":[CIDR],"encap_ip","mac","chassis","zone",
 *              "host_uuid","nics":[NIC]}],
 *    "control_plane":{"addresses":[CIDR],"ip","mac","host_uuid"},
 *    "networks":[{"name","mtu":1500,"mcast_snooping":false,"hosts":[HOST]}]}
 *   NIC: {"name":"eth1","network","mtu":1500,"vlan":0,"trunks":[ID]|null,"mac",
 *    "lag":NAME|null}: besides eth0, which
 *    every node has on the underlay. mtu is the device's own at start. The switch port is an access
 *    port of vlan, or a trunk: of trunks (0 in it: untagged frames), or of everything (null); with
 *    both, vlan is the trunk's native VLAN. NICs of one lag are one port of the switch, by LACP.
 *   HOST: {"name","addresses":[CIDR],"vlan":0,"listen":["tcp/80"],"gateway":IP|null,"mac",
 *          "interfaces":[{"name":"eth0","network":"underlay"|NAME,"vlan":0,"addresses":[CIDR],"mac",
 *                         "mtu"}],
 *          "routes":[{"to":CIDR,"via":IP}],"forward":bool}: addresses, vlan and mac are the first
 *    interface's. A host is listed where it is written, whatever its interfaces are plugged into.
 *    Each interface has an access port of its vlan. Host names are unique over all networks.
 * underlay.switch is "ovs" when written, or when a host or NIC uses VLANs on the underlay.
 * Addresses: the first host of the first subnet stays free for a gateway, the control plane takes
 * the second, node i the (11+i)-th. The encapsulation family is the first subnet's. MACs, chassis
 * ids and host UUIDs derive from the seed and the name, so that runs are repeatable.
 */
json_t *topology_load(const char *path, struct diags *d);
/* The same with spec.zones replaced by zones (NULL: as the file says). What else up replaces is a
 * plain member of the tree ("profile"). */
json_t *topology_load_zones(const char *path, const char *zones, struct diags *d);
/* The same from a parsed document. */
json_t *topology_expand(const struct yaml_doc *doc, const char *file, struct diags *d);
/* A host of a normalised topology by name, wherever it is written; borrowed, or NULL. */
const json_t *topology_host(const json_t *topology, const char *name);
/* Address number n (0 = network address) of a CIDR, with "/len" when with_len. NULL when outside.
 */
char *cidr_nth(const char *cidr, unsigned n, bool with_len);
/* The address part of "addr/len"; caller frees. */
char *cidr_addr(const char *cidr);

#endif
