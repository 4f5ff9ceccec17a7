/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From evidence to verdicts: pure functions of JSON. A verdict is {status "pass"|"fail"|"error",
 * reason (a sentence), layer? (which layer to look at: "agent", "listener", "address", "neighbour",
 * "l4-checksum", "mtu", "policy", "path", "isolation", "peer", "sniffer")}. error: the evidence
 * does not allow a statement; it is never a pass.
 */
#ifndef OVNBED_PROBE_VERDICT_H
#define OVNBED_PROBE_VERDICT_H

#include "base/json.h"

/*
 * Judges one cell of a probe_run() result (its evidence members: probe.h) against expect:
 *
 * "allowed": the nonce came back from the right peer.
 *
 * "denied": TIMEOUT, with the neighbour resolved, the listener's self-check ALLOWED in the same
 * window, 0 frames at the destination, and a positive control: "before" or "control" (outcomes that
 * the caller adds to the cell) ALLOWED, or "drops". "after", when given, must be ALLOWED; "drops"
 * {count, acl, expected?}, when given, must account for every packet sent: by this cell, or
 * (expected) by all cells that the same ACL denies.
 *
 * "rejected": REFUSED or UNREACH, otherwise as denied.
 *
 * "isolated": neighbour resolution was tried and failed, 0 frames at the destination.
 *
 * sibling (may be NULL) is the ICMP cell of the same pair and family in the same run, for the
 * diagnosis "L4 checksum, not policy". New reference.
 */
json_t *verdict_cell(const char *expect, const json_t *cell, const json_t *sibling);

/*
 * Judges one direction of an mtu_run() result. request members: planned (largest IP packet that the
 * network can carry, M_max), advertised (MTU that the endpoints were given), expect {path (largest
 * that the endpoint gets through as it is configured), beyond? (largest when the probes really
 * leave, with slack? (4) bytes of tolerance above), class? (of the first size that must not pass)}.
 * Without expect.path: advertised must pass, and what is planned. slack is tolerated above path only
 * when it is given. New reference.
 */
json_t *verdict_mtu(const json_t *request, const json_t *direction);

/* Judges the evidence of isolate_run(): {leaks, controls, cells, resolves, unread}. New reference.
 */
json_t *verdict_isolation(const json_t *evidence);

/* Judges one flow of soak_run(): every connection ALLOWED. New reference. */
json_t *verdict_soak(const json_t *flow);

/* {status, reason, layer} as a new reference; layer may be NULL. */
json_t *verdict_new(const char *status, const char *layer, const char *fmt, ...) PRINTF(3, 4);
/* The worst status of an array of objects that have "verdict": error over fail over pass; "error"
 * when there is none at all (nothing checked is never a pass). Static text. */
const char *verdict_worst(const json_t *items);

#endif
