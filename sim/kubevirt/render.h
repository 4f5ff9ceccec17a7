/* SPDX-License-Identifier: Apache-2.0 */
/* VirtualMachine → VirtualMachineInstance → virt-launcher Pod, as KubeVirt's controllers write
 * them. */
#ifndef OVNBED_KUBEVIRT_RENDER_H
#define OVNBED_KUBEVIRT_RENDER_H

#include "base/json.h"

/*
 * The VMI of a VM: template metadata and spec, name and namespace of the VM, ownerReference,
 * without uid (the store gives one). New reference.
 */
json_t *kubevirt_render_vmi(const json_t *vm);

/*
 * The virt-launcher Pod of a VMI (which has its uid), without uid: name virt-launcher-VMI-xxxxx
 * with five characters from random, labels of the VMI plus kubevirt.io=virt-launcher,
 * kubevirt.io/created-by, vm.kubevirt.io/name; annotations kubevirt.io/domain and
 * k8s.v1.cni.cncf.io/networks (JSON form: name, namespace, mac when the interface has one,
 * interface pod<hash>); nodeSelector, affinity, tolerations copied; ownerReference. New reference.
 */
json_t *kubevirt_render_pod(const json_t *vmi, uint64_t random);

/* "virt-launcher-NAME-xxxxx", NAME cut so that the whole stays a DNS label. Caller frees. */
char *kubevirt_pod_name(const char *vmi, uint64_t random);

/* spec.hostname, else the VMI's name up to its first dot, at most 63 bytes. Caller frees. */
char *kubevirt_hostname(const json_t *vmi);

#endif
