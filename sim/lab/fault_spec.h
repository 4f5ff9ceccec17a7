/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words for faults of the physical world, the same on the command line, in steps and in the API:
 * one mapping with a word and what it acts on, and fields. Pure.
 *
 *	{"link-down": "worker-a:eth1"}		cable out; the NIC loses its carrier
 *	{"unplug": "worker-a:eth1"}		the NIC disappears from its machine
 *	{"partition": "worker-a,worker-b | worker-c", "network": "underlay"}	or a list of lists;
 *						machines of the network that no group names stay
 *						with the first one
 *	{"vlan-remove": "worker-a:eth1", "vid": 10}	from the switch port
 *	{"mtu": "datacenter", "bytes": 1400}	of a switch
 *	{"mtu": "worker-a:eth1", "bytes": 1400}	of a NIC
 *	{"impair": "worker-a:eth1", "rate": "10mbit", "loss": "20%", "delay": "20ms"}	both ways
 *	{"kill": "node/worker-a"}		the whole machine
 *	{"kill": "node/worker-a", "daemon": "ovs-vswitchd"}, {"stop": …, "daemon": …}
 *						machine "fabric": of the switches with VLANs
 * Each may have "name", "after" (a duration: applied only then; the answer does not wait) and "for"
 * (healed when it is over). Words that undo:
 *	{"link-up": …}, {"plug": …}, {"start": "node/worker-a", "daemon": "ovs-vswitchd"}
 * Machines are nodes ("worker-a", "node/worker-a", "control-plane") and hosts ("host/server"); NIC
 * eth0 may be left out where a fault does not need to be told.
 */
#ifndef OVNBED_LAB_FAULT_SPEC_H
#define OVNBED_LAB_FAULT_SPEC_H

#include "base/json.h"

/*
 * Parses and checks the words. A new reference, or NULL with e set (EINVAL):
 *   {"kind": the word; of words that undo what they undo ("link-down"), and "undo": true,
 *    "machine": as the fabric names it ("worker-a", "host/server"), "nic",
 *    "network", "groups":[[machine]], "vid", "bytes", "daemon", "signal",
 *    "rate": bit/s, "loss": of a million, "delay": µs, "for", "after": µs, "name",
 *    "text": the whole in words: "link-down worker-a:eth1"}
 * with only those members that the kind has.
 */
json_t *fault_spec_parse(const json_t *words, struct err *e);

/*
 * What a fault holds, as paths: two faults cannot be active at once when a path of one equals, or is
 * a directory of, a path of the other ("nic/worker-a:eth1" and "nic/worker-a:eth1/link"). Array of
 * strings, new reference.
 */
json_t *fault_spec_claims(const json_t *spec);
/* The first path of a that collides with one of b, or NULL. Borrowed. */
const char *fault_claims_collide(const json_t *a, const json_t *b);

/* "10mbit", "1gbit", "500kbit", "9600bit" to bit/s; "20%", "0.5%" to parts of a million; "20ms",
 * "1s", "500us" to µs. 0 or -EINVAL. */
int fault_parse_rate(const char *text, uint64_t *ret);
int fault_parse_loss(const char *text, uint64_t *ret);
int fault_parse_time(const char *text, uint64_t *ret);

#endif
