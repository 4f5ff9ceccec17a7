/* SPDX-License-Identifier: Apache-2.0 */
/* The sniffer's table: what was seen, counted by flow. Pure. */
#ifndef OVNBED_PROBE_GUEST_FLOWS_H
#define OVNBED_PROBE_GUEST_FLOWS_H

#include "base/json.h"

struct flow;

struct flows {
	struct flow **buckets;
	struct flow *all, **tail; /* in order of appearance */
	size_t n;
	uint64_t frames, seen;
	bool overflow;
};

struct flow_meta {
	int ifindex;
	int outer_vlan; /* the tag that the kernel took off, -1: none */
	bool outgoing;
	bool csum_pending; /* the checksum is made later, by hardware that may not exist */
};

/* Counts the frame when it carries the nonce, or with syn is a TCP SYN. */
void flows_add(struct flows *f, const uint8_t *frame, size_t len, uint64_t nonce, bool syn,
	       const struct flow_meta *meta);
/* {flows, frames, seen, overflow}. New reference. */
json_t *flows_json(const struct flows *f);
void flows_free(struct flows *f);

#endif
