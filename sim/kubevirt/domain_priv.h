/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the domain, each in a file of its own. */
#ifndef OVNBED_KUBEVIRT_DOMAIN_PRIV_H
#define OVNBED_KUBEVIRT_DOMAIN_PRIV_H

#include "kubevirt/domain.h"
#include "kubevirt/xml.h"

/* What a volume of the VMI becomes. */
struct domain_disk {
	const json_t *disk; /* entry of domain.devices.disks, borrowed */
	const char *name;
	enum domain_disk_kind { DISK_IMAGE, DISK_SEED, DISK_EMPTY } kind;
	long long size;	    /* bytes, DISK_EMPTY */
	const char *target; /* "disk" or "cdrom" */
	const char *bus;    /* "virtio", "sata", "scsi", "usb" */
	char dev[8];	    /* "vda" */
};
/* The disks that the domain gets, in order. Caller frees *ret. Count. */
size_t domain_disks(const struct kubevirt_domain *p, struct domain_disk **ret);
/* File that stands for an image's or empty disk. Caller frees. */
char *domain_disk_file(const struct kubevirt_domain *p, const struct domain_disk *d);

void domain_write_disks(struct xml *x, const struct kubevirt_domain *p);
int domain_write_interfaces(struct xml *x, const struct kubevirt_domain *p, struct err *e);

/* "virtio-transitional" or "virtio-non-transitional". */
const char *domain_virtio_model(const struct kubevirt_domain *p);

#endif
