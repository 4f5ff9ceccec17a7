/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's annotation k8s.v1.cni.cncf.io/networks: which NADs it wants, and how. */
#ifndef OVNBED_OVNK_ATTACH_H
#define OVNBED_OVNK_ATTACH_H

#include "base/diag.h"
#include "base/json.h"

#define ATTACH_ANNOTATION "k8s.v1.cni.cncf.io/networks"

struct selection {
	char *ns, *name; /* of the NAD; ns is the pod's when not given */
	char *nad;	 /* "ns/name" */
	char *key;	 /* "ns/name", or "ns/name/n" for the n-th more attachment of that NAD */
	char *ifname;	 /* asked for, or "net1", "net2" … by position */
	char *mac;	 /* canonical; NULL when not asked for */
	char **ips;	 /* as written, checked to be addresses or CIDRs */
	size_t n_ips;
	char **gateways; /* default-route */
	size_t n_gateways;
	char *ipam_claim; /* ipam-claim-reference, NULL when absent */
};
struct selections {
	struct selection *v;
	size_t n;
};

/*
 * Parses the annotation of a Pod object: the short form "a, ns/b@eth5" or the JSON list. Returns 0
 * (with no selections when the annotation is absent or empty, or the pod uses the host's network),
 * or -EINVAL when d gained an error (rule "multus"); path is
 * "metadata.annotations.k8s.v1.cni.cncf.io/networks". Keys that are not acted on are notes.
 */
int attach_parse(const json_t *pod, struct selections *ret, struct diags *d);
/* The same for an annotation's text; ns is the pod's namespace. */
int attach_parse_text(const char *text, const char *ns, struct selections *ret, struct diags *d);
void selections_free(struct selections *s);
#define _cleanup_selections_ _cleanup_(selections_free)

#endif
