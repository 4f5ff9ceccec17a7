/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's own verbs under /apis/ovnbed.io/v1alpha1/, beside the Kubernetes objects:
 *	GET  status			lab/lab.h, lab_status()
 *	GET  objects, databases, ports	dumps for evidence
 *	GET  fabric			fabric/fabric.h, fabric_status() with counters
 *	GET  endpoint?name=pod/p	{"kind","name","pids":[…],"console","node","uid",
 *					"devices":[{"port","device"}] of a VM or switch}; also
 *					name=switch/NAME, name=fabric
 *	POST mutate {name}		ovnk/mutate.h: a deliberate fault of the policy compiler;
 *					"none" ends it; answers as reconcile
 *	POST profile {name}		"ovnk" or "spec": how policies are compiled; answers as
 *					reconcile
 *	POST reconcile {}		lab/reconcile.h, reconcile_sync()
 *	POST probes, mtu, isolate, soak, frames	probe/probe.h, endpoints by name
 *	POST agent {endpoint, method, params}	one method of probe/proto.h
 *	POST exec {vm, argv, stdin?}	{"code","out","err"} by the guest agent
 *	POST daemon {node, name, action, signal?}
 *	POST trace {from, to, proto, port?, family?}	{"text","summary","verdict","zones":[…]}
 *	POST link {node, up}		the node's cable
 *	POST faults {words}		lab/fault_spec.h: {"name","kind","text"}, 201; words that undo:
 *					as DELETE. 501: the kernel lacks what the message names
 *	GET  faults			{"faults":[…]}, lab/fault_list.h
 *	DELETE faults, faults/NAME	{"healed":[name],"problems":[text]}
 *	PUT  /apis/subresources.kubevirt.io/v1/namespaces/NS/virtualmachines/NAME/start|stop|restart
 */
#ifndef OVNBED_LAB_VERBS_H
#define OVNBED_LAB_VERBS_H

#include "lab/apiserver.h"
#include "lab/lab.h"

int lab_verbs_register(struct lab *lab, struct err *e);

/* The node that an endpoint (canonical name) is on; "" when it is on none yet. Borrowed. */
const char *lab_endpoint_node(struct lab *lab, const char *endpoint);

/* What GET endpoint?name=TEXT answers. New reference, or NULL with e set. */
json_t *lab_describe(struct lab *lab, const char *text, struct err *e);

/* Largest IP packet that the network can carry between two endpoints (0: unknown). */
int lab_planned_mtu(struct lab *lab, const char *from, const char *to, const char *network);

/* One each; arg is the lab. */
void verb_fabric(void *arg, struct api_call *call);
void verb_probes(void *arg, struct api_call *call);
void verb_frames(void *arg, struct api_call *call);
void verb_mtu(void *arg, struct api_call *call);
void verb_isolate(void *arg, struct api_call *call);
void verb_soak(void *arg, struct api_call *call);
void verb_streams(void *arg, struct api_call *call);
void verb_agent(void *arg, struct api_call *call);
void verb_exec(void *arg, struct api_call *call);
void verb_trace(void *arg, struct api_call *call);

/* Answers with a Status for e: 404, 409, 504 or 400 by its code. */
void verb_refuse(struct api_call *call, const struct err *e);

#endif
