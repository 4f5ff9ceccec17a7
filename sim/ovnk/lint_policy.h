/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a MultiNetworkPolicy says that will surprise: warnings and notes with a hint, never errors
 * (those are policy_decode()'s and policies_build()'s). Pure.
 */
#ifndef OVNBED_OVNK_LINT_POLICY_H
#define OVNBED_OVNK_LINT_POLICY_H

#include "ovnk/policy.h"

/*
 * Checks every policy of p that could be read. objects: array of objects of any kind, of which
 * VirtualMachines and their instances count: they are selected as their future pods would be. Rules:
 * lint/policy-for (no annotation), lint/policy-nad (no such NAD, or not OVN-Kubernetes'),
 * lint/policy-selects-nothing, lint/policy-types (policyTypes missing, #5372),
 * lint/policy-dead-rules (of a type that is not listed), lint/policy-named-port,
 * lint/policy-protocol-lost, lint/policy-family (an ipBlock's, which the network lacks),
 * lint/policy-v4-only, lint/policy-lone-deny (#5667); as notes lint/policy-blocked,
 * lint/policy-allowed, lint/policy-localnet. Those about quirks are left out in profile spec.
 */
void lint_policies(const struct policies *p, const struct networks *n, const json_t *objects,
		   struct diags *d);

#endif
