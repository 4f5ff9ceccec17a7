/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will become of policies, said before there is a lab: what nmstate will refuse on the nodes
 * of a topology, and what it lets through and that will hurt.
 */
#ifndef OVNBED_NMSTATE_LINT_H
#define OVNBED_NMSTATE_LINT_H

#include "base/diag.h"

/*
 * objects: array of objects of any kind; topology: normalised tree, or NULL. Policies are tried in
 * their order on each node that they select, freshly booted; one that needs another's bridge waits
 * for it. Findings have the policy's title as object; those of nodes name them. Rules besides those
 * of nmstate/nmstate.h: lint/nmstate-bridge (mapping to a bridge that no policy makes; without a
 * topology), lint/nmstate-selector (selects no node), lint/nmstate-patch-ports (ports of a mapped
 * bridge without allow-extra-patch-ports), lint/nmstate-localnet (a note: no network uses it).
 */
void nmstate_lint(const json_t *objects, const json_t *topology, struct diags *d);

#endif
