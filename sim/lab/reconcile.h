/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciliation: recompute the desired state of everything from all objects, send the differences,
 * one transaction a database. Runs once a turn of the loop at the most, when objects changed, when
 * an agent reported, when a row that we own was reborn, and on request. Monitors alone never
 * trigger a write.
 */
#ifndef OVNBED_LAB_RECONCILE_H
#define OVNBED_LAB_RECONCILE_H

#include "lab/lab.h"

int reconcile_init(struct lab *lab, struct err *e);
/* Asks for a run at the end of this turn of the loop. */
void reconcile_kick(struct lab *lab);
/*
 * The same after a write of a client. More are likely to follow, and each run may cost a transaction
 * and a recomputation in every zone: the run waits until there was none for a while, or until a
 * sync asks for it.
 */
void reconcile_written(struct lab *lab);

/* A zone has settled or failed: syncs may go on. Called by zones.c. */
void reconcile_progress(struct lab *lab);

/* Answer of a synced reconciliation: result (borrowed) or an error text. */
typedef void (*reconcile_done_fn)(void *arg, const json_t *result, const char *error);
/*
 * Runs now and calls done when every zone has taken the plan and every chassis has caught up
 * (nb_cfg → hv_cfg), at the latest after timeout_us. result: {"changed":N,"repaired":N,"rows":[
 * {"zone","op","table","key","columns","owner","repaired"}],"verdicts":[DIAG],"pending":[{"kind","namespace","name","reason",
 * "cause"}],
 * "problems":[text],"barrier_ms":N}. cause: reason of the condition that holds a pod back, such as
 * "FailedCreatePodSandBox". problems: zones that could not be
 * written or did not catch up. changed counts rows that follow from changed objects, repaired those that were
 * found different from what had been written before.
 */
void reconcile_sync(struct lab *lab, uint64_t timeout_us, reconcile_done_fn done, void *arg);

#endif
