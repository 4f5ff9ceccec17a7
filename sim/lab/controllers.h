/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controllers of a lab. Each is a function from the store's objects (and what agents report) to
 * writes in the store; all are level-triggered and idempotent, and reconcile.c calls them in order
 * until nothing changes.
 */
#ifndef OVNBED_LAB_CONTROLLERS_H
#define OVNBED_LAB_CONTROLLERS_H

#include "lab/lab.h"

/* Keeps a deleted VMI until its domain is gone (KubeVirt: virt-controller). */
#define VMI_FINALIZER "foregroundDeleteVirtualMachine"

/* ---- ctl_vm.c: kubevirt ---- */
void ctl_vm_reconcile(struct lab *lab);
/* The live virt-launcher Pod of a VMI, borrowed until the next write, or NULL. */
json_t *ctl_launcher_pod(struct lab *lab, const json_t *vmi);
/* Store mutator: new VMIs get the finalizer. */
void ctl_vmi_finalizer(void *arg, struct store *s, enum store_op op, const struct kind *k,
		       json_t *obj, const json_t *old, struct diags *d);

/* ---- ctl_sched.c: scheduler ---- */
/* Gives every Pod without a node one: nodeSelector, anti-affinity by hostname, least loaded. */
void ctl_sched_reconcile(struct lab *lab);

/* ---- ctl_udn.c: cluster manager ---- */
/* (Cluster)UserDefinedNetworks to NADs in the selected namespaces, conditions, finalizers. */
void ctl_udn_reconcile(struct lab *lab);

/* ---- ctl_net.c: cluster manager ---- */
/* All objects of a kind, in one namespace (NULL: in all). New reference to an array. */
json_t *lab_items(struct lab *lab, const struct kind *k, const char *ns);
/*
 * NADs to networks (annotations, Events for refusals), Pods to addresses (pod-networks annotation).
 * Keeps what the planners read in lab->net.
 */
void ctl_net_reconcile(struct lab *lab);
/* [{"network","mac","ips","mtu","tap","nad",…}] of a Pod's attachments, or NULL; new reference. */
json_t *lab_pod_attachments(struct lab *lab, const json_t *pod);

/* ---- ctl_policy.c: ovnkube-controller ---- */
/* MultiNetworkPolicies to lab->net->policies, conditions, Events for refusals; after ctl_net. */
void ctl_policy_reconcile(struct lab *lab);

/* ---- ctl_pod.c: kubelet's side ---- */
/* Pod status from what the agents report; Node objects' conditions. */
void ctl_pod_reconcile(struct lab *lab);
/* Desired state of a node (agent/agent.h); new reference. */
json_t *ctl_node_desired(struct lab *lab, const struct lab_node *n);

/* ---- ctl_nmstate.c: kubernetes-nmstate's handlers ---- */
/*
 * NodeNetworkConfigurationPolicies to enactments, one a node and policy; carries them out through
 * the agents, asynchronously, and keeps conditions, NodeNetworkStates and Events.
 */
void ctl_nmstate_reconcile(struct lab *lab);
/* False while an enactment is being carried out, waits for its turn or will be tried again. */
bool ctl_nmstate_settled(const struct lab *lab);
/* Why policies are Degraded, by node, and what is unwise in them. objects: of the store. */
void ctl_nmstate_verdicts(struct lab *lab, const json_t *objects, struct diags *d);

#endif
