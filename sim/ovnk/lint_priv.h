/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the lint; not for others. */
#ifndef OVNBED_OVNK_LINT_PRIV_H
#define OVNBED_OVNK_LINT_PRIV_H

#include "ovnk/lint.h"

/* A NAD that OVN-Kubernetes accepts by itself. */
struct lint_nad {
	char *key; /* "ns/name" */
	struct netconf conf;
};
struct lint {
	const struct ovnk_config *config;
	struct diags *d;
	struct lint_nad *v; /* in the objects' order */
	size_t n;
	json_t *known; /* keys of all NADs, also refused ones: {key: true} */
};

const struct lint_nad *lint_find(const struct lint *l, const char *key);
/* What a NAD says, by itself and against the others. */
void lint_nads(const struct lint *l);
/* How Pods, VirtualMachines and VirtualMachineInstances use them. */
void lint_uses(const struct lint *l, const json_t *objects);

#endif
