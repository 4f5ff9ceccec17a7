/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the policy oracle share. */
#ifndef OVNBED_ORACLE_POLICY_PRIV_H
#define OVNBED_ORACLE_POLICY_PRIV_H

#include "api/selector.h"
#include "base/ip.h"
#include "oracle/policy.h"

enum side { SIDE_INGRESS, SIDE_EGRESS };

/* A policy on one network, with what the profile makes of it. */
struct opolicy {
	const json_t *obj; /* borrowed from objects */
	const char *ns, *name;
	struct selector *pods;
	char *network;
	bool applied;	  /* false: the whole policy has no effect on this network */
	bool isolates[2]; /* by enum side */
};

struct oracle {
	struct oracle_opts opts;
	json_t *objects; /* reference */
	json_t *pods;	 /* {"ns/name": Pod}, borrowed elements */
	json_t *spaces;	 /* {name: Namespace} */
	json_t *subnets; /* {network: "10.0.0.0/24,…" or ""} */
	json_t *nads;	 /* {"ns/nad": network} */
	struct opolicy *v;
	size_t n;
};

const json_t *opod_labels(const struct oracle *o, const char *ns, const char *pod);
/* True when the policy selects the pod; the pod's network is the caller's business. */
bool opolicy_selects(const struct oracle *o, const struct opolicy *p, const char *ns,
		     const char *pod);
/* Fills isolates[] from p->obj, as the profile reads policyTypes. */
void opolicy_read_types(struct opolicy *p, bool spec);
/* True when the pod asks for an attachment to the network. */
bool opod_attached(const struct oracle *o, const json_t *pod, const char *network);
/* Rules of one direction, as written; NULL when there are none. */
const json_t *opolicy_rules(const struct opolicy *p, enum side s);

/* One packet as a rule sees it. */
struct opacket {
	const char *network;
	struct ip peer;	      /* the other end */
	const char *ns, *pod; /* of the other end; NULL outside the cluster */
	const char *dst_ns, *dst_pod;
	const char *proto;
	int port;
};
/* True when the rule lets the packet pass. */
bool orule_matches(const struct oracle *o, const struct opolicy *p, const json_t *rule,
		   const char *peers, const struct opacket *k);
/* One rule in words: "TCP 80 and 443 from pods {app: web}". Caller frees. */
char *orule_text(const json_t *rule, enum side s);

#endif
