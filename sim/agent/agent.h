/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node agent: PID 1 of a node's PID, mount, network, UTS and IPC namespaces. Single-threaded;
 * receives the desired state of its node, applies the difference, reports. It writes only its own
 * Open_vSwitch database. The same program is the control plane's PID 1 (role "control-plane": NB, SB
 * and ovn-northd on the underlay, no switch).
 *
 * Supervisor and agent speak JSON-RPC (base/jrpc.h) over a socketpair; EOF means death of the peer
 * and the agent exits (which kills its PID namespace).
 *
 * Supervisor -> agent
 *   request start {}                  the NICs are in place: configure them, start daemons, report
 *                                     {"timings":{PHASE:seconds},"daemons":[DAEMON]} when all are
 *                                     ready (chassis registered locally, br-int.mgmt there)
 *   notify  desired {"gen":N,"pods":[POD],"vms":[VM],"neighbours":[{"ip","mac"}],"hosts":{NAME:IP}}
 *                                     the whole desired state; what is not listed is removed
 *   request daemon {"name","action":"kill"|"stop"|"start","signal":N}
 *   request spawn {"name":"ovn-trace"} start an optional daemon; answers {"ctl":PATH in the node}
 *   request vm {"uid","verb","args":{…}} forwarded to the libvirt helper (see virt/virt.h)
 *   request status {}                 answers with STATUS
 * Agent -> supervisor
 *   notify  status STATUS             whenever something in it changed
 *
 * POD: {"uid","namespace","name","hostname","attachments":[ATT]}
 * ATT: {"ifname":"net1","host_ifname","mac","ips":["10.0.0.1/24"],"gateways":[],"mtu",
 *       "iface_id","iface_id_ver","nad","network","default_route":false}
 * VM:  {"uid","namespace","name","pod","domain":XML text,"running":true,"attachments":[ATT with
 *       "tap":NAME instead of ifname/host_ifname],"seed":{FILE:text} or null,"files":[…]}
 * STATUS: {"gen":N,"daemons":[DAEMON],"pods":[{"uid","state":"pending"|"running"|"failed",
 *          "message","pid":node-namespace pid,"attachments":[{"nad","ifname","installed":bool,
 *          "ofport":N}]}],"vms":[{"uid","state":"pending"|"starting"|"running"|"shutoff"|"failed",
 *          "message","installed":bool,"agent_connected":bool,"interfaces":[…],"hostname"}],
 *          "deviations":[text]}
 * DAEMON: {"name","pid","state":"running"|"exited"|"stopped","status":"exit 1"|"signal 9 (KILL)",
 *          "log":[last lines]}
 */
#ifndef OVNBED_AGENT_AGENT_H
#define OVNBED_AGENT_AGENT_H

#include "base/json.h"

/*
 * Forks the agent with clone(2) into new PID, mount, network, UTS and IPC namespaces. Returns the
 * pid (in the caller's namespace) and the supervisor's end of the socketpair in *ret_fd (owned by
 * the caller). config (borrowed):
 *   {"role":"node"|"control-plane","name":"worker-a","index":0,"run":RUN/n/NODE,"state":STATE/n/NODE,
 *    "cache":CACHE,"prefix":DIR,"program_dir":dir of ovnbed-agent,
 *    "zones":"interconnect"|"central","datapath":"netdev"|"system",
 *    "chassis":UUID text,"addresses":["172.31.0.11/24"],"gateway":IP or null,
 *    "mtu":1500,"mac":MAC of eth0 and br-ex,"encap_ip":IP,"sb_remote":"tcp:172.31.0.2:6642" (central),
 *    "nics":["eth0","eth1"],"host_uuid":UUID,"hosts":{NAME:IP}}
 */
pid_t agent_spawn(const json_t *config, int *ret_fd, struct err *e);

#endif
