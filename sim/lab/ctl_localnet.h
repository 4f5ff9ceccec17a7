/* SPDX-License-Identifier: Apache-2.0 */
/* Localnet attachments meet the nodes' bridge mappings. */
#ifndef OVNBED_LAB_CTL_LOCALNET_H
#define OVNBED_LAB_CTL_LOCALNET_H

#include "lab/net.h"

/*
 * E23, as upstream at pod ADD only: NULL when the pod may be plugged on its node, or is there
 * already, whatever has become of the mapping since. Else why not, in one sentence; caller frees.
 */
char *localnet_refusal(struct lab *lab, const json_t *pod, const struct podnet *p);
/*
 * What upstream lets through and will hurt, of a pod that may be plugged: a mapping to a bridge that
 * does not exist, or a mapping that went away under a running pod. NULL, or one sentence; caller
 * frees.
 */
char *localnet_warning(struct lab *lab, const json_t *pod, const struct podnet *p);

#endif
