/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the matrix share. */
#ifndef OVNBED_LAB_MATRIX_PRIV_H
#define OVNBED_LAB_MATRIX_PRIV_H

#include "lab/matrix.h"
#include "oracle/policy.h"

/*
 * Reads a request: parts gets [{"network","endpoints":[name],"sends":[text]}], names the endpoints
 * of all, each once.
 */
int matrix_read(struct lab *lab, const json_t *body, json_t *parts, json_t *names, struct err *e);
/* {KEY: cell} of the parts, in order, with what is expected of each; ifaces: of endpoints_ask(). New
 * reference, or NULL with e set. */
json_t *matrix_cells(struct lab *lab, const json_t *body, const json_t *parts, const json_t *ifaces,
		     struct err *e);

/* The Pod behind pod/NS/NAME or vm/NS/NAME; NULL for others. Borrowed until the next write. */
const json_t *matrix_pod(struct lab *lab, const char *endpoint);
/* An oracle of the lab's objects; spec: of the profile spec, else of the lab's own. */
struct oracle *matrix_oracle(struct lab *lab, bool spec);
/*
 * Asks the oracles about a cell {from, to, src, dst, proto, port} and writes expect, why, policies,
 * direction, at, deviation into it.
 */
void matrix_expect(struct lab *lab, const struct oracle *own, const struct oracle *spec,
		   const char *network, json_t *cell);
/* "tcp/80" to {"proto","port"} of o; -EINVAL with e. */
int matrix_send(const char *text, json_t *o, struct err *e);

/* Adds drops, controls and verdicts to the cells that probe_run() brought back. */
void matrix_judge(struct lab *lab, json_t *cells, const json_t *before, const json_t *drops_before,
		  const json_t *drops_after);

#endif
