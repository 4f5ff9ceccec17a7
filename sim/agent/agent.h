/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node agent: PID 1 of a node's PID, mount, network, UTS and IPC namespaces. Single-threaded;
 * receives the desired state of its node, applies the difference, reports. It writes only its own
 * Open_vSwitch database. The same program is the control plane's PID 1 (role "control-plane": NB,
 * SB and ovn-northd on the underlay, no switch).
 *
 * Supervisor and agent speak JSON-RPC (base/jrpc.h) over a socketpair; EOF means death of the peer
 * and the agent exits (which kills its PID namespace). params is always an array of one object.
 *
 * Supervisor -> agent
 *   request start {}                  the NICs are in place: configure them, start daemons, report
 *                                     {"timings":{PHASE:seconds},"daemons":[DAEMON]} when all are
 *                                     ready (sockets there, br-int.mgmt there, switch configured)
 *   notify  desired {"gen":N,"pods":[POD],"vms":[VM],"neighbours":[{"ip","mac"}],"hosts":{NAME:IP}}
 *                                     the whole desired state; what is not listed is removed. Pods
 *                                     and VMs that failed before are tried again. What a restarted
 *                                     daemon has lost is put back by the next one, even an equal
 * one request daemon {"name","action":"kill"|"stop"|"start","signal":N} kill sends the signal (9);
 * stop sends SIGTERM and its end is no failure; start starts an ended one; answers DAEMON when it
 *                                     has ended, or is ready again
 *   request spawn {"name":"ovn-trace"} start an optional daemon; answers {"ctl":PATH in the node}
 *
 *   request vm {"uid","verb","args":{…}} forwarded to the libvirt helper: verb is one of its
 *                                     methods (virt/virt.h), args its members besides uid; its answer
 *
 *   request unixctl {"daemon":NAME,"command","args":[…],"timeout":seconds} answers with the
 *                                     daemon's text
 *
 *   request network {"action":"apply","target":DOC,"timeout":seconds} makes of the node's network
 *                                     what DOC (a target document of nmstate/nmstate.h) says,
 *                                     answers {"network":NODE_NETWORK} and waits for
 *                                     {"action":"commit"} or {"action":"rollback"}: a minute, then
 *                                     it rolls back. An error has been rolled back; its text names
 *                                     the interface
 *
 *   request reach {"targets":[IP],"timeout":seconds} answers with {"reached":[IP]}: which answered
 *                                     an echo, at once when all have
 *
 *   request status {}                 answers with STATUS
 *
 * Agent -> supervisor
 *   notify  status STATUS             whenever something in it changed
 *
 * POD: {"uid","namespace","name","hostname","attachments":[ATT]}; its traffic agent listens on
 *      RUN/n/NODE/pod/UID8.sock (UID8: the first eight characters of uid). The node's own, which the
 *      first connection starts: RUN/n/NODE/pod/node.sock
 * ATT: {"ifname":"net1","host_ifname","mac","ips":["10.0.0.1/24"],"gateways":[],"mtu",
 *       "iface_id","iface_id_ver","nad","network","external_ids":{of the OVS Interface}}
 * VM:  {"uid","namespace","name","pod","domain_name","domain":XML text,"running":true,"grace":S,
 *       "attachments":[ATT with "tap":NAME instead of ifname/host_ifname],
 *       "seed":{FILE:text} or null,"seed_path","files":[…]}
 *      running false: shut down within grace seconds, then destroyed. A domain that has ended is
 * not started again: that takes another uid. STATUS:
 * {"gen":N,"daemons":[DAEMON],"pods":[{"uid","state":"pending"|"running"|"failed",
 *          "message","pid":node-namespace pid,"attachments":[{"nad","ifname","installed":bool,
 *          "ofport":N}]}],"vms":[{"uid","state":"pending"|"starting"|"running"|"paused"|"shutoff"|
 *          "failed","message","reason","installed":bool,"attachments":[as of pods],
 *          "agent_connected":bool,"interfaces":[…],"hostname","os":{…}}],
 *          "deviations":[text],"problems":[text],"network":NODE_NETWORK or null}
 *         deviations are by design and go to the report; problems are faults of the node.
 * NODE_NETWORK, what the node has, in nmstate's schema, sorted; br-int and its ports are hidden:
 * {"interfaces":[…],"ovn":{"bridge-mappings":[{"localnet","bridge"}]}} (nmstate/nmstate.h has the
 * forms); link-local addresses are left out
 * DAEMON: {"name","pid","state":"running"|"exited"|"stopped","ready":bool,"status":"exit 1"|
 *          "signal 9 (KILL)","log":[last lines]}; only those that were ever started
 */
#ifndef OVNBED_AGENT_AGENT_H
#define OVNBED_AGENT_AGENT_H

#include "base/json.h"

/*
 * Forks the agent into new PID, mount, network, UTS and IPC namespaces. Returns the pid (in the
 * caller's namespace) and the supervisor's end of the socketpair in *ret_fd (owned by the caller).
 * config (borrowed):
 *   {"role":"node"|"control-plane","name":"worker-a","index":0,"run":RUN/n/NODE,"state":STATE/n/NODE,
 *    "cache":CACHE,"prefix":DIR (null: found, sys/prefix.h),"program_dir":dir of ovnbed-agent,
 *    "zones":"interconnect"|"central","datapath":"netdev"|"system",
 *    "chassis":UUID text,"addresses":["172.31.0.11/24"],"gateway":IP or null,
 *    "mtu":1500,"mac":MAC of eth0 and br-ex,"encap_ip":IP,"sb_remote":"tcp:172.31.0.2:6642"
 * (central), "nics":["eth0","eth1"],"host_uuid":UUID,"hosts":{NAME:IP}}
 */
pid_t agent_spawn(const json_t *config, int *ret_fd, struct err *e);

/*
 * Writes a node's database files ahead of agent_spawn(), which otherwise does it in the child. For
 * all nodes before the first agent_spawn() it costs a tenth: memory that is shared with a child is
 * faulted page by page.
 */
int agent_prepare(const json_t *config, struct err *e);

/*
 * Mount points for what nodes need, in the caller's mount namespace, where the machine lacks them:
 * a supervisor that calls this once spares its nodes that work. run, state and cache are the lab's
 * own directories, which stay as they are.
 */
int agent_lab_mounts(const char *run, const char *state, const char *cache, struct err *e);

#endif
