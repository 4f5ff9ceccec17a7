/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KubeVirt's admission of VirtualMachine and VirtualMachineInstance: defaults, then validation by
 * the rules V1–V27. Pure. Findings carry the rule id and the field in the webhook's words
 * ("spec.template.spec.domain.devices.interfaces[0].model"). Fields that are known and not acted on
 * give one DIAG_NOTE each, rule "ignored".
 */
#ifndef OVNBED_KUBEVIRT_ADMISSION_H
#define OVNBED_KUBEVIRT_ADMISSION_H

#include "base/diag.h"

/*
 * Fills the defaults of KubeVirt's mutating webhook into vm (in place): machine type q35, the pod
 * network when both lists are empty and autoattachPodInterface is not false, a disk for every
 * volume that has none, a target with a bus for every disk. A second call changes nothing.
 */
void kubevirt_default_vm(json_t *vm);
void kubevirt_default_vmi(json_t *vmi);
void kubevirt_default_spec(json_t *spec); /* a VMI spec */

/*
 * Validates a defaulted object; old is the stored one on update, NULL on create. Errors mean the
 * object is refused with 422. The deprecation of spec.running is a DIAG_WARNING.
 */
void kubevirt_admit_vm(const json_t *vm, const json_t *old, struct diags *d);
void kubevirt_admit_vmi(const json_t *vmi, const json_t *old, struct diags *d);

/* A VMI spec at path prefix ("spec.template.spec" or "spec"), with the metadata it belongs to. */
void kubevirt_admit_spec(const json_t *spec, const char *prefix, struct diags *d);
/* The parts of it, each in a file of its own. */
void kubevirt_admit_networks(const json_t *spec, const char *prefix, struct diags *d);
void kubevirt_admit_volumes(const json_t *spec, const char *prefix, struct diags *d);
void kubevirt_admit_probes(const json_t *spec, const char *prefix, struct diags *d);
/*
 * One note for everything that is accepted and then not, or differently, acted on (rule "ignored").
 * Single fields without effect are schema_ignored()'s (api/schema.h).
 */
void kubevirt_note_ignored(const json_t *spec, const char *prefix, struct diags *d);

/* True when mac (any case) belongs to another VM or is reserved. */
typedef bool (*kubevirt_mac_used_fn)(void *arg, const char *mac);
/*
 * KubeMacPool: gives every multus interface of vm without macAddress one from the pool
 * 02:00:00:00:00:00 – 02:ff:ff:ff:ff:ff (*cursor, the low 40 bits, moves on; start it at 0;
 * 02:00:00:00:00:00 itself is skipped: masquerade reserves it), keeps those that old has for the
 * same interface name, and refuses one MAC twice within the VM (rule "kubemacpool"). Interfaces of
 * the pod network are left without. vm is changed in place.
 */
void kubevirt_assign_macs(json_t *vm, const json_t *old, uint64_t *cursor,
			  kubevirt_mac_used_fn used, void *arg, struct diags *d);

/* Bytes of a MAC written with ':' or '-': 6, 8 or 20 as in Go's net.ParseMAC; 0 when malformed. */
unsigned kubevirt_mac_parse(const char *mac, uint8_t out[static 20]);
/* "0000:81:00.1" */
bool kubevirt_pci_valid(const char *address);
/* Canonical "02:00:00:00:00:01" from 6 bytes written with ':' or '-'; false when malformed. */
bool kubevirt_mac_canon(const char *mac, char out[static 18]);

#endif
