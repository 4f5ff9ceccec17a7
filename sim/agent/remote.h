/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a Southbound database elsewhere can be reached, so that nobody has to try twice. */
#ifndef OVNBED_AGENT_REMOTE_H
#define OVNBED_AGENT_REMOTE_H

#include "agent/agent_priv.h"

/*
 * True when the zone's Southbound is the node's own, or once a connection to it has succeeded; until
 * then each call keeps trying in the background, and agent_pump() runs when it does.
 */
bool remote_reachable(struct agent *a);

#endif
