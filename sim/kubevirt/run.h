/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a VM runs: runStrategy (or the deprecated running), the start/stop/restart subresources and
 * the requests they leave in status.stateChangeRequests. Pure; the controller executes the answer.
 */
#ifndef OVNBED_KUBEVIRT_RUN_H
#define OVNBED_KUBEVIRT_RUN_H

#include "base/json.h"

enum kubevirt_run {
	KUBEVIRT_KEEP,	/* nothing to do */
	KUBEVIRT_START, /* there is no VMI: make one */
	KUBEVIRT_STOP,	/* delete the VMI (gracefully); what follows is decided when it is gone */
};

/* "Always", "Halted", "Manual", "RerunOnFailure", "Once"; running true = Always, false = Halted. */
const char *kubevirt_run_strategy(const json_t *vm);

bool kubevirt_run_strategy_known(const char *strategy);

/* Phase Succeeded or Failed: the domain has ended. False for NULL. */
bool kubevirt_vmi_final(const json_t *vmi);

/*
 * The next action. vmi is the live VMI or NULL. A VMI that is being deleted (deletionTimestamp) is
 * waited for: KEEP.
 */
enum kubevirt_run kubevirt_run_next(const json_t *vm, const json_t *vmi);

/*
 * True when the VM's domain should exist now: kubevirt_run_next() says START, or says KEEP while a
 * VMI lives that is neither final nor being deleted.
 */
bool kubevirt_wants_running(const json_t *vm, const json_t *vmi);

/*
 * The start, stop and restart subresources: changes vm in place (runStrategy/running, or an entry
 * in status.stateChangeRequests). verb is "start", "stop" or "restart". -EINVAL for an unknown
 * verb, -EBUSY (409 Conflict) with KubeVirt's words when the strategy or the state forbids it.
 */
int kubevirt_request(json_t *vm, const json_t *vmi, const char *verb, struct err *e);

/*
 * Keeps status.stateChangeRequests of vm true (in place), before kubevirt_run_next() reads it:
 * fulfilled requests go; for RerunOnFailure a failed VMI leaves a request to start. True when
 * something changed, which must then be stored first.
 */
bool kubevirt_trim_requests(json_t *vm, const json_t *vmi);

#endif
