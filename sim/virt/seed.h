/* SPDX-License-Identifier: Apache-2.0 */
/* Disk files of a VM: the cloud-init seed image, and overlays over shared base images. */
#ifndef OVNBED_VIRT_SEED_H
#define OVNBED_VIRT_SEED_H

#include "base/json.h"

/*
 * Writes an ISO 9660 image (Joliet and Rock Ridge) with volume id `label` ("cidata") holding files
 * {NAME: text}, atomically. Only its dates differ between two calls. -EINVAL when a value is not a string.
 */
int seed_write(const char *path, const char *label, const json_t *files, struct err *e);

/*
 * Makes FILE of virt.h: an empty qcow2 version 3 overlay over backing (whose virtual size it
 * takes), or a sparse raw file.
 */
int disk_create(const json_t *file, struct err *e);

#endif
