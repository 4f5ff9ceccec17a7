/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named ports by the API's text (profile spec; OVN-Kubernetes does not resolve them, #2117): a name
 * stands for the number that the destination pod's containers give it, which may differ from pod to
 * pod.
 */
#ifndef OVNBED_OVNK_POLICY_NAMED_H
#define OVNBED_OVNK_POLICY_NAMED_H

#include "ovnk/policy.h"

/*
 * Layer 4 part of a match for the port's name, destination included: of ingress by the logical ports
 * of the pods that the use selects, of egress by the addresses of the pods on its network. NULL when
 * the port has no name or no destination knows it. Caller frees.
 */
char *named_match(const struct policies *p, const struct policy_use *u, enum gress g,
		  const struct policy_port *port);

#endif
