/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files behind status.h. */
#ifndef OVNBED_KUBEVIRT_STATUS_PRIV_H
#define OVNBED_KUBEVIRT_STATUS_PRIV_H

#include "base/json.h"

/* As kubevirt_interfaces_status(); running: the domain exists. */
json_t *status_interfaces(const json_t *spec, const json_t *attachments, const json_t *guest,
			  bool running);
/* A deep copy of obj.status, or an empty object; with a conditions array, returned in *conds. */
json_t *status_begin(const json_t *obj, json_t **conds);
/* Drops an empty conditions array. */
void status_end(json_t *status);

#endif
