/* SPDX-License-Identifier: Apache-2.0 */
/* Localnets against the bridge mappings that policies give to the nodes of a topology, without a lab. */
#ifndef OVNBED_LAB_LOCALNET_LINT_H
#define OVNBED_LAB_LOCALNET_LINT_H

#include "base/diag.h"
#include "ovnk/network.h"

/*
 * lint/mapping: one finding a localnet network, naming the nodes where its pods would wait (E23) or
 * find no bridge, with the policies of objects applied to freshly booted nodes. A warning when there
 * are policies among objects, else a note.
 */
void localnet_lint(const json_t *topology, const json_t *objects, const struct networks *n,
		   struct diags *d);

#endif
