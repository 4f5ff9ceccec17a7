/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe engine: connections to all traffic agents of a lab, and the measurements that need
 * several of them at once. Runs on the supervisor's sd-event loop; nothing blocks. Endpoint names
 * are opaque here ("vm/default/vm-a", "pod/ns/p", "host/server"); addresses come resolved from the
 * lab.
 */
#ifndef OVNBED_PROBE_PROBE_H
#define OVNBED_PROBE_PROBE_H

#include "base/json.h"
#include "base/loop.h"
#include "probe/verdict.h"

/* ---- Hub: one connection an endpoint, kept up in the background ---- */

struct probe_hub;

/* An endpoint became usable (why NULL), or ceased to be (why, borrowed). Must not remove it. */
typedef void (*hub_state_fn)(void *arg, const char *name, bool ready, const char *why);
/* Answer to hub_call(): result (borrowed), or NULL with e set (EHOSTDOWN: agent gone; ETIMEDOUT;
 * else the agent's own error). Runs exactly once, never inside hub_call(). */
typedef void (*hub_reply_fn)(void *arg, const json_t *result, const struct err *e);

struct probe_hub *hub_new(sd_event *ev);
/* Pending calls and jobs end with an error first. */
void hub_free(struct probe_hub *h);
void hub_on_state(struct probe_hub *h, hub_state_fn fn, void *arg);
/*
 * Starts connecting to the agent at a unix socket, and again whenever the connection is lost.
 * Adding a name again with the same path is a no-op, with another path it reconnects.
 */
void hub_add(struct probe_hub *h, const char *name, const char *sockpath);
void hub_remove(struct probe_hub *h, const char *name);
/* True after the hello. */
bool hub_ready(const struct probe_hub *h, const char *name);
/* The agent's hello (proto.h), borrowed; NULL when not ready. */
const json_t *hub_hello(const struct probe_hub *h, const char *name);
/* Why an endpoint is not ready ("connect: No such file or directory", "no answer yet"); "" when it
 * is; "unknown endpoint". Borrowed. */
const char *hub_why(const struct probe_hub *h, const char *name);
/*
 * One method of proto.h. params is stolen (may be NULL). A call that times out takes the connection
 * down: the agent is re-synchronised before the next one.
 */
void hub_call(struct probe_hub *h, const char *name, const char *method, json_t *params,
	      uint64_t timeout_us, hub_reply_fn fn, void *arg);

/* ---- Jobs: measurements. The callback runs exactly once, never inside the starting call. ---- */

struct probe_job;

/* result is the callee's to keep (new reference), NULL with e set only when the request is
 * malformed (EINVAL) or the job was cancelled by hub_free(). Dead agents are INFRA cells in a
 * result. */
typedef void (*probe_done_fn)(void *arg, json_t *result, const struct err *e);

/* Ends a job whose result is no longer wanted: its callback will not run. */
void probe_cancel(struct probe_job *job);

/*
 * Cells between endpoints, all sources at work at once.
 *
 * request {nonce?, window? (cells at work a source; 16 to 64 by their number), tries? (3),
 *     timeoutMs? (a try; 3000 for allowed cells, else 1000), sniff? (true), selfCheck? (true),
 *     flushNeigh? (true for denied and isolated cells), cells [CELL]}
 *   CELL {from, to?, proto "icmp"|"tcp"|"udp"|"bulk", dst (address of to), port? (bulk: 7008),
 *     src?, ifname?, expect? "allowed"|"denied"|"rejected"|"isolated", tries?, timeoutMs?, size?,
 *     bytes?, …}
 *   Any other member (check, before, control, after, drops, …) is copied to the result. Without to
 *   (a destination without an agent) the peer's identity, self-check and sniffer are left out of
 *   the evidence.
 *
 * result {nonce, seconds, status (the worst), counts {pass, fail, error}, endpoints {NAME:
 *     {ready, why?, boot?, listeners?, sniffer? {frames, seen, dropped, overflow}}}, cells [CELL +
 *     {outcome, src, errno?, detail?, attempts, rttUs?, peer?, sent, neigh?, bulk?,
 *     selfCheck? (outcome), received? {frames, badChecksum, lossy?}, addressOk? (the destination
 *     owns dst), verdict? (when expect was given)}]}
 *   Members of RESULT in proto.h. received is unknown, not zero, when absent.
 */
struct probe_job *probe_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			    void *arg);

/*
 * Path MTU between two endpoints by search, one direction or both.
 *
 * request {from, to, fromAddr, toAddr, fromIf, toIf, both? (true), proto? "udp"|"icmp",
 *     planned? (M_max), advertised?, advertisedReverse?, max? (limit of the search; 100 above what is expected),
 *     raise? (true: search with probes that really leave as well, where those that are sent
 *     as the interface is configured do not or expect.beyond is given), tries?, timeoutMs?,
 *     expect? (verdict.h)}
 * result {seconds, status, forward DIR, reverse? DIR}
 *   DIR {from, to, ifMtu, advertised?, path (largest as configured), class (of path + 1), ptbMtu?, probes,
 *     beyond? {largest, class, ptbMtu?, how "raise"|"gso", probes?} or {why}, infra?, verdict}
 *   Where an interface refuses a larger MTU (a guest's virtio host_mtu), the probes are made by
 *   segmentation ("gso") and read at the destination.
 */
struct probe_job *mtu_run(struct probe_hub *h, const json_t *request, probe_done_fn fn, void *arg);

/*
 * Raw frames of many kinds between members of networks, every copy counted at every member.
 *
 * request {nonce?, copies? (3), timeoutMs? (1000), cells [CELL], watch? [{endpoint, ifname, domain?}]}
 *   CELL {from, ifname, to, toIfname, kind (probe/frames.h), dstMac (of to), src4?, src6? (addresses
 *     of from), dst4? (of to), fromDomain?, toDomain?, expect? "allowed"|"blocked"|"isolated", …}
 *   watch are the bystanders: what they hear in another domain (a layer 2 network's name) is a leak.
 * result {seconds, status, nonce, infra [{endpoint, why}], cells [CELL + {outcome, floodSent?, flood?,
 *     unicastSent?, unicast?, reflected, control (plain broadcasts heard from the sender), others
 *     (its frames of other cells that were heard), alive (heard of itself), leaks [{endpoint,
 *     ifname, network, frames}], duplicates [(the same)], tags [text], dhcp? {outcome, address?, server?, why?}, verdict}]}
 */
struct probe_job *frames_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			     void *arg);

/*
 * Networks that must not hear each other: every member sends broadcast, multicast, gratuitous ARP,
 * address resolution, and ICMP, TCP and UDP to every address of all other networks, while everybody
 * sniffs. No frame may appear in another network; as positive control each network must hear its
 * own members. Networks may use the same addresses.
 *
 * request {networks [{name, members [{endpoint, ifname, mac?, addresses ["192.0.2.1", …], routed?
 *     (false; true: packets may reach other networks by routers, frames must not)}]}],
 *     nonce?, port? (7007), tries? (2), timeoutMs? (500)}
 * result {seconds, status, verdict, leaks [FLOW + {from, fromNetwork, to, network}],
 *     controls [{network, from, to, frames, sent, ok}],
 *     resolves [{from, network, addr, answers, foreign [mac]}],
 *     cells [{from, network, proto, dst, port, foreign, …}], unread [endpoint],
 *     infra [{endpoint, why}]}
 */
struct probe_job *isolate_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			      void *arg);

/*
 * Many short connections.
 *
 * request {flows [{from, to, dst, port, proto "tcp"|"udp", count, window?, timeoutMs?, src?,
 *     ifname?}], deadlineS? (600)}
 * result {seconds, status, flows [the request's members + {counts {OUTCOME: n}, seconds, rate,
 *     firstErrors, verdict}]}
 */
struct probe_job *soak_run(struct probe_hub *h, const json_t *request, probe_done_fn fn, void *arg);

/*
 * Steady streams of short connections, for 200 ms before the answer and from then on until the sender's agent is told
 * `stream-stop` (proto.h).
 *
 * request {flows [{from, to, dst, port, proto "tcp"|"udp", intervalMs?, timeoutMs?, src?, ifname?}]}
 * result {flows [the request's members + {id, outcome? "INFRA", detail?}]}
 */
struct probe_job *stream_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			     void *arg);

#endif
