/* SPDX-License-Identifier: Apache-2.0 */
/* Table cells of policies and enactments: the condition whose status is True, as upstream's CRDs
 * print it (jsonPath .status.conditions[?(@.status=="True")]: the first one). */
#ifndef OVNBED_API_NMSTATE_CELLS_H
#define OVNBED_API_NMSTATE_CELLS_H

#include "api/cells.h"
#include "api/text.h"

json_t *cell_true_condition(const json_t *obj, const struct table_env *env);
json_t *cell_true_reason(const json_t *obj, const struct table_env *env);
json_t *cell_true_message(const json_t *obj, const struct table_env *env);
json_t *cell_true_since(const json_t *obj, const struct table_env *env);

#endif
