/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/matrix: every pair of endpoints of a network, every protocol, port and family, all sources
 * at once, judged against the oracle, each deny attributed to the ACL that made it.
 *
 * request {network, endpoints? [name] (default: every running pod and VM on it), send? ["tcp/80",
 *     "udp/53", "icmp"], family? 4|6 (default: all that a pair shares), expect? "oracle"|"allowed",
 *     before? {KEY: outcome} (of an earlier matrix: that each pair was open), tries?, timeoutMs?
 *     (of a try), allowedMs? (likewise, of cells that may pass), window? (cells at work at once, a source), rounds? (3)}; or instead of network,
 *     endpoints and send: networks [{network, endpoints?, send?}], all at once
 *   What is in doubt (lost packets could explain it) is measured again, up to rounds times in all,
 *   each time with half as much at once; the last measurement counts.
 * result {network, endpoints [name], sends [text] (or networks [{these}]), seconds, status, counts
 *     {pass, fail, error}, cells [CELL], outcomes {KEY: outcome}, acls {…} (lab/drops.h), again (cells
 *     measured again, each time), doubts [text] (the first of them), problems [text]}
 *   CELL: members of probe_run() (probe/probe.h) + {key, network, measurements, expect "allowed"|"denied"|"reply-denied",
 *     why, policies, direction?, at?, deviation? {spec: what the profile spec would decide},
 *     drops? {acl, name, node, count, expected}}
 *   KEY: "pod/ns/a>pod/ns/b tcp/80 4", of several networks "NETWORK: pod/ns/a>…"
 */
#ifndef OVNBED_LAB_MATRIX_H
#define OVNBED_LAB_MATRIX_H

#include "lab/apiserver.h"
#include "lab/lab.h"

/* arg is the lab. */
void verb_matrix(void *arg, struct api_call *call);
/* POST …/explain {policy: "NS/NAME"}, {endpoint, network?} or {from, to, send, network?, family?}: in words, by the
 * oracle. */
void verb_explain(void *arg, struct api_call *call);

#endif
