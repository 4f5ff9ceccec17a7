/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual machines of a node: taps, domains (through the libvirt helper), guest information. */
#ifndef OVNBED_AGENT_VMS_H
#define OVNBED_AGENT_VMS_H

#include "agent/ovs.h"

void vms_new(struct agent *a);
/* As pods_apply(), with list an array of VM. Starts libvirtd when the first one comes. */
void vms_apply(struct agent *a, const json_t *list);
void vms_ports(struct agent *a, void (*fn)(void *arg, const struct ovs_port *p), void *arg);
void vms_plugged(struct agent *a, const struct err *e);
/* Array for STATUS.vms. New reference. */
json_t *vms_status(struct agent *a, const json_t *interfaces);
/* Request "vm": forwarded to the helper; answers id when that has answered. */
void vms_request(struct agent *a, const json_t *params, const json_t *id);
/* True while a VM that is no longer desired still has a domain or links. */
bool vms_leaving(const struct agent *a);

/* Daemon events. */
void vms_before_libvirtd(struct agent *a);
void vms_libvirtd_ready(struct agent *a);
void vms_libvirtd_gone(struct agent *a);

/* Helper events (vm_helper.c). */
void vms_helper_ready(struct agent *a);
void vms_helper_gone(struct agent *a, const char *why);
void vms_helper_event(struct agent *a, const char *method, const json_t *params);

#endif
