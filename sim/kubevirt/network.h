/* SPDX-License-Identifier: Apache-2.0 */
/* The networks of a VMI spec as everything below wants them: one row a NIC. */
#ifndef OVNBED_KUBEVIRT_NETWORK_H
#define OVNBED_KUBEVIRT_NETWORK_H

#include "base/json.h"

struct kubevirt_nic {
	const char *name;      /* network == interface name, borrowed */
	const json_t *iface;   /* spec.domain.devices.interfaces[i], borrowed */
	const json_t *network; /* spec.networks[j], borrowed */
	const char *nad;       /* multus.networkName, NULL for the pod network */
	bool is_default;       /* multus.default */
	char hash[12]; /* first 11 hex digits of sha256(name) (KubeVirt: network/namescheme) */
};

/* All NICs with state != absent, in the order of spec.networks. Caller frees *ret (free()). Count.
 */
size_t kubevirt_nics(const json_t *spec, struct kubevirt_nic **ret);
/* The element of a list of objects whose name is name, or NULL. Borrowed. */
json_t *kubevirt_find_named(const json_t *list, const char *name);
/* True when obj has a member key that is not null. */
bool kubevirt_has(const json_t *obj, const char *key);
/* "pod<hash>" and "tap<hash>": names in the virt-launcher pod. */
void kubevirt_pod_ifname(const char *network, char out[static 16]);
void kubevirt_tap_name(const char *network, char out[static 16]);
/* "nad" or "ns/nad" → namespace (def when absent) and name; both owned by the caller. */
void kubevirt_split_nad(const char *ref, const char *def, char **ret_ns, char **ret_name);

#endif
