/* SPDX-License-Identifier: Apache-2.0 */
/* From the parameter of a probe to the cells that the engine tries. */
#ifndef OVNBED_SCENARIO_STEP_CELLS_H
#define OVNBED_SCENARIO_STEP_CELLS_H

#include "scenario/step.h"

/* Under which name a cell carries the step's "verdict"; the engine writes its own there. */
#define STEP_WANTED "wantedVerdict"

/*
 * Adds the cells of one probe to cells: every pair of different endpoints of from and to (each may
 * be a list), times what is sent. "before", the id of an earlier check, becomes the outcome that the
 * same pair and port had there.
 */
void step_add_cells(const struct step_ctx *c, json_t *cells, const json_t *probe);

#endif
