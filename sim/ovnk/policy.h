/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MultiNetworkPolicy: reading and checking (facts/policy-mtu-reports.md §1.1, §1.5), and what a set
 * of policies comes to on the networks of a cluster (facts/ovn-kubernetes.md §3). Pure.
 */
#ifndef OVNBED_OVNK_POLICY_H
#define OVNBED_OVNK_POLICY_H

#include "api/selector.h"
#include "ovnk/podnet.h"

#define POLICY_FOR "k8s.v1.cni.cncf.io/policy-for"
#define POLICY_STATELESS "k8s.ovn.org/acl-stateless"

/* Whose semantics are compiled: OVN-Kubernetes' with its quirks, or the API's text. */
enum policy_profile { POLICY_OVNK, POLICY_SPEC };

enum gress { INGRESS, EGRESS };
const char *gress_name(enum gress g); /* "Ingress", "Egress" */

enum policy_proto { POLICY_TCP, POLICY_UDP, POLICY_SCTP };
const char *policy_proto_name(enum policy_proto p); /* "tcp" … */

struct policy_port {
	enum policy_proto proto;
	int port;	  /* 0: every port, or a name */
	int end;	  /* endPort, inclusive; 0: none */
	const char *name; /* named port, borrowed from the object; NULL: none */
};

/* Either an ipBlock, or selectors of pods and namespaces. */
struct policy_peer {
	bool is_block;
	struct ipnet cidr;    /* as written, host bits kept */
	struct ipnets except; /* likewise */
	/* Selectors as objects (borrowed) and parsed; NULL when absent. */
	const json_t *pods_obj, *namespaces_obj;
	struct selector *pods, *namespaces;
};

struct policy_rule {
	struct policy_port *ports; /* none: every port of every protocol */
	size_t n_ports;
	struct policy_peer *peers; /* none: everybody */
	size_t n_peers;
};

struct policy {
	json_t *obj; /* reference */
	char *ns, *name, *uid;
	struct selector *pods; /* of the policy's namespace */
	bool types_given;      /* policyTypes is there */
	bool type[2];	       /* by enum gress: it is listed */
	bool section[2];       /* the rules' list is there */
	struct policy_rule *rules[2];
	size_t n_rules[2];
	char **nads; /* "ns/nad" of the annotation */
	size_t n_nads;
	bool stateless; /* annotation k8s.ovn.org/acl-stateless */
};

/*
 * Reads a MultiNetworkPolicy (stored version). Errors (rule "policy", path such as
 * spec.ingress.0.ports.1.endPort) go to d; *ret is filled and must be freed on success only.
 * Returns 0 or -EINVAL.
 */
int policy_decode(const json_t *obj, struct policy *ret, struct diags *d);
void policy_free(struct policy *p);
#define _cleanup_policy_ _cleanup_(policy_free)
/* True when the profile isolates what the policy selects in this direction (#5372: OVN-Kubernetes
 * does not default policyTypes). */
bool policy_isolates(const struct policy *p, enum gress g, enum policy_profile profile);

/* ---- policies on networks ---- */

/* A port that a policy selects: v[attachment] of pod. Both belong to the podnets. */
struct policy_target {
	const struct podnet *pod;
	const struct attachment *att;
};

enum policy_state {
	POLICY_APPLIED,
	POLICY_IGNORED,	 /* no annotation, or no network of it is ours */
	POLICY_REJECTED, /* malformed, or its peers need addresses that the network does not manage
			  */
};
const char *policy_state_name(enum policy_state s); /* "Applied" … */

/* One policy on one network. */
struct policy_use {
	const struct policy *policy;
	const struct network *network;
	bool rejected;		       /* IPAM-less network and peers with selectors */
	struct policy_target *targets; /* attachments to the network that it selects */
	size_t n_targets;
};

struct policy_entry {
	struct policy policy; /* empty unless decoded */
	char *ns, *name, *uid;
	enum policy_state state;
	char *reason; /* one sentence; NULL when applied */
};

struct policies {
	enum policy_profile profile;
	struct policy_entry *v; /* sorted by ns/name */
	size_t n;
	struct policy_use *uses; /* by network name, then policy */
	size_t n_uses;
	json_t *pods, *namespaces; /* references: labels are read from them */
	const struct podnets *podnets;
};

/*
 * objects of the cluster (arrays; references are kept) to policies on networks. n and p must outlive
 * the result. Findings go to d with the policy as object: errors of rejected ones, and notes.
 */
void policies_build(const json_t *policies, const json_t *pods, const json_t *namespaces,
		    const struct networks *n, const struct podnets *p, enum policy_profile profile,
		    struct policies *ret, struct diags *d);
void policies_free(struct policies *p);
#define _cleanup_policies_ _cleanup_(policies_free)
/* Labels of a pod or namespace among them; NULL when it is unknown. Borrowed. */
const json_t *policies_pod_labels(const struct policies *p, const char *ns, const char *name);
/* spec.containers of a pod among them, or NULL. Borrowed. */
const json_t *policies_pod_containers(const struct policies *p, const char *ns, const char *name);
const json_t *policies_namespace_labels(const struct policies *p, const char *name);

#endif
