/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen at destinations, attributed to the cells that sent it. Pure functions of JSON. */
#ifndef OVNBED_PROBE_EVIDENCE_H
#define OVNBED_PROBE_EVIDENCE_H

#include "base/json.h"

/*
 * Index of the attempts of cells (results of `run`, each with src, dst, port, attempts[].sport; the
 * protocol is "tcp" or "bulk") by connection, for frames that carry no nonce. New reference.
 */
json_t *evidence_index(const json_t *cells);
/* The cell of a sniffer's flow: by its nonce's cell id, else by the index; -1: none's. */
long long evidence_cell(const json_t *index, const json_t *flow);
/*
 * Sets received {frames, badChecksum, lossy?} on all cells whose "to" is the given endpoint, from a
 * sniffer's result. Nothing is set when sniff is NULL: unknown is not zero.
 */
void evidence_received(json_t *cells, const json_t *index, const char *to, const json_t *sniff);
/* Index of ICMP cells by from, to and address. New reference. */
json_t *evidence_icmp_index(const json_t *cells);
/* The ICMP cell of that index with the same from, to and address as cell, or NULL. */
const json_t *evidence_sibling(const json_t *icmp_index, const json_t *cells, const json_t *cell);

#endif
