/* SPDX-License-Identifier: Apache-2.0 */
/* The process that makes the blocking libvirt calls (virt/virt.h), and the agent's talk with it. */
#ifndef OVNBED_AGENT_VM_HELPER_H
#define OVNBED_AGENT_VM_HELPER_H

#include "agent/agent_priv.h"

struct vm_helper;

/* Forks it; libvirtd must be ready. Events go to vms_helper_*(). */
int vm_helper_new(struct agent *a, struct vm_helper **ret, struct err *e);
/* Kills it without an event. */
void vm_helper_free(struct vm_helper *h);
bool vm_helper_ready(const struct vm_helper *h);
/* One request; args (stolen) is its one parameter. reply as in base/jrpc.h. */
void vm_helper_call(struct vm_helper *h, const char *method, json_t *args, uint64_t timeout_us,
		    jrpc_reply_fn reply, void *arg);

#endif
