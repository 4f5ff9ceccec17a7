/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of a link: rate by a token bucket (tbf), delay and loss by netem. */
#ifndef OVNBED_SYS_QDISC_H
#define OVNBED_SYS_QDISC_H

#include "sys/link.h"

struct qdisc {
	uint64_t rate;	   /* bytes a second; 0: not limited */
	uint64_t delay_us; /* 0: none */
	uint32_t loss_ppm; /* packets lost of a million, by netem; 0: none */
};

/*
 * Replaces the queue that a link sends through; what a full bucket cannot hold is dropped. Nothing
 * is left half-done. -EOPNOTSUPP when the kernel lacks the scheduler; the message then names it and
 * its option ("netem (CONFIG_NET_SCH_NETEM)").
 */
int qdisc_set(struct link_ctx *c, const char *dev, const struct qdisc *q, struct err *e);
/* Back to the kernel's own queue; a link or queue that is not there is fine. */
int qdisc_clear(struct link_ctx *c, const char *dev, struct err *e);

#endif
