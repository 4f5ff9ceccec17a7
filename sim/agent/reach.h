/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses answer an echo from the node's own stack: probes of network policies. */
#ifndef OVNBED_AGENT_REACH_H
#define OVNBED_AGENT_REACH_H

#include "agent/agent_priv.h"

/*
 * Request "reach" {"targets":[IP…],"timeout":seconds (real)}: answers id with {"reached":[IP…]} as
 * soon as all have answered, else when time is up.
 */
void reach_request(struct agent *a, const json_t *params, const json_t *id);

#endif
