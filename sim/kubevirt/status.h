/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status of VM and VMI. Pure functions of the objects and of what the node agent reports; time
 * comes from the caller (RFC 3339 text) and is used only where a condition changes.
 */
#ifndef OVNBED_KUBEVIRT_STATUS_H
#define OVNBED_KUBEVIRT_STATUS_H

#include "base/json.h"

/*
 * New status of a VMI (new reference; compare with the stored one). pod is its virt-launcher Pod or
 * NULL. rt is the node agent's row of STATUS.vms (agent/agent.h) or NULL: {"state","message",
 * "agent_connected","interfaces":[GUEST_NIC],"hostname","os","reason"}. Sets phase (Pending,
 * Scheduling, Scheduled, Running, Succeeded, Failed), nodeName, conditions Ready, AgentConnected,
 * LiveMigratable (and PodScheduled / Synchronized=False while the Pod cannot be placed or started),
 * interfaces, guestOSInfo. attachments: as in domain.h, for MAC and tap; NULL before the Pod runs.
 */
json_t *kubevirt_vmi_status(const json_t *vmi, const json_t *pod, const json_t *rt,
			    const json_t *attachments, const char *now);

/*
 * New status of a VM (new reference): created, ready, printableStatus, conditions Ready,
 * AgentConnected, LiveMigratable (mirrored from the VMI), RestartRequired; stateChangeRequests and
 * unknown fields are kept. started: the template spec that the running VMI came from, or NULL.
 */
json_t *kubevirt_vm_status(const json_t *vm, const json_t *vmi, const json_t *started,
			   const char *now);

/*
 * status.interfaces (facts §2.3): NICs of the spec joined with the guest agent's by MAC, then up to
 * 10 guest-only ones. GUEST_NIC: {"name","mac","ips":["10.0.0.5/24"]} as virt/virt.h reports them;
 * guest NULL = no agent. attachments: [{"network","mac","ips"}] or NULL. New reference.
 */
json_t *kubevirt_interfaces_status(const json_t *vmi, const json_t *attachments,
				   const json_t *guest);

/*
 * RestartRequired (facts §2.3): NULL when the running VMI can follow the VM's template, else the
 * reason in words (caller frees). started and wanted are VMI specs (spec.template.spec).
 */
char *kubevirt_restart_required(const json_t *started, const json_t *wanted, bool migratable);

/*
 * What differs between the two in NICs that KubeVirt would change in the running VMI (plug, unplug,
 * link state, another NAD), in words, or NULL. As long as nothing does so here, kubevirt_vm_status()
 * asks for a restart for these as well. Caller frees.
 */
char *kubevirt_live_changes(const json_t *started, const json_t *wanted);

/*
 * Sets a condition in the array conds (in place): lastTransitionTime changes only with status.
 * status NULL removes the condition. reason and message may be NULL.
 */
void kubevirt_set_condition(json_t *conds, const char *type, const char *status, const char *reason,
			    const char *message, const char *now);

#endif
