/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection that is held, with small requests on it from time to time. */
#ifndef OVNBED_PROBE_GUEST_HELD_H
#define OVNBED_PROBE_GUEST_HELD_H

#include "probe/guest/attempt.h"

struct held;

/* Starts to connect. t must outlive it; a failure shows in the outcomes. */
struct held *held_new(struct evl *evl, const struct target *t);
void held_free(struct held *h);
/* Sends one more request. */
void held_send(struct held *h);
/* True when every request has its outcome. */
bool held_idle(const struct held *h);
/* Appends [atUs, outcome, tookUs] of every request: ALLOWED when it was answered, BROKEN when the
 * connection is over, else TIMEOUT. */
void held_report(const struct held *h, json_t *attempts);

#endif
