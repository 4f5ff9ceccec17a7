/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the databases of a zone: the plan's difference, and the SB rows that OVN leaves to us. */
#ifndef OVNBED_LAB_ZONES_H
#define OVNBED_LAB_ZONES_H

#include "lab/lab.h"

/*
 * Sends the difference between the current plan and the zone's databases, unless the plan is the
 * one that was written last and the zone is not stale: who breaks a row by hand must be able to see
 * what it breaks. While a transaction is in flight the next one waits for it. Counts what it writes
 * in z->changed and z->repaired and lists it in z->rows. reconcile_progress() is called when the
 * zone has settled.
 */
void zone_apply(struct lab_zone *z);
/* True when nothing is in flight or waiting. */
bool zone_settled(const struct lab_zone *z);
/* Why the zone cannot be written now, or NULL; borrowed. */
const char *zone_problem(const struct lab_zone *z);
/* Waits for all chassis of the zone; done gets NULL or why not. Never called inside. */
void zone_barrier(struct lab_zone *z, uint64_t timeout_us,
		  void (*done)(void *arg, const char *error), void *arg);
/* {"nb":{TABLE:{UUID:row}},"sb":{…}} as the replica has it; new reference. */
json_t *zone_dump(const struct lab_zone *z);

#endif
