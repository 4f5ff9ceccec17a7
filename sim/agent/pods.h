/* SPDX-License-Identifier: Apache-2.0 */
/* Pod sandboxes: their first process, their links, their state. */
#ifndef OVNBED_AGENT_PODS_H
#define OVNBED_AGENT_PODS_H

#include "agent/ovs.h"

void pods_new(struct agent *a);
/* Makes what list (array of POD) asks for, as far as the node's own namespace goes; failed pods are
 * tried again. The OVS ports follow by ovs_ports_pass(). */
void pods_apply(struct agent *a, const json_t *list);
/* Calls fn for each port that br-int should have. */
void pods_ports(struct agent *a, void (*fn)(void *arg, const struct ovs_port *p), void *arg);
/* A ports pass is over; e is NULL when the switch has what pods_ports() named. True when another
 * one must follow. */
bool pods_plugged(struct agent *a, const struct err *e);
/* Array for STATUS.pods. interfaces: of ovs_interfaces(). New reference. */
json_t *pods_status(struct agent *a, const json_t *interfaces);

#endif
