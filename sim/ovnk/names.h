/* SPDX-License-Identifier: Apache-2.0 */
/* Names, hashes and MAC addresses as OVN-Kubernetes forms them. Strings returned are the caller's.
 */
#ifndef OVNBED_OVNK_NAMES_H
#define OVNBED_OVNK_NAMES_H

#include "base/ip.h"
#include "base/prng.h"

#define MAC_TEXT_MAX 18
#define HOST_IFACE_MAX 16

/* Network or NAD key as prefix of database names: '-' and '/' become '.', "_" is appended. */
char *names_prefix(const char *name);
char *names_layer2_switch(const char *network);	  /* P + "ovn_layer2_switch" */
char *names_localnet_switch(const char *network); /* P + "ovn_localnet_switch" */
char *names_localnet_port(const char *network);	  /* P + "ovn_localnet_port" */
/* Logical port, also the OVS iface-id: prefix of the NAD key (not of the network) + NS_POD. */
char *names_pod_port(const char *nad_key, const char *ns, const char *pod);
char *names_controller(const char *network); /* raw name + "-network-controller" */
/* Id (k8s.ovn.org/id) of the ACL that denies by default; direction "Ingress" or "Egress". */
char *names_default_deny(const char *network, const char *ns, const char *direction);
/* Key of the n-th attachment of one NAD to a pod: "ns/nad" for n = 0, else "ns/nad/n". */
char *names_nad_key(const char *ns, const char *nad, unsigned n);

/* FNV-1a, 64 bits. */
uint64_t names_fnv1a64(const char *s);
/* Name of a Port_Group or Address_Set: "a" + decimal FNV-1a 64 of its primary id. */
char *names_hash(const char *primary_id);

/*
 * MAC of an interface whose first address is ip: 0a:58 and the four IPv4 bytes, or 0a:58 and the
 * first four bytes of sha256 over the IPv6 address' text (util.IPAddrToHWAddr). Returns out.
 */
const char *names_mac_from_ip(const struct ip *ip, char out[static MAC_TEXT_MAX]);
/* A locally administered unicast MAC from the low 48 bits of random. Returns out. */
const char *names_mac_random(uint64_t random, char out[static MAC_TEXT_MAX]);
/* Canonical "0a:58:00:00:00:01" from six bytes with ':', '-' or, in threes, '.'. False when bad. */
bool names_mac_canon(const char *text, char out[static MAC_TEXT_MAX]);
/* Node's end of a pod's veth: start of the sandbox id + "_" + ifindex inside the pod, 15 chars. */
const char *names_host_iface(const char *sandbox_id, int pod_ifindex,
			     char out[static HOST_IFACE_MAX]);

#endif
