/* SPDX-License-Identifier: Apache-2.0 */
/* Reachability matrices as text. */
#ifndef OVNBED_SCENARIO_GRID_H
#define OVNBED_SCENARIO_GRID_H

#include "base/json.h"

/*
 * Grids of a matrix (lab/matrix.h): for each protocol, port and family what is expected, what was
 * measured and where they differ, a row a source and a column a destination.
 *	. allowed   X denied   r the answer is denied   ! error   ? untested   - itself
 * Of the differences only the measured mark is shown. Caller frees.
 */
char *grid_text(const json_t *matrix);
/* One line a cell that is not as expected, with its reason; at most max (0: all). Caller frees. */
char *grid_findings(const json_t *matrix, size_t max);

#endif
