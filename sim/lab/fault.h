/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a measurement from being one: a dead node agent or a dead daemon of the datapath under
 * an endpoint. What was measured meanwhile is no verdict, whatever the packets say (design §1).
 */
#ifndef OVNBED_LAB_FAULT_H
#define OVNBED_LAB_FAULT_H

#include "lab/lab.h"

/*
 * "node/worker-a: ovs-vswitchd ended: signal 9 (KILL)" for an endpoint (canonical name) whose node
 * or zone cannot carry traffic, else NULL. A daemon that was stopped on request is no fault. Caller
 * frees.
 */
char *endpoint_fault(struct lab *lab, const char *endpoint);
/* The first fault of any node, or NULL; caller frees. */
char *lab_fault(struct lab *lab);
/* The first of several (array of canonical names). */
char *endpoints_fault(struct lab *lab, const json_t *names);

/* The verdict of something that could not be measured because of a fault; new reference. */
json_t *fault_verdict(const char *fault);
/*
 * Takes back what a finished measurement between names says, if one of them has a fault by now:
 * every verdict in result (of its cells only those of such an endpoint) becomes an error.
 */
void fault_mark(struct lab *lab, json_t *result, const json_t *names);

#endif
