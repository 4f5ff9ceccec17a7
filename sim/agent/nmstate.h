/* SPDX-License-Identifier: Apache-2.0 */
/* The node's network in nmstate's own schema: reporting it, changing it, putting it back. */
#ifndef OVNBED_AGENT_NMSTATE_H
#define OVNBED_AGENT_NMSTATE_H

#include "agent/agent_priv.h"

/*
 * NODE_NETWORK (agent.h) of a replica of Open_vSwitch (ovsdb/ovsdb.h): {"interfaces":[…],"ovn":
 * {"bridge-mappings":[…]}}, sorted; br-int and its ports are not listed. Pure. New reference.
 */
json_t *nmstate_report(const json_t *replica);

/* For STATUS.network: JSON null as long as the database is not there. New reference. */
json_t *nmstate_status(struct agent *a);

#endif
