/* SPDX-License-Identifier: Apache-2.0 */
/* spec of a VirtualMachineInstance, which is also spec.template.spec of a VirtualMachine. */
#ifndef OVNBED_API_VMI_SPEC_H
#define OVNBED_API_VMI_SPEC_H

#include "api/schema.h"

extern const struct field schema_vmi_spec[];

#endif
