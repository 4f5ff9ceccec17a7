/* SPDX-License-Identifier: Apache-2.0 */
/* vmimages/images.yaml: which local image stands for which containerDisk reference. */
#ifndef OVNBED_KUBEVIRT_IMAGES_H
#define OVNBED_KUBEVIRT_IMAGES_H

#include "base/diag.h"

struct kubevirt_image {
	char *name;
	char *kernel, *initrd, *cmdline; /* direct kernel boot; NULL when the disk boots itself */
	char *disk;			 /* backing file, NULL for an initrd-only image */
	char *format;			 /* of disk: "qcow2" (default) or "raw" */
	bool agent;			 /* has qemu-guest-agent */
	bool probe;			 /* has the traffic agent on org.ovnbed.probe.0 */
	bool probe_upload;		 /* gets it through the guest agent ("probe: upload") */
	bool cloud_init;		 /* reads a NoCloud seed (default true) */
};

struct kubevirt_reference {
	char *match; /* containerDisk reference, '*' matches any run of characters */
	size_t image;
};

struct kubevirt_images {
	struct kubevirt_image *v;
	size_t n;
	struct kubevirt_reference *refs;
	size_t n_refs;
	size_t fallback; /* index; n when there is none */
};

/*
 * Reads {"images":[{"name","kernel","initrd","cmdline","disk","format","agent","probe":true|"upload",
 * "cloud_init"}],
 * "references":[{"match","image"}],"fallback":NAME}. Relative files are taken below dir. Problems
 * go to d (paths for marks_locate()); 0, or -EINVAL when there was an error.
 */
int kubevirt_images_parse(const json_t *root, const char *dir, struct kubevirt_images *ret,
			  struct diags *d);
void kubevirt_images_free(struct kubevirt_images *im);
#define _cleanup_kubevirt_images_ _cleanup_(kubevirt_images_free)

/*
 * The image of the VMI's first bootable containerDisk (or dataVolume, persistentVolumeClaim, which
 * have no mapping): first matching reference in file order, else the fallback, and then
 * *ret_message (caller frees, else NULL) says so for the VM's Event. NULL with e set when there is
 * no fallback either. Borrowed from im.
 */
const struct kubevirt_image *kubevirt_image_for(const struct kubevirt_images *im, const json_t *vmi,
						char **ret_message, struct err *e);

#endif
