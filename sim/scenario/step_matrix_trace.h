/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A third opinion on cells of a matrix: what OVN's logical pipeline does with the packet. Oracle,
 * pipeline and packets must agree; where they do not, the odd one out names the layer.
 */
#ifndef OVNBED_SCENARIO_STEP_MATRIX_TRACE_H
#define OVNBED_SCENARIO_STEP_MATRIX_TRACE_H

#include "scenario/step.h"

/*
 * "compiler" (oracle against pipeline and packets), "datapath" (packets against oracle and
 * pipeline), "trace" (pipeline against oracle and packets), "reply" (the way back), "" when all
 * three agree, or "unknown" with what hinders in *ret_why (caller frees). Static text.
 */
const char *matrix_layer(struct step_ctx *c, const json_t *cell, char **ret_why);
/* What a layer's name means for the reader. Static text. */
const char *matrix_layer_text(const char *layer);
/* Traces at most n cells, spread evenly, and fails where the three do not agree. */
enum outcome matrix_trace(struct step_ctx *c, const json_t *matrix, size_t n);

#endif
