/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClusterUserDefinedNetwork and UserDefinedNetwork as NADs: OVN-Kubernetes
 * clustermanager/userdefinednetwork/template. obj is an object of either kind.
 */
#ifndef OVNBED_OVNK_UDN_H
#define OVNBED_OVNK_UDN_H

#include "base/diag.h"
#include "ovnk/config.h"

#define UDN_LABEL "k8s.ovn.org/user-defined-network"
#define UDN_FINALIZER "k8s.ovn.org/user-defined-network-protection"

/* "cluster_udn_NAME" or "NS_NAME". Caller frees. */
char *udn_network_name(const json_t *obj);
/* Why a network that is valid upstream is not emulated, or NULL. */
const char *udn_unsupported(const json_t *obj);
/* The MTU of a localnet without one: the cluster's plus 100, as it carries no overlay header. */
int udn_localnet_mtu(const struct ovnk_config *c);

/*
 * The NAD of obj in namespace ns, with owner reference, label and finalizer (new reference). NULL
 * when OVN-Kubernetes could not render it: the E rule's error goes to d, on obj and its own field.
 */
json_t *udn_render(const json_t *obj, const char *ns, const struct ovnk_config *c, struct diags *d);

/* True when the selector of a ClusterUserDefinedNetwork matches the namespace's labels. */
bool udn_selects(const json_t *cudn, const json_t *ns);
/* True when it names the namespace, by label kubernetes.io/metadata.name. */
bool udn_names(const json_t *cudn, const char *ns);

/* Finding lint/udn-nowhere: a ClusterUserDefinedNetwork that selects no namespace. */
void udn_nowhere(const json_t *cudn, enum diag_severity s, struct diags *d);

/*
 * Without a lab: appends to nads what all networks among objects would become, in the namespaces
 * that are there, or implied by other objects. One that selects none of these is rendered into
 * "default" to be checked (and not appended). Errors and notes go to d.
 */
void udn_render_all(const json_t *objects, const struct ovnk_config *c, json_t *nads,
		    struct diags *d);

/*
 * Findings about rendered NADs become findings about the objects that they were rendered from, at
 * the field that they came from, once each. objects: array in which those NADs are.
 */
void udn_retitle(const json_t *objects, struct diags *d);

#endif
