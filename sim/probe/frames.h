/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of all kinds that a layer 2 network must carry, or must not: broadcast, multicast, unknown
 * Ethernet types, tags. What is sent is described as data, copies are counted at every member.
 */
#ifndef OVNBED_PROBE_FRAMES_H
#define OVNBED_PROBE_FRAMES_H

#include "probe/probe.h"

#define FRAMES_KINDS_TEXT                                                              \
	"broadcast, unicast, multicast/GROUP, ethertype/0xNNNN, garp, mpls, vlan/ID, " \
	"qinq/OUTER.INNER, lldp or dhcp"

/* How a kind is sent. */
struct frames_kind {
	bool flood;    /* to a group or everybody: one sending for all receivers */
	bool unicast;  /* to each receiver's MAC */
	bool garp;     /* by the agent's own method */
	bool dhcp;     /* by the agents' client and server */
	bool tagged;   /* carries tags of its own */
	char *group;   /* address of a multicast group, or NULL; owned */
	json_t *frame; /* members of l2-send's frame but for the MACs; owned */
	char dst[18];  /* destination MAC when flooded */
};
void frames_kind_free(struct frames_kind *k);
#define _cleanup_frames_kind_ _cleanup_(frames_kind_free)

/* "vlan/10" and the like; false when it is none of FRAMES_KINDS_TEXT. */
bool frames_kind_parse(const char *text, struct frames_kind *ret);
bool frames_kind_known(const char *text);

/*
 * What was heard, cell by cell. Pure. watch [{endpoint, ifname, domain, sniff?}]; sends [{id, from,
 * ifname, sent, error?}] in order of id; cells [CELL of frames_run() + {floodId?, unicastId?,
 * fenceId}]. Sets sent, flood, unicast, reflected, leaks, tags, control in every cell and gives it a
 * verdict (verdict_frames()).
 */
void frames_evaluate(const json_t *watch, const json_t *sends, json_t *cells, int copies);

/*
 * Judges one cell: "allowed": every copy arrived once, without a tag that it was not sent with;
 * "blocked" (a member of the same network): none did, but the control did; "isolated" (another
 * network): none did, and the receiver hears. Whatever is expected: nothing came back to the sender,
 * nothing appeared in a third network. New reference.
 */
json_t *verdict_frames(const json_t *cell);

#endif
