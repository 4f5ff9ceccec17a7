/* SPDX-License-Identifier: Apache-2.0 */
/* The counters behind barriers (apply.h). For apply.c only. */
#ifndef OVNBED_OVSDB_BARRIER_H
#define OVNBED_OVSDB_BARRIER_H

#include "ovsdb/apply.h"

/* Raises the counter and reads it back; nothing without a barrier. */
void barrier_add_ops(const struct ovsdb_barrier_opts *opts, json_t *ops);
/* The counter's value out of the results of such a transaction; 0 when there is none. */
long long barrier_value(const struct ovsdb_barrier_opts *opts, const json_t *results);
bool barrier_passed(const struct ovsdb *o, const struct ovsdb_barrier_opts *opts, long long want);
/* What is being waited for and who lags behind. Caller frees. */
char *barrier_describe(const struct ovsdb *o, const struct ovsdb_barrier_opts *opts,
		       long long want);

#endif
