/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables shared by Pod and VirtualMachineInstance. */
#ifndef OVNBED_API_POD_SPEC_H
#define OVNBED_API_POD_SPEC_H

#include "api/schema.h"

extern const struct field schema_affinity[];
extern const struct field schema_pod_spec[];

#endif
