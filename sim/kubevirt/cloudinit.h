/* SPDX-License-Identifier: Apache-2.0 */
/* cloudInitNoCloud and cloudInitConfigDrive volumes as the texts of a NoCloud seed. */
#ifndef OVNBED_KUBEVIRT_CLOUDINIT_H
#define OVNBED_KUBEVIRT_CLOUDINIT_H

#include "base/json.h"

/* Finds a Secret in the VMI's namespace; borrowed, NULL when there is none. */
typedef const json_t *(*kubevirt_secret_fn)(void *arg, const char *ns, const char *name);

/*
 * *ret (new reference): {"meta-data":text,"user-data":text,"network-config":text}, the last only
 * when given, or NULL when the VMI has no cloud-init volume. meta-data is JSON with instance-id,
 * local-hostname and, from accessCredentials sshPublicKey (noCloud, configDrive), public-keys.
 * -ENOENT when a Secret or its key is missing (the real VM waits for it), -EINVAL for bad base64 or
 * text that is not UTF-8.
 */
int kubevirt_seed(const json_t *vmi, kubevirt_secret_fn secret, void *arg, json_t **ret,
		  struct err *e);

#endif
