/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>

int loop_wait(sd_event *ev, uint64_t timeout_us, loop_done_fn done, void *arg, const char *what,
	      struct err *e)
{
	uint64_t start = mono_usec(), end = start + timeout_us;

	for (;;) {
		uint64_t now;
		int r = done(arg);

		if (r < 0)
			return e && e->code ? r : err_errno(e, -r, "waiting for %s", what);
		if (r > 0)
			return 0;
		now = mono_usec();
		if (now >= end)
			return err_set(e, ETIMEDOUT, "timed out after %.1f s waiting for %s",
				       (double)timeout_us / 1e6, what);
		r = sd_event_run(ev, end - now);
		if (r < 0)
			return err_errno(e, -r, "event loop");
	}
}

int loop_after(sd_event *ev, uint64_t timeout_us, sd_event_time_handler_t fn, void *arg,
	       sd_event_source **ret)
{
	return sd_event_add_time(ev, ret, CLOCK_MONOTONIC, mono_usec() + timeout_us, 1, fn, arg);
}
