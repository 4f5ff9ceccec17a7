/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVNBED_AGENT_DAEMONS_PRIV_H
#define OVNBED_AGENT_DAEMONS_PRIV_H

#include "agent/daemons.h"

struct daemons {
	struct daemon *v;
	size_t n;
};

/* DAEMON of agent.h. New reference. */
json_t *daemon_status(const struct daemon *d);
/* The process named by the pid file becomes the daemon. False when there is none. */
bool daemon_adopt(struct daemon *d, reaper_fn on_end);
/* Requests that waited for it. */
void daemon_answer_end(struct daemon *d);
void daemon_answer_ready(struct daemon *d);

#endif
