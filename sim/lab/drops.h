/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ACL dropped how many packets: ACL, its logical flows (external_ids:stage-hint holds the
 * first eight digits of the ACL's uuid), their OpenFlow rows (the cookie is the first 32 bits of the
 * logical flow's uuid), summed for each node (facts/policy-mtu-reports.md §5.3).
 */
#ifndef OVNBED_LAB_DROPS_H
#define OVNBED_LAB_DROPS_H

#include "lab/lab.h"

/*
 * result: {"nodes":{NODE:{ACL ID:packets}},"acls":{ACL ID:{"name","match","direction","uuid"}},
 * "problems":[text]} (new reference, the callee's). ACL ID is external_ids k8s.ovn.org/id, or
 * "acl:" and the uuid of one that was made by hand.
 */
typedef void (*drops_fn)(void *arg, json_t *result);

/*
 * Reads the counters of every drop and reject ACL on all nodes, made current by one purge a node.
 * done runs exactly once, never inside the call; a node that cannot be read is in problems. settle:
 * wait until the switches have done with the purge (about 0.4 s), before packets are sent that must
 * all be counted.
 */
void drops_read(struct lab *lab, bool settle, drops_fn done, void *arg);

/* after - before for one node and ACL; -1 when one of them was not read. */
long long drops_delta(const json_t *before, const json_t *after, const char *node, const char *acl);

#endif
