/* SPDX-License-Identifier: Apache-2.0 */
/* Path MTU: classes of attempts (pure), and probes of any size. */
#ifndef OVNBED_PROBE_GUEST_MTU_H
#define OVNBED_PROBE_GUEST_MTU_H

#include "probe/guest/agent.h"
#include "probe/guest/attempt.h"

/* IP and UDP or ICMP headers. */
static inline uint32_t mtu_overhead(int family)
{
	return family == 4 ? 28 : 48;
}
/* What one attempt with DF says about its size. */
enum probe_mtu_class mtu_class(const struct attempt_result *r, const struct target *t);
/* Of several attempts of one size the highest rank counts: one arrival outweighs silence, an
 * explanation outweighs silence too. */
int mtu_class_rank(enum probe_mtu_class c);

/* Method mtu-force. */
int mtu_force_method(struct agent *ag, const json_t *params, json_t **ret, struct err *e);

#endif
