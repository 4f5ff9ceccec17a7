/* SPDX-License-Identifier: Apache-2.0 */
/* One command to an OVS or OVN daemon over its control socket, as ovs-appctl does. */
#ifndef OVNBED_OVSDB_UNIXCTL_H
#define OVNBED_OVSDB_UNIXCTL_H

#include "base/jrpc.h"

struct unixctl;
/* text (borrowed) is the daemon's answer; on failure NULL, and e says why (the daemon's own words).
 */
typedef void (*unixctl_fn)(void *arg, const char *text, const struct err *e);
/*
 * Connects to path, runs cmd with argv (stolen array of strings; NULL = none) and calls done once,
 * from the loop. timeout_us 0 = 10 s. The handle is for unixctl_cancel() and dies with done. NULL
 * with e set when the connection fails at once.
 */
struct unixctl *unixctl_call(sd_event *ev, const char *path, const char *cmd, json_t *argv,
			     uint64_t timeout_us, unixctl_fn done, void *arg, struct err *e);
/* done will not run. */
void unixctl_cancel(struct unixctl *u);

#endif
