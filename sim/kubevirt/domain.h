/* SPDX-License-Identifier: Apache-2.0 */
/* The libvirt domain of a VMI, as KubeVirt's converter writes it (facts §2.5), run by QEMU on a
 * node. */
#ifndef OVNBED_KUBEVIRT_DOMAIN_H
#define OVNBED_KUBEVIRT_DOMAIN_H

#include "kubevirt/images.h"

/* Files of one VM as seen inside its node; short names, because of 108-byte socket paths. */
struct kubevirt_paths {
	char console_socket[40]; /* /run/ovnbed-vm/XXXXXXXX.console (serial0, listening) */
	char probe_socket[40];	 /* /run/ovnbed-vm/XXXXXXXX.probe (virtio-serial, listening) */
	char seed[48];		 /* /var/lib/ovnbed-vm/XXXXXXXX.seed.iso */
	char overlay[48];	 /* /var/lib/ovnbed-vm/XXXXXXXX. : prefix of disk overlays */
	char *console_log;	 /* /var/log/libvirt/NS_NAME.console.log; owned */
};
/* XXXXXXXX are eight hex digits from the uid. The sockets are files of RUN/n/NODE/vm. */
void kubevirt_paths_init(struct kubevirt_paths *p, const json_t *vmi);
void kubevirt_paths_free(struct kubevirt_paths *p);
#define _cleanup_kubevirt_paths_ _cleanup_(kubevirt_paths_free)

struct kubevirt_domain {
	const json_t *vmi; /* with uid; its spec decides devices, memory, vcpus */
	/*
	 * [{"network":spec name,"mac","mtu":N,"tap":NAME}], resolved by the controller; a NIC of
	 * the spec without an entry (the pod network) is left out of the domain.
	 */
	const json_t *attachments;
	const struct kubevirt_image *image;
	const struct kubevirt_paths *paths;
	bool has_seed; /* attach paths->seed as a read-only disk with label cidata */
	bool kvm;      /* type='kvm' and the host's CPU, else TCG */
	/*
	 * Virtio checksum and segmentation offloads off on both sides: with them on, TCP dies over
	 * the userspace datapath while pings pass (design §1). True only to show that trap.
	 */
	bool offloads;
};

/* Domain XML for virDomainCreateXML(). Caller frees. NULL with e set when a field cannot be used.
 */
char *kubevirt_domain_xml(const struct kubevirt_domain *p, struct err *e);

/*
 * Files that must exist before the domain starts, as virt/virt.h's start request takes them:
 * [{"path","kind":"overlay","backing","format"} | {"path","kind":"raw","size":bytes}]. New
 * reference.
 */
json_t *kubevirt_domain_files(const struct kubevirt_domain *p);

/* domain.memory.guest, else resources.requests/limits.memory, in bytes; 0 when none or malformed.
 */
uint64_t kubevirt_memory(const json_t *spec);
/* sockets × cores × threads, else resources' cpu rounded up, else 1. */
unsigned kubevirt_vcpus(const json_t *spec);
/* "<ns>_<name>". Caller frees. */
char *kubevirt_domain_name(const json_t *vmi);
#endif
