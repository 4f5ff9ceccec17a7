/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of a policy's ACLs and address sets: OVN-Kubernetes ovn/gress_policy.go,
 * ovn/pod_selector_address_set.go, libovsdb/util/acl.go (facts/ovn-kubernetes.md §3.1, §3.2). Strings
 * returned are the caller's.
 */
#ifndef OVNBED_OVNK_POLICY_MATCH_H
#define OVNBED_OVNK_POLICY_MATCH_H

#include "ovnk/policy.h"

/* "LS{ML:{k: v,},ME:{LSR{Key:k,Operator:In,Values:[a b],}},}"; "LS{}" for the empty one. Equal
 * selectors give equal texts. */
char *match_selector_text(const json_t *selector);
/* Key of the address set of a selector peer: namespace or its selector, "_", pods' selector. */
char *match_peer_key(const struct policy_peer *peer, const char *policy_ns);

/* Layer 4 part for the ports of one protocol: "tcp", "tcp && tcp.dst==80" … NULL in profile spec when
 * every entry of the protocol is a name: those are policy_named.h's. */
char *match_l4(const struct policy_rule *rule, enum policy_proto proto,
	       enum policy_profile profile);
/* True when the rule has a port entry of the protocol. */
bool match_has_proto(const struct policy_rule *rule, enum policy_proto proto);
/* "(ip4.src == 10.0.0.0/8 && …)" of the rule's ipBlocks in order; NULL without any. */
char *match_blocks(const struct policy_rule *rule, enum gress g);
/* "ip4.src == {$a1, $a2}" of address sets (hashed names, sorted); either may be empty; NULL when
 * both are. */
char *match_sets(const json_t *v4, const json_t *v6, enum gress g);
/* Everybody: by the families of the network; without IPAM "ip4" alone, as upstream (profile spec:
 * both). */
char *match_anybody(const struct netconf *c, enum policy_profile profile);

#endif
