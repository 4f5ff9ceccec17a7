/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVN-Kubernetes' flows on br-ex for localnet networks that are mapped to it (facts §2.5,
 * node/bridgeconfig/bridgeflows.go): what leaves the node's own stack for a host subnet, or would
 * come from a gateway router with the bridge's MAC, is committed to conntrack zone 64000 and
 * forwarded normally, and so reaches a localnet endpoint of the same node.
 *
 * The bridge forwards everything else normally here, so that traffic passes without these flows, too.
 * They are there while a localnet uses br-ex: while ovn-controller has patch ports on it.
 */
#ifndef OVNBED_AGENT_BREX_H
#define OVNBED_AGENT_BREX_H

#include "agent/agent_priv.h"
#include "ovsdb/openflow.h"

#define BREX_COOKIE 0xdeff105 /* OVN-Kubernetes' own */
#define BREX_ZONE 64000

void brex_new(struct agent *a);
/* Writes the flows when the patch ports have changed, or the switch is new. */
void brex_pump(struct agent *a);
/* ovs-vswitchd is gone, and its flows with it. */
void brex_reset(struct agent *a);

/* For each such flow; f is borrowed. */
typedef void (*brex_flow_fn)(void *arg, const struct openflow_flow *f);
/*
 * The flows for patch ports (array of numbers; none: no flows) of a bridge with that MAC and the
 * node's addresses (array of CIDRs). -EINVAL with e.
 */
int brex_flows(const json_t *ports, const char *mac, const json_t *addresses, brex_flow_fn fn,
	       void *arg, struct err *e);

#endif
