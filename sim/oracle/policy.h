/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expected reachability under MultiNetworkPolicies, from the objects alone: an oracle that shares no
 * code with the compiler in ovnk/ (facts/policy-mtu-reports.md §1.2, §1.4). Pure.
 *
 * Known deviations of OVN-Kubernetes that the profile "ovnk" expects, by id:
 *   policy-types  policyTypes left out isolates nobody (#5372)
 *   named-port    a port's name stands for every port of its protocol (#2117)
 *   protocol-lost an entry without a port is lost beside numbered ones of its protocol
 *   ipam-less     selectors of peers on a network without subnets: the policy is not applied
 *   v4-only       without subnets "everybody" is IPv4 alone
 *   lone-deny     a switch without any allow-related ACL tracks no connection: the deny of one side
 *                 drops replies to what that side began (#5667)
 */
#ifndef OVNBED_ORACLE_POLICY_H
#define OVNBED_ORACLE_POLICY_H

#include "base/json.h"

struct oracle;

struct oracle_opts {
	bool spec;    /* profile spec: the API's meaning; else ovnk */
	bool central; /* one northbound database for all nodes */
	bool icmp;    /* cluster flag allow-icmp-network-policy */
};

/*
 * objects: array of objects of any kind; Pods, Namespaces, NADs and MultiNetworkPolicies count.
 * What it needs of them is copied or referenced.
 */
struct oracle *oracle_new(const json_t *objects, const struct oracle_opts *o);
void oracle_free(struct oracle *o);
static inline void oracle_freep_(struct oracle **o)
{
	oracle_free(*o);
}
#define _cleanup_oracle_ _cleanup_(oracle_freep_)

/* One end of a probe. pod NULL: not in the cluster (an external host), which no policy selects. */
struct oracle_end {
	const char *ns, *pod;
	const char *address;
};

/* One question: may from open this to to, and does the answer come back? */
struct oracle_cell {
	const char *network; /* name of the network both are on */
	struct oracle_end from, to;
	const char *proto; /* "tcp", "udp", "sctp", "icmp" */
	int port;	   /* of the destination; 0 for icmp */
};

/*
 * {"expect":"allowed"|"denied"|"reply-denied", "why":text, "policies":["ns/name"] that decide,
 *  "rules":[{"direction","policy","rule":index}]? that open an isolated end,
 *  "direction":"Ingress"|"Egress" and "at":"ns/pod" of the deny, "deviation":id? when profile spec
 *  would decide otherwise}. reply-denied: what is sent arrives, the answer is dropped.
 * New reference.
 */
json_t *oracle_judge(const struct oracle *o, const struct oracle_cell *c);

/*
 * What holds for a pod on a network, in words: {"ingress":{"isolated":bool,"policies":[…],
 * "rules":[{"policy","rule":index,"text"}]},"egress":{…}}. New reference.
 */
json_t *oracle_explain(const struct oracle *o, const char *network, const char *ns,
		       const char *pod);

/*
 * What a policy means, in words: {"networks":[{"network","applied":bool,"selects":["ns/pod"]}],
 * "ingress":{"isolates":bool,"rules":[text]},"egress":{…}}; rules as written. NULL when there is no
 * such policy. New reference.
 */
json_t *oracle_explain_policy(const struct oracle *o, const char *ns, const char *name);

#endif
