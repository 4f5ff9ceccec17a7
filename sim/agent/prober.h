/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traffic agent in the node's own network namespace, which makes node/NAME an endpoint. Few labs
 * need it: the node listens on its socket (RUN/n/NODE/pod/node.sock) and the first connection starts
 * the agent.
 */
#ifndef OVNBED_AGENT_PROBER_H
#define OVNBED_AGENT_PROBER_H

#include "agent/agent_priv.h"

int prober_new(struct agent *a, struct err *e);

#endif
