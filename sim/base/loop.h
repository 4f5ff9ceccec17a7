/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event loop glue on sd-event. Rooms take an sd_event* and use sd_event_add_io/_time/_child directly;
 * this adds cleanup attributes and a bounded synchronous wait for code that runs before the loop.
 */
#ifndef OVNBED_BASE_LOOP_H
#define OVNBED_BASE_LOOP_H

#include <systemd/sd-event.h>

#include "base/err.h"
#include "base/log.h"

static inline void sd_event_unrefp_(sd_event **e)
{
	sd_event_unref(*e);
}
#define _cleanup_event_ _cleanup_(sd_event_unrefp_)

typedef int (*loop_done_fn)(void *arg); /* >0 done, 0 not yet, <0 -errno */

/*
 * Runs loop until done() says so or timeout_us has passed. Returns 0, done()'s negative value, or
 * -ETIMEDOUT with e naming `what` ("timed out after 5.0 s waiting for WHAT").
 */
int loop_wait(sd_event *ev, uint64_t timeout_us, loop_done_fn done, void *arg, const char *what,
	      struct err *e);

/* One-shot timer in timeout_us from now (monotonic). *ret: unref to cancel (may be NULL: floating). */
int loop_after(sd_event *ev, uint64_t timeout_us, sd_event_time_handler_t fn, void *arg,
	       sd_event_source **ret);

#endif
