/* SPDX-License-Identifier: Apache-2.0 */
/* Isolation: cell ids that name the sender, and the evaluation of what was heard. */
#ifndef OVNBED_PROBE_ISOLATE_H
#define OVNBED_PROBE_ISOLATE_H

#include "probe/hub.h"

/* Cell id of what a member (by index) sends. */
#define ISOLATE_ID(member, kind) ((member) << 16 | (kind))
#define ISOLATE_MEMBER(id) ((int)((id) >> 16))
#define ISOLATE_KIND(id) ((int)((id)&0xffff))

enum { ISOLATE_BROADCAST = 1, ISOLATE_FRAME = 2, ISOLATE_ANNOUNCEMENT = 3, ISOLATE_CELLS = 16 };
#define ISOLATE_COPIES 3

/*
 * members [{endpoint, network, net (number), ifname, announced (frames), sniff?}] in the order of their
 * indices; cells
 * [{member, proto, dst, port, src, attempts, outcome, peer?, shared, …}], in which "foreign" is set (an
 * answer came from another network). Returns {leaks, controls, unread}. New reference. Pure.
 */
json_t *isolate_evaluate(const json_t *members, json_t *cells);

#endif
