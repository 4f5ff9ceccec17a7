/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out one enactment on one node, step by step, each an answer of the node's agent: merge,
 * which probes work now, apply, verify, the same probes again, commit; else rollback. What comes of
 * it is written into the enactment's status, unless the policy has changed meanwhile.
 */
#ifndef OVNBED_LAB_NMSTATE_WORK_H
#define OVNBED_LAB_NMSTATE_WORK_H

#include "lab/lab.h"

/* Begins it; asynchronous, ends by itself and then asks for a reconciliation. */
void nmstate_work_begin(struct lab *lab, struct lab_node *n, const json_t *policy);
/* Work on this node that is not waiting to be tried again. */
bool nmstate_work_on_node(const struct lab *lab, const struct lab_node *n);
/*
 * Work for this policy on this node that cannot be given up. What waits to be tried again for an
 * older generation is given up.
 */
bool nmstate_work_goes_on(struct lab *lab, const json_t *policy, const struct lab_node *n);
/* Nodes at work for this policy: those that wait to be tried again, too. */
size_t nmstate_work_count(const struct lab *lab, const json_t *policy);
bool nmstate_work_any(const struct lab *lab);
/* Name of the enactment. Caller frees. */
char *nmstate_work_name(const json_t *policy, const struct lab_node *n);

#endif
