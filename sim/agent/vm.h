/* SPDX-License-Identifier: Apache-2.0 */
/* One virtual machine of a node. */
#ifndef OVNBED_AGENT_VM_H
#define OVNBED_AGENT_VM_H

#include "agent/ovs.h"

enum vm_state { VM_PENDING, VM_STARTING, VM_RUNNING, VM_PAUSED, VM_SHUTOFF, VM_FAILED };

struct vm {
	struct agent *a;
	char *uid;
	json_t *spec;  /* VM, owned */
	json_t *taps;  /* array of ATT whose taps exist */
	json_t *guest; /* last guest information, or NULL */
	enum vm_state state;
	char *message, *reason; /* may be NULL */
	bool agent_connected;
	bool plugged;  /* br-int has its ports */
	bool plugging; /* the ports pass under way names them */
	bool domain;   /* libvirt may know it */
	bool leaving;  /* no longer desired */
	bool pass_without, unplugged;
	bool ending; /* shutdown asked for */
	bool destroying;
	sd_event_source *grace;
};

/*
 * A VM's life: taps, ports, then the domain; from then on libvirt's events decide. vm_step() takes
 * whatever step is due and is called whenever something has moved.
 */
struct vm *vm_new(struct agent *a, const json_t *spec);
void vm_free(struct vm *v);
void vm_apply(struct vm *v, const json_t *spec);
void vm_step(struct vm *v);
/* The helper or libvirtd has gone: what ran is lost. */
void vm_lost(struct vm *v, const char *why);
void vm_event(struct vm *v, const char *event, const char *reason);
/* libvirtd, just started, knows its domain. */
void vm_found(struct vm *v, const char *state, bool agent_connected);
json_t *vm_status(const struct vm *v, const json_t *interfaces);
/* Nothing of it is left: it may be freed. */
bool vm_is_over(const struct vm *v);

/* vms.c: the helper of the node. */
struct vm_helper *vms_helper(const struct agent *a);
/* vms.c: the VM with that uid, or NULL: answers come late. */
struct vm *vms_find(const struct agent *a, const char *uid);

#endif
