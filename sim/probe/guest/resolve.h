/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to ARP requests and neighbour solicitations. Pure. */
#ifndef OVNBED_PROBE_GUEST_RESOLVE_H
#define OVNBED_PROBE_GUEST_RESOLVE_H

#include "probe/guest/addr.h"

/* True when frame is an ARP reply or a neighbour advertisement for target; mac: whose it is. */
bool resolve_match(const uint8_t *frame, size_t len, const struct addr *target,
		   uint8_t mac[static 6]);

#endif
