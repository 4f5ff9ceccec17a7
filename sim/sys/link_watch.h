/* SPDX-License-Identifier: Apache-2.0 */
/* News of links and addresses in the caller's own network namespace. */
#ifndef OVNBED_SYS_LINK_WATCH_H
#define OVNBED_SYS_LINK_WATCH_H

#include "base/loop.h"

/*
 * Called from the loop for every change: index of the link (0: some messages were lost, look at
 * everything) and its name (NULL when an address changed; borrowed).
 */
typedef void (*link_watch_fn)(void *arg, int index, const char *name);

/* The watch lasts as long as *ret (unref to end it) or, with ret NULL, as long as the loop. */
int link_watch(sd_event *ev, link_watch_fn fn, void *arg, sd_event_source **ret, struct err *e);

#endif
