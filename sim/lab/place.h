/* SPDX-License-Identifier: Apache-2.0 */
/* Places of a lab where frames can be captured, beyond the namespaces of endpoints. */
#ifndef OVNBED_LAB_PLACE_H
#define OVNBED_LAB_PLACE_H

#include "lab/lab.h"

/* True for "fabric" and "switch/NAME". */
bool place_is_fabric(const char *name);
/*
 * Of "fabric": {"pids":[]}; of "switch/NAME" also "devices":[{"port":"worker-a:eth1",
 * "device":link in the lab's own network namespace}]. New reference, or NULL with e set (ENOENT lists
 * the switches).
 */
json_t *place_describe(struct lab *lab, const char *name, struct err *e);
/* [{"port":network's name in the spec,"device":tap}] of a VM's launcher Pod. New reference. */
json_t *place_taps(struct lab *lab, const json_t *pod);

#endif
