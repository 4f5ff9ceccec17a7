/* SPDX-License-Identifier: Apache-2.0 */
/* What a measured path says besides its number: plan, hop, TCP. Pure functions of JSON. */
#ifndef OVNBED_LAB_MTU_JUDGE_H
#define OVNBED_LAB_MTU_JUDGE_H

#include "base/json.h"
#include "oracle/pathmtu.h"

/* {"limit", "first" (name of the first hop too small for promised, or null), "hops", "why"?}; the
 * limit is absent when there is no whole path. New reference. */
json_t *mtu_plan_json(const struct pathmtu_path *p, long long promised);

/*
 * The largest packet that passes when packets really leave the sender, from a direction of
 * mtu_run(); -1 when no limit of the path was found: there is nothing to trace.
 */
long long mtu_passes(const json_t *dir);

/*
 * Puts what hop_trace() found into a direction: "hop", "hopWhy", "trace", and the hop's name into
 * the reason of its verdict. expect {hop? (a hop's name, an endpoint: its node port, "sender" or
 * "receiver": that end's node port), planHop?, counted? (true: the switch must have counted what it
 * dropped)}: a verdict that passes becomes a fail when they differ.
 */
void mtu_judge_hop(json_t *dir, const json_t *trace, const json_t *expect);

/*
 * One bulk cell of probe_run() between the ends of both directions (reverse may be NULL):
 * {"outcome", "bytes", "digestOk", "mss", "mssExpected", "retransmits", "verdict"}. Where a black
 * hole was found, large segments must stall; else all bytes must arrive, in segments as large as the
 * interfaces allow. New reference.
 */
json_t *mtu_judge_tcp(const json_t *cell, const json_t *forward, const json_t *reverse, int family);

#endif
