/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zero SNAT off. Userspace conntrack of OVS 3.1.0 aborts under policy load when OVN commits with
 * nat(src), which it does because OVS advertises ct_zero_snat (design §1). After every start of
 * ovs-vswitchd on the userspace datapath the capability is set to false in the node's own database
 * before ovn-controller may read it; a controller that runs already recomputes; and that no flow
 * commits with nat(src) is looked at, not assumed.
 */
#ifndef OVNBED_AGENT_ZSNAT_H
#define OVNBED_AGENT_ZSNAT_H

#include "agent/agent_priv.h"

void zsnat_new(struct agent *a);
/* A former switch's capabilities are out of the database. */
bool zsnat_may_start(struct agent *a);
/* ovs-vswitchd is about to start, or has gone. */
void zsnat_arm(struct agent *a);
void zsnat_reset(struct agent *a);
/* Looks at the database and takes the next step. */
void zsnat_pump(struct agent *a);
/* The capability is off (or not needed): ovn-controller may see it. */
bool zsnat_settled(const struct agent *a);
/*
 * ovn-controller has been started, or ports have changed: looks, a second later, for flows that
 * commit with nat(src). A find becomes a problem of the node's status, and so do flows that do not
 * appear at all.
 */
void zsnat_verify(struct agent *a);

#endif
