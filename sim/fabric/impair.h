/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rate, loss and delay of one cable, each in both directions, at its two ends: the switch's, in the
 * caller's network namespace, and the NIC in its machine's.
 */
#ifndef OVNBED_FABRIC_IMPAIR_H
#define OVNBED_FABRIC_IMPAIR_H

#include "fabric/fabric.h"

struct impair {
	uint64_t rate;	   /* bits a second, 0: not limited */
	uint64_t delay_us; /* each way, 0: none */
	uint32_t loss_ppm; /* packets of a million, each way, 0: none */
};

/*
 * netns (borrowed) is the machine's network namespace. Rate is tbf, delay netem, loss nf_tables or,
 * where that is missing, netem. -EOPNOTSUPP when the kernel cannot: the message names what it lacks.
 * Nothing is left half-done.
 */
int impair_set(const struct fabric_port *p, int netns, const struct impair *i, struct err *e);
/* Undoes it; a machine that is gone (netns -1), or nothing to undo, is fine. */
int impair_clear(const struct fabric_port *p, int netns, struct err *e);

#endif
