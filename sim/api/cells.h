/* SPDX-License-Identifier: Apache-2.0 */
/* Table cells and column rows that several kinds share. */
#ifndef OVNBED_API_CELLS_H
#define OVNBED_API_CELLS_H

#include "api/kind.h"

#define COLUMN(n, ty, desc, ...)                                                \
	{                                                                       \
		.name = (n), .type = (ty), .description = (desc), ##__VA_ARGS__ \
	}
#define COLUMNS_END          \
	{                    \
		.name = NULL \
	}
#define COLUMN_AGE                                                  \
	COLUMN("Age", "date", "Time since the object was created.", \
	       .path = "metadata.creationTimestamp")

/* status of condition Ready: "True", "False", "Unknown". */
json_t *cell_ready(const json_t *obj, const struct table_env *env);
/* Addresses of status.interfaces[] of a VMI, comma-joined. */
json_t *cell_vmi_ips(const json_t *vmi);

#endif
